"""What the parts of the kill campaign share: a world per run, sandboxes, and the figures of all runs."""

import collections
import os
import random
import shutil
import threading

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
            waiting = [drop.name for drop in self.producer.drops if not finished(self.world, drop)]
            violations.append(f"{error}: {waiting[:MOST_TOLD]}")
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
