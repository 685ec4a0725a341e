#!/usr/bin/python3
"""Kills kycd with SIGKILL, restarts it until everything is done, and asks the oracle (oracle.py) what came of it.

  kill_campaign.py --every-step              at each step that kycd names (kyc::fault_point), and again while it recovers
  kill_campaign.py --random 200              at random moments under load
  kill_campaign.py                           all of it, for half an hour; --short: a sample of it

The environment names the binaries: KYCD (a kycd-breakable) and KYCD_SANDBOX. Exit code 1: the oracle has objections.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
import zlib

import workload  # first: it finds test/support
from oracle import Ledger, Oracle, Trace, finished
from world import Sandbox, World, wait_for

MOST_TOLD = 12  # objections told of one run
LAYOUTS = ("one", "two")  # inbox and outbox on the file system of work/, or on another one


class Place:
    """A world for one run of a campaign, in folders of its own."""

    def __init__(self, folder, other, sandbox, layout="one", **settings):
        self.folder = folder
        self.other = other
        for each in (folder, other):
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir(parents=True)
        self.world = World(folder)
        self.world.sandbox = sandbox
        changes = {"intake": {"settle": "50ms", "rescan": "2s"}, "poll": {"first": "100ms", "min": "100ms", "max": "200ms"}}
        if layout == "two":
            self.world.inbox, self.world.outbox = other / "inbox", other / "outbox"
            self.world.inbox.mkdir()
            changes["folders"] = {"inbox": str(self.world.inbox), "outbox": str(self.world.outbox),
                                  "work": str(self.world.work), "failed": str(self.world.failed)}
            changes["spool"] = None
            changes["intake"]["ready"] = "marker"
            self.world.staging = other / "staging"
            self.world.staging.mkdir()
        for section, values in settings.items():
            changes[section] = {**changes[section], **values} if isinstance(values, dict) and section in changes else values
        self.hold = settings.get("on_unknown_outcome") == "hold"
        self.world.configure(**changes)
        self.producer = workload.Producer(self.world, marker=layout == "two")
        self.traces = []
        self.ledger_lost = False
        self.spare_failures = 0  # tasks that a rule of the sandbox lets fail, whosever they are

    def start(self, at=None, once=False):
        """Begins kycd with a trace of its own; `at` is KYCD_FAULT_AT."""
        trace = self.folder / f"trace-{len(self.traces)}"
        self.traces.append(trace)
        env = {**self.world.env, "KYCD_FAULT_TRACE": str(trace)}
        if at:
            env["KYCD_FAULT_AT"] = at
        return self.world.start("run", *(["--once"] if once else []), "--config", str(self.world.config_file), env=env)

    def ledger(self):
        return Ledger(self.folder / "ledger/ledger.db")

    def all_out(self):
        return all(finished(self.world, drop) for drop in self.producer.drops)

    def wait_for_end(self, daemon, timeout):
        """Until everything is done, or the process has ended: whether it still runs."""
        def ended():
            return daemon.process.poll() is not None

        wait_for(lambda: ended() or "started" in daemon.log(), "the start", timeout)
        wait_for(lambda: ended() or self.all_out(), "all cases to come out", timeout)
        wait_for(lambda: ended() or not self.ledger().open, "the ledger to close the last record", timeout)
        return not ended()

    def finish(self, timeout=60):
        """The last start: everything has to come out, and SIGTERM to end it."""
        violations = []
        daemon = self.start()
        try:
            if not self.wait_for_end(daemon, timeout):
                violations.append(f"kycd ended by itself with {daemon.process.returncode}")
        except AssertionError as error:
            violations.append(f"{error}: {[drop.name for drop in self.producer.drops if not finished(self.world, drop)][:8]}")
        if daemon.process.poll() is None and (code := daemon.stop()) != 0:
            violations.append(f"kycd ended with {code} after SIGTERM")
        return violations

    def lose_ledger(self, dice):
        """Between two starts the file goes, is cut short, or begins with something else."""
        file = self.folder / "ledger/ledger.db"
        if not file.exists():
            return
        self.ledger_lost = True
        how = dice.choice(["gone", "short", "garbage"])
        if how == "gone":
            for each in self.folder.glob("ledger/ledger.db*"):
                each.unlink()
        elif how == "short":
            os.truncate(file, file.stat().st_size // 2)
        else:
            with open(file, "r+b") as opened:
                opened.write(dice.randbytes(8192))

    def judge(self, kills, more=()):
        """The oracle's verdict on what is left. The first `kills` traces are those of killed processes."""
        unknown = [Trace(file).about_to_be_sent() for file in self.traces[:kills]]
        traced = any("intent.recorded" in Trace(file).counts() for file in self.traces)
        verdict = Oracle(self.world, self.producer.drops, self.world.bill(), self.ledger(), unknown if traced else None,
                         self.hold, self.spare_failures, self.ledger_lost).judge()
        verdict.violations[:0] = more
        return verdict

    def close(self, keep):
        for daemon in self.world.daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.rmtree(self.other, ignore_errors=True)


