#!/usr/bin/python3
"""What being looked at costs: small cases (face_liveness, one picture of some 20 kB) at a steady rate, while every other span of some
seconds the metrics are scraped each second and a status page is open; and, by themselves, one scrape, a second of an open page, and the
counting of one case. Processor time of kycd in shares of one core.
"""

import http.client
import pathlib
import subprocess
import sys
import threading
import time

import bench
from scripted_api import ScriptedApi
from stock import Stock

SMALL = (10, 20)  # kB


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--rate", type=int, default=500, help="cases a second (limits.rate)")
    parser.add_argument("--settle", type=float, default=3.0, help="seconds before anything is measured")
    parser.add_argument("--span", type=float, default=3.0, help="seconds for which somebody looks, and then nobody")
    parser.add_argument("--scrapes", type=int, default=500, help="for the cost of one")
    parser.add_argument("--seconds", type=int, default=30, help="for the cost of an open page")


def processor_seconds(pid):
    """User and system time of all threads, to the nanosecond: the process's own clock, as clock_getcpuclockid names it."""
    return time.clock_gettime((~pid << 3) | 2)


class Looker:
    """A scraper and a page: while `looking`, /metrics is asked for each second and /events is read."""

    def __init__(self, port):
        self.port = port
        self.looking, self.ended = threading.Event(), threading.Event()
        self.scrapes, self.events, self.bytes = 0, 0, 0
        self.threads = [threading.Thread(target=self._guarded, args=(run,), daemon=True) for run in (self._scrape, self._read_events)]
        self.failed = None
        for thread in self.threads:
            thread.start()

    def _guarded(self, run):
        try:
            run()
        except Exception as error:  # reported by check()
            self.failed = error

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            if reply.status != 200:
                sys.exit(f"bench: {path}: {reply.status}")
            return reply.read()
        finally:
            connection.close()

    def _scrape(self):
        while not self.ended.is_set():
            self.looking.wait()
            if self.ended.is_set():
                return
            self.bytes = len(self.get("/metrics"))
            self.scrapes += 1
            time.sleep(1)

    def _read_events(self):
        while not self.ended.is_set():
            self.looking.wait()
            if self.ended.is_set():
                return
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request("GET", "/events")
                reply = connection.getresponse()
                while self.looking.is_set() and (line := reply.readline()):
                    self.events += line.startswith(b"event: status")
            finally:
                connection.close()

    def check(self):
        if self.failed:
            sys.exit(f"bench: {self.failed!r}")

    def close(self):
        self.ended.set()
        self.looking.set()
        for thread in self.threads:
            thread.join()
        self.check()


def delivered(here, service):
    folder = here.outbox / service
    return len(list(folder.iterdir())) if folder.exists() else 0


def share(pid, seconds):
    """Of one core, within the next so many seconds."""
    used, began = processor_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (processor_seconds(pid) - used) / (time.monotonic() - began)


def under_load(read, here, daemon, looker, service):
    """Shares of a core by turns, without and with somebody who looks, while cases come at the rate. What a case took is what is
    compared: neighbours on the machine make a span faster or slower."""
    shares, rates = {False: [], True: []}, []
    time.sleep(read.settle)  # connections are opened, answers' times are learnt
    while True:
        turn = {}
        for looked_at in (False, True) if len(rates) % 4 == 0 else (True, False):
            (looker.looking.set if looked_at else looker.looking.clear)()
            time.sleep(0.2)  # what the change itself costs is not what is measured
            before, began, used = delivered(here, service), time.monotonic(), processor_seconds(daemon.pid)
            time.sleep(read.span)
            used = processor_seconds(daemon.pid) - used
            after, seconds = delivered(here, service), time.monotonic() - began
            if after == before:
                sys.exit(f"bench: nothing was delivered within {read.span} s: {daemon.log()[-2000:]}")
            turn[looked_at] = (used / (after - before) * read.rate, (after - before) / seconds)
        looker.check()
        if after > read.cases - read.rate:
            looker.looking.clear()
            return shares, rates
        for looked_at, (each, rate) in turn.items():
            shares[looked_at].append(each)
            rates.append(rate)


