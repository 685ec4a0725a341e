"""The oracle of the campaigns: what was dropped, against what the folders, the sandbox's bill and the ledger say.

A case must come out exactly once and be paid for once. The one excuse for a second line on the bill is an attempt whose
outcome nobody could know; the ledger must name it, and the trace of the process that ended (test/campaigns/fault_points.cpp)
must show that it had said "about to be sent" and nothing after.
"""

import collections
import dataclasses
import hashlib
import itertools
import json
import os
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import make_cases  # noqa: E402

DELIVERED = "delivered"
UNKNOWN = "UNKNOWN_OUTCOME"

# Folders that kycd makes for itself beside the services' own; they may stay, empty.
OWN_FOLDERS = {"reverify", ".assembly", ".flat", ".copy", ".refused", ".delivering", ".copied", ".kycd",
               ".kycd-retry", ".mounts"}

# Files that stay in .kycd of a root that is mounted apart.
OWN_MARKS = {".identity", ".owner", ".lock"}


def sha256_of(path):
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclasses.dataclass
class Drop:
    """One case as it was dropped, and what may become of it."""

    folder: str  # the producer's service folder
    case: str  # the name under which it comes out
    files: dict  # name -> sha256, as they must come out
    identity: tuple  # what the bill shows of it: see identity_of_bill
    ends: set  # DELIVERED or codes of error.json
    failures: int = 0  # tasks of it that end as FAILURE, each of which is one honest submission more
    once: bool = False  # a service that is never submitted again by itself
    earlier: list = dataclasses.field(default_factory=list)  # how it ended before it was retried: (state, code) of each
    again: bool = False  # dropped under the name of a case that has come out already: it is <name>~2 where that one is

    @property
    def name(self):
        return f"{self.folder}/{self.case}"

    @property
    def claimed_as(self):
        """What it is called in work/."""
        return self.case.removesuffix("~2") if self.again else self.case


def identity_of_bill(line):
    """A case's own bytes: its images, or its texts where it has none."""
    hashes = tuple(sorted(file["sha256"] for file in line["files"]))
    return hashes or (line["texts_sha256"],)


@dataclasses.dataclass
class Verdict:
    """What the oracle found. No violation: the campaign has passed."""

    violations: list
    figures: dict
    extra_bills: list  # a sentence for each line of the bill beyond a case's first, with its excuse


class Ledger:
    """The ledger as it stands: {case: [(number, outcome, task id)]}, {case: [(state, word)]}, and what is open. Cases are
    named as they came out."""

    def __init__(self, file, lane=None):
        """`lane`: only cases of it; None: of both."""
        self.attempts = collections.defaultdict(list)
        self.cases = collections.defaultdict(list)
        self.open = []
        self.has_history = False
        if not file.exists():
            return
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
        database.text_factory = lambda text: text.decode(errors="replace")
        try:
            tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            self.has_history = "attempt" in tables
            if self.has_history:
                names = {}
                for row, folder, name, state, word, place in database.execute(
                        "SELECT id, folder, name, state, word, place FROM kyc_case WHERE ?1 IS NULL OR lane = ?1",
                        (lane,)):
                    names[row] = os.path.basename(place) if place else name
                    self.cases[names[row]].append((state, word))
                    if state == "open":
                        self.open.append(f"{folder}/{name}")
                for row, *attempt in database.execute("SELECT case_id, number, outcome, task_id FROM attempt "
                                                      "ORDER BY case_id, number"):
                    if row in names:
                        self.attempts[names[row]].append(tuple(attempt))
            elif "open_case" in tables:
                self.open = ["/".join(row) for row in database.execute("SELECT folder, name FROM open_case")]
        finally:
            database.close()

    def count(self, case, outcome):
        return sum(1 for _, word, _ in self.attempts.get(case, []) if word == outcome)


def places_of(world, drop, others):
    """Every folder outside of inbox and work that bears the case's name, with or without ~N, and is no other's."""
    found = []
    for root in (world.outbox, world.failed):
        parent = root / drop.folder
        if not parent.is_dir():
            continue
        for count in itertools.count(1):
            path = parent / (drop.case if count == 1 else f"{drop.case}~{count}")
            if not path.exists():
                break
            if count == 1 or (drop.folder, path.name) not in others:
                found.append(path)
    return found


def finished(world, drop):
    """Whether it has come out. A folder in outbox or failed is whole once it is seen."""
    return (world.outbox / drop.folder / drop.case).exists() or (world.failed / drop.folder / drop.case).exists()


