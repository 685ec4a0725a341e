#!/usr/bin/python3
"""Keeps kycd at a steady load for half an hour and measures whether it grows.

  soak_campaign.py --minutes 30 --rate 3      so many cases a second of every service and kind, tokens that live for 20 s

Every few seconds memory, descriptors and threads are read from /proc. A straight line through the last two thirds of each (the
first third is for pools and caches to fill) must not rise by more than the bounds below. Besides, everything dropped has come
out and was billed once, tokens were renewed ahead of time throughout (no 401), and the log holds no secret and no person.
What has come out is judged and removed, as an operator's retention rule would.

The environment names the binaries: KYCD and KYCD_SANDBOX. Exit code 1: something grew, or was not as it should be.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import sys
import time

import workload  # first: it finds test/support
from mixed_cases import Mix
from oracle import DELIVERED, finished, identity_of_bill
from world import World, wait_for

# What a line through the last two thirds may rise by in a minute. A leak of one kB for each case would be 180 kB at three cases a
# second; an allocator that still finds its size stays below 60 kB after ten minutes.
BOUNDS = {"rss_kb": 60.0, "anonymous_kb": 60.0, "descriptors": 0.1, "threads": 0.01}
ROWS = 15  # of the table

SHORT_SECONDS = 45  # too short for a trend: then only the figures at its two ends are compared, with these allowances
SHORT_RISES = {"rss_kb": 16384, "anonymous_kb": 16384, "descriptors": 60, "threads": 2}


def sample_of(pid, ledger):
    """What /proc says of the process now."""
    status = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    times = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return {"rss_kb": int(status["VmRSS"].split()[0]), "anonymous_kb": int(status["RssAnon"].split()[0]),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(status["Threads"]),
            "cpu_seconds": (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK"),
            "ledger_kb": sum(file.stat().st_size for file in ledger.parent.glob(ledger.name + "*")) // 1024}


def slope(points):
    """Of the least-squares line through (x, y)."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


