#!/usr/bin/python3
"""How near kycd comes to what an API allows, and how much of what it asks is refused: the built program against limiters.

DRF's throttle is the sandbox's own; nginx's limit_req stands before the sandbox. Default settings, small images, answers after
500 ms to 4 s. A row takes some minutes, as limits do.
"""

import collections
import json
import os
import pathlib
import sys
import time

import bench


class Limiter:
    """`rate`: as in `20/s`. `settled`: from how many seconds on a caller should have found it; `until`: how long is looked on."""

    def __init__(self, name, rate, settled, until, **how):
        self.name, self.rate, self.settled, self.until, self.how = name, rate, settled, until, how
        count, period = rate.split("/")
        self.per_second = int(count) / {"s": 1, "m": 60}[period]

    def start(self, here):
        """Returns the address to call and a function that counts what got through and what was refused."""
        if "burst" in self.how:
            return self._start_nginx(here)
        do = {"throttle": self.rate, **({} if self.how["says_when"] else {"retry_after": False})}
        here.sandbox.rules({"name": "limit", "match": {}, "do": do})

        def count():
            stats = here.sandbox.stats()
            refused = next(rule["fired"] for rule in stats["rules"] if rule["name"] == "limit")
            return sum(stats["requests"].get(call, 0) for call in ("submit", "poll", "obtain", "refresh")) - refused, refused

        return here.sandbox.ready["base_url"], count

    def _start_nginx(self, here):
        import peers
        status = self.how["status"]
        nginx = peers.Nginx(here.root / "nginx", here.sandbox,
                            f"limit_req_zone $server_name zone=all:1m rate={self.rate.replace('/', 'r/')};",
                            f"limit_req zone=all burst={self.how['burst']} nodelay; limit_req_status {status};").start()

        def count():
            statuses = [line.split()[2] for line in nginx.log().splitlines()]
            refused = statuses.count(str(status))
            return len(statuses) - refused, refused

        return nginx.base_url, count


def limiters():
    rows = []
    for says_when, suffix in ((True, ""), (False, ", no Retry-After")):
        for rate in ("5/s", "20/s", "100/s"):
            rows.append(Limiter(f"DRF {rate}{suffix}", rate, 60, 180, says_when=says_when))
        rows.append(Limiter(f"DRF 300/min{suffix}", "300/m", 120, 300, says_when=says_when))
    for rate, burst in (("100/s", 20), ("20/s", 5), ("300/m", 10), ("2/s", 5), ("1/s", 3)):
        slow = rate in ("2/s", "1/s")
        name = rate.replace("/", "r/")
        rows.append(Limiter(f"nginx {name} burst {burst}, 503", rate, 120 if slow else 60, 300 if slow else 180, burst=burst, status=503))
    rows.append(Limiter("nginx 20r/s burst 5, 429", "20/s", 60, 180, burst=5, status=429))
    return rows


def own_arguments(parser):
    parser.add_argument("--only", help="rows whose name contains this")
    parser.add_argument("--quick", action="store_true", help="a third of the time for each row")


def attempts(here):
    """How many delivered cases were charged how many attempts."""
    told = (json.loads(file.read_text())["task"]["attempts"] for file in here.outbox.rglob("result.json"))
    return collections.Counter(told)


def measure(read, limiter):
    import world
    pace = 1 / 3 if read.quick else 1
    settled, until = limiter.settled * pace, limiter.until * pace
    with bench.workplace(read) as top:
        here = world.World(os.path.join(top, "world"))
        try:
            here.start_sandbox()
            here.sandbox.settings(answer_after="500ms-4s")
            address, count = limiter.start(here)
            here.configure(api={"base_url": address}, intake={"settle": "0s"}, log={"level": "info"}, poll=None, retry=None)
            for number in range(int(0.6 * limiter.per_second * until) + 60):  # an upload and a poll each; there is always work
                here.drop_case(f"A-{number:05}")
            daemon = here.start_daemon()
            begun = time.monotonic()
            time.sleep(settled)
            since, through_before, refused_before = time.monotonic(), *count()
            time.sleep(begun + until - time.monotonic())
            span = time.monotonic() - since
            through, refused = count()
            stopped = daemon.stop()
            if stopped != 0 or len(here.bill()) < len(here.cases("outbox")):
                sys.exit(f"bench: kycd ended {stopped}: {daemon.log()[-2000:]}")
            lately, refused_lately = through - through_before, refused - refused_before
            return {"limiter": limiter.name, "used": lately / span / limiter.per_second,
                    "refused": refused_lately / (refused_lately + lately), "refused with the start": refused / (refused + through),
                    "calls": through + refused, "delivered": len(here.cases("outbox")), "failed": len(here.cases("failed")),
                    "charged": sum(number for times, number in attempts(here).items() if times > 1)}
        finally:
            here.close()


def main():
    read = bench.arguments(__doc__, own_arguments)
    chosen = [row for row in limiters() if not read.only or read.only in row.name]
    if not chosen:
        sys.exit("bench: no such row; there are: " + "; ".join(row.name for row in limiters()))
    found = []
    for row in chosen:
        found.append(measure(read, row))
        print(found[-1], file=sys.stderr)
    bench.table([[one["limiter"], f"{one['used']:.1%}", f"{one['refused']:.1%}", f"{one['refused with the start']:.1%}",
                  one["delivered"], one["failed"], one["charged"]] for one in found],
                ["limit", "used of it", "refused", "with the start", "delivered", "failed", "charged for a refusal"])
    bench.write_json(read.json, {"bench": "limits", "machine": bench.machine(pathlib.Path(read.folder)), "rows": found})


if __name__ == "__main__":
    main()
