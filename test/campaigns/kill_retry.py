"""Kills `kycd retry` at each of its steps, beside a running daemon and without one, and runs it again."""

import signal

from kill_steps import step_of
from kill_world import LAYOUTS, Campaign
from oracle import Trace
from world import wait_for


class Retry(Campaign):
    """Cases that the API refused are brought back and must come out once, as they were dropped, and paid for once."""

    def run(self):
        plain = {layout: self.kill_at(layout, None, False) for layout in LAYOUTS}
        jobs = []
        for layout, steps in plain.items():
            points = list(dict.fromkeys(f"{step}@{case}" for step, case in steps if case))
            for beside in (False, True):
                jobs += [(layout, point, beside) for point in points]
        if self.arguments.short:
            jobs = self.dice.sample(jobs, min(4, len(jobs)))
        for job in jobs:
            self.kill_at(*job)
        return {"steps_covered": sorted({step_of(point) for _, point, _ in jobs})}

    def prepare(self, layout):
        """Cases of some kinds, all of them refused by the API."""
        sandbox = self.sandbox(answer_after="30ms")
        sandbox.rules({"name": "refused", "match": {"call": "submit"}, "do": {"status": 400, "json": {"detail": "no"}}})
        place = self.place(sandbox, layout)
        make = place.producer
        for drop in (make.card("card"), make.flat_passport("flat"), make.single_file("single"), make.mapped("mapped"),
                     make.forged_answer("forged"), make.background("check")):
            drop.earlier = [("failed", "REJECTED")]
        daemon = place.start(once=True)
        assert daemon.wait() == 1, daemon.log()
        sandbox.rules()
        return place

    def kill_at(self, layout, point, beside):
        """One world: a retry killed at `point`, then again until nothing is left in failed/; its first trace."""
        place = self.prepare(layout)
        world, violations, kills = place.world, [], 0
        daemon = place.start() if beside else None
        trace = place.folder / "retry-trace"
        config = ["--config", str(world.config_file)]
        command = ["retry", "--code", "REJECTED", *config]
        env = {**world.env, "KYCD_FAULT_TRACE": str(trace)}
        if point:
            run = world.kycd(*command, env={**env, "KYCD_FAULT_AT": f"{point}=kill"})
            kills += run.code == -signal.SIGKILL
        for _ in range(3):
            run = world.kycd(*command, env=env)
            # What was begun and has no error.json any more.
            run = world.kycd("retry", "--all", "--yes", *config, env=env)
            if not world.cases("failed"):
                break
        else:
            violations.append(f"retry leaves {sorted(world.cases('failed'))} in failed/: exit {run.code} {run.out}")
        daemon = daemon or place.start()
        try:
            wait_for(lambda: all((world.outbox / drop.folder / drop.case).exists() for drop in place.producer.drops),
                     "all cases to be delivered", 15)
            wait_for(lambda: not place.ledger().open, "the ledger to close the last record")
        except AssertionError as error:
            violations.append(str(error))
        if (code := daemon.stop()) != 0:
            violations.append(f"kycd ended with {code} after SIGTERM")
        steps = Trace(trace).steps
        verdict = place.judge(0, violations)
        self.record(place, f"retry {layout} {'beside a daemon' if beside else 'alone'} {point}", verdict, kills, kills)
        return steps
