#!/usr/bin/python3
"""Every figure that kycd is held to, measured on this machine, with its target: half an hour. The other sections are its parts and say
more; docs/performance.md explains each figure.
"""

import sys
import time

import backlog
import bench
import connections
import durability
import latency
import metrics
import pending
import transport
import whole

# What each section is told: as it stands, with --quick, and for the smoke test, which only looks whether all works.
SIZES = {
    "transport": ({}, {"cases": 2000, "rounds": 3}, {"cases": 60, "rounds": 1, "polls": 200}),
    "whole": ({}, {"cases": 1000, "rounds": 3}, {"cases": 40, "rounds": 1}),
    "decoding": ({"picture_kb": 45}, {"picture_kb": 45, "cases": 1000, "rounds": 3}, {"picture_kb": 45, "cases": 20, "rounds": 1}),
    "durability": ({}, {"cases": 500}, {"cases": 20}),
    "pending": ({"seconds": 60}, {"cases": 3000, "seconds": 30}, {"cases": 50, "seconds": 6, "still": 0.5}),
    "pending, more": ({"cases": 100_000, "seconds": 60, "answer_after": "60m"}, None, None),
    "latency": ({}, {"cases": 100}, {"cases": 5}),
    "backlog": ({"rounds": 1}, {"few": 500, "between": 2000, "many": 10_000, "rounds": 1},
                {"few": 20, "between": 30, "many": 40, "rounds": 1}),
    "connections": ({"path_cases": 600}, {"cases": 2000, "path_cases": 400, "rounds": 1},
                    {"cases": 60, "requests": 10, "path_cases": 20, "path_uploads": 16, "rounds": 1}),
    "metrics": ({}, {"cases": 15_000, "seconds": 15},
                {"cases": 800, "rate": 100, "settle": 0.2, "span": 0.3, "scrapes": 10, "seconds": 2}),
}


def own_arguments(parser):
    parser.add_argument("--quick", dest="size", action="store_const", const=1, default=0, help="fewer cases and rounds: ten minutes")
    parser.add_argument("--cases", type=int, help="of the whole daemon in each round, instead of 2000; 10000 need 10 GB of disk")
    parser.add_argument("--only", action="append", choices=list(SIZES), help="this part alone")


def row(figure, measured, target, digits=2, least=False, note=""):
    """`measured`: a spread, or a number. The target is the most that it may be, or with `least` the least."""
    of = measured if isinstance(measured, dict) else {"median": measured, "least": measured, "most": measured}
    reached = of["median"] >= target if least else of["median"] <= target
    return {"figure": figure, "measured": of, "target": target, "at": "least" if least else "most", "reached": reached,
            "digits": digits, "note": note}


def rows_of_transport(found):
    return [row("transport alone: CPU per case / wrk's", found["processor / wrk's"], 1.35),
            row("transport alone: throughput / wrk's", found["speed / wrk's"], 0.75, least=True),
            row("transport alone: CPU of one poll, us", found["us of processor per poll"]["kycd"], 27, 1)]


def rows_of_whole(found):
    return [row("whole daemon: CPU per case / wrk's", found["processor / wrk's"], 3.0),
            row("whole daemon: throughput / libcurl's transport", found["speed / libcurl's"], 0.75, least=True),
            row(f"whole daemon: peak MiB, {found['cases']} cases in the inbox", found["peak MiB"], 64, 1),
            row("whole daemon: commits per case at this speed", found["commits per case"], 0.2),
            row("whole daemon: TLS handshakes / connections", found["handshakes / connections"], 1)]


def rows_of_decoding(found):
    """The same with little to decode: what is the image gate's share, and what everybody else's?"""
    return [row("little to decode: CPU per case / wrk's", found["processor / wrk's"], 3.0),
            row("little to decode: throughput / libcurl's transport", found["speed / libcurl's"], 0.75, least=True)]


def rows_of_durability(found):
    return [row("fsyncs per case", found["syncs in the ledger per case"] + found["syncs in the spool per case"], 4),
            row("commits per case", found["commits per case"], 0.2)]


