#!/usr/bin/python3
"""Cuts the power, in a model: records every change that kycd makes to spool and ledger in a real run, works out what a power
cut after each of them may leave on disk (power_model.py), lays each such state out, starts kycd over it, and compares what
becomes of the cases with the sandbox's bill. Nothing may be lost, delivered twice or damaged; a second payment is allowed
only where the first one's receipt cannot have reached the disk, and then result.json must tell of both attempts.

  power_campaign.py --kycd K --sandbox S --preload kycd-preload.so             every state (half an hour)
  power_campaign.py … --short                                                  a sample that runs in CI
  power_campaign.py … --scenario used --state 17                               one of them again, keeping its folder
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile
import threading
import time

import power_model

# SQLite makes its shared memory anew from the WAL; in the lock file the lock counts, not what it says.
WITHOUT_MEANING = ("-shm", "/work/.lock")


def snapshot(root):
    """The spool and the ledger's folder as the model takes them, with paths from the root."""
    found = {}
    for top in ("spool", "ledger"):
        for path in [root / top, *sorted((root / top).rglob("*"))]:
            name = "/" + str(path.relative_to(root))
            if path.is_dir():
                found[name] = None
            elif path.is_file() and not name.endswith(WITHOUT_MEANING):
                found[name] = path.read_bytes()
    return found


def lay_out(files, root):
    for path, content in sorted(files.items()):
        target = root / path.lstrip("/")
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