class Campaign:
    """What both kinds share: folders, sandboxes, figures."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.root = arguments.root
        self.other = arguments.other
        self.dice = random.Random(arguments.seed)
        self.violations = []
        self.figures = collections.Counter()
        self.excuses = []
        self.sandboxes = {}
        self.lock = threading.Lock()
        self.places = 0

    def sandbox(self, **settings):
        """One per thread, emptied."""
        mine = threading.get_ident()
        with self.lock:
            if mine not in self.sandboxes:
                self.sandboxes[mine] = Sandbox(self.root / f"sandbox-{len(self.sandboxes)}")
        self.sandboxes[mine].call("POST", "/sandbox/reset")
        if settings:
            self.sandboxes[mine].settings(**settings)
        return self.sandboxes[mine]

    def place(self, sandbox, layout, **settings):
        with self.lock:
            self.places += 1
            name = f"{self.arguments.name}-{self.places}"
        return Place(self.root / name, self.other / name, sandbox, layout, **settings)

    def record(self, place, what, verdict, kills, restarts):
        """Adds one run to the figures, and keeps its folders if the oracle objects."""
        with self.lock:
            found = verdict.violations[:MOST_TOLD]
            if len(verdict.violations) > MOST_TOLD:
                found.append(f"and {len(verdict.violations) - MOST_TOLD} more")
            for sentence in found:
                self.violations.append(f"{what}: {sentence} (in {place.folder})")
                print(f"VIOLATION {self.violations[-1]}", flush=True)
            self.excuses += [f"{what}: {sentence}" for sentence in verdict.extra_bills]
            self.figures.update({"kills": kills, "restarts": restarts, "cases": verdict.figures["cases"],
                                 "bills": verdict.figures["bills"], "extra_bills": verdict.figures["extra_bills"]})
            self.figures.update({f"ended_{end}": count for end, count in verdict.figures["ends"].items()})
        place.close(keep=bool(verdict.violations))

    def close(self):
        for each in self.sandboxes.values():
            each.stop()


# At every step


def step_of(point):
    return point.partition("@")[0].partition(":")[0]


class EveryStep(Campaign):
    """Kills at a step, and then at the steps of the recovery from that."""

    def __init__(self, arguments):
        super().__init__(arguments)
        self.covered = collections.Counter()  # step -> kills there
        self.missed = []

    def prepare(self, layout, rule):
        """A world with a case of each kind, one of which loses its reply, while one poll tells of a failed task."""
        sandbox = self.sandbox(answer_after="30ms")
        sandbox.rules(
            {"name": "lost reply", "match": {"call": "submit", "contains": "reply-lost", "first": 1},
             "do": {"drop": "after_body", "accept": True}},
            {"name": "task fails", "match": {"call": "poll", "nth": 5},
             "do": {"status": 200, "json": {"id": 1, "status": "FAILURE", "result": {"exc_type": "WorkerLostError"}}}})
        place = self.place(sandbox, layout, on_unknown_outcome=rule)
        place.spare_failures = 1
        workload.one_of_each(place.producer)
        return place

    def kill_at(self, layout, rule, points):
        """Starts with each of `points` in turn, each of which should end it, and then to the end; the traces."""
        place = self.prepare(layout, rule)
        what = f"{layout}/{rule} " + " then ".join(points)
        violations, kills = [], 0
        once = zlib.crc32(what.encode()) % 3 == 0  # the last start is always the service
        for point in points:
            daemon = place.start(f"{point}=kill", once)
            try:
                if place.wait_for_end(daemon, 30) and not once:  # which ends by itself
                    daemon.stop()
            except AssertionError as error:
                violations.append(str(error))
                daemon.process.kill()
            code = daemon.wait()
            if code == -9:
                kills += 1
                self.covered[step_of(point)] += 1
            elif code == 0 or (once and code == 1):
                self.missed.append(f"{what}: {point}")
                break
            else:
                violations.append(f"kycd ended with {code} instead of the kill at {point}")
        violations += place.finish(30)
        verdict = place.judge(kills, violations)
        traces = [Trace(file) for file in place.traces]
        self.record(place, what, verdict, kills, len(traces) - 1)
        return traces

    def passes_of(self, traces):
        """{step: the places where to kill at it: cases that passed it, or counts where there is no case}."""
        places = collections.defaultdict(dict)
        for trace in traces:
            for step, case in trace.steps:
                places[step][f"{step}@{case}" if case else step] = None
        for trace in traces:
            for step, count in trace.counts().items():
                places[step].setdefault(f"{step}:{count}")
        return {step: list(points) for step, points in places.items()}

    def choose(self, points, most):
        return points if len(points) <= most else self.dice.sample(points, most)

    def sample_steps(self, jobs, most):
        """One job for each of so many different steps."""
        by_step = {}
        for job in self.dice.sample(jobs, len(jobs)):
            by_step.setdefault(step_of(job[2][-1]), job)
        return list(by_step.values())[:most]

    def run(self):
        jobs = 1 if self.arguments.short else self.arguments.jobs
        layouts = [(layout, "resubmit") for layout in LAYOUTS] + ([] if self.arguments.short else [("one", "hold")])
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            plain = {each: self.passes_of(self.kill_at(*each, [])) for each in layouts}
            first = [(*each, [point]) for each, steps in plain.items() for points in steps.values()
                     for point in self.choose(points, self.arguments.per_step)]
            if self.arguments.short:
                first = self.sample_steps(first, self.arguments.points)
            again = []
            for (layout, rule, points), traces in zip(first, pool.map(lambda job: self.kill_at(*job), first)):
                # What only a start after a kill passes, or passes before anything else: recovery.
                after = self.passes_of(traces[1:])
                new = [step for step in after if step.startswith("recover") or step not in plain[layout, rule]]
                chosen = [point for step in new for point in self.choose(after[step], self.arguments.recover)]
                again += [(layout, rule, [*points, point, point]) for point in chosen]
            if self.arguments.short:
                again = self.sample_steps(again, self.arguments.points // 3)
            print(f"{len(first)} kills at steps, {len(again)} more in recovery", flush=True)
            list(pool.map(lambda job: self.kill_at(*job), again))
        steps = {step for steps in plain.values() for step in steps}
        if not steps:
            self.violations.append("kycd named no step: is KYCD a kycd-breakable?")
        self.figures["steps"] = len(steps)
        self.figures["runs"] = len(plain) + len(first) + len(again)
        return {"steps_covered": dict(sorted(self.covered.items())), "steps_never_killed_at": sorted(steps - set(self.covered)),
                "points_not_reached": len(self.missed)}


# At random moments


class Load:
    """Keeps so many cases of all kinds under way."""

    KINDS = ["card", "card", "card", "flat_passport", "single_file", "single_file", "mapped", "background", "register",
             "forged_answer", "bad_name", "damaged", "failing_task", "same_name"]

    def __init__(self, place, dice, under_way):
        self.place = place
        self.dice = dice
        self.under_way = under_way
        self.open = []
        self.out = []  # cases whose names can be used once more
        self.count = 0

    def look(self):
        """Forgets what has come out; how many are left."""
        left = []
        for drop in self.open:
            if not finished(self.place.world, drop):
                left.append(drop)
            elif drop.case.startswith("card-") and not drop.again and not self.place.hold:
                self.out.append(drop)
        self.open = left
        return len(left)

    def top_up(self, most=8):
        for _ in range(min(most, self.under_way - len(self.open))):
            self.count += 1
            kind = self.dice.choice(self.KINDS)
            if kind == "same_name" and self.out:
                earlier = self.out.pop(self.dice.randrange(len(self.out)))
                self.open.append(self.place.producer.same_name(earlier, f"again-{self.count:05}"))
                continue
            kind = "card" if kind == "same_name" else kind
            service = {"service": self.dice.choice(["kyc_card", "ocr_card", "kyc_passport_with_background_check"])}
            drop = getattr(self.place.producer, kind)(f"{kind}-{self.count:05}", **(service if kind == "card" else {}))
            self.open.append(drop)


class Random(Campaign):
    """Kills at random moments, with new cases all the while."""

    def run(self):
        arguments = self.arguments
        sandbox = self.sandbox(answer_after="200ms-1200ms")
        sandbox.rules({"name": "latency", "match": {"call": "submit"}, "do": {"delay": "150ms"}})
        place = self.place(sandbox, arguments.layout, on_unknown_outcome=arguments.rule,
                           limits={"uploads": 16, "polls": 32}, log={"level": "info"})
        load = Load(place, self.dice, arguments.under_way)
        in_flight, lengths, violations = [], [], []
        sigterms = losses = 0
        window = 1.0
        came_out = collections.deque([window], maxlen=9)  # seconds from a start to the first case that came out
        for _ in range(arguments.random):
            load.top_up(arguments.under_way)
            began = time.monotonic()
            open_then = len(load.open)
            daemon = place.start()
            moment = self.dice.uniform(0, window)
            seen = False
            while (now := time.monotonic() - began) < moment:
                if daemon.process.poll() is not None:
                    raise AssertionError(f"kycd ended by itself with {daemon.process.returncode}: {daemon.log()[-500:]}")
                left = load.look()
                if not seen and left < open_then:
                    seen = True
                    came_out.append(now)
                load.top_up()
                time.sleep(min(0.02, max(0.0, moment - (time.monotonic() - began))))
            if self.dice.random() < 0.2:  # it was about to stop by itself
                daemon.send(signal.SIGTERM)
                sigterms += 1
                time.sleep(self.dice.uniform(0, 0.3))
            daemon.process.kill()
            daemon.wait()
            if self.dice.random() < arguments.lose_ledger:
                place.lose_ledger(self.dice)
                losses += 1
            lengths.append(time.monotonic() - began)
            in_flight.append(sum(1 for service in place.world.work.glob("[!.]*") for _ in service.iterdir())
                             if place.world.work.exists() else 0)
            # Long enough that runs get somewhere, short enough that most are hit while they do.
            window = min(4.0, max(0.8, 4 * statistics.median(came_out)))
        last_start = time.monotonic()
        violations += place.finish(120)
        last_start = time.monotonic() - last_start
        verdict = place.judge(arguments.random, violations)
        self.record(place, f"random seed {arguments.seed}", verdict, arguments.random, arguments.random)
        return {"in_work_at_kill_median": statistics.median(in_flight), "in_work_at_kill_most": max(in_flight),
                "kills_with_30_in_work": sum(1 for count in in_flight if count >= 30),
                "seconds_to_kill_median": round(statistics.median(lengths), 3), "sigterms_before_kills": sigterms,
                "ledgers_lost": losses, "seconds_of_the_last_start": round(last_start, 1)}


# The program


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every-step", action="store_true", help="kill at each step that kycd names, and in recovery")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="kill so often at random moments")
    parser.add_argument("--short", action="store_true", help="a sample of the steps and few random kills, as CI does")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rule", choices=["resubmit", "hold"], default="resubmit", help="on_unknown_outcome under load")
    parser.add_argument("--layout", choices=LAYOUTS, default="one", help="where inbox and outbox are under load")
    parser.add_argument("--under-way", type=int, default=80, help="cases dropped and not out yet, under load")
    parser.add_argument("--lose-ledger", type=float, default=0, metavar="P", help="chance that it is lost or damaged at a kill")
    parser.add_argument("--per-step", type=int, default=4, help="kills at each step, at different cases")
    parser.add_argument("--recover", type=int, default=1, help="kills at each step of each recovery")
    parser.add_argument("--points", type=int, default=24, help="different steps with --short")
    parser.add_argument("--jobs", type=int, default=2, help="worlds at a time")
    parser.add_argument("--root", default="build/campaign", help="where the worlds are made")
    parser.add_argument("--other", help="the same on another file system; default: a folder in /dev/shm")
    parser.add_argument("--json", help="write the figures to this file")
    arguments = parser.parse_args()
    arguments.root = pathlib.Path(arguments.root).resolve()
    arguments.own_other = not arguments.other
    arguments.other = pathlib.Path(arguments.other or tempfile.mkdtemp(prefix="kycd-campaign-", dir="/dev/shm")).resolve()
    arguments.root.mkdir(parents=True, exist_ok=True)
    arguments.other.mkdir(parents=True, exist_ok=True)
    if arguments.root.stat().st_dev == arguments.other.stat().st_dev:
        parser.error(f"{arguments.root} and {arguments.other} are on one file system")
    return arguments


def parts_of(arguments):
    """What to run: the kinds with their changes of the arguments."""
    asked = ([(EveryStep, {})] if arguments.every_step else []) + ([(Random, {})] if arguments.random else [])
    if asked:
        return asked
    if arguments.short:
        return [(EveryStep, {}), (Random, {"random": 10})]
    return [(EveryStep, {}), (Random, {"random": 200}), (Random, {"random": 50, "rule": "hold"}),
            (Random, {"random": 50, "layout": "two"}), (Random, {"random": 50, "rule": "hold", "lose_ledger": 0.2})]


def show(report):
    for key, value in report.items():
        if isinstance(value, list):
            print(f"{key:26} {len(value)}", *value[:MOST_TOLD], sep="\n    ")
        else:
            print(f"{key:26} {value}")
    print(flush=True)


def total(reports, figure):
    return sum(report.get(figure, 0) for report in reports)


def main():
    arguments = read_arguments()
    reports = []
    for number, (kind, changes) in enumerate(parts_of(arguments)):
        own = argparse.Namespace(**{**vars(arguments), **changes, "name": f"{kind.__name__.lower()}-{number}"})
        began = time.monotonic()
        campaign = kind(own)
        try:
            told = campaign.run()
        finally:
            campaign.close()
        reports.append({"campaign": "kill " + own.name, **changes, "seed": own.seed,
                        "seconds": round(time.monotonic() - began, 1), "violations": campaign.violations,
                        **dict(sorted(campaign.figures.items())), **told, "excuses": campaign.excuses})
        show(reports[-1])
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps(reports, indent=2) + "\n")
    objections = sum(len(report["violations"]) for report in reports)
    if arguments.own_other and not objections:
        shutil.rmtree(arguments.other, ignore_errors=True)
    if objections:
        print(f"the oracle objects {objections} times")
    else:
        print(f"{total(reports, 'cases')} cases, {total(reports, 'kills')} kills: each case came out once and was billed once, "
              f"but for {total(reports, 'extra_bills')} bills after an outcome that nobody could know, each named by the ledger")
    sys.exit(1 if objections else 0)


if __name__ == "__main__":
    main()
