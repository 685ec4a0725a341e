#!/usr/bin/python3
"""Makes each file call of kycd fail with each errno, at several moments, once or for a while, and looks what becomes of
the cases: all must end as if nothing had happened, be paid once, and the log must tell of the fault once.

  scripts/campaign fault                                          every combination (a quarter of an hour)
  scripts/campaign fault --short                                  a sample that runs in CI
  scripts/campaign fault --only fsync:EIO:running:12:once         one of them again, keeping its folder
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import sqlite3
import struct
import sys
import tempfile
import threading
import time

ERRNOS = ["ENOSPC", "EDQUOT", "EROFS", "EIO", "EMFILE", "ENFILE", "EACCES"]
DEADLINE = 75       # seconds from the fault's end until everything must have ended
HOLD = 1.5          # seconds that a lasting fault lasts after it was first met
STOP_WITHIN = 60    # seconds from SIGTERM in a fault to the end (the unit allows 150); SQLite asks a lock for 10 s each
EXIT_OPEN = 2       # run --once: some cases are still open
EXIT_UNUSABLE = 73  # the spool or ledger cannot be used: systemd starts kycd again
MOST_LINES = 60     # of warnings and errors in a run: a fault is told of, not repeated

# Started early in the life of the process, so that most calls of a kind are before the loop; the rest while it works.
PHASES = ["start", "running"]

# A refused permission on the case's own file is the case's failure (design section 6: FILE_UNREADABLE).
CASE_CODES = {("open", "EACCES"): ("FILE_UNREADABLE",), ("opendir", "EACCES"): ("FILE_UNREADABLE",)}


class Combination:
    """CALL:ERRNO:PHASE:N:HOW; HOW is once, burst (for a while), stop (a burst in which kycd is stopped and started), or batch
    (a burst in `kycd run --once`)."""

    def __init__(self, call, errno, phase, number, lasts):
        self.call, self.errno, self.phase, self.number, self.lasts = call, errno, phase, int(number), lasts

    def __str__(self):
        return f"{self.call}:{self.errno}:{self.phase}:{self.number}:{self.lasts}"

    @classmethod
    def parse(cls, text):
        return cls(*text.split(":"))


def read_counts(file):
    """How many of each call the process has made, from KYCD_PRELOAD_COUNTS."""
    data = file.read_bytes() if file.exists() else b""
    return {name.rstrip(b"\0").decode(): number for name, number in struct.iter_unpack("24sQ", data)}


class FaultRun:
    """One kycd (and, when it says 73, another) over one spool, with one fault."""

    def __init__(self, root, preload, combination=None):
        import oracle  # these need KYCD and KYCD_SANDBOX in the environment
        import workload
        import world
        self.oracle, self.tools = oracle, world
        self.root = pathlib.Path(root)
        self.combination = combination
        self.preload = str(preload)
        self.world = world.World(self.root)
        self.world.start_sandbox()
        self.producer = workload.Producer(self.world)
        self.world.configure(intake={"settle": "50ms", "rescan": "2s"}, log={"level": "info"})
        self.on, self.off = self.root / "fault-on", self.root / "fault-off"
        self.fired_file = self.root / "fired"
        self.counts_file = self.root / "counts"
        self.counts_at_start = {}
        self.starts = 0
        self.exits = []

    def environment(self):
        env = dict(self.world.env, LD_PRELOAD=self.preload, KYCD_PRELOAD_COUNTS=str(self.counts_file),
                   KYCD_PRELOAD_ROOT=f"{self.world.spool}:{self.root / 'ledger'}")
        how = self.combination
        # A fault that came once is over when kycd is started again.
        if how and (how.lasts != "once" or not self.fired()):
            count = 0 if how.lasts != "once" else 2 if how.call == "short-write" else 1
            env.update(KYCD_INJECT=f"{how.call}:{how.errno}:{how.number}:{count}", KYCD_INJECT_OFF=str(self.off),
                       KYCD_INJECT_LOG=str(self.fired_file))
            if how.phase == "running":
                env["KYCD_INJECT_ON"] = str(self.on)
        return env

    def fired(self):
        return len(self.fired_file.read_text().splitlines()) if self.fired_file.exists() else 0

    def start(self):
        self.starts += 1
        once = ["--once"] if self.combination and self.combination.lasts == "batch" else []
        return self.world.start("run", *once, "--config", str(self.world.config_file), env=self.environment())

    def run(self):
        """All that is wrong afterwards, as sentences."""
        batch = self.combination and self.combination.lasts == "batch"
        self._drop_early()
        late = not batch
        if batch:
            self._drop_late()
        daemon = self.start()
        began = time.monotonic()
        over_at = None  # when the fault ended
        stopped = False
        while True:
            code = daemon.process.poll()
            log = daemon.log()
            if code is not None:
                self.exits.append(code)
                # What may not be read is not ready: `run --once` names it and leaves it to the next run (design section 5).
                left = batch and code in (0, 1) and self.combination.errno == "EACCES" and not self._at_rest()
                if batch and code in (0, 1) and not left:
                    return ([] if self._at_rest() else ["kycd --once said that it was done"]) + self._judge() + self._judge_log()
                if code != EXIT_UNUSABLE and not left and not (batch and code == EXIT_OPEN):
                    return [f"kycd ended by itself with {code}"]
                time.sleep(0.2)
                daemon = self.start()
            if "started" in log and not self.on.exists():
                self.counts_at_start = read_counts(self.counts_file)
                self.on.touch()
            if late and (self.on.exists() or self.fired()):
                self._drop_late()
                late = False
            now = time.monotonic()
            ended = not late and all(self.oracle.finished(self.world, drop) for drop in self.producer.drops)
            lasting = self.combination and self.combination.lasts != "once"
            if lasting and self.combination.lasts == "stop" and not stopped and self._held(now):
                stopped = True
                if daemon.stop(timeout=STOP_WITHIN) != 0:
                    return [f"kycd ended with {daemon.process.returncode} after SIGTERM in a fault"]
                daemon = self.start()
                self.first_fire = now  # it meets the fault for as long again
                continue
            if over_at is None and (ended or not lasting and now - began > HOLD or self._held(now)):
                self.off.touch()
                over_at = now
            if ended and not batch and self._at_rest():
                break
            if over_at is not None and now - over_at > DEADLINE:
                return ["not all cases ended", *self._judge(), *self._last_words(daemon)]
            time.sleep(0.02)
        code = daemon.stop()
        self.exits.append(code)
        wrong = [] if code == 0 else [f"exit code {code} after SIGTERM"]
        return wrong + self._judge() + self._judge_log()

    def _drop_early(self):
        self.producer.card("A-1")
        self.producer.flat_passport("P-1")
        self.producer.damaged("D-1")
        self.producer.single_file("O-1", "ocr_passport")

    def _drop_late(self):
        self.producer.card("L-1", "face_liveness", answer="spoof")
        self.producer.background("B-1")
        self.producer.mapped("C-1")
        self.producer.register("R-1")

    def _ledger(self):
        return self.oracle.Ledger(self.root / "ledger/ledger.db")

    def _at_rest(self):
        """Nothing is left in inbox and work, and the ledger has closed every record."""
        services = {drop.folder for drop in self.producer.drops} | set(self.tools.IMAGES) | {"liveness"}
        try:
            left = [path for path in self.oracle.leftovers(self.world, services) if not self._is_litter(path)]
            return not left and not self._ledger().open
        except (OSError, sqlite3.Error):  # it changes while we look
            return False

    def _is_litter(self, path):
        """A mark "this case came as flat files" that could not be removed: the next claim of the name sets it right."""
        return str(path).startswith(str(self.world.work / ".flat") + "/")

    def _judge(self):
        """The oracle of all campaigns. A receipt that no disk would take when kycd had to stop is an unknown outcome, which
        the ledger must name."""
        how = self.combination
        for drop in self.producer.drops:
            told = self.world.failed / drop.folder / drop.case / "error.json"
            code = json.loads(told.read_text())["code"] if told.exists() else None
            if how and code in CASE_CODES.get((how.call, how.errno), ()):
                drop.ends = {code}
        drops = self.producer.drops
        wrong = self.oracle.Oracle(self.world, drops, self.world.bill(), self._ledger()).judge().violations
        return [each for each in wrong if not self._is_litter(each.removeprefix("left behind: "))]

    def _held(self, now):
        """A lasting fault has lasted long enough."""
        if not self.fired_file.exists():
            return False
        self.first_fire = getattr(self, "first_fire", now)
        return now - self.first_fire > HOLD

    def _last_words(self, daemon):
        return ["log: " + line[:200] for line in daemon.log().splitlines()[-6:]]

    def _judge_log(self):
        lines = self.world.log_text().splitlines()
        begins = [line for line in lines if "paused by a fault" in line]
        ends = [line for line in lines if "goes on, what it waited for" in line or "nothing waits any more for" in line]
        loud = [line for line in lines if " warning " in line or " error " in line]
        wrong = []
        if len(begins) != len(ends):
            wrong.append(f"the log tells of {len(begins)} faults that begin and {len(ends)} that end")
        if len(begins) > 6 * self.starts:  # a line for each place that a process meets it at, none for each try
            wrong.append(f"the log tells {len(begins)} times of a fault that begins: {begins[0][:160]}")
        if len(loud) > MOST_LINES + 2 * self.starts:
            wrong.append(f"the log has {len(loud)} warnings and errors")
        return wrong

    def close(self):
        self.world.close()


def clean_counts(folder, preload):
    """How often each call is made before and after the start of a run without faults."""
    shutil.rmtree(folder / "clean", ignore_errors=True)
    run = FaultRun(folder / "clean", preload)
    try:
        wrong = run.run()
        if wrong:
            sys.exit("fault_campaign: without any fault: " + "; ".join(wrong))
        total = read_counts(run.counts_file)
        at_start = run.counts_at_start
        return {"start": at_start, "running": {name: total[name] - at_start.get(name, 0) for name in total}}
    finally:
        run.close()


def combinations(counts, per_kind):
    """Every call that kycd makes in a phase × errno, at numbers spread over the calls of a clean run."""
    for phase in PHASES:
        made = {name: number for name, number in counts[phase].items() if number}
        if "write" in made:
            made["short-write"] = made["write"]
        for call, number in made.items():
            for errno in (["ENOSPC", "EDQUOT", "EIO"] if call == "short-write" else ERRNOS):
                spread = sorted({1 + number * step // per_kind for step in range(per_kind)})
                for at in spread:
                    yield Combination(call, errno, phase, at, "once")
                for at in sorted({1, 1 + number // 2}):
                    yield Combination(call, errno, phase, at, "burst")
                if phase == "running":
                    yield Combination(call, errno, phase, 1 + number // 2, "stop")
                    yield Combination(call, errno, phase, 1 + number // 3, "batch")


def sample(every, size, seed):
    """A fixed sample with each call in it, since which call fails matters more than how."""
    chosen = random.Random(seed)
    by_call = collections.defaultdict(list)
    for each in every:
        by_call[each.call, each.lasts].append(each)
    picked = [chosen.choice(group) for group in by_call.values()]
    rest = [each for each in every if each not in picked]
    chosen.shuffle(picked)
    return (picked + chosen.sample(rest, max(0, min(size - len(picked), len(rest)))))[:size]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("KYCD", "KYCD_SANDBOX", "KYCD_PRELOAD"):
        option = "--" + name.removeprefix("KYCD_").lower()
        parser.add_argument(option, default=os.environ.get(name), required=name not in os.environ, help=f"default: ${name}")
    parser.add_argument("--short", action="store_true", help="a sample of 40")
    parser.add_argument("--sample", type=int, help="a sample of this many")
    parser.add_argument("--seed", type=int, default=3, help="of the sample")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--per-kind", type=int, default=4, help="moments of each call and errno that fails once")
    parser.add_argument("--only", action="append", help="CALL:ERRNO:PHASE:N:once|burst|stop|batch; may be given again")
    parser.add_argument("--match", help="only combinations whose name has this in it")
    parser.add_argument("--folder", help="where to work; kept. Default: a temporary folder, kept only for failed runs")
    parser.add_argument("--json", help="write the figures there")
    arguments = parser.parse_args()
    os.environ["KYCD"], os.environ["KYCD_SANDBOX"] = arguments.kycd, arguments.sandbox
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

    folder = pathlib.Path(arguments.folder or tempfile.mkdtemp(prefix="kycd-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    preload = pathlib.Path(arguments.preload).resolve()
    if arguments.only:
        todo = [Combination.parse(text) for text in arguments.only]
    else:
        todo = list(combinations(clean_counts(folder, preload), arguments.per_kind))
        if arguments.match:
            todo = [each for each in todo if arguments.match in str(each)]
        size = arguments.sample or (40 if arguments.short else None)
        if size:
            todo = sample(todo, size, arguments.seed)

    failures = {}
    met = collections.Counter()
    lock = threading.Lock()
    began = time.monotonic()

    def one(index, combination):
        root = folder / f"run-{index:04}"
        shutil.rmtree(root, ignore_errors=True)
        run = FaultRun(root, preload, combination)
        try:
            wrong = run.run()
        except Exception as error:  # a run that cannot be judged has failed
            wrong = [f"{type(error).__name__}: {error}"]
        finally:
            run.close()
        with lock:
            met["met"] += 1 if run.fired() else 0
            met["calls failed"] += run.fired()
            met["restarts"] += run.starts - 1
            if wrong:
                failures[str(combination)] = wrong
                print(f"FAILED {combination}  ({root})", *wrong, sep="\n    ", flush=True)
        if not wrong and not arguments.folder and not arguments.only:
            shutil.rmtree(root, ignore_errors=True)

    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(one, *each) for each in enumerate(todo)]):
            done.result()

    figures = {"runs": len(todo), "in which the fault was met": met["met"], "calls made to fail": met["calls failed"],
               "restarts after exit 73": met["restarts"], "failed runs": len(failures),
               "seconds": round(time.monotonic() - began, 1)}
    print(", ".join(f"{name}: {number}" for name, number in figures.items()))
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({**figures, "failures": failures}, indent=2) + "\n")
    if failures:
        print(f"the folders of the failed runs are in {folder}")
    elif not arguments.folder:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
