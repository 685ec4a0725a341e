"""Kills kycd while tickets run: at each of the steps that a night passes, and at random moments under load."""

import collections
import concurrent.futures
import signal
import time

from kill_steps import step_of
from kill_world import LAYOUTS
from oracle import Trace, finished
from ticket_world import TicketCampaign
from world import wait_for

PICKED = ("ticket.", "result.", "intent.", "submit.", "receipt.", "poll.", "write.", "ledger.", "prepare.")


class NightSteps(TicketCampaign):
    """A small night, killed at a step, and then at the steps of the start after that."""

    def __init__(self, arguments):
        super().__init__(arguments)
        self.covered = collections.Counter()
        self.missed = []

    def kill_at(self, layout, rule, points):
        """Two tickets that share cases, and cases that are dropped meanwhile; the traces of its starts."""
        night = self.night(5, 1, layout, on_unknown_outcome=rule)
        night.sandbox.rules(*night.RULES)
        begun = len(night.place.traces)
        night.ticket("first", "window: always\norder: name\ncanary: [plain-0000]\n")
        night.ticket("second", "window: always\norder: name\nnames: ['plain-000*']\n")
        make = night.place.producer
        if not night.place.hold:  # what is held gives its name back
            make.same_name(next(drop for drop in make.drops if drop.case == "plain-0002"), "again")
        make.single_file("live-1")
        what = f"night {layout}/{rule} " + " then ".join(points)
        kills = 0
        for point in points:
            daemon = night.start(f"{point}=kill")
            try:
                wait_for(lambda: daemon.process.poll() is not None or night.settled_down(daemon), "a kill or the end", 30)
            except AssertionError as error:
                night.wrong.append(f"{error} at {point}")
            if daemon.process.poll() is None:
                daemon.stop()
                self.missed.append(f"{what}: {point}")
                break
            if daemon.wait() != -9:
                night.wrong.append(f"kycd ended with {daemon.wait()} instead of the kill at {point}")
            night.was_killed()
            kills += 1
            self.covered[step_of(point)] += 1
        night.finish(30)
        traces = [Trace(file) for file in night.place.traces[begun:]]
        self.end(night, what, kills, len(traces) - 1)
        return traces

    def points_of(self, traces):
        """{step: where to kill at it}"""
        places = collections.defaultdict(dict)
        for trace in traces:
            for step, case in trace.steps:
                if step.startswith(PICKED):
                    places[step][f"{step}@{case}" if case else step] = None
            for step, count in trace.counts().items():
                if step.startswith(PICKED):
                    places[step].update({f"{step}:{number}": None for number in range(2, count + 1)})
        return {step: list(points) for step, points in places.items()}

    def choose(self, points, most):
        return points if len(points) <= most else self.dice.sample(points, most)

    def run(self):
        short = self.arguments.short
        layouts = [("one", "resubmit")] if short else [(layout, "resubmit") for layout in LAYOUTS] + [("one", "hold")]
        per_step = 1 if short else self.arguments.per_step
        with concurrent.futures.ThreadPoolExecutor(1 if short else self.arguments.jobs) as pool:
            plain = {each: self.points_of(self.kill_at(*each, [])) for each in layouts}
            steps = {step for points in plain.values() for step in points}
            first = [(*each, [point]) for each, points in plain.items() for step in points
                     for point in self.choose(points[step], per_step)]
            if short:
                first = self.dice.sample(first, min(self.arguments.points, len(first)))
            traces = list(pool.map(lambda job: self.kill_at(*job), first))
            again = []
            for (layout, rule, points), after in zip(first, traces):
                if short and len(again) >= 3:
                    break
                for step_points in self.choose(list(self.points_of(after[1:2]).values()), 1):
                    point = self.dice.choice(step_points)
                    again.append((layout, rule, [*points, point, point]))
            list(pool.map(lambda job: self.kill_at(*job), again))
        if not steps:
            self.violations.append("kycd named no step: is KYCD a kycd-breakable?")
        return {"steps_covered": dict(sorted(self.covered.items())),
                "steps_never_killed_at": sorted(steps - set(self.covered)), "points_not_reached": len(self.missed)}


