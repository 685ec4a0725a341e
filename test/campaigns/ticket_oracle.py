"""The oracle of the kill campaign over running tickets: besides what oracle.py asks, each answer stands where it should.

A case is billed once for its own drop and once in each ticket that came to an answer for it. Every further line of the bill has
the excuse that oracle.py asks for. The ledger's rows of a ticket, its report and the
case folders with their history/ must tell the same.
"""

import collections
import csv
import dataclasses
import json
import sqlite3

from oracle import DELIVERED, Oracle

ENDS = ("unchanged", "changed", "failed", "skipped")
ANSWERED = ("unchanged", "changed")
# What a case's name says of what becomes of it when it is verified again; an answer for all others is unchanged.
CHANGES, REFUSED, FAILS, HELD, TAMPERED = "changes", "refused", "fails", "held", "tampered"


@dataclasses.dataclass
class Ticket:
    """One that was dropped."""

    name: str
    text: str
    cancelled: bool = False  # somebody asked for that, at some moment


class TicketRows:
    """What the ledger says of tickets: rows as dictionaries."""

    def __init__(self, file):
        database = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
        database.row_factory = sqlite3.Row
        try:
            self.tickets = [dict(row) for row in database.execute("SELECT * FROM ticket ORDER BY id")]
            self.cases = collections.defaultdict(list)
            for row in database.execute("SELECT * FROM ticket_case ORDER BY ticket_id, number"):
                self.cases[row["ticket_id"]].append(dict(row))
            # The submissions that tickets made: {(folder, place): [[(number, outcome, task id)] of each record]}, and the same
            # by the ticket that each record names: {ticket: {(folder, place): [[…]]}}
            self.sent = collections.defaultdict(list)
            self.sent_by = collections.defaultdict(lambda: collections.defaultdict(list))
            of_record = {}
            for row in database.execute("SELECT id, folder, name, ticket_id FROM kyc_case WHERE lane = 'bulk' ORDER BY id"):
                of_record[row["id"]] = []
                self.sent[row["folder"], row["name"]].append(of_record[row["id"]])
                self.sent_by[row["ticket_id"]][row["folder"], row["name"]].append(of_record[row["id"]])
            for row in database.execute("SELECT case_id, number, outcome, task_id FROM attempt ORDER BY case_id, number"):
                if row["case_id"] in of_record:
                    of_record[row["case_id"]].append((row["number"], row["outcome"], row["task_id"]))
        finally:
            database.close()

    @property
    def open(self):
        return [row["name"] for row in self.tickets if row["state"] != "ended"]