def alone(read, daemon, looker):
    """With nothing to do: what one scrape takes, a second of an open page, and the counting of a case."""
    looker.looking.clear()
    time.sleep(1)
    idle = share(daemon.pid, read.seconds / 2)
    used, began = processor_seconds(daemon.pid), time.monotonic()
    for _ in range(read.scrapes):
        looker.get("/metrics")
    scrape = (processor_seconds(daemon.pid) - used - idle * (time.monotonic() - began)) / read.scrapes
    page = http.client.HTTPConnection("127.0.0.1", looker.port, timeout=20)
    try:
        page.request("GET", "/events")
        reply = page.getresponse()
        used, began, events = processor_seconds(daemon.pid), time.monotonic(), 0
        while time.monotonic() - began < read.seconds:
            events += reply.readline().startswith(b"event: status")
        second = (processor_seconds(daemon.pid) - used) / (time.monotonic() - began)
    finally:
        page.close()
    second -= (idle + share(daemon.pid, read.seconds / 2)) / 2
    if events < read.seconds / 2:
        sys.exit(f"bench: {events} events in {read.seconds} s")
    counting = int(subprocess.run([read.counting], capture_output=True, text=True, check=True).stdout) / 1e9
    return {"idle, share of a core": idle, "one scrape, ms": 1000 * scrape, "a second of a page, ms": 1000 * second,
            "counting one case, us": 1e6 * counting,
            "all of it in a second, share of a core": scrape + second + read.rate * counting}


def measure(read):
    from peers import free_port, listens
    from world import wait_for
    with bench.workplace(read) as folder:
        top = pathlib.Path(folder)
        stock = Stock(top, "face_liveness", read.cases, SMALL)
        api = ScriptedApi(top / "api", stock.service)
        port = free_port()
        here = stock.world(api, admin={"listen": f"127.0.0.1:{port}"}, limits={"uploads": 32, "rate": read.rate})
        looker = None
        try:
            daemon = here.start("run", "--config", str(here.config_file))
            wait_for(lambda: listens(port), "kycd to listen", 60)
            looker = Looker(port)
            shares, rates = under_load(read, here, daemon, looker, stock.service)
            if not rates:
                sys.exit(f"bench: {read.cases} cases are too few for two spans of {read.span} s at {read.rate} a second")
            last = time.monotonic() + 600
            while delivered(here, stock.service) < read.cases:
                if time.monotonic() > last:
                    sys.exit(f"bench: {delivered(here, stock.service)} of {read.cases}: {daemon.log()[-2000:]}")
                time.sleep(0.5)
            found = {"cases": read.cases, "rate": read.rate, "turns": len(rates) // 2, "cases per second": bench.spread(rates),
                     "nobody looks, share of a core": bench.spread(shares[False]),
                     "scraped and a page open, share of a core": bench.spread(shares[True]),
                     "difference, share of a core": bench.spread([on - off for off, on in zip(shares[False], shares[True])]),
                     "bytes of a scrape": looker.bytes, "scrapes": looker.scrapes, "events": looker.events}
            return {**found, **alone(read, daemon, looker)}
        finally:
            if looker:
                looker.close()
            here.close()
            api.close()


def show(found):
    print(f"{found['cases']} cases, {found['turns']} turns, {found['scrapes']} scrapes of {found['bytes of a scrape']} bytes, "
          f"{found['events']} events")
    for name, digits in (("cases per second", 0), ("nobody looks, share of a core", 4), ("scraped and a page open, share of a core", 4),
                         ("difference, share of a core", 4)):
        print(f"{name}: {bench.span(found[name], digits)}")
    for name, digits in (("idle, share of a core", 4), ("one scrape, ms", 2), ("a second of a page, ms", 2),
                         ("counting one case, us", 2), ("all of it in a second, share of a core", 4)):
        print(f"{name}: {found[name]:.{digits}f}")


if __name__ == "__main__":
    bench.section("metrics", __doc__, own_arguments, measure, show)
