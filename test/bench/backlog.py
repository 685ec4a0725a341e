#!/usr/bin/python3
"""What a full inbox costs: small cases (face_liveness, one picture of some 20 kB), a thousand and a hundred thousand of them
waiting. From start to the first upload, cases per second once it runs, and processor time per case, in turns.
"""

import pathlib
import statistics
import time

import bench
from scripted_api import ScriptedApi
from stock import Stock

SMALL = (10, 20)  # kB


def own_arguments(parser):
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--between", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3, help="each with many once, and with few and between three times")


def one_run(stock, top):
    """Its API tells when uploads came; the clock of its log is the one that the start is noted by."""
    api = ScriptedApi(top / f"api-{time.monotonic_ns()}", stock.service, log=True)
    started = time.time()
    try:
        passage = stock.once(api, limits={"uploads": 32})
    finally:
        api.close()
    uploads = sorted(request.began for request in api.requests() if request.method == "POST")
    uploads = uploads[-stock.cases:]  # what came before is the token's
    # The middle: neither the first cases, which find connections closed and plans unlearnt, nor the last, which wait for answers.
    first, last = stock.cases // 10, stock.cases * 9 // 10
    return {"first upload after": uploads[0] - started, "cases per second": (last - first) / (uploads[last] - uploads[first]),
            "ms of processor per case": 1000 * passage.cost.processor / stock.cases, "peak MiB": passage.cost.peak_kb / 1024}


def measure(read):
    sizes = {"few": read.few, "between": read.between, "many": read.many}
    found = {size: [] for size in sizes}
    with bench.workplace(read) as folder:
        top = pathlib.Path(folder)
        stocks = {size: Stock(top, "face_liveness", cases, SMALL) for size, cases in sizes.items()}
        for _ in range(read.rounds):
            for size in ("few", "between", "many", "between", "few", "few", "between"):
                found[size].append(one_run(stocks[size], top))

    def of(size, name):
        return [each[name] for each in found[size]]

    def to_few(size, name):
        base = statistics.median(of("few", name))
        return bench.spread([each / base for each in of(size, name)])

    return {"sizes": sizes, "rounds": read.rounds,
            "runs": {size: {name: bench.spread(of(size, name)) for name in found[size][0]} for size in sizes},
            "start to first upload, s": bench.spread(of("many", "first upload after")),
            "speed, many / few": to_few("many", "cases per second"),
            "processor per case, many / few": to_few("many", "ms of processor per case"),
            "processor per case, between / few": to_few("between", "ms of processor per case")}


def show(found):
    digits = {"first upload after": 3, "cases per second": 0, "ms of processor per case": 2, "peak MiB": 1}
    bench.table([[found["sizes"][size], *(bench.span(each[name], digits[name]) for name in digits)]
                 for size, each in found["runs"].items()],
                ["cases waiting", "s to the first upload", "cases/s", "ms of CPU a case", "peak MiB"])
    for name in ("speed, many / few", "processor per case, between / few", "processor per case, many / few"):
        print(f"{name}: {bench.span(found[name], 2)}")


if __name__ == "__main__":
    bench.section("backlog", __doc__, own_arguments, measure, show)