class TicketOracle(Oracle):
    """`tickets`: all that were dropped. `rows`: TicketRows. The rest as in Oracle; the ledger is of both lanes."""

    def __init__(self, world, drops, bill, ledger, live_ledger, unknown_at_kill, hold, tickets, rows):
        super().__init__(world, drops, bill, ledger, unknown_at_kill, hold)
        self.live_ledger = live_ledger
        self.tickets = {ticket.name: ticket for ticket in tickets}
        self.rows = rows
        self.of_case = collections.defaultdict(list)  # (folder, place) -> its rows in all tickets
        for ticket in rows.tickets:
            for row in rows.cases[ticket["id"]]:
                self.of_case[row["folder"], row["place"]].append(row)
        self.known_places |= {("reverify", name) for name in self.tickets}
        self.ticket_ends = collections.Counter()
        self.unknown_outcomes = 0

    def judge(self):
        verdict = super().judge()
        self._judge_tickets()
        for drop in self.drops:
            self._judge_again(drop)
        verdict.figures.update({"ticket_ends": dict(self.ticket_ends), "tickets": len(self.rows.tickets),
                                "unknown_outcomes": self.unknown_outcomes})
        return verdict

    # As in Oracle, for cases that may have a history

    def _files_in(self, where):
        return {name: path for name, path in super()._files_in(where).items() if not name.startswith("history/")}

    def _judge_record(self, drop, end, answer):
        """Its first answer is in the ledger once; what came of tickets is judged by their rows."""
        state = DELIVERED if end == DELIVERED else "failed"
        if [each for each, _ in self.live_ledger.cases.get(drop.case, [])] != [state]:
            self._wrong(f"{drop.name}: the ledger says {self.live_ledger.cases.get(drop.case)}, the folders {state}")

    def _judge_extra(self, drop, lines, answer):
        """One line for its drop, and one for each task that a ticket has the answer of, or that failed."""
        attempts = self.ledger.attempts.get(drop.case, [])
        unknown = sum(1 for _, outcome, _ in attempts if outcome == "unknown")
        self.unknown_outcomes += unknown
        known = {task for _, _, task in attempts if task}
        unnamed = [line for line in lines if line["task"] not in known]
        kills = sum(1 for names in self.unknown_at_kill if drop.case in names or drop.claimed_as in names)
        lost = sum(1 for line in lines if line["reply_lost"])
        sentence = (f"{drop.name} was billed {len(lines)} times, of which the ledger knows {len(known)} tasks and names "
                    f"{unknown} attempts of unknown outcome: {kills} kills came between its intent and its receipt, "
                    f"{lost} replies were lost on the way")
        if len(unnamed) > min(unknown, kills + lost):
            self._wrong(sentence)
        else:
            self.extra += [sentence] * len(unnamed)

    # The tickets

    def _judge_tickets(self):
        met = collections.Counter(row["name"] for row in self.rows.tickets)
        for name, ticket in self.tickets.items():
            if met[name] != 1 and not (ticket.cancelled and met[name] == 0):
                self._wrong(f"ticket {name} was accepted {met[name]} times")
        if None in self.rows.sent_by:
            self._wrong(f"records of the bulk lane name no ticket: {list(self.rows.sent_by[None])}")
        folder = self.world.outbox / "reverify"
        reports = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
        if reports != set(met):
            self._wrong(f"reports without a ticket: {sorted(reports - set(met))}, missing: {sorted(set(met) - reports)}")
        for row in self.rows.tickets:
            if row["state"] != "ended":
                self._wrong(f"ticket {row['name']} is {row['state']}: {row['why']}")
            if row["why"] and not self.tickets[row["name"]].cancelled:
                self._wrong(f"ticket {row['name']} ended early: {row['why']}")
            self._judge_ticket(row, self.rows.cases[row["id"]])

    def _judge_ticket(self, row, cases):
        name = row["name"]
        places = [(case["folder"], case["place"]) for case in cases]
        if len(set(places)) != len(places):
            self._wrong(f"ticket {name} has a case twice")
        counts = collections.Counter(case["end"] for case in cases)
        self.ticket_ends.update(counts)
        if counts["waiting"] and not self.tickets[name].cancelled:
            self._wrong(f"ticket {name} left {counts['waiting']} cases")
        try:
            where = self.world.outbox / "reverify" / name
            said = json.loads((where / "report.json").read_text())
            table = list(csv.DictReader((where / "report.csv").read_text(encoding="utf-8-sig").splitlines()))
            text = (where / "ticket.yaml").read_text()
            (where / "report.html").read_text()
        except (OSError, ValueError) as error:
            self._wrong(f"the report of ticket {name}: {error}")
            return
        balance = said["balance"]
        told = {end: balance[end] for end in ENDS} | {"waiting": balance["not_done"]}
        if told != {end: counts[end] for end in told} or balance["selected"] != len(cases):
            self._wrong(f"ticket {name}: the report says {balance}, the ledger {dict(counts)} of {len(cases)}")
        if balance["selected"] != sum(told.values()):
            self._wrong(f"ticket {name}: its balance does not add up: {balance}")
        calls = sum(case["calls"] or 0 for case in cases)
        if said["calls"]["paid"] != calls:
            self._wrong(f"ticket {name}: the report says {said['calls']['paid']} calls, the ledger {calls}")
        if len(table) != len(cases):
            self._wrong(f"ticket {name}: report.csv has {len(table)} rows for {len(cases)} cases")
        if text != self.tickets[name].text:
            self._wrong(f"ticket {name}: ticket.yaml is not what was dropped")
        for case in cases:
            self._judge_owner(name, case, self.rows.sent_by[row["id"]].get((case["folder"], case["place"]), []))
        loud = sorted(case["number"] for case in cases if case["end"] in ("changed", "failed", "skipped"))
        if sorted(each["number"] for each in said["cases"] if each["end"] != "unchanged") != loud:
            self._wrong(f"ticket {name}: the report's cases are not the ledger's")

    def _judge_owner(self, name, case, records):
        """What a ticket tells of a case came of its own submissions, whichever others ask for the same case."""
        paid = sum(1 for record in records for _, outcome, task in record if task or outcome in ("unknown", "no_receipt"))
        if case["end"] != "waiting" and (case["calls"] or 0) != paid:
            self._wrong(f"ticket {name}: {case['folder']}/{case['place']} is {case['end']} with {case['calls']} calls, and the "
                        f"records of the ticket name {paid}")
        if case["end"] in ANSWERED and not records:
            self._wrong(f"ticket {name}: {case['folder']}/{case['place']} was answered without a record of the ticket")

    def _judge_again(self, drop):
        """What tickets made of one case."""
        rows = self.of_case.get((drop.folder, drop.case), [])
        where = self.world.outbox / drop.folder / drop.case
        history = sorted(path.name for path in (where / "history").iterdir()) if (where / "history").is_dir() else []
        answers = [name for name in history if not name.endswith(".error.json")]
        answered = sorted((row for row in rows if row["end"] in ANSWERED), key=lambda row: row["answered_at"])
        failed = [row for row in rows if row["end"] == "failed"]
        if len(answers) != len(answered):
            self._wrong(f"{drop.name} was answered {len(answered)} times for tickets, and its history is {history}")
        if not rows:
            return
        told = [row for row in failed if row["code"] and "its ticket ended" not in row["why"]]
        if len(history) - len(answers) != len(told):
            self._wrong(f"{drop.name} failed {len(told)} times for tickets, and its history is {history}")
        for name in history:
            try:
                said = json.loads((where / "history" / name).read_bytes())
                named = said["failed_at"] if name.endswith(".error.json") else said["task"]["answered_at"] + ".json"
                if name in answers and named != name:
                    self._wrong(f"{drop.name}: history/{name} was answered at {named}")
            except (OSError, ValueError, KeyError) as error:
                self._wrong(f"{drop.name}: history/{name}: {error!r}")
        self._judge_ends(drop, rows, answered, failed)
        self._judge_calls(drop, rows)

    def _judge_ends(self, drop, rows, answered, failed):
        ends = [row["end"] for row in answered]
        expected = ["unchanged"] * len(ends)
        if CHANGES in drop.case and ends:
            expected[0] = "changed"
        if ends != expected or (ends and any(word in drop.case for word in (REFUSED, FAILS, HELD, TAMPERED))):
            self._wrong(f"{drop.name} ended as {ends} in tickets, expected {expected}")
        for row in failed:
            allowed = {"REJECTED"} if REFUSED in drop.case else {"TASK_FAILED"} if FAILS in drop.case else set()
            if self.hold or "its ticket ended" in row["why"]:
                allowed.add("UNKNOWN_OUTCOME")
            if row["code"] not in allowed:
                self._wrong(f"{drop.name} failed as {row['code']}: {row['why']}")
        for row in rows:
            known = HELD in drop.case or TAMPERED in drop.case
            overtaken = "another ticket" in row["why"] or "answered anew" in row["why"] if row["why"] else False
            if row["end"] == "skipped" and not known and not overtaken:
                self._wrong(f"{drop.name} was skipped: {row['why']}")

    def _judge_calls(self, drop, rows):
        """What tickets count as paid is what their records name, each of them answered at most once."""
        records = self.rows.sent.get((drop.folder, drop.case), [])
        counted = sum(1 for record in records for _, outcome, task in record if task or outcome in ("unknown", "no_receipt"))
        told = sum(row["calls"] or 0 for row in rows)
        if told != counted and not (told < counted and any(row["end"] == "waiting" for row in rows)):
            self._wrong(f"{drop.name}: tickets count {told} calls, their records name {counted}: {records}")
        if len(records) > len(rows):
            self._wrong(f"{drop.name} has {len(records)} records for {len(rows)} tickets")
        for record in records:
            tasks = sum(1 for _, _, task in record if task)
            if tasks > 1 + sum(1 for _, outcome, _ in record if outcome == "task_failed"):
                self._wrong(f"{drop.name} was answered twice in one ticket: {record}")
