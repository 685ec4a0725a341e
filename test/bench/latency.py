#!/usr/bin/python3
"""How soon an idle kycd acts: from the rename of a case into the inbox to the first byte of its upload, and from the poll that
brings the answer to the case in the outbox. Cases come one by one, the next when the one before is out; polls are 100 ms apart,
answers are ready at some time between two polls.
"""

import json
import pathlib
import random
import sys
import time

import bench
from stock import SETTINGS

INTERVAL = 0.1  # seconds between polls


def own_arguments(parser):
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--apart", type=float, default=0.05, help="seconds between a result and the next drop")


def appeared(file, daemon, limit=30):
    """When the file was seen first; looked for without a pause, since a result that is 1 ms old is what matters."""
    last = time.monotonic() + limit
    while not file.exists():
        if time.monotonic() > last or daemon.process.poll() is not None:
            sys.exit(f"bench: no {file}: {daemon.log()[-2000:]}")
        time.sleep(0.0002)
    return time.monotonic()


def percentiles(seconds):
    """In milliseconds. A fraction f of the values is not above the value of f."""
    ordered = sorted(seconds)
    return {name: 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
            for name, share in (("p50", 0.5), ("p99", 0.99), ("most", 1.0))}


def measure(read):
    import world
    from timing_peer import TimingPeer
    dice = random.Random(5)
    with bench.workplace(read) as folder:
        top = pathlib.Path(folder)
        peer = TimingPeer(top / "peer", "face_liveness", lambda _: dice.uniform(0.05, 0.35))
        here = world.World(top / "world")
        here.configure(**{**SETTINGS, "api": {"base_url": peer.base_url, "ca_file": str(peer.ca_file), "timeouts": None},
                          "poll": {"first": "100ms", "min": "100ms", "max": "100ms", "factor": 1, "jitter": 0}, "log": {"level": "info"}})
        drops, seen, tasks = [], [], []
        try:
            daemon = here.start_daemon()
            for number in range(read.cases + 1):  # the first opens the connection and gets the token
                files = world.case_files("face_liveness", f"A-{number}")
                drops.append(drop(here, f"A-{number}", files))
                result = here.outbox / "face_liveness" / f"A-{number}" / "result.json"
                seen.append(appeared(result, daemon))
                tasks.append(json.loads(result.read_text())["task"]["id"])
                time.sleep(read.apart)
            if daemon.stop() != 0:
                sys.exit(f"bench: kycd ended badly: {daemon.log()[-2000:]}")
        finally:
            here.close()
            peer.close()
        begun = [upload - dropped for dropped, upload in zip(drops, peer.uploads)]
        shown = [at - peer.answered[task] for at, task in zip(seen, tasks)]
        whole = [at - peer.ready[task] - INTERVAL for at, task in zip(seen, tasks)]
        return {"cases": read.cases, "connections": peer.connections, "polls per case": peer.polls / len(drops),
                "first drop of all to first byte, ms": 1000 * begun[0],
                "drop to first byte, ms": percentiles(begun[1:]), "poll with the answer to result, ms": percentiles(shown[1:]),
                "answer ready to result, beyond one interval, ms": percentiles(whole[1:])}


def drop(here, case, files):
    """When its rename began."""
    target = here.inbox / "face_liveness"
    target.mkdir(exist_ok=True)
    made = here.staging / case
    made.mkdir()
    for name, data in files.items():
        (made / name).write_bytes(data)
    before = time.monotonic()
    made.rename(target / case)
    return before


def show(found):
    names = [name for name in found if isinstance(found[name], dict)]
    bench.table([[name, *(f"{found[name][each]:.1f}" for each in ("p50", "p99", "most"))] for name in names],
                ["ms", "p50", "p99", "most"])
    print(f"the very first case, with token and connection: {found['first drop of all to first byte, ms']:.1f} ms; "
          f"{found['connections']} connections, {found['polls per case']:.2f} polls per case")


if __name__ == "__main__":
    bench.section("latency", __doc__, own_arguments, measure, show)
