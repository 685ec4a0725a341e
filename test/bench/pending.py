#!/usr/bin/python3
"""What waiting costs: thousands of tasks that take long, the memory they hold above an idle daemon, and the processor time
they take while they wait. Default settings; the sandbox answers after --answer-after.
"""

import os
import sys
import time

import bench

TICKS = os.sysconf("SC_CLK_TCK")


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--service", default="background_check")
    parser.add_argument("--kb", type=int, default=60, help="the least size of an image, for services that have some")
    parser.add_argument("--answer-after", default="10m")
    parser.add_argument("--still", type=float, default=5.0, help="seconds without a change, after which memory counts as settled")
    parser.add_argument("--seconds", type=int, default=120, help="how long is looked on while they wait")


def memory(pid):
    """Resident kB: now, and the most there ever was."""
    with open(f"/proc/{pid}/status") as file:
        facts = dict(line.split(":", 1) for line in file)
    return tuple(int(facts[name].split()[0]) for name in ("VmRSS", "VmHWM"))


def processor_seconds(pid):
    """User and system time of all threads."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def settled(read, still=5.0, limit=120.0):
    """The value once it has not changed by one per cent for a while."""
    value, since, begun = read(), time.monotonic(), time.monotonic()
    while time.monotonic() - since < still and time.monotonic() - begun < limit:
        time.sleep(0.25)
        now = read()
        if abs(now - value) > value / 100:
            value, since = now, time.monotonic()
    return read()


def measure(read):
    import make_cases
    import world
    with bench.workplace(read) as top:
        here = world.World(os.path.join(top, "world"))
        try:
            here.start_sandbox()
            here.sandbox.settings(answer_after=read.answer_after)
            here.configure(intake={"settle": "0s"}, log={"level": "warning"}, poll=None, retry=None,
                           limits={"pending": read.cases})
            daemon = here.start("run", "--config", str(here.config_file))
            time.sleep(3)
            idle = settled(lambda: memory(daemon.pid)[0], read.still)
            begun = time.monotonic()
            make_cases.bulk(here.spool, read.cases, read.service, read.kb * 1000, 2 * read.kb * 1000)
            last = time.monotonic() + 600
            while (count := len(here.bill())) < read.cases:
                if time.monotonic() > last:
                    sys.exit(f"bench: {count} of {read.cases} submitted: {daemon.log()[-2000:]}")
                time.sleep(1)
            submitted = time.monotonic() - begun
            time.sleep(5)
            rows = []
            span = max(1, read.seconds // 6)
            for _ in range(6):
                cpu, at = processor_seconds(daemon.pid), time.monotonic()
                polls = polled(here.sandbox)
                time.sleep(span)
                share = (processor_seconds(daemon.pid) - cpu) / (time.monotonic() - at)
                rows.append({"after": at - begun, "processor share": share,
                             "polls per second": (polled(here.sandbox) - polls) / span,
                             "resident kB": memory(daemon.pid)[0]})
            return {"cases": read.cases, "service": read.service, "submitted in seconds": submitted, "idle kB": idle,
                    "most kB": memory(daemon.pid)[1], "while waiting": rows}
        finally:
            here.close()


def polled(sandbox):
    return sandbox.stats()["requests"]["poll"]


def show(found):
    print(f"{found['cases']} tasks of {found['service']}, submitted in {found['submitted in seconds']:.0f} s; idle "
          f"{found['idle kB'] / 1024:.1f} MiB, most {found['most kB'] / 1024:.1f} MiB")
    rows = [[f"{row['after']:.0f}", f"{100 * row['processor share']:.1f}", f"{row['polls per second']:.0f}",
             f"{(row['resident kB'] - found['idle kB']) / 1024:.1f}"] for row in found["while waiting"]]
    bench.table(rows, ["seconds after the first", "% of a core", "polls/s", "MiB above idle"])


if __name__ == "__main__":
    bench.section("pending", __doc__, own_arguments, measure, show)
