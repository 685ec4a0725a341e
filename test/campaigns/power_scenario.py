"""A recorded run of kycd for power_campaign.py: its sandbox, its model, and the judgement over what a start makes of a state."""

import collections
import contextlib
import json
import os
import pathlib
import shutil
import sqlite3
import tempfile

import power_cases
import power_model
import world as tools

# SQLite makes its shared memory anew from the WAL; in the lock file the lock counts, not what it says.
WITHOUT_MEANING = ("-shm", "/work/.lock")


# A case whose bytes the producer had not synced may come out of a power cut like this, as long as nobody has paid for it.
HALF_A_CASE = {"NOT_AN_IMAGE", "IMAGE_DAMAGED", "CASE_INCOMPLETE", "BAD_MANIFEST", "FILE_CHANGED"}


def snapshot(places):
    """The folders as the model takes them; `places` maps a name in the model to the folder."""
    found = {}
    for top, folder in places.items():
        for path in [folder, *sorted(folder.rglob("*"))]:
            name = top + str(path)[len(str(folder)):]
            if path.is_dir():
                found[name] = None
            elif path.is_file() and not name.endswith(WITHOUT_MEANING):
                found[name] = path.read_bytes()
    return found


def lay_out(files, places):
    for folder in places.values():
        shutil.rmtree(folder, ignore_errors=True)
    for path, content in sorted(files.items()):
        top = "/" + path.split("/")[1]
        if top not in places:
            continue
        target = pathlib.Path(str(places[top]) + path[len(top):])
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)


def drop_without_sync(case):
    """What a producer does who syncs nothing, as operations: written elsewhere, renamed into the inbox."""
    operation = power_model.Operation
    made = [] if case.flat else [operation("mkdir", f"/elsewhere/{case.name}", "", b"")]
    for name, data in case.files.items():
        path = f"/elsewhere/{name if case.flat else f'{case.name}/{name}'}"
        made += [operation("create", path, "", b""), operation("write", path, "0", data)]
    for name in case.files if case.flat else [case.name]:
        made.append(operation("rename", f"/elsewhere/{name}", f"/spool/inbox/{case.service}/{name}", b""))
    return made


def other_disk(here):
    """A folder on another file system than this one; None when there is none."""
    device = os.stat(here).st_dev
    return next((each for each in ("/dev/shm", "/var/tmp", str(pathlib.Path.home()))
                 if os.path.isdir(each) and os.access(each, os.W_OK) and os.stat(each).st_dev != device), None)


