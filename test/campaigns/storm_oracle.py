"""The oracle of the storm: what was dropped, against the folders, the bill, the ledger and `kycd show`.

Where the kill campaign knows how each case must end, a storm may end any of them early: with a code that a fault which struck
explains. The money is told attempt by attempt.
"""

import json

from oracle import DELIVERED, UNKNOWN, Oracle

NAMED = ("unknown", "no_receipt")  # the ledger's words for an attempt that may have been billed without kycd's knowing


class StormOracle(Oracle):
    """`storm_ends`: the codes that the faults which struck may have ended cases with. `ask(*words)`: what a kycd command prints."""

    # Whatever strikes, these may come of it: a case that alone kept failing, and a face, which is never registered twice.
    ALWAYS = {"RETRIES_EXHAUSTED"}

    def __init__(self, world, drops, bill, ledger, hold, storm_ends, ask):
        self.must_be_paid = {drop.name: self._may_be_paid(drop) for drop in drops}
        for drop in drops:
            if self.must_be_paid[drop.name]:
                drop.ends |= storm_ends | self.ALWAYS
        self.ask = ask
        self.sums = {"delivered": 0, "receipts_of_failed_cases": 0, "failed_tasks_submitted_again": 0, "named_unknown": 0,
                     "named_unknown_but_not_billed": 0}
        super().__init__(world, drops, bill, ledger, hold=hold)

    @staticmethod
    def _may_be_paid(drop):
        """All but what kycd refuses by itself."""
        return DELIVERED in drop.ends or drop.failures > 0 or drop.ends <= {"TASK_FAILED", "TASK_REJECTED", "REPLY_NOT_UNDERSTOOD"}

    def judge(self):
        verdict = super().judge()
        known = sum(self.sums[each] for each in ("delivered", "receipts_of_failed_cases", "failed_tasks_submitted_again"))
        if len(self.bill) != known + self.sums["named_unknown"]:
            self._wrong(f"the bill has {len(self.bill)} lines, the ledger knows {known} tasks and names "
                        f"{self.sums['named_unknown']} more: {self.sums}")
        verdict.figures |= self.sums
        return verdict

    def _judge_bill(self, drop, end, answer):
        tasks = [line["task"] for line in self.billed.get(drop.identity, [])]
        attempts = self.ledger.attempts.get(drop.case, [])
        if not self.must_be_paid[drop.name]:
            if tasks or attempts:
                self._wrong(f"{drop.name} must never be submitted: {len(tasks)} bills, {attempts}")
            return
        known = [task for _, _, task in attempts if task]
        if not set(known) <= set(tasks):
            self._wrong(f"{drop.name}: the ledger has tasks that the API never gave: {sorted(set(known) - set(tasks))}")
        if end == DELIVERED:
            self._judge_receipt(drop, answer, known)
        self._judge_repeats(drop, attempts)
        self._judge_unknown(drop, end, attempts, len(tasks) - len(known))
        again = sum(1 for _, outcome, _ in attempts if outcome == "task_failed")
        self.sums["failed_tasks_submitted_again"] += again
        self.sums["delivered" if end == DELIVERED else "receipts_of_failed_cases"] += len(known) - again

    def _judge_repeats(self, drop, attempts):
        """Nothing is sent again after a receipt, unless its task failed, nor where a doubt holds it."""
        held = {"no_receipt", "accepted"} | ({"unknown"} if drop.once or self.hold else set())
        for number, outcome, _ in attempts[:-1]:
            if outcome in held:
                self._wrong(f"{drop.name} was sent again after attempt {number}, which was {outcome}: {attempts}")
        if sum(1 for _, outcome, _ in attempts if outcome == "task_failed") > 1:
            self._wrong(f"{drop.name} was sent again after more than one failed task: {attempts}")

    def _judge_unknown(self, drop, end, attempts, unnamed):
        """Each line without a receipt is one of the attempts that are named as unknown, here and by `kycd show`."""
        named = sum(1 for _, outcome, _ in attempts if outcome in NAMED)
        if unnamed > named:
            self._wrong(f"{drop.name}: {unnamed} lines of the bill have no receipt, but the ledger names {named} attempts of unknown "
                        f"outcome: {attempts}")
        if end == UNKNOWN and not named:
            self._wrong(f"{drop.name} is held as {UNKNOWN}, but the ledger names no such attempt: {attempts}")
        self.sums["named_unknown"] += max(0, unnamed)
        self.sums["named_unknown_but_not_billed"] += max(0, named - unnamed)
        if unnamed <= 0:
            return
        self.extra += [f"{drop.name}: {attempts}"] * unnamed
        lives = json.loads(self.ask("show", drop.name, "--json"))["lives"]
        told = [each["outcome"] for life in lives for each in life["attempts"]]
        if told != [outcome for _, outcome, _ in attempts]:
            self._wrong(f"{drop.name}: kycd show tells of {told}, the ledger of {attempts}")