class Scenario:
    """A recorded run, its sandbox, and the states that a power cut in it may leave."""

    def __init__(self, name, folder, preload, forget_syncs=False):
        import fault_cases  # these need KYCD and KYCD_SANDBOX in the environment
        import world
        self.tools, self.oracle = world, fault_cases
        self.name, self.folder, self.preload = name, pathlib.Path(folder), preload
        self.forget_syncs = forget_syncs
        self.marks_before = []
        self.sandbox = None
        self.laid_out = 0

    def _world(self, name):
        made = self.tools.World(self.folder / name)
        made.sandbox = self.sandbox
        made.configure(intake={"settle": "0s", "rescan": "2s"}, log={"level": "info"})
        return made

    def start_sandbox(self):
        """What it bills becomes a mark in the trace, so that the bill is known at each moment of it."""
        state = self.folder / "sandbox"
        loaded = {"LD_PRELOAD": self.preload, "KYCD_PRELOAD_ROOT": "/nowhere", "KYCD_PRELOAD_TRACE": str(self.folder / "trace"),
                  "KYCD_PRELOAD_MARKS": str(state / "bill.jsonl")}
        os.environ.update(loaded)
        try:
            self.sandbox = self.tools.Sandbox(state)
        finally:
            for name in loaded:
                del os.environ[name]

    def cases(self):
        case = self.oracle.Case
        files, picture = self.tools.case_files, self.tools.picture
        damaged = picture("image", f"{self.name} D-1")
        passport = case("ocr_passport", "O-1", {"O-1.jpg": picture("passport_image", f"{self.name} O-1")}, flat=True)
        folder = case("kyc_card", "A-1", files("kyc_card", f"{self.name} A-1", labels={"desk": "4"}))
        if self.name == "fresh":
            return [folder, passport]
        return [folder, passport, case("face_liveness", "D-1", {"image.jpg": damaged[:len(damaged) * 2 // 3]},
                                       fails_with="IMAGE_DAMAGED")]

    def _record(self, world):
        """Runs kycd to its end and returns the model of it."""
        before = snapshot(world.root)
        trace = self.folder / "trace"
        trace.write_bytes(b"")  # not another file: the sandbox goes on appending to it
        env = dict(world.env, LD_PRELOAD=self.preload, KYCD_PRELOAD_TRACE=str(trace),
                   KYCD_PRELOAD_ROOT=f"{world.spool}:{world.root / 'ledger'}")
        done = world.run_once(env=env)
        if done.code not in (0, 1):
            sys.exit(f"power_campaign: the run to be recorded ended with {done!r}")
        top = str(world.root)
        operations = power_model.read_trace(trace, lambda path: not path.endswith(WITHOUT_MEANING))
        if self.forget_syncs:
            operations = [each for each in operations if each.kind not in ("fsync", "syncfs")]
        for each in operations:
            if each.kind != "mark":
                each.path = each.path.removeprefix(top)
                if each.kind == "rename":
                    each.other = each.other.removeprefix(top)
        return power_model.Model(before, operations)

    def record(self):
        """fresh: the very first start. used: a spool and a ledger that have seen cases before."""
        self.folder.mkdir(parents=True)
        (self.folder / "trace").touch()
        self.start_sandbox()
        world = self._world("recorded")
        if self.name == "used":
            world.drop_case("earlier", "face_liveness")
            if world.run_once().code != 0:
                sys.exit("power_campaign: the run before the recorded one failed")
            shutil.rmtree(world.outbox / "face_liveness" / "earlier")
        for case in self.cases():
            case.drop(world)
        self.model = self._record(world)

    def record_recovery_of(self, state):
        """The recording is from now on that of the start over a state: for power cuts in a recovery."""
        world = self._world(f"recovered-{self.laid_out}")
        self.laid_out += 1
        lay_out(state.files, world.root)
        self.marks_before = self.marks_before + state.marks
        self.model = self._record(world)

    # Over one state

    def _knows(self, state, task, root):
        """Whether the state tells of the receipt: in the ledger as SQLite reads it, or in any other file."""
        for path, content in state.files.items():
            if content and not path.startswith("/ledger/ledger.db") and task.encode() in content:
                return True
        copy = root / "ledger-copy"
        copy.mkdir()
        for path, content in state.files.items():
            if content is not None and path.startswith("/ledger/ledger.db"):
                (copy / path.rsplit("/", 1)[-1]).write_bytes(content)
        try:
            with contextlib.closing(sqlite3.connect(copy / "ledger.db")) as database:
                return any(task in line for line in database.iterdump())
        except sqlite3.DatabaseError:
            return False
        finally:
            shutil.rmtree(copy)

    def check(self, state, index):
        """All that is wrong after a start over this state, as sentences; None where nothing is to be checked."""
        world = self._world(f"state-{index:05}")
        shutil.rmtree(world.spool)
        shutil.rmtree(world.root / "ledger")
        lay_out(state.files, world.root)
        paid_before = len(self.sandbox.bill())
        polls_before = collections.Counter(self.sandbox.stats()["polls_per_task"])
        done = world.run_once(timeout=60)
        marks = [json.loads(mark) for mark in self.marks_before + state.marks]
        paid_now = self.sandbox.bill()[paid_before:]
        polls = collections.Counter(self.sandbox.stats()["polls_per_task"]) - polls_before
        expected = 1 if any(case.fails_with for case in self.cases()) else 0
        wrong = [] if done.code in (0, expected) else [f"kycd ended with {done.code}: {done.lines[-1:]}"]
        for case in self.cases():
            more, _ = self.oracle._look_at(case, world, ())
            wrong += more
            wrong += self._judge_bill(case, state, world, marks, paid_now, polls)
        wrong += [f"{path} was left behind" for path in self.oracle.left_behind(world)]
        if not wrong:
            shutil.rmtree(world.root)
        return wrong

    def _judge_bill(self, case, state, world, marks, paid_now, polls):
        def of_case(entry):
            return entry["service"] == case.service and sorted(file["sha256"] for file in entry["files"]) == case.images
        before = [each for each in marks if of_case(each)]
        now = [each for each in paid_now if of_case(each)]
        if case.fails_with:
            return [f"{case.name} was paid for"] if before or now else []
        wrong = []
        answer = [path for path, content in state.files.items() if content and path.endswith("/result.json")
                  and f"/{case.service}/{case.name}/" in path]
        known = bool(answer) or any(self._knows(state, each["task"], world.root) for each in before)
        if before and known and now:
            wrong.append(f"{case.name} was paid again though its {'answer' if answer else 'receipt'} was on disk")
        if len(now) > 1 or not before and not now:
            wrong.append(f"{case.name} was paid {len(now)} times after the power cut")
        if answer and any(polls[each["task"]] for each in before):
            wrong.append(f"{case.name} was polled though its answer was on disk")
        results = list((world.outbox / case.service / case.name).glob("result.json"))
        if before and now and results and json.loads(results[0].read_text())["task"]["attempts"] <= len(before):
            wrong.append(f"{case.name} was paid {len(before) + len(now)} times and result.json does not tell")
        return wrong


def chosen_states(scenario, arguments, fraction):
    states = list(scenario.model.all_states())
    numbered = list(enumerate(states))
    if arguments.state is not None:
        return states, [numbered[arguments.state]]
    if fraction:
        numbered = random.Random(arguments.seed).sample(numbered, min(fraction, len(numbered)))
    return states, numbered


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kycd", required=True)
    parser.add_argument("--sandbox", required=True)
    parser.add_argument("--preload", required=True)
    parser.add_argument("--short", action="store_true", help="40 states of each scenario")
    parser.add_argument("--sample", type=int, help="so many states of each scenario")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--scenario", action="append", choices=["fresh", "used", "recovery"],
                        help="fresh: the first start ever; used: a spool that has worked before; recovery: the start after a power cut")
    parser.add_argument("--state", type=int, help="only the state with this number")
    parser.add_argument("--recoveries", type=int, default=6, help="how many starts after a power cut are recorded in turn")
    parser.add_argument("--forget-syncs", action="store_true",
                        help="as if kycd had never synced anything: the campaign must then find violations, and ends 0 if it does")
    parser.add_argument("--folder", help="where to work; kept. Default: a temporary folder, kept only when something failed")
    parser.add_argument("--json", help="write the figures there")
    arguments = parser.parse_args()
    os.environ["KYCD"], os.environ["KYCD_SANDBOX"] = arguments.kycd, arguments.sandbox
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

    folder = pathlib.Path(arguments.folder or tempfile.mkdtemp(prefix="kycd-power-"))
    preload = str(pathlib.Path(arguments.preload).resolve())
    size = arguments.sample or (40 if arguments.short else None)
    failures, figures = {}, {}
    lock = threading.Lock()
    began = time.monotonic()

    def go_through(scenario, label, share):
        states, chosen = chosen_states(scenario, arguments, share)
        failed = 0
        for index, state in chosen:
            try:
                wrong = scenario.check(state, index)
            except Exception as error:  # a state that cannot be judged has failed
                wrong = [f"{type(error).__name__}: {error}"]
            if wrong:
                failed += 1
                with lock:
                    failures[f"{label} {index}"] = [state.name(), *wrong]
                    print(f"FAILED {label} state {index}: {state.name()}", *wrong, sep="\n    ", flush=True)
        with lock:
            figures[label] = {"operations": len(scenario.model.operations), "states": len(states), "checked": len(chosen),
                              "violations": failed}
            print(f"{label}: {figures[label]}", flush=True)

    def work(name):
        scenario = Scenario(name, folder / name, preload, arguments.forget_syncs)
        scenario.tools  # loaded before the threads part
        with lock:  # the sandbox is started with an environment of its own
            scenario.record() if name != "recovery" else None
        try:
            if name != "recovery":
                go_through(scenario, name, size)
                return
            for number in range(arguments.recoveries):
                again = Scenario("used", folder / f"recovery-{number}", preload)
                with lock:
                    again.record()
                try:
                    states = list(again.model.all_states())
                    # One that still has something to do: a case in work/ and a bill.
                    busy = [each for each in states if each.marks and any("/spool/work/kyc_card/" in path for path in each.files)]
                    again.record_recovery_of(random.Random(arguments.seed + number).choice(busy or states))
                    go_through(again, f"recovery {number}", size and max(1, size // arguments.recoveries))
                finally:
                    again.sandbox.stop()
        finally:
            if scenario.sandbox:
                scenario.sandbox.stop()

    # A thread for each: a scenario's bill is only read between its own runs.
    threads = [threading.Thread(target=work, args=(name,)) for name in arguments.scenario or ["fresh", "used", "recovery"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    print(f"{sum(each['checked'] for each in figures.values())} states, {len(failures)} violations, "
          f"{time.monotonic() - began:.0f} s")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps({"figures": figures, "failures": failures}, indent=2) + "\n")
    if failures:
        print(f"the folders of the failed states are in {folder}")
    elif not arguments.folder:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bool(failures) != arguments.forget_syncs else 0


if __name__ == "__main__":
    sys.exit(main())