def rows_of_pending(found):
    waiting = found["while waiting"]
    above = bench.spread([(each["resident kB"] - found["idle kB"]) / found["cases"] for each in waiting])
    polled = [each for each in waiting if each["polls per second"] > 0]
    rows = [row(f"memory per pending task, {found['cases']} of them, KiB", above, 2)]
    if polled:
        rows.append(row(f"whole daemon: CPU of one poll, {found['cases']} pending, us",
                        bench.spread([1e6 * each["processor share"] / each["polls per second"] for each in polled]), 27, 0))
    return rows


def rows_of_latency(found):
    drop, result = found["drop to first byte, ms"], found["poll with the answer to result, ms"]
    return [row("drop to first byte of the upload, p50, ms", drop["p50"], 5, 1), row("the same, p99, ms", drop["p99"], 20, 1),
            row("answer fetched to result in the outbox, p99, ms", result["p99"], 20, 1),
            row("answer ready to result beyond a poll interval, p99, ms",
                found["answer ready to result, beyond one interval, ms"]["p99"], 20, 1)]


def rows_of_backlog(found):
    many, between = found["sizes"]["many"], found["sizes"]["between"]
    return [row(f"{many} cases in the inbox: start to first upload, s", found["start to first upload, s"], 1),
            row(f"{many} cases: throughput / with {found['sizes']['few']}", found["speed, many / few"], 0.95, least=True),
            row(f"{between} cases: CPU per case / with {found['sizes']['few']}", found["processor per case, between / few"], 1.1),
            row(f"{many} cases: CPU per case / with {found['sizes']['few']}", found["processor per case, many / few"], 1.1)]


def rows_of_connections(found):
    closing, path = found["closing server"], found["narrow path"]
    return [row("closed after 100 requests: handshakes", closing["handshakes"], 48, 0,
                note=f"{closing['requests']} requests need {closing['least by arithmetic']}"),
            row("closed after 100 requests: resumed", closing["resumed"], 0.9, least=True),
            row("limit 128 where 8 fill the path: throughput / 8's", path["speed, wide limit / narrow"], 0.9, least=True),
            row("limit 128 where 8 fill the path: handshakes", path["handshakes with the wide limit"], 40, 0)]


def rows_of_metrics(found):
    return [row(f"counting {found['rate']} cases/s, a scrape each second, a page open: % of a core",
                100 * found["all of it in a second, share of a core"], 1)]


def small_durability(read):
    return durability.under_load("usual", read)


PARTS = {"transport": (transport, transport.measure, rows_of_transport), "whole": (whole, whole.measure, rows_of_whole),
         "decoding": (whole, whole.measure, rows_of_decoding), "durability": (durability, small_durability, rows_of_durability),
         "pending": (pending, pending.measure, rows_of_pending), "pending, more": (pending, pending.measure, rows_of_pending),
         "latency": (latency, latency.measure, rows_of_latency), "backlog": (backlog, backlog.measure, rows_of_backlog),
         "connections": (connections, connections.measure, rows_of_connections),
         "metrics": (metrics, metrics.measure, rows_of_metrics)}


def measure(read):
    rows, parts = [], {}
    for name, (section, figures, rows_of) in PARTS.items():
        changes = SIZES[name][read.size]
        if changes is None or read.only and name not in read.only:
            continue
        if section is whole and read.cases:
            changes = {**changes, "cases": read.cases}
        began = time.monotonic()
        parts[name] = figures(bench.defaults(read, section.own_arguments, **changes))
        rows += rows_of(parts[name])
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        bench.write_json(read.json, {"bench": "table", "figures": rows, "sections": parts})  # whole at the end; half an hour is long
    return {"figures": rows, "sections": parts}


def show(found):
    bench.table([[each["figure"], bench.span(each["measured"], each["digits"]), ("≥ " if each["at"] == "least" else "≤ ")
                  + f"{each['target']:g}", "yes" if each["reached"] else "no", each["note"]] for each in found["figures"]],
                ["figure", "measured", "target", "reached", ""])


if __name__ == "__main__":
    bench.section("table", __doc__, own_arguments, measure, show)
