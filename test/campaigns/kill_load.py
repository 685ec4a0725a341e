"""Kills at random moments under load, with new cases all the while."""

import collections
import signal
import statistics
import time

from kill_world import Campaign
from oracle import finished


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