class NightLoad(TicketCampaign):
    """Tickets of hundreds of cases one after the other, killed at random, with cases dropped all the while."""

    # Steps to be killed at, and how often one start may pass them before that.
    STEPS = {"ticket.recorded": 3, "ticket.selecting": 1, "ticket.accepted": 1, "ticket.case_closed": 60, "result.renewed": 60,
             "ticket.report_written": 2, "ticket.left_inbox": 1, "intent.recorded": 60, "submit.replied": 60,
             "receipt.recorded": 60, "write.temporary_written": 150, "write.renamed": 150, "write.synced": 150,
             "poll.replied": 90}
    LIVE = ["single_file", "card", "background", "damaged", "flat_passport"]

    def run(self):
        arguments = self.arguments
        self.steps = collections.Counter()
        self.wishes = collections.Counter()
        left, nights = arguments.random, 0
        while left > 0:
            kills = min(left, arguments.per_night)
            self.one_night(kills, nights)
            left -= kills
            nights += 1
        return {"nights": nights, "kills_at_steps": dict(sorted(self.steps.items())), "wishes": dict(self.wishes)}

    def one_night(self, kills, number):
        night = self.night(self.arguments.cases, self.arguments.cases // 30, self.arguments.layout,
                           on_unknown_outcome=self.arguments.rule,
                           limits={"uploads": 8, "polls": 16}, log={"level": "info"})
        night.sandbox.settings(answer_after="100ms-600ms")
        night.sandbox.rules(*[{**rule, "do": {**rule["do"], "delay": "60ms"}} for rule in night.RULES],
                            {"name": "latency", "match": {"call": "submit"}, "do": {"delay": "60ms"}})
        self.dropped = 0
        self.doubles = [drop for drop in night.settled if drop.case.startswith("plain-") and drop.folder == "kyc_card"]
        for _ in range(kills):
            self.one_start(night)
        night.finish(180)
        self.end(night, f"night {number} of seed {self.arguments.seed}", kills, kills)

    def one_start(self, night):
        dice = self.dice
        running = night.running()
        if not running or (len(running) == 1 and dice.random() < 0.15):
            name = f"ticket-{len(night.tickets):03}"
            some = dice.choice(["", "", "names: ['plain-*']\n", "order: shuffled\nseed: 3\n", "canary: [plain-0001]\n",
                                "rate: 60\n", "names: ['plain-00[0-4]*', changes-*]\n"])
            night.ticket(name, "window: always\n" + some)
        at = None
        if dice.random() < 0.5:
            step = dice.choice(list(self.STEPS))
            at = f"{step}:{dice.randint(1, self.STEPS[step])}=kill"
        daemon = night.start(at)
        began = time.monotonic()
        moment = dice.uniform(0.1, 3.0)
        while time.monotonic() - began < moment and daemon.process.poll() is None:
            self.meddle(night)
            time.sleep(0.02)
        allowed = [-signal.SIGKILL, 0]
        if daemon.process.poll() is None and dice.random() < 0.2:  # it was about to stop by itself
            if not daemon.log():  # on a busy machine it may not listen for signals yet
                allowed.append(-signal.SIGTERM)
            daemon.send(signal.SIGTERM)
            time.sleep(dice.uniform(0, 0.3))
        if at and daemon.process.poll() == -signal.SIGKILL:
            self.steps[step] += 1
        daemon.process.kill()
        code = daemon.wait()
        if code not in allowed:
            night.wrong.append(f"kycd ended by itself with {code}: {daemon.log()[-500:]}")
        night.was_killed()

    def meddle(self, night):
        """Now and then a live case, a pause, a resume, a cancel."""
        dice = self.dice
        if dice.random() < 0.10 and self.open_live(night) < 20:
            self.dropped += 1
            if self.doubles and not night.place.hold and dice.random() < 0.2:
                night.place.producer.same_name(self.doubles.pop(), f"again-{self.dropped:05}")
            else:
                getattr(night.place.producer, dice.choice(self.LIVE))(f"live-{self.dropped:05}")
        what = dice.random()
        if what > 0.02:
            return
        for ticket in night.running():
            ending = ".cancelled" if what < 0.001 else ".paused" if what < 0.006 else ""
            folder = night.world.inbox / "reverify"
            if ending == "" and not (folder / f"{ticket.name}.yaml.paused").exists():
                continue
            if night.wish(ticket, ending):
                self.wishes[ending.lstrip(".") or "resumed"] += 1

    def open_live(self, night):
        return sum(1 for drop in night.place.producer.drops[len(night.settled):] if not finished(night.world, drop))
