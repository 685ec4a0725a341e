"""What the parts of the ticket campaign share: delivered cases, tickets that are dropped, and the end of it all."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

import workload  # first: it finds test/support
import world as shared
from kill_world import MOST_TOLD, Campaign
from oracle import DELIVERED, Drop, Ledger, Trace
from ticket_oracle import CHANGES, FAILS, HELD, REFUSED, TAMPERED, Ticket, TicketOracle, TicketRows
from world import wait_for

CANARY_UNKNOWN = re.compile(r"canary .* failed: UNKNOWN_OUTCOME")


class Night:
    """A place with delivered cases, the tickets that ask for them, and a reader that never stops reading their answers."""

    RULES = [
        {"name": "another answer", "match": {"call": "submit", "contains": f" {CHANGES}-"}, "do": {"task_answer": "spoof"}},
        {"name": "refused", "match": {"call": "submit", "contains": f" {REFUSED}-"},
         "do": {"status": 400, "json": {"image": ["not this one"]}}},
        {"name": "fails", "match": {"call": "submit", "contains": f" {FAILS}-"}, "do": {"task_answer": "failure"}},
    ]

    def __init__(self, place, sandbox):
        self.place = place
        self.world = place.world
        self.sandbox = sandbox
        self.tickets = []
        self.killed = []  # traces of processes that were killed
        self.reader = None
        self.wrong = []
        self.resumed_canaries = 0

    # Before the first ticket

    def deliver(self, plain, special):
        """So many cases that answer as before, and so many of each kind that does not; the reader begins."""
        make = self.place.producer
        for number in range(plain):
            kind = (make.single_file, make.single_file, make.card, make.flat_passport, make.mapped)[number % 5]
            kind(f"plain-{number:04}")
        make.background("plain-check")
        marked = []
        for word in (CHANGES, REFUSED, FAILS, HELD, TAMPERED):
            for number in range(special):
                marked.append(make.folder("face_liveness", f"{word}-{number:04}",
                                          shared.case_files("face_liveness", f"{word}-{number:04}")))
        daemon = self.place.start(once=True)
        assert daemon.wait(300) == 0, daemon.log()
        self.settled = list(make.drops)
        for drop in marked:
            folder = self.world.outbox / drop.folder / drop.case
            if HELD in drop.case:
                (folder / ".hold").touch()
                drop.files[".hold"] = shared.sha256(b"")
            if TAMPERED in drop.case:
                changed = shared.picture("image", f"{drop.case} by somebody else")
                (folder / "image.jpg").write_bytes(changed)
                drop.files["image.jpg"] = shared.sha256(changed)
        self._begin_reading()

    def _begin_reading(self):
        listed = self.place.folder / "standing"
        listed.write_text("".join(f"{self.world.outbox / drop.folder / drop.case}\n" for drop in self.settled))
        program = pathlib.Path(__file__).with_name("standing_reader.py")
        self.reader = subprocess.Popen([sys.executable, str(program), str(listed), str(self.place.folder / "read")],
                                       stdin=subprocess.PIPE)

    # Tickets

    def ticket(self, name, text="window: always\n"):
        folder = self.world.inbox / "reverify"
        folder.mkdir(exist_ok=True)
        made = self.world.staging / "ticket"
        made.write_text(text)
        os.utime(made, (time.time() - 60, time.time() - 60))
        ticket = Ticket(name, text)
        self.tickets.append(ticket)
        os.rename(made, folder / f"{name}.yaml")
        return ticket

    def wish(self, ticket, ending):
        """Renames its file, if it is there under some name: whether it was."""
        folder = self.world.inbox / "reverify"
        for old in ("", ".paused", ".cancelled"):
            try:
                os.rename(folder / f"{ticket.name}.yaml{old}", folder / f"{ticket.name}.yaml{ending}")
                ticket.cancelled = ticket.cancelled or ending == ".cancelled"
                return True
            except FileNotFoundError:
                continue
        return False

    def running(self):
        folder = self.world.inbox / "reverify"
        there = {file.name.partition(".yaml")[0] for file in folder.iterdir()} if folder.exists() else set()
        return [ticket for ticket in self.tickets if ticket.name in there]

    # Kills and the end

    def start(self, at=None, once=False):
        return self.place.start(at, once)

    def was_killed(self):
        self.killed.append(self.place.traces[-1])

    def settled_down(self, daemon):
        """Whether `daemon` is up and has nothing left to do. Does what an operator does meanwhile."""
        if "started" not in daemon.log():
            return False
        self.look_after_canaries()
        return self.at_rest()

    def look_after_canaries(self):
        """A canary whose call may have been paid is no sign of a bad night where such cases are held: resumed."""
        if not self.place.hold:
            return
        why = {row["name"]: row["why"] or "" for row in TicketRows(self.place.folder / "ledger/ledger.db").tickets}
        for ticket in self.running():
            paused = self.world.inbox / "reverify" / f"{ticket.name}.yaml.paused"
            if paused.exists() and CANARY_UNKNOWN.fullmatch(why.get(ticket.name, "")) and self.wish(ticket, ""):
                self.resumed_canaries += 1

    def at_rest(self):
        return (self.place.all_out() and not self.running() and not self.place.ledger().open and
                not TicketRows(self.place.folder / "ledger/ledger.db").open)

    def finish(self, timeout):
        """The last start: paused tickets are resumed, everything has to come to its end, and SIGTERM to end kycd."""
        for ticket in self.running():
            if (self.world.inbox / "reverify" / f"{ticket.name}.yaml.paused").exists():
                self.wish(ticket, "")
        daemon = self.start()
        try:
            wait_for(lambda: daemon.process.poll() is not None or self.settled_down(daemon), "all tickets and cases to end", timeout)
        except AssertionError as error:
            rows = TicketRows(self.place.folder / "ledger/ledger.db")
            self.wrong.append(f"{error}: tickets {rows.open}, files {[each.name for each in self.running()]}, "
                              f"records {self.place.ledger().open[:MOST_TOLD]}")
        if daemon.process.poll() is not None:
            self.wrong.append(f"kycd ended by itself with {daemon.process.returncode}: {daemon.log()[-500:]}")
            return
        try:
            if (code := daemon.stop()) != 0:
                self.wrong.append(f"kycd ended with {code} after SIGTERM")
        except subprocess.TimeoutExpired:
            self.wrong.append("kycd did not end after SIGTERM")
            daemon.process.kill()
            daemon.process.wait()

    def judge(self):
        """The oracle's verdict, and what the reader saw."""
        self.reader.stdin.close()
        self.reader.wait(60)
        seen = json.loads((self.place.folder / "read").read_text())
        file = self.place.folder / "ledger/ledger.db"
        unknown = [Trace(trace).about_to_be_sent() for trace in self.killed]
        verdict = TicketOracle(self.world, self.place.producer.drops, self.world.bill(), Ledger(file), Ledger(file, "live"),
                               unknown, self.place.hold, self.tickets, TicketRows(file)).judge()
        verdict.violations[:0] = self.wrong + seen["wrong"]
        verdict.figures.update(reads=seen["reads"], renewals=seen["renewals"])
        return verdict

    def close(self):
        if self.reader and self.reader.poll() is None:
            self.reader.kill()
            self.reader.wait()


class TicketCampaign(Campaign):
    """Campaigns whose worlds are nights."""

    def night(self, plain, special, layout="one", **settings):
        sandbox = self.sandbox(answer_after="30ms")
        sandbox.rules()
        night = Night(self.place(sandbox, layout, **settings), sandbox)
        night.deliver(plain, special)
        return night

    def end(self, night, what, kills, restarts):
        """Judges it, and adds it to the figures."""
        try:
            verdict = night.judge()
        finally:
            night.close()
        with self.lock:
            figures = verdict.figures
            self.figures.update({name: figures[name] for name in ("tickets", "reads", "renewals", "unknown_outcomes")})
            self.figures["canaries_resumed"] += night.resumed_canaries
            self.figures.update({f"ticket_cases_{end}": count for end, count in figures["ticket_ends"].items()})
        self.record(night.place, what, verdict, kills, restarts)
