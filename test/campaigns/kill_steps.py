"""Kills at each step that kycd names, and then at each step of the recovery from that."""

import collections
import concurrent.futures
import zlib

import workload
from kill_world import LAYOUTS, Campaign
from oracle import Trace


def step_of(point):
    return point.partition("@")[0].partition(":")[0]


class EveryStep(Campaign):
    """Kills at a step, and then at the steps of the recovery from that."""

    def __init__(self, arguments):
        super().__init__(arguments)
        self.covered = collections.Counter()  # step -> kills there
        self.missed = []

    def prepare(self, layout, rule):
        """A world with a case of each kind, one of which loses its reply, while one poll tells of a failed task."""
        sandbox = self.sandbox(answer_after="30ms")
        sandbox.rules(
            {"name": "lost reply", "match": {"call": "submit", "contains": "reply-lost", "first": 1},
             "do": {"drop": "after_body", "accept": True}},
            {"name": "task fails", "match": {"call": "poll", "nth": 5},
             "do": {"status": 200, "json": {"id": 1, "status": "FAILURE", "result": {"exc_type": "WorkerLostError"}}}})
        place = self.place(sandbox, layout, on_unknown_outcome=rule)
        place.spare_failures = 1
        workload.one_of_each(place.producer)
        return place

    def kill_at(self, layout, rule, points):
        """Starts with each of `points` in turn, each of which should end it, and then to the end; the traces."""
        place = self.prepare(layout, rule)
        what = f"{layout}/{rule} " + " then ".join(points)
        violations, kills = [], 0
        once = zlib.crc32(what.encode()) % 3 == 0  # the last start is always the service
        for point in points:
            daemon = place.start(f"{point}=kill", once)
            try:
                if place.wait_for_end(daemon, 30) and not once:  # which ends by itself
                    daemon.stop()
            except AssertionError as error:
                violations.append(str(error))
                daemon.process.kill()
            code = daemon.wait()
            if code == -9:
                kills += 1
                self.covered[step_of(point)] += 1
            elif code == 0 or (once and code == 1):
                self.missed.append(f"{what}: {point}")
                break
            else:
                violations.append(f"kycd ended with {code} instead of the kill at {point}")
        violations += place.finish(30)
        verdict = place.judge(kills, violations)
        traces = [Trace(file) for file in place.traces]
        self.record(place, what, verdict, kills, len(traces) - 1)
        return traces

    def passes_of(self, traces):
        """{step: the places where to kill at it: cases that passed it, or counts where there is no case}."""
        places = collections.defaultdict(dict)
        for trace in traces:
            for step, case in trace.steps:
                places[step][f"{step}@{case}" if case else step] = None
        for trace in traces:
            for step, count in trace.counts().items():
                places[step].setdefault(f"{step}:{count}")
        return {step: list(points) for step, points in places.items()}

    def choose(self, points, most):
        return points if len(points) <= most else self.dice.sample(points, most)

    def sample_steps(self, jobs, most):
        """One job for each of so many different steps."""
        by_step = {}
        for job in self.dice.sample(jobs, len(jobs)):
            by_step.setdefault(step_of(job[2][-1]), job)
        return list(by_step.values())[:most]

    def run(self):
        jobs = 1 if self.arguments.short else self.arguments.jobs
        layouts = [(layout, "resubmit") for layout in LAYOUTS] + ([] if self.arguments.short else [("one", "hold")])
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            plain = {each: self.passes_of(self.kill_at(*each, [])) for each in layouts}
            first = [(*each, [point]) for each, steps in plain.items() for points in steps.values()
                     for point in self.choose(points, self.arguments.per_step)]
            if self.arguments.short:
                first = self.sample_steps(first, self.arguments.points)
            again = []
            for (layout, rule, points), traces in zip(first, pool.map(lambda job: self.kill_at(*job), first)):
                # What only a start after a kill passes, or passes before anything else: recovery.
                after = self.passes_of(traces[1:])
                new = [step for step in after if step.startswith("recover") or step not in plain[layout, rule]]
                chosen = [point for step in new for point in self.choose(after[step], self.arguments.recover)]
                again += [(layout, rule, [*points, point, point]) for point in chosen]
            if self.arguments.short:
                again = self.sample_steps(again, self.arguments.points // 3)
            print(f"{len(first)} kills at steps, {len(again)} more in recovery", flush=True)
            list(pool.map(lambda job: self.kill_at(*job), again))
        steps = {step for steps in plain.values() for step in steps}
        if not steps:
            self.violations.append("kycd named no step: is KYCD a kycd-breakable?")
        self.figures["steps"] = len(steps)
        self.figures["runs"] = len(plain) + len(first) + len(again)
        return {"steps_covered": dict(sorted(self.covered.items())),
                "steps_never_killed_at": sorted(steps - set(self.covered)), "points_not_reached": len(self.missed)}
