#!/usr/bin/python3
"""What connections cost where they are made needlessly: a server that closes each after 100 requests, and a limit of 128 uploads
on a path that 8 fill. Handshakes are counted, those that resume a session apart.
"""

import pathlib

import bench
from narrow_path import NarrowPath
from scripted_api import ScriptedApi
from stock import Stock


class Port:
    """An API that is reached elsewhere."""

    def __init__(self, api, port):
        self.ca_file, self.base_url = api.ca_file, f"https://localhost:{port}/api/v3"


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=4000, help="to the server that closes; small ones")
    parser.add_argument("--requests", type=int, default=100, help="of a connection, before the server closes it")
    parser.add_argument("--uploads", type=int, default=8)
    parser.add_argument("--path-cases", type=int, default=400, help="of 0.96 MB, over the narrow path")
    parser.add_argument("--path-uploads", type=int, default=128)
    parser.add_argument("--rate", type=float, default=20.0, help="MB a second that the path takes")
    parser.add_argument("--delay", type=float, default=0.04, help="seconds, each way")
    parser.add_argument("--rounds", type=int, default=3)


def closing_server(read, top):
    stock = Stock(top, "face_liveness", read.cases, (10, 20))
    api = ScriptedApi(top / "closing", "face_liveness", keepalive_requests=read.requests, log=True)
    try:
        summary = stock.once(api, limits={"uploads": read.uploads}).summary
    finally:
        api.close()
    requests = api.requests()
    first = {request.connection: request for request in requests if request.number == 1}
    resumed = sum(request.resumed for request in first.values())
    return {"cases": read.cases, "uploads": read.uploads, "requests": summary["requests"], "handshakes": len(first),
            "full handshakes": len(first) - resumed, "resumed": resumed / len(first),
            "least by arithmetic": -(-summary["requests"] // read.requests), "handshakes that kycd counted": summary["tls_handshakes"],
            "busiest connection": max(request.number for request in requests)}


def narrow_path(read, top):
    stock = Stock(top, "kyc_card", read.path_cases)
    found = {read.uploads: [], read.path_uploads: []}
    handshakes = {uploads: [] for uploads in found}
    for number in range(read.rounds):
        for uploads in sorted(found, reverse=number % 2 == 1):
            api = ScriptedApi(top / f"narrow-{number}-{uploads}")
            path = NarrowPath(api.port, read.rate * 1e6, read.delay, read.uploads)
            try:
                passage = stock.once(Port(api, path.port), limits={"uploads": uploads})
            finally:
                path.close()
                api.close()
            found[uploads].append(read.path_cases / passage.cost.seconds)
            handshakes[uploads].append(passage.summary["tls_handshakes"])
    return {"cases": read.path_cases, "rounds": read.rounds, "MB/s": read.rate, "one-way delay, s": read.delay,
            "path's cases per second": read.rate / 0.97,
            "cases per second": {uploads: bench.spread(numbers) for uploads, numbers in found.items()},
            "handshakes": {uploads: bench.spread(numbers) for uploads, numbers in handshakes.items()},
            "speed, wide limit / narrow": bench.spread(bench.ratios(found[read.path_uploads], found[read.uploads])),
            "handshakes with the wide limit": bench.spread(handshakes[read.path_uploads])}


def measure(read):
    with bench.workplace(read) as folder:
        top = pathlib.Path(folder)
        return {"closing server": closing_server(read, top), "narrow path": narrow_path(read, top)}


def show(found):
    closing, path = found["closing server"], found["narrow path"]
    print(f"connections of 100 requests: {closing['cases']} cases, {closing['requests']} requests, {closing['handshakes']} handshakes "
          f"({closing['least by arithmetic']} at least), {closing['full handshakes']} of them full, {closing['resumed']:.0%} resumed")
    bench.table([[uploads, bench.span(path["cases per second"][uploads], 1), bench.span(path["handshakes"][uploads], 0)]
                 for uploads in path["cases per second"]], ["uploads on a path that the first fill", "cases/s", "handshakes"])
    print(f"with the wide limit / with the narrow one: {bench.span(path['speed, wide limit / narrow'], 2)}")


if __name__ == "__main__":
    bench.section("connections", __doc__, own_arguments, measure, show)