class Scenario:
    """A recorded run, its sandbox, and the states that a power cut in it may leave."""

    def __init__(self, name, folder, preload, forget_syncs=False):
        self.name, self.folder, self.preload = name, pathlib.Path(folder), preload
        self.forget_syncs = forget_syncs
        self.marks_before = []
        self.sandbox = None
        self.laid_out = 0
        # Always the same one: a note in work/ names the path that it delivers to.
        self.share = None
        if name == "shares":
            self.share = pathlib.Path(tempfile.mkdtemp(prefix="kycd-power-", dir=other_disk(self.folder.parent)))

    def _world(self, name):
        made = tools.World(self.folder / name)
        made.sandbox = self.sandbox
        settings = {"intake": {"settle": "0s", "rescan": "2s"}, "log": {"level": "info"}}
        if self.share:
            made.inbox, made.outbox, made.staging = (self.share / each for each in ("inbox", "outbox", "staging"))
            shutil.rmtree(self.share)
            for folder in (made.inbox, made.outbox, made.staging):
                folder.mkdir(parents=True)
            settings["folders"] = {"inbox": str(made.inbox), "outbox": str(made.outbox)}
        made.configure(**settings)
        return made

    def _places(self, world):
        places = {"/spool": world.spool, "/ledger": world.root / "ledger"}
        return {**places, "/share": self.share} if self.share else places

    def start_sandbox(self):
        """What it bills becomes a mark in the trace, so that the bill is known at each moment of it."""
        state = self.folder / "sandbox"
        loaded = {"LD_PRELOAD": self.preload, "KYCD_PRELOAD_ROOT": "/nowhere", "KYCD_PRELOAD_TRACE": str(self.folder / "trace"),
                  "KYCD_PRELOAD_MARKS": str(state / "bill.jsonl")}
        os.environ.update(loaded)
        try:
            self.sandbox = tools.Sandbox(state)
        finally:
            for name in loaded:
                del os.environ[name]

    def cases(self):
        case = power_cases.Case
        files, picture = tools.case_files, tools.picture
        damaged = picture("image", f"{self.name} D-1")
        passport = case("ocr_passport", "O-1", {"O-1.jpg": picture("passport_image", f"{self.name} O-1")}, flat=True)
        folder = case("kyc_card", "A-1", files("kyc_card", f"{self.name} A-1", labels={"desk": "4"}))
        if self.name == "fresh":
            return [folder, passport]
        return [folder, passport, case("face_liveness", "D-1", {"image.jpg": damaged[:len(damaged) * 2 // 3]},
                                       fails_with="IMAGE_DAMAGED")]

    def _record(self, world, before, dropped=()):
        """Runs kycd to its end and returns the model of it; `dropped` is what the producer did before, unsynced."""
        trace = self.folder / "trace"
        trace.write_bytes(b"")  # not another file: the sandbox goes on appending to it
        env = dict(world.env, LD_PRELOAD=self.preload, KYCD_PRELOAD_TRACE=str(trace),
                   KYCD_PRELOAD_ROOT=":".join(str(folder) for folder in self._places(world).values()))
        done = world.run_once(env=env)
        if done.code not in (0, 1):
            raise RuntimeError(f"the run to be recorded ended with {done!r}")
        operations = power_model.read_trace(trace, lambda path: not path.endswith(WITHOUT_MEANING))
        if self.forget_syncs:
            operations = [each for each in operations if each.kind not in ("fsync", "syncfs")]
        for each in operations:
            if each.kind != "mark":
                each.path = self._in_model(each.path, world)
            if each.kind == "rename":
                each.other = self._in_model(each.other, world)
        return power_model.Model(before, [*dropped, *operations],
                                 lambda path: "share" if path.startswith("/share/") else "")

    def _in_model(self, path, world):
        for top, folder in self._places(world).items():
            if path.startswith(str(folder)):
                return top + path[len(str(folder)):]
        return path

    def record(self):
        """fresh: the very first start. used: a spool and a ledger that have seen cases before. unsynced: as used, with cases
        that the producer has not synced. shares: inbox and outbox on another disk."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "trace").touch()
        self.start_sandbox()
        world = self._world("recorded")
        if self.name != "fresh":
            world.drop_case("earlier", "face_liveness")
            if world.run_once().code != 0:
                raise RuntimeError("the run before the recorded one failed")
            shutil.rmtree(world.outbox / "face_liveness" / "earlier")
        cases = self.cases()
        dropped = [each for case in cases for each in drop_without_sync(case)] if self.name == "unsynced" else []
        before = snapshot(self._places(world)) if dropped else None
        for case in cases:
            case.drop(world)
        self.model = self._record(world, before or snapshot(self._places(world)), dropped)

    def record_recovery_of(self, state):
        """The recording is from now on that of the start over a state: for power cuts in a recovery."""
        world = self._world(f"recovered-{self.laid_out}")
        self.laid_out += 1
        lay_out(state.files, self._places(world))
        self.marks_before = self.marks_before + state.marks
        self.model = self._record(world, snapshot(self._places(world)))

    def close(self):
        if self.sandbox:
            self.sandbox.stop()
        if self.share:
            shutil.rmtree(self.share, ignore_errors=True)

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
        lay_out(state.files, self._places(world))
        paid_before = len(self.sandbox.bill())
        polls_before = collections.Counter(self.sandbox.stats()["polls_per_task"])
        done = world.run_once(timeout=60)
        marks = [json.loads(mark) for mark in self.marks_before + state.marks]
        paid_now = self.sandbox.bill()[paid_before:]
        polls = collections.Counter(self.sandbox.stats()["polls_per_task"]) - polls_before
        cases = self.cases()
        codes = (0, 1) if self.name == "unsynced" or any(case.fails_with for case in cases) else (0,)
        wrong = [] if done.code in codes else [f"kycd ended with {done.code}: {done.lines[-1:]}"]
        for case in cases:
            before, now = self._of_case(case, marks), self._of_case(case, paid_now)
            if self.name == "unsynced" and not before and not now:
                wrong += self._judge_half(case, world)
                continue
            wrong += power_cases.look_at(case, world)
            wrong += self._judge_bill(case, state, world, before, now, polls)
        strange = [each for each in paid_now if not any(self._of_case(case, [each]) for case in cases)]
        wrong += [f"{each['service']} was paid with pictures that nobody has dropped" for each in strange]
        if self.name != "unsynced":
            wrong += [f"{path} was left behind" for path in power_cases.left_behind(world)]
        if not wrong:
            shutil.rmtree(world.root)
        return wrong

    @staticmethod
    def _of_case(case, entries):
        return [each for each in entries if each["service"] == case.service
                and sorted(file["sha256"] for file in each["files"]) == case.images]

    def _judge_half(self, case, world):
        """A case that nobody has paid for and that the producer had not synced: it may be damaged, but not called good."""
        errors = [folder / "error.json" for folder in case.where(world)]
        codes = [json.loads(file.read_text())["code"] if file.exists() else "delivered" for file in errors]
        bad = set(codes) - HALF_A_CASE
        return [f"{case.name}, not paid, ended as {sorted(bad)}"] if bad or len(codes) > 1 else []

    def _judge_bill(self, case, state, world, before, now, polls):
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
