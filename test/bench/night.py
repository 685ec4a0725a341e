#!/usr/bin/python3
"""A night of re-verification: thousands of delivered cases are sent again while live cases are dropped as on any day. What the live
cases wait from drop to delivered, without a ticket and with one, side by side; whether the report finds exactly the cases whose
answer has changed; how long the night takes.
"""

import datetime
import json
import os
import pathlib
import re
import sys
import time

import bench

SERVICE = "kyc_card"
DELIVERED = re.compile(r"^(\S+) info delivered .*case=kyc_card/(LIVE-\S+) ", re.M)


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=5000, help="delivered before")
    parser.add_argument("--changed", type=float, default=0.07, help="the share whose verdict is another one now")
    parser.add_argument("--live", type=int, default=300, help="cases dropped in each of the two spans")
    parser.add_argument("--apart", type=float, default=0.1, help="seconds between two of them")
    parser.add_argument("--rate", type=float, default=0, help="of the ticket, calls per second; 0: as many as go")
    parser.add_argument("--answer-after", default="1s-2s")
    parser.add_argument("--rounds", type=int, default=1, help="spans with and without a ticket, in turns")


def stamp(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Night:
    """One spool with its delivered cases, a daemon, and live cases dropped into it."""

    def __init__(self, read, folder):
        import make_cases
        import world
        self.read, self.make_images = read, make_cases.make_images
        self.here = world.World(pathlib.Path(folder) / "world")
        self.here.start_sandbox()
        self.here.sandbox.settings(answer_after=read.answer_after)
        self.here.configure(intake=None, poll=None, retry=None, status_files="5s", log={"level": "info"},
                            lanes={"bulk": {"window": "00:00-24:00"}}, once={"patience": "2m"})
        self.bases = make_cases._bulk_bases(SERVICE, 60_000, 120_000, "night")
        step = max(1, round(1 / read.changed)) if read.changed else read.cases + 1
        self.turned = {f"N-{number:06}" for number in range(read.cases) if number % step == 3}
        with make_cases.Spool(self.here.spool) as spool:
            for number in range(read.cases):
                name = f"N-{number:06}"
                spool.folder(SERVICE, name, self.files(number, "turns tonight" if name in self.turned else "stays"))
        done = self.here.run_once(timeout=3600)
        if done.code != 0 or done.summary["delivered"] != read.cases:
            sys.exit(f"bench: the day before went wrong: {done!r}")
        self.here.sandbox.rules({"name": "another answer", "match": {"call": "submit", "contains": "turns tonight"},
                                 "do": {"task_answer": "spoof"}})
        self.daemon = self.here.start_daemon()
        self.dropped = {}

    def files(self, number, word):
        files = {}
        for offset, (field, drawn) in enumerate(self.bases.items()):
            files[f"{field}.jpg"] = self.make_images.jpeg_comment(drawn[(number + offset) % len(drawn)], f"{number} {field} {word}")
        return files

    def drop_live(self, span):
        """Drops its cases at their times, waits for all, and tells what each waited, in seconds."""
        names = []
        begun = time.monotonic()
        for number in range(self.read.live):
            name = f"LIVE-{span}-{number:05}"
            files = self.files(1_000_000 + len(self.dropped), "live")
            time.sleep(max(0, begun + number * self.read.apart - time.monotonic()))
            self.here.drop_folder(SERVICE, name, files)
            self.dropped[name] = time.time()
            names.append(name)
        last = time.monotonic() + 120
        while True:
            seen = {name: stamp(at) for at, name in DELIVERED.findall(self.daemon.log())}
            if all(name in seen for name in names):
                return [seen[name] - self.dropped[name] for name in names]
            if time.monotonic() > last:
                sys.exit(f"bench: live cases are missing: {self.daemon.log()[-2000:]}")
            time.sleep(0.2)

    def drop_ticket(self, name):
        folder = self.here.inbox / "reverify"
        folder.mkdir(exist_ok=True)
        made = self.here.staging / "ticket"
        made.write_text(f"names: ['N-*']\nrate: {self.read.rate:g}\n")
        os.utime(made, (time.time() - 60,) * 2)
        made.rename(folder / f"{name}.yaml")

    def wait_report(self, name, limit=3600):
        last = time.monotonic() + limit
        while any((self.here.inbox / "reverify").glob(f"{name}.*")):
            if time.monotonic() > last or self.daemon.process.poll() is not None:
                sys.exit(f"bench: the night does not end: {self.daemon.log()[-2000:]}")
            time.sleep(0.1)
        return json.loads((self.here.outbox / "reverify" / name / "report.json").read_text())

    def close(self):
        code = self.daemon.stop(timeout=120)
        self.here.close()
        if code != 0:
            sys.exit(f"bench: kycd ended with {code}: {self.daemon.log()[-2000:]}")


def percentiles(seconds):
    ordered = sorted(seconds)
    return {name: 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for name, share in (("p50", 0.5), ("p99", 0.99))}


def measure(read):
    with bench.workplace(read) as folder:
        night = Night(read, folder)
        night.drop_live("warm")
        alone, beside, reports, found_right = [], [], [], []
        for turn in range(read.rounds):
            alone += night.drop_live(f"alone-{turn}")
            night.drop_ticket(f"night-{turn}")
            beside += night.drop_live(f"beside-{turn}")
            overlap = any((night.here.inbox / "reverify").glob("night-*"))
            said = night.wait_report(f"night-{turn}")
            found = {each["case"] for each in said["cases"] if each["end"] == "changed"}
            found_right.append(found == (night.turned if turn == 0 else set()))
            reports.append({"took_ms": said["took_ms"], "balance": said["balance"], "paid": said["calls"]["paid"],
                            "the ticket outlasted the live cases": overlap})
        paid = len(night.here.bill())
        night.close()
        expected = read.cases * (1 + read.rounds) + len(night.dropped)
        return {"cases": read.cases, "changed": len(night.turned), "found exactly those": all(found_right), "paid": paid,
                "to be paid": expected, "nights": reports, "alone, ms": percentiles(alone), "beside a ticket, ms": percentiles(beside)}


def show(found):
    alone, beside = found["alone, ms"], found["beside a ticket, ms"]
    bench.table([[name, f"{alone[name]:.0f}", f"{beside[name]:.0f}", f"{beside[name] / alone[name]:.2f}"] for name in ("p50", "p99")],
                ["drop to delivered, ms", "alone", "beside", "ratio"])
    for night in found["nights"]:
        print(f"{found['cases']} cases in {night['took_ms'] / 1000:.1f} s, {found['cases'] / night['took_ms'] * 1000:.0f} a second: "
              f"{night['balance']}; outlasted the live cases: {night['the ticket outlasted the live cases']}")
    print(f"{found['changed']} answers have changed, found exactly those: {found['found exactly those']}; "
          f"paid {found['paid']} calls of {found['to be paid']}")


if __name__ == "__main__":
    bench.section("night", __doc__, own_arguments, measure, show)
