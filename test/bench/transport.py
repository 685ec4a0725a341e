#!/usr/bin/python3
"""What sending costs: uploads (three images, 0.96 MB) and one poll each, by kycd's transport alone, by libcurl's multi
interface and by wrk, one after the other in each round, to an nginx that has a core for itself. TLS 1.3, kept connections.
Then polls alone, by the first two. With --threads N kycd's transport goes once more in each round, with N threads and on
all cores, nginx's too.
"""

import pathlib

import bench
from clients import Load
from scripted_api import ScriptedApi

CLIENT, SERVER = "0", "1"  # cores


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=4000, help="of each client in each round; wrk gets as long as kycd took")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1, help="of kycd's transport, beside the run with one")
    parser.add_argument("--polls", type=int, default=40_000, help="of each client in each round without uploads")


def measure(read):
    with bench.workplace(read) as folder:
        top = pathlib.Path(folder)
        api = ScriptedApi(top / "api", core=SERVER)
        load = Load(read, api, top, read.cases, read.connections, core=CLIENT)
        polls = Load(read, api, top / "api", read.polls, read.connections, image=0, core=CLIENT)
        several = [f"kycd, {read.threads} threads"] if read.threads > 1 else []
        found = {name: {"ms of processor per case": [], "cases per second": []} for name in ("kycd", *several, "libcurl", "wrk")}
        busiest = {name: [] for name in ("kycd", *several)}
        per_poll = {"kycd": [], "libcurl": []}
        handshakes = 0

        def note(name, cases, cost):
            found[name]["ms of processor per case"].append(1000 * cost.processor / cases)
            found[name]["cases per second"].append(cases / cost.seconds)

        try:
            for _ in range(read.rounds):
                kycd, told = load.kycd_transport()
                handshakes = told["handshakes"]
                note("kycd", read.cases, kycd)
                busiest["kycd"].append(told["busiest_thread_ms"] / read.cases)
                for name in several:
                    used, told = load.kycd_transport(read.threads)
                    note(name, read.cases, used)
                    busiest[name].append(told["busiest_thread_ms"] / read.cases)
                note("libcurl", read.cases, load.libcurl())
                wrk, cases = load.wrk(kycd.seconds)
                note("wrk", cases, wrk)
                for name, client in (("kycd", lambda: polls.kycd_transport()[0]), ("libcurl", polls.libcurl)):
                    per_poll[name].append(1e6 * client().processor / read.polls)
        finally:
            api.close()
    return {"rounds": read.rounds, "cases": read.cases, "connections": read.connections, "handshakes": handshakes,
            "clients": {name: {what: bench.spread(numbers) for what, numbers in each.items()} for name, each in found.items()},
            **{f"{name} / wrk's": bench.spread(bench.ratios(found["kycd"][of], found["wrk"][of]))
               for name, of in (("processor", "ms of processor per case"), ("speed", "cases per second"))},
            "ms of the busiest thread per case": {name: bench.spread(numbers) for name, numbers in busiest.items()},
            "us of processor per poll": {name: bench.spread(numbers) for name, numbers in per_poll.items()}}


def show(found):
    rows = []
    clients = found["clients"]
    for name, each in clients.items():
        processor, speed = each["ms of processor per case"], each["cases per second"]
        poll = found["us of processor per poll"].get(name)
        busiest = found["ms of the busiest thread per case"].get(name)
        rows.append([name, bench.span(processor, 2), f"{processor['median'] / clients['wrk']['ms of processor per case']['median']:.2f}",
                     bench.span(speed, 0), f"{speed['median'] / clients['wrk']['cases per second']['median']:.2f}",
                     bench.span(busiest, 2) if busiest else "-", bench.span(poll, 1) if poll else "-"])
    bench.table(rows, ["client", "ms of CPU a case", "/ wrk", "cases/s", "/ wrk", "busiest thread", "us of CPU a poll"])
    print(f"kycd's TLS handshakes: {found['handshakes']} with {found['connections']} connections")


if __name__ == "__main__":
    bench.section("transport", __doc__, own_arguments, measure, show)
