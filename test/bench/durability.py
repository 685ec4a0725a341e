#!/usr/bin/python3
"""What durability costs: the same cases with every sync and, alternating, with fsync, fdatasync and syncfs doing nothing;
and in runs of their own how many commits and syncs a case takes.
"""

import bench

SYNCS = ("fsync", "fdatasync", "syncfs")


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3, help="each with syncs and without")
    parser.add_argument("--workload", action="append", choices=["small", "usual"],
                        help="small: face_liveness, one picture of 60 to 120 kB; usual: kyc_card, three of 150 to 500 kB")


WORKLOADS = {"small": ("face_liveness", 60, 120), "usual": ("kyc_card", 150, 500)}


def counted(bulk, preload, below):
    """A run in which the calls below a folder are counted; not measured, since counting takes time."""
    _, summary, calls = bulk.run({"LD_PRELOAD": preload, "KYCD_PRELOAD_ROOT": "{root}/" + below,
                                  "KYCD_PRELOAD_COUNTS": "{root}/counts"})
    return summary, {name: calls[name] for name in SYNCS}


def under_load(name, read):
    """Commits and syncs per case under load, from runs whose speed is not measured."""
    service, least, most = WORKLOADS[name]
    bulk = bench.Bulk(read.folder, service, read.cases, least, most)
    try:
        return sync_counts(bulk, read)
    finally:
        bulk.close()


def sync_counts(bulk, read):
    summary, in_ledger = counted(bulk, read.preload, "ledger")
    _, in_spool = counted(bulk, read.preload, "spool")
    # A commit in WAL mode with synchronous=FULL is one sync; what kycd counts itself is better.
    commits = summary.get("ledger_commits", sum(in_ledger.values()))
    found = {"commits per case": commits / read.cases, "commits counted by": "kycd" if "ledger_commits" in summary else "syncs",
             "syncs in the ledger per case": sum(in_ledger.values()) / read.cases,
             "syncs in the spool per case": sum(in_spool.values()) / read.cases,
             "syncs": {"ledger": in_ledger, "spool": in_spool}}
    if "ledger_writes" in summary:
        found["writes per case"] = summary["ledger_writes"] / read.cases
        found["writes per commit"] = summary["ledger_writes"] / max(1, commits)
    return found


def workload(name, read):
    service, least, most = WORKLOADS[name]
    bulk = bench.Bulk(read.folder, service, read.cases, least, most)
    try:
        per_second = {"with syncs": [], "without": []}
        for round_number in range(read.rounds):
            order = list(per_second)
            for how in order if round_number % 2 == 0 else reversed(order):
                env = {} if how == "with syncs" else {"LD_PRELOAD": read.preload, "KYCD_PRELOAD_NOSYNC": "1"}
                seconds, _, _ = bulk.run(env)
                per_second[how].append(read.cases / seconds)
        syncs = sync_counts(bulk, read)
    finally:
        bulk.close()
    both = {how: bench.spread(numbers) for how, numbers in per_second.items()}
    return {"workload": name, "service": service, "cases": read.cases, "cases per second": both,
            "with / without": both["with syncs"]["median"] / both["without"]["median"], **syncs}


def measure(read):
    return {"rounds": read.rounds, "workloads": [workload(name, read) for name in read.workload or WORKLOADS]}


def show(figures):
    rows = []
    for each in figures["workloads"]:
        speeds = each["cases per second"]
        rows.append([each["workload"], each["cases"],
                     *("{median:.0f} ({least:.0f}-{most:.0f})".format(**speeds[how]) for how in ("with syncs", "without")),
                     f"{each['with / without']:.2f}", f"{each['commits per case']:.2f}",
                     f"{each['writes per commit']:.1f}" if "writes per commit" in each else "-",
                     f"{each['syncs in the ledger per case']:.2f}", f"{each['syncs in the spool per case']:.2f}"])
    bench.table(rows, ["workload", "cases", "cases/s with syncs", "cases/s without", "ratio", "commits/case", "writes/commit",
                       "syncs/case ledger", "syncs/case spool"])


if __name__ == "__main__":
    bench.section("durability", __doc__, own_arguments, measure, show)