class Soak:
    """One world at a steady load."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.folder = arguments.root / "soak"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.world = World(self.folder)
        self.world.start_sandbox("--access-lifetime", f"{arguments.token_life}s")
        self.world.sandbox.settings(answer_after="200ms-4s")
        self.world.configure(intake={"settle": "200ms", "rescan": "10s"}, poll={"first": "adaptive", "min": "200ms", "max": "2s"},
                             retry={"base": "100ms", "max": "2s"}, log={"level": "info"})
        self.producer = workload.Producer(self.world)
        self.mix = Mix(self.producer, random.Random(arguments.seed))
        self.samples = []
        self.waiting = []
        self.violations = []
        self.tasks = {}  # of each delivered case's result.json, by the case's bytes

    def run(self):
        daemon = self.world.start_daemon()
        began = time.monotonic()
        length = self.arguments.seconds
        next_sample = dropped = 0
        while (now := time.monotonic() - began) < length:
            while dropped < now * self.arguments.rate:
                self.waiting.append(self.mix.drop())
                dropped += 1
            if now >= next_sample:
                self._sample(daemon, now, dropped)
                next_sample += self.arguments.every
                self._clear()
            if daemon.process.poll() is not None:
                self.violations.append(f"kycd ended by itself with {daemon.process.returncode}")
                break
            time.sleep(0.02)
        try:
            wait_for(lambda: self._clear() == 0, "the last cases", 60)
        except AssertionError as error:
            self.violations.append(f"{error}: {[drop.name for drop in self.waiting][:12]}")
        if daemon.process.poll() is None:
            self._sample(daemon, time.monotonic() - began, dropped)
        if (code := daemon.stop()) != 0:
            self.violations.append(f"kycd ended with {code} after SIGTERM")
        return self._judge()

    def _sample(self, daemon, now, dropped):
        here = sample_of(daemon.pid, self.folder / "ledger/ledger.db")
        self.samples.append({"second": round(now, 1), "dropped": dropped, "waiting": len(self.waiting), **here})

    def _clear(self):
        """Judges and removes what has come out; how many cases are left."""
        left = []
        for drop in self.waiting:
            if not finished(self.world, drop):
                left.append(drop)
                continue
            delivered = self.world.outbox / drop.folder / drop.case
            place = delivered if delivered.exists() else self.world.failed / drop.folder / drop.case
            said = json.loads((place / ("result.json" if place == delivered else "error.json")).read_text())
            end = DELIVERED if place == delivered else said["code"]
            if end not in drop.ends:
                self.violations.append(f"{drop.name} ended as {end}: {said.get('message')}")
            if place == delivered:
                self.tasks[drop.identity] = said["task"]["id"]
            shutil.rmtree(place)
        self.waiting = left
        return len(left)

    # The end

    def _judge(self):
        bill = self.world.bill()
        stats = self.world.sandbox.stats()
        billed = {}
        for line in bill:
            billed.setdefault(identity_of_bill(line), []).append(line["task"])
        for drop in self.producer.drops:
            paid = DELIVERED in drop.ends or not drop.ends.isdisjoint({"TASK_FAILED", "TASK_REJECTED", "REPLY_NOT_UNDERSTOOD"})
            expected = 1 + drop.failures if paid else 0
            if len(tasks := billed.pop(drop.identity, [])) != expected:
                self.violations.append(f"{drop.name} was billed {len(tasks)} times, not {expected}")
            if self.tasks.get(drop.identity) not in (None, *tasks):
                self.violations.append(f"{drop.name} was delivered with a task that was never given for it")
        if billed:
            self.violations.append(f"{len(billed)} lines of the bill are of nobody's bytes")
        try:
            self.world.check_logs_are_private()
            self.world.check_files_hold_no_secret()
        except AssertionError as error:
            self.violations.append(str(error)[:300])
        renewals = stats["requests"].get("refresh", 0)
        least = self.arguments.seconds // self.arguments.token_life
        if renewals < least:
            self.violations.append(f"only {renewals} refreshes where a token lives {self.arguments.token_life} s")
        if stats["unauthorized"]:
            self.violations.append(f"{stats['unauthorized']} calls were refused with 401: a token was not renewed ahead of time")
        rises = self._rises()
        report = {"campaign": "soak", "seed": self.arguments.seed, "seconds": round(self.samples[-1]["second"]),
                  "cases": len(self.producer.drops), "bills": len(bill), "refreshes": renewals, "obtains": stats["obtains"],
                  "connections": stats["connections"], "cpu_seconds": self.samples[-1]["cpu_seconds"], "rises": rises,
                  "violations": self.violations, "samples": self.samples}
        self.world.close()
        if not self.violations:
            shutil.rmtree(self.folder, ignore_errors=True)
        return report

    def _rises(self):
        """Of each figure: by how much a minute it rose, or, in a run that is too short for that, by how much at all."""
        rises = {}
        last = self.samples[-1]["second"]
        if self.arguments.short:
            for figure, bound in SHORT_RISES.items():
                rises[figure] = {"rise": self.samples[-1][figure] - self.samples[1][figure], "bound": bound}
        else:
            steady = [each for each in self.samples if each["second"] >= last / 3]
            for figure, bound in BOUNDS.items():
                a_minute = slope([(each["second"] / 60, each[figure]) for each in steady])
                rises[figure] = {"rise": round(a_minute, 3), "bound": bound}
        for figure, each in rises.items():
            if self.arguments.any_memory and figure.endswith("_kb"):
                continue
            if each["rise"] > each["bound"]:
                unit = "" if self.arguments.short else " a minute"
                self.violations.append(f"{figure} rose by {each['rise']}{unit}, more than {each['bound']}")
        return rises


def show(report):
    samples = report["samples"]
    titles = list(samples[0])
    step = max(1, len(samples) // ROWS)
    rows = [titles, *[[str(each[title]) for title in titles] for each in [*samples[:-1:step], samples[-1]]]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(titles))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
    for key, value in report.items():
        if key not in ("samples", "rises", "violations"):
            print(f"{key:16} {value}")
    for figure, each in report["rises"].items():
        print(f"rise of {figure:16} {each['rise']:>10}   allowed {each['bound']}")
    for sentence in report["violations"]:
        print(f"VIOLATION {sentence}")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=3.0, help="cases a second")
    parser.add_argument("--token-life", type=int, default=20, metavar="SECONDS")
    parser.add_argument("--every", type=float, default=5.0, metavar="SECONDS", help="how often the figures are read")
    parser.add_argument("--any-memory", action="store_true", help="judge no memory: a sanitizer takes more than kycd")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_SECONDS} s, without a trend")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--root", default="build/campaign", help="where the world is made")
    parser.add_argument("--json", help="write figures and samples to this file")
    arguments = parser.parse_args()
    arguments.root = pathlib.Path(arguments.root).resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    arguments.seconds = SHORT_SECONDS if arguments.short else round(arguments.minutes * 60)
    return arguments


def main():
    arguments = read_arguments()
    report = Soak(arguments).run()
    show(report)
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")
    sys.exit(1 if report["violations"] else 0)


if __name__ == "__main__":
    main()