def leftovers(world, services):
    """Whatever of a case is still in inbox or work, or in a hidden folder of kycd's. An empty folder that was made for
    one delivery to another file system is litter, not a case."""
    left = []
    roots = [world.inbox, world.work, world.outbox / ".kycd", world.failed / ".kycd"]
    for root in roots:
        if not root.is_dir():
            continue
        for folder, folders, names in os.walk(root):
            for name in names:
                own_file = (folder == str(world.work) and name.startswith(".") or folder.endswith("work/.mounts") or
                            folder.endswith("/.kycd") and name in OWN_MARKS)
                if not own_file:
                    left.append(os.path.join(folder, name))
            left += [os.path.join(folder, name) for name in folders if name not in services | OWN_FOLDERS and
                     not (folder.endswith("box/.kycd") and not os.listdir(os.path.join(folder, name)))]
    return left


class Oracle:
    """Judges one world at rest: kycd has ended, everything should have come out.

    `unknown_at_kill`: for each kill, the names of the cases which that process had said it was about to send, and no
    more; None if nobody traced, then the ledger alone excuses. `hold`: the setting on_unknown_outcome was hold.
    `spare_failures`: so many tasks ended as FAILURE by a rule that did not choose its case. `ledger_lost`: it was lost or
    damaged on the way, so that it cannot tell of everything."""

    def __init__(self, world, drops, bill, ledger, unknown_at_kill=None, hold=False, spare_failures=0,
                 ledger_lost=False):
        self.world = world
        self.drops = drops
        self.ledger = ledger
        self.unknown_at_kill = unknown_at_kill
        self.hold = hold
        self.spare_failures = spare_failures
        self.ledger_lost = ledger_lost
        self.ledger_tells = ledger.has_history and not ledger_lost
        self.violations = []
        self.extra = []
        self.ends = collections.Counter()
        self.billed = collections.defaultdict(list)
        self.bill = bill
        self.known_places = {(drop.folder, drop.case) for drop in drops}  # what may be in outbox and failed
        for line in bill:
            self.billed[identity_of_bill(line)].append(line)

    def judge(self):
        dropped = {(drop.folder, drop.case) for drop in self.drops}
        for drop in self.drops:
            end, answer = self._judge_folders(drop, dropped)
            self.ends[end] += 1
            if self.ledger_tells:
                self._judge_record(drop, end, answer)
            self._judge_bill(drop, end, answer)
        ours = {drop.identity for drop in self.drops}
        for identity, lines in self.billed.items():
            if identity not in ours:
                self._wrong(f"the bill has {len(lines)} lines of bytes that nobody dropped: task {lines[0]['task']}")
        services = {folder for folder, _ in self.known_places} | set(make_cases.SERVICES) | {"liveness"}
        for path in leftovers(self.world, services):
            self._wrong(f"left behind: {path}")
        for root in (self.world.outbox, self.world.failed):
            for service in root.iterdir() if root.is_dir() else ():
                for case in service.iterdir() if service.name != ".kycd" and service.is_dir() else ():
                    if (service.name, case.name) not in self.known_places:
                        self._wrong(f"came out but was never dropped: {case}")
        for name in self.ledger.open:
            self._wrong(f"the ledger still has {name} open")
        figures = {"cases": len(self.drops), "ends": dict(sorted(self.ends.items())), "bills": len(self.bill),
                   "extra_bills": len(self.extra)}
        return Verdict(self.violations, figures, self.extra)

    def _wrong(self, sentence):
        self.violations.append(sentence)

    # The folders

    def _judge_folders(self, drop, dropped):
        """Where it went, and the JSON beside it."""
        places = places_of(self.world, drop, dropped)
        if len(places) != 1:
            self._wrong(f"{drop.name} came out {len(places)} times: {[str(path) for path in places]}")
            if not places:
                return "lost", None
        where = places[0]
        if where.name != drop.case:
            self._wrong(f"{drop.name} came out as {where.name}")
        delivered = where.parent.parent == self.world.outbox
        told = "result.json" if delivered else "error.json"
        self._judge_files(drop, where, told)
        try:
            answer = json.loads((where / told).read_bytes())
        except (OSError, ValueError) as error:
            self._wrong(f"{where}/{told}: {error}")
            return DELIVERED if delivered else "unreadable", None
        end = DELIVERED if delivered else answer.get("code")
        allowed = set(drop.ends)
        if self.hold or drop.once:
            allowed.add(UNKNOWN)
        if end not in allowed:
            self._wrong(f"{drop.name} ended as {end}, expected {sorted(allowed)}: {answer.get('message')}")
        if answer.get("schema") != ("kycd.result/1" if delivered else "kycd.error/1"):
            self._wrong(f"{where}/{told} has the schema {answer.get('schema')}")
        return end, answer

    def _files_in(self, where):
        return {str(path.relative_to(where)): path for path in where.rglob("*") if path.is_symlink() or not path.is_dir()}

    def _judge_files(self, drop, where, told):
        found = self._files_in(where)
        if found.pop(told, None) is None:
            self._wrong(f"{where} has no {told}")
        for name in sorted(set(found) - set(drop.files)):
            self._wrong(f"{where}/{name} was never dropped")
        for name, digest in drop.files.items():
            if name not in found:
                self._wrong(f"{where}/{name} is missing")
            elif sha256_of(found[name]) != digest:
                self._wrong(f"{where}/{name} is not what was dropped")

    def _judge_record(self, drop, end, answer):
        """The ledger has the case once, and as the folders have it."""
        word = (answer or {}).get("verdict") if end == DELIVERED else end
        expected = [*drop.earlier, (DELIVERED if end == DELIVERED else "failed", word)]
        if self.ledger.cases.get(drop.case, []) != expected:
            self._wrong(f"{drop.name}: the ledger says {self.ledger.cases.get(drop.case)}, the folders {expected}")

    # The money

    def _judge_bill(self, drop, end, answer):
        lines = self.billed.get(drop.identity, [])
        tasks = [line["task"] for line in lines]
        paid = DELIVERED in drop.ends or drop.failures > 0
        if not paid and lines:
            self._wrong(f"{drop.name} must never be submitted and was billed {len(lines)} times")
            return
        if not paid:
            return
        if end == DELIVERED:
            self._judge_receipt(drop, answer, tasks)
        if end != UNKNOWN and not lines:
            self._wrong(f"{drop.name} ended as {end} and was never billed")
        if self.ledger_tells:
            self._judge_attempts(drop, end, self.ledger.attempts.get(drop.case, []), tasks)
        self._judge_extra(drop, lines, answer)

    def _judge_receipt(self, drop, answer, tasks):
        if answer is None:
            return
        task = (answer.get("task") or {}).get("id")
        if task not in tasks:
            self._wrong(f"{drop.name} was delivered with the task {task}, which the API never gave for these files: {tasks}")
        sent = tuple(sorted(file["sha256"] for file in answer.get("files") or []))
        if sent and sent != drop.identity:
            self._wrong(f"{drop.name}: result.json names other files than were dropped")

    def _judge_attempts(self, drop, end, attempts, tasks):
        unknown = [number for number, outcome, _ in attempts if outcome == "unknown"]
        known = {task for _, _, task in attempts if task}
        if not known <= set(tasks):
            self._wrong(f"{drop.name}: the ledger has tasks that the API never gave: {sorted(known - set(tasks))}")
        unnamed = set(tasks) - known
        if len(unnamed) > len(unknown):
            self._wrong(f"{drop.name}: {len(unnamed)} lines of the bill, but the ledger names {len(unknown)} attempts "
                        f"of unknown outcome: {attempts}")
        if end == UNKNOWN and not unknown:
            self._wrong(f"{drop.name} is held as {UNKNOWN}, but the ledger names no such attempt: {attempts}")

    def _judge_extra(self, drop, lines, answer):
        """Whether each line beyond the first has its excuse."""
        extra = len(lines) - 1 - drop.failures
        failed_by_rule = not self.ledger.has_history or self.ledger.count(drop.case, "task_failed") > 0
        if extra > 0 and self.spare_failures > 0 and drop.failures == 0 and failed_by_rule:
            self.spare_failures -= 1
            extra -= 1
        if self.ledger_lost and drop.failures:
            return  # an old record of its first task, read out of a damaged ledger, is as good as a new one
        if extra <= 0:
            return
        if drop.once or self.hold:
            self._wrong(f"{drop.name} was billed {len(lines)} times although an unknown outcome holds it")
            return
        lost_replies = sum(1 for line in lines if line["reply_lost"])
        kills = None
        if self.unknown_at_kill is not None:
            kills = sum(1 for names in self.unknown_at_kill if drop.claimed_as in names)
        if self.ledger.has_history:
            named = self.ledger.count(drop.case, "unknown")
            source = f"the ledger names {named} attempts of unknown outcome"
        else:
            told = (answer or {}).get("attempts") or ((answer or {}).get("task") or {}).get("attempts", 1)
            named = told - 1 - drop.failures
            source = f"its JSON tells of {told} attempts"
        sentence = f"{drop.name} was billed {len(lines)} times: {source}, {lost_replies} replies were lost on the way"
        if kills is not None:
            sentence += f", {kills} kills came between its intent and its receipt"
        excused = named if kills is None else min(named, kills + lost_replies)
        if extra > excused:
            self._wrong(sentence)
        else:
            self.extra += [sentence] * extra


class Trace:
    """The steps that one process passed, in its order: [(step, case)]."""

    def __init__(self, file):
        text = file.read_text() if file.exists() else ""
        self.steps = [tuple(line.split("\t", 1)) for line in text.splitlines() if "\t" in line]

    def counts(self):
        return collections.Counter(step for step, _ in self.steps)

    def about_to_be_sent(self):
        """The cases of which the process had recorded an intent, and nothing after it that tells what came of it."""
        open_cases = collections.Counter()  # two of one name may be under way, one in each lane
        for step, case in self.steps:
            if step == "intent.recorded":
                open_cases[case] += 1
            elif step == "receipt.recorded":
                open_cases[case] -= 1
        return {case for case, count in open_cases.items() if count > 0}
