"""What the storm is made of: faults of the API, and mishaps of its server and of kycd, one spell after the other by the dice."""

import collections
import dataclasses
import email.utils
import signal
import time

TOKEN_REFUSED = {"detail": "Given token not valid for any token type", "code": "token_not_valid",
                 "messages": [{"token_class": "AccessToken", "token_type": "access", "message": "Token is invalid or expired"}]}
PAID = ("submit", "poll")
LOGIN = ("obtain", "refresh")
ANY = ("submit", "poll", "obtain", "refresh", None)
NO_RECEIPT = {"UNKNOWN_OUTCOME", "REPLY_NOT_UNDERSTOOD"}


@dataclasses.dataclass
class Fault:
    """One way for the API to misbehave. `make(dice)`: the rule's `do`. `ends`: the codes it may end a case with, by the call that
    it meets; a call without an entry is only tried again. A fault that ends cases strikes few of them: see `Weather._rule`."""

    make: object
    weight: int = 4
    calls: tuple = ANY
    ends: dict = dataclasses.field(default_factory=dict)
    may_accept: bool = False  # the API may have carried the submit out all the same: only where nobody could know
    services: tuple = ()  # only submits to one of these, and all of them while the spell lasts


def _status(*statuses, headers=None, **more):
    def make(dice):
        chosen = {"status": dice.choice(statuses), **more}
        if headers:
            chosen["headers"] = headers(dice)
        return chosen
    return make


def _retry_after(dice):
    """Seconds, a date, or nonsense."""
    date = email.utils.formatdate(time.time() + 2, usegmt=True)
    return {"Retry-After": dice.choice([0, 1, 2, 86400, date, "soon"])}


def _maybe_early(do):
    """Half of the time before the body has been read."""
    return lambda dice: {**do(dice), **({"early": True} if dice.random() < 0.5 else {})}


FAULTS = {
    "bad gateway": Fault(_status(500, 502, 504), 10, may_accept=True),
    "odd 5xx": Fault(_status(501, 505, 507, 511, 520, 599), 2),
    "early 5xx": Fault(_status(500, 502, 504, early=True), 3),
    "busy": Fault(_maybe_early(_status(503)), 6),
    "busy until": Fault(_status(503, headers=_retry_after), 4),
    "too many": Fault(_status(429), 4),
    "too many until": Fault(_status(429, headers=_retry_after), 3),
    "throttle": Fault(lambda dice: {"throttle": f"{dice.choice([2, 5, 20])}/s"}, 6),
    "throttle of nginx": Fault(lambda dice: {"throttle": "5/s", "proxy_page": True}, 3),
    "slow down": Fault(_status(408, 425), 4),
    "rejected": Fault(_status(400, json={"front_id": ["Upload a valid image."]}), 2, PAID,
                      {"submit": {"REJECTED"}, "poll": {"TASK_REJECTED"}}),
    "forbidden": Fault(_status(403), 2, PAID, {"submit": {"FORBIDDEN"}}),
    "not found": Fault(_status(404), 2, PAID, {"submit": {"NOT_FOUND"}, "poll": {"TASK_LOST"}}),
    "gone": Fault(_status(410), 1, PAID, {"submit": {"API_REFUSED"}, "poll": {"TASK_LOST"}}),
    "too large": Fault(_maybe_early(_status(413)), 2, PAID, {"submit": {"TOO_LARGE_FOR_API"}}),
    "refused": Fault(_status(405, 406, 409, 415, 418, 422, 451), 2, PAID, {"submit": {"API_REFUSED"}}),
    "service closed": Fault(_status(403, 404), 1, ("submit",), {"submit": {"FORBIDDEN", "NOT_FOUND"}},
                            services=("kyc_card", "kyc_passport", "face_liveness")),
    "redirect": Fault(lambda dice: {"redirect": dice.choice(["https://elsewhere.invalid/login", "/api/v3/services/", "http:"]),
                                    "status": dice.choice([301, 302, 303, 307, 308])}, 2, ANY, {"submit": {"API_REFUSED"}}),
    "empty success": Fault(_status(204), 1, PAID, {"submit": NO_RECEIPT}),
    "expired token": Fault(_maybe_early(_status(401, json=TOKEN_REFUSED)), 4, PAID),
    "wrong password": Fault(lambda dice: {"refuse_login": True}, 1, LOGIN),
    "user inactive": Fault(lambda dice: {"user_inactive": True}, 1, PAID),
    "forbidden login": Fault(_status(400, 403), 1, LOGIN),
    "not JSON": Fault(lambda dice: {"not_json": True}, 3, ANY,
                      {"submit": NO_RECEIPT, "poll": {"REPLY_NOT_UNDERSTOOD"}}, may_accept=True),
    "no id": Fault(lambda dice: {"no_id": True}, 3, ("submit",), {"submit": NO_RECEIPT}, may_accept=True),
    "huge": Fault(lambda dice: {"huge": "9MB"}, 2, ANY,
                  {"submit": NO_RECEIPT, "poll": {"REPLY_NOT_UNDERSTOOD"}}, may_accept=True),
    "drop before": Fault(lambda dice: {"drop": "before_body"}, 6),
    "drop after": Fault(lambda dice: {"drop": "after_body"}, 8, may_accept=True),
    "hang": Fault(_maybe_early(lambda dice: {"hang": dice.choice(["300ms", "3s", "9s"])}), 5),
    "hang and bill": Fault(lambda dice: {"hang": dice.choice(["300ms", "9s"])}, 3, may_accept=True),
    "cut": Fault(lambda dice: {"cut": True}, 5),
    "slow": Fault(lambda dice: {"slow": dice.choice(["500ms", "3s", "10s"])}, 4),
    # A reply that is too short by its own Content-Length is no JSON any more.
    "wrong length": Fault(lambda dice: {"wrong_length": dice.choice([-5, -1, 1, 300])}, 3, ANY,
                          {"submit": NO_RECEIPT, "poll": {"REPLY_NOT_UNDERSTOOD"}}),
    "no length": Fault(lambda dice: {"no_length": True}, 3),
    "close after": Fault(lambda dice: {"close_after": True}, 5),
    "late": Fault(lambda dice: {"delay": dice.choice(["200ms", "1500ms", "7s"])}, 5),
}

