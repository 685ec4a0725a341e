#!/usr/bin/python3
"""What a case costs with everything on: claim, hash, image gate, ledger, every sync, upload, poll, result. In each round kycd
takes all cases from a full inbox, then libcurl and wrk send the same load without reading, checking or keeping anything. Nothing
is pinned: kycd, its threads and nginx share the cores as they can.
"""

import pathlib

import bench
from clients import Load
from scripted_api import ScriptedApi
from stock import Stock


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=2000, help="0.96 MB each, on the disk that is measured")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--uploads", type=int, default=32)
    parser.add_argument("--picture-kb", type=int, default=0, help="only so much of each file is picture: what is left without decoding")
    parser.add_argument("--threads", type=int, help="kycd's setting `threads`, else its default")


def measure(read):
    with bench.workplace(read) as folder:
        top = pathlib.Path(folder)
        stock = Stock(top, "kyc_card", read.cases, **({"kb": (read.picture_kb // 2, read.picture_kb), "filled_to": 322}
                                                      if read.picture_kb else {}))
        api = ScriptedApi(top / "api")
        load = Load(read, api, top, read.cases, read.uploads)
        settings = {"limits": {"uploads": read.uploads}, **({"threads": read.threads} if read.threads else {})}
        per_case = {"kycd": [], "libcurl": [], "wrk": []}
        speed = {"kycd": [], "libcurl": [], "wrk": []}
        peaks, connections, handshakes, commits, polls = [], [], [], [], []

        def note(name, cases, cost):
            per_case[name].append(1000 * cost.processor / cases)
            speed[name].append(cases / cost.seconds)

        try:
            for number in range(read.rounds):
                def whole():
                    passage = stock.once(api, **settings)
                    note("kycd", read.cases, passage.cost)
                    peaks.append(passage.cost.peak_kb / 1024)
                    connections.append(passage.summary["connections"])
                    handshakes.append(passage.summary["tls_handshakes"])
                    commits.append(passage.summary["ledger_commits"] / read.cases)
                    polls.append((passage.summary["requests"] - 1) / read.cases - 1)

                def yardsticks():
                    curl = load.libcurl()
                    note("libcurl", read.cases, curl)
                    wrk, cases = load.wrk(curl.seconds)
                    note("wrk", cases, wrk)

                for turn in (whole, yardsticks) if number % 2 == 0 else (yardsticks, whole):
                    turn()
        finally:
            api.close()
    spread = bench.spread
    return {"cases": read.cases, "rounds": read.rounds, "uploads": read.uploads,
            "ms of processor per case": {name: spread(numbers) for name, numbers in per_case.items()},
            "cases per second": {name: spread(numbers) for name, numbers in speed.items()},
            "processor / wrk's": spread(bench.ratios(per_case["kycd"], per_case["wrk"])),
            "speed / libcurl's": spread(bench.ratios(speed["kycd"], speed["libcurl"])),
            "peak MiB": spread(peaks), "connections": spread(connections), "handshakes": spread(handshakes),
            "handshakes / connections": spread(bench.ratios(handshakes, connections)), "commits per case": spread(commits),
            "polls per case": spread(polls)}


def show(found):
    bench.table([[name, bench.span(found["ms of processor per case"][name], 2), bench.span(found["cases per second"][name], 0)]
                 for name in found["cases per second"]], ["client", "ms of CPU a case", "cases/s"])
    for name, digits in (("processor / wrk's", 2), ("speed / libcurl's", 2), ("peak MiB", 1), ("connections", 0), ("handshakes", 0),
                         ("commits per case", 2), ("polls per case", 2)):
        print(f"kycd, {name}: {bench.span(found[name], digits)}")


if __name__ == "__main__":
    bench.section("whole", __doc__, own_arguments, measure, show)
