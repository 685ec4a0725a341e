#!/usr/bin/python3
"""Throws every fault at kycd at random while it works, then lets the API be well again, and asks the oracle what came of it.

  storm_campaign.py                       20 storms of two minutes and 500 cases each
  storm_campaign.py --seed 7              one of them
  storm_campaign.py --short --seed 7      25 s and 100 cases, as CI does

A seed chooses the cases, the spells of faults and the settings; what a fault strikes also depends on the machine. After the storm every
case has to come out: delivered, or failed with a code that a fault which struck explains. Whatever the bill has beyond one line
a case must be an attempt whose outcome the ledger, and `kycd show`, name as unknown.

The environment names the binaries: KYCD and KYCD_SANDBOX. Exit code 1: the oracle has objections.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

import workload  # first: it finds test/support
from mixed_cases import Mix
from oracle import DELIVERED, Ledger, finished
from soak_campaign import sample_of
from storm_oracle import StormOracle
from storm_weather import CALM, Weather
from world import KYCD, World, wait_for

MOST_TOLD = 12
SHORT_SEED = 6  # one that leaves a good deal in doubt

# What a storm may leave behind in the process: the connections of both pools and a few files over the start's descriptors, and what
# limits.memory allows besides the program itself.
SPARE_DESCRIPTORS = 16 + 32 + 8
MOST_RSS_KB = 200_000
LAST_CASES = 20  # dropped when all is well: nothing of the storm may be left in their way


class Storm:
    """One world, one seed."""

    def __init__(self, arguments, seed):
        self.arguments = arguments
        self.seed = seed
        dice = random.Random(f"settings {seed}")
        self.folder = arguments.root / f"storm-{seed}"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.world = World(self.folder)
        self.world.start_sandbox("--keep-tasks")
        self.world.sandbox.settings(**CALM)
        self.hold = dice.random() < 0.25
        self.world.configure(
            api={"timeouts": {"connect": "2s", "handshake": "2s", "idle": "2s", "request": "6s"}},
            intake={"settle": "100ms", "rescan": "5s"}, log={"level": "info"}, limits={"memory": "64MiB"},
            poll={"first": "adaptive", "min": "100ms", "max": "1s"},
            retry={"attempts": dice.choice([6, 12]), "base": "50ms", "max": "2s", "retry_after_max": "2s"},
            on_unknown_outcome="hold" if self.hold else "resubmit")
        self.producer = workload.Producer(self.world)
        self.mix = Mix(self.producer, random.Random(f"cases {seed}"), large=True)
        self.weather = Weather(self.world, random.Random(f"weather {seed}"), self.world.start_daemon)
        self.violations = []
        self.samples = []

    @property
    def daemon(self):
        return self.world.daemons[-1]

    def run(self):
        self.world.start_daemon()
        self._sample()
        began = time.monotonic()
        next_change = dropped = 0
        while (now := time.monotonic() - began) < self.arguments.seconds:
            # Some are there when the storm breaks, the others come all the while.
            while dropped < self.arguments.cases * min(1.0, 0.1 + now / self.arguments.seconds):
                self.mix.drop()
                dropped += 1
            if now >= next_change:
                next_change = now + self.weather.change()
                self._sample()
            if self.daemon.process.poll() is not None:
                self.violations.append(f"kycd ended by itself with {self.daemon.process.returncode}")
                break
            time.sleep(0.02)
        self.weather.end()
        return self._calm()

    def _sample(self):
        if self.daemon.process.poll() is None:
            self.samples.append(sample_of(self.daemon.pid, self.folder / "ledger/ledger.db"))

    def _waiting(self):
        return [drop.name for drop in self.producer.drops if not finished(self.world, drop)]

    # The calm

    def _calm(self):
        began = time.monotonic()
        in_hand = len(self._waiting())
        self._wait_for_all(self.arguments.calm, "all cases to come out after the storm")
        calm_after = time.monotonic() - began
        last = [self.producer.card(f"last-{number:02}", service="kyc_passport") for number in range(LAST_CASES)]
        self._wait_for_all(60, "the cases that were dropped in the calm")
        self._sample()
        if (code := self.daemon.stop()) != 0:
            self.violations.append(f"kycd ended with {code} after SIGTERM")
        self._judge_process()
        self._judge_privacy()
        verdict = self._judge_cases(last)
        return self._report(verdict, in_hand, calm_after)

    def _wait_for_all(self, seconds, what):
        try:
            wait_for(lambda: not self._waiting(), what, seconds)
            wait_for(lambda: not Ledger(self.folder / "ledger/ledger.db").open, "the ledger to close the last record", 30)
        except AssertionError as error:
            self.violations.append(f"{error}: {self._waiting()[:MOST_TOLD]}")
            for case in self._waiting()[:3]:
                self.violations.append(self._ask("why", case))

    def _ask(self, *words):
        done = subprocess.run([KYCD, *words, "--config", str(self.world.config_file)], capture_output=True, text=True, timeout=60,
                              env=self.world.env)
        return done.stdout or done.stderr

    def _judge_process(self):
        first, last = self.samples[0], self.samples[-1]
        if last["descriptors"] > first["descriptors"] + SPARE_DESCRIPTORS:
            self.violations.append(f"{first['descriptors']} descriptors were open before the storm, {last['descriptors']} after")
        if last["threads"] > first["threads"] + 2:
            self.violations.append(f"{first['threads']} threads before the storm, {last['threads']} after")
        if (most := max(each["rss_kb"] for each in self.samples)) > MOST_RSS_KB and not self.arguments.any_memory:
            self.violations.append(f"kycd took {most} kB of memory")

    def _judge_privacy(self):
        """No secret in logs, ledger or what was said of failed cases; nothing of a person in a log."""
        try:
            self.world.check_logs_are_private()
            self.world.check_files_hold_no_secret()
        except AssertionError as error:
            self.violations.append(str(error)[:300])
        log = self.world.log_text()
        for word in self._personal_words():
            if re.search(rf"\b{re.escape(word)}\b", log):
                self.violations.append(f"a log holds '{word}' of somebody's answer")

    def _personal_words(self):
        words = set()
        for file in self.world.outbox.rglob("result.json"):
            result = json.loads(file.read_bytes())
            document = result["document"] or {}
            words |= {document.get(key) for key in ("full_name", "number", "date_of_birth", "portrait_url")}
            words.add(result["registered_face"])
        return {word for word in words if word}

    def _judge_cases(self, last):
        verdict = StormOracle(self.world, self.producer.drops, self.world.bill(), Ledger(self.folder / "ledger/ledger.db"),
                              hold=self.hold, storm_ends=self.weather.ends, ask=self._ask).judge()
        self.violations += verdict.violations
        for drop in last:
            file = self.world.outbox / drop.folder / drop.case / "result.json"
            if not file.exists():
                self.violations.append(f"{drop.name}, dropped in the calm, was not delivered")
        return verdict

    def _report(self, verdict, in_hand, calm_after):
        log = self.world.log_text()
        report = {"campaign": "storm", "seed": self.seed, "seconds": self.arguments.seconds, "hold": self.hold, **verdict.figures,
                  "in_hand_when_it_calmed": in_hand, "seconds_until_all_were_out": round(calm_after, 1),
                  "spells": dict(self.weather.spells), "requests_struck": sum(self.weather.fired.values()),
                  "faults_that_struck": dict(sorted(self.weather.fired.items())),
                  "log_lines": log.count("\n"), "rss_kb_most": max(each["rss_kb"] for each in self.samples),
                  "descriptors": [self.samples[0]["descriptors"], max(each["descriptors"] for each in self.samples),
                                  self.samples[-1]["descriptors"]],
                  "excuses": verdict.extra_bills, "violations": self.violations}
        (self.folder / "weather.txt").write_text("\n".join(self.weather.history) + "\n")
        self.world.close()
        if not self.violations:
            shutil.rmtree(self.folder, ignore_errors=True)
        return report


def show(report):
    for key, value in report.items():
        if key in ("violations", "excuses"):
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{name} {count}" for name, count in value.items())
        print(f"{key:28} {value}")
    for sentence in report["violations"][:MOST_TOLD]:
        print(f"VIOLATION {sentence}")
    if (more := len(report["violations"]) - MOST_TOLD) > 0:
        print(f"VIOLATION and {more} more")
    print(flush=True)


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="so many storms, from seed 1")
    parser.add_argument("--seed", type=int, help="this storm alone")
    parser.add_argument("--cases", type=int, help="default 500, with --short 100")
    parser.add_argument("--seconds", type=int, help="default 120, with --short 25")
    parser.add_argument("--calm", type=int, default=300, metavar="SECONDS",
                        help="for all to come out: a paused service is tried a minute later, then two, then four")
    parser.add_argument("--any-memory", action="store_true", help="judge no memory: a sanitizer takes more than kycd")
    parser.add_argument("--short", action="store_true", help="a small storm, as CI does")
    parser.add_argument("--root", default="build/campaign", help="where the worlds are made")
    parser.add_argument("--json", help="write the figures to this file")
    arguments = parser.parse_args()
    arguments.root = pathlib.Path(arguments.root).resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    arguments.cases = arguments.cases or (100 if arguments.short else 500)
    arguments.seconds = arguments.seconds or (25 if arguments.short else 120)
    return arguments


def main():
    arguments = read_arguments()
    if arguments.seed is not None:
        seeds = [arguments.seed]
    else:
        seeds = [SHORT_SEED] if arguments.short else range(1, arguments.seeds + 1)
    reports, total = [], collections.Counter()
    for seed in seeds:
        print(f"storm with seed {seed}", flush=True)
        reports.append(Storm(arguments, seed).run())
        show(reports[-1])
        total.update({key: reports[-1][key] for key in ("cases", "bills", "extra_bills", "requests_struck")})
        if arguments.json:
            pathlib.Path(arguments.json).write_text(json.dumps(reports, indent=2) + "\n")
    objections = sum(len(report["violations"]) for report in reports)
    print(f"{len(reports)} storms, {total['cases']} cases, {total['requests_struck']} requests struck, {total['bills']} bills, "
          f"{total['extra_bills']} of them named as unknown by the ledger; " +
          (f"the oracle objects {objections} times" if objections else f"each case came to an end: {DELIVERED} or told why not"))
    sys.exit(1 if objections else 0)


if __name__ == "__main__":
    main()