# Settings of the sandbox that change with the weather, and what they are in the calm.
MOODS = [{"access_lifetime": "2s"}, {"refresh_lifetime": "1s", "access_lifetime": "2s"}, {"fresh_task": "404", "fresh_for": "1s"},
         {"fresh_task": "500", "fresh_for": "1s"}, {"retry_state": True}, {"answer_after": "50ms"}, {"form": "wrapped"},
         {"form": "bare"}]
CALM = {"access_lifetime": "5m", "refresh_lifetime": "14d", "fresh_task": "pending", "fresh_for": "0s", "retry_state": False,
        "answer_after": "100ms-3s", "form": "as-documented"}

# What a spell is, and how many of a hundred.
SPELLS = {"faults": 74, "pause": 6, "frozen": 5, "killed": 4, "restarted": 3, "reload": 5, "kycd restarted": 3}


class Weather:
    """Sends spells over a world. `change()` ends the spell there is and begins the next; it returns for how long to leave it."""

    def __init__(self, world, dice, start_daemon):
        self.world = world
        self.dice = dice
        self.start_daemon = start_daemon  # () -> a running kycd
        self.port = world.sandbox.port
        self.fired = collections.Counter()  # requests that a fault struck, by its name and call
        self.spells = collections.Counter()
        self.ends = set()  # codes that what struck may have ended cases with
        self.rules = []  # of the spell there is: (name of the rule, fault, call)
        self.frozen = self.down = False
        self.history = []

    def change(self):
        self.end()
        kind = self.dice.choices(list(SPELLS), weights=SPELLS.values())[0]
        self.spells[kind] += 1
        length = self.dice.choice([0.3, 0.6, 1.0, 1.5, 3.0])
        if kind == "faults":
            self._faults()
        elif kind == "frozen":
            self.world.sandbox.process.send_signal(signal.SIGSTOP)
            self.frozen = True
            length = self.dice.choice([0.5, 3.0, 8.0])
        elif kind in ("killed", "restarted"):
            process = self.world.sandbox.process
            process.kill() if kind == "killed" else process.terminate()
            process.wait(20)
            self.down = True
            length = self.dice.choice([0.0, 1.0, 3.0])
        elif kind == "reload":
            self.world.daemons[-1].send(signal.SIGHUP)
        elif kind == "kycd restarted":
            self.restart_kycd()
        self.history.append(f"{time.strftime('%H:%M:%S')} {kind} for {length} s: {[rule for rule, _, _ in self.rules]}")
        return length

    def restart_kycd(self):
        """It ends by itself: the uploads in flight first, each within its time limit."""
        if (code := self.world.daemons[-1].stop()) != 0:
            raise AssertionError(f"kycd ended with {code} after SIGTERM")
        self.start_daemon()

    def end(self):
        """The spell there is, if any."""
        if self.frozen:
            self.world.sandbox.process.send_signal(signal.SIGCONT)
            self.frozen = False
        if self.down:
            self.start_sandbox()
            self.down = False
        if self.rules:
            self._note()
            self.world.sandbox.rules(**CALM)

    def start_sandbox(self):
        self.world.start_sandbox("--listen", f"127.0.0.1:{self.port}", "--keep-tasks")
        self.world.sandbox.rules(**CALM)

    def _faults(self):
        names = self.dice.choices(list(FAULTS), weights=[fault.weight for fault in FAULTS.values()], k=self.dice.randint(2, 6))
        rules = []
        for name in names:
            fault = FAULTS[name]
            call = self.dice.choice(fault.calls)
            rule = self._rule(fault, call, name in ("throttle", "throttle of nginx"))
            rules.append({"name": f"{len(rules)} {name}", **rule})
            self.rules.append((rules[-1]["name"], name, call))
        mood = self.dice.choice(MOODS) if self.dice.random() < 0.4 else {}
        self.world.sandbox.rules(*rules, **mood)

    def _rule(self, fault, call, always):
        match = {"call": call} if call else {}
        if fault.services:
            match["service"] = self.dice.choice(fault.services)
        elif fault.ends.get(call) or (call is None and fault.ends):
            match["first"] = self.dice.randint(1, 3)
        elif not always:
            match |= {"probability": self.dice.choice([0.2, 0.5, 0.8]), "seed": self.dice.randrange(1 << 30)}
        do = fault.make(self.dice)
        if fault.may_accept and call == "submit" and self.dice.random() < 0.6:
            do["accept"] = True
        return {"match": match, "do": do}

    def _note(self):
        counted = {each["name"]: each["fired"] for each in self.world.sandbox.stats()["rules"]}
        for rule, name, call in self.rules:
            if fired := counted.get(rule, 0):
                self.fired[name] += fired
                for met in (call,) if call else PAID:
                    self.ends |= FAULTS[name].ends.get(met, set())
        self.rules = []
