"""Cases that are written once and go through kycd again and again: from the inbox to the outbox, and back into the stock."""

import collections
import functools
import json
import os
import pathlib
import shutil
import sys
import tempfile

from clients import cost

# cost: as clients.Cost; summary: what `run --once --json` says.
Passage = collections.namedtuple("Passage", "cost summary")

USUAL = (300, 345)  # kB; three of them are the 0.96 MB that the yardsticks send
SETTINGS = {"intake": {"settle": "0s"}, "log": {"level": "warning"}, "poll": None, "retry": None}


@functools.lru_cache(maxsize=None)
def drawn_for(service, kb):
    import make_cases
    return make_cases._bulk_bases(service, kb[0] * 1000, kb[1] * 1000, "bench")


def filled(jpeg, size):
    """With segments that no decoder looks into, up to a size."""
    while (room := min(size - len(jpeg), 60_000)) > 100:
        jpeg = jpeg[:2] + b"\xff\xed" + (room - 2).to_bytes(2, "big") + os.urandom(room - 4) + jpeg[2:]
    return jpeg


class Stock:
    """`cases` of a service with distinct JPEGs of `kb`, drawn so that the image gate has its usual work; in a folder of its own.
    `filled_to`: each file is that many kB of which the picture is only `kb`, the rest being what cameras write beside it."""

    def __init__(self, folder, service, cases, kb=USUAL, filled_to=0):
        import make_cases
        self.service, self.cases = service, cases
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="stock-", dir=folder))
        self.runs = 0
        self.results = self.top / "results"
        self.results.mkdir()
        drawings = {field: [filled(one, filled_to * 1000) for one in drawn] for field, drawn in drawn_for(service, kb).items()}
        with make_cases.Spool(self.top) as spool:
            for number in range(cases):
                spool.folder(service, f"N-{number:06}", {
                    f"{field}.jpg": make_cases.make_images.jpeg_comment(drawn[(number + offset) % len(drawn)], f"{number} {field}")
                    for offset, (field, drawn) in enumerate(drawings.items())})
        self.folder = self.top / "inbox" / service
        os.sync()  # the producer's writes are not what is measured

    def put(self, world):
        os.rename(self.folder, world.inbox / self.service)

    def take_back(self, world):
        os.rename(world.outbox / self.service, self.folder)
        # Not removed, for what bench.workplace() says.
        for case in os.scandir(self.folder):
            os.rename(case.path + "/result.json", self.results / f"{self.runs}-{case.name}")

    def world(self, api, **settings):
        """A new spool that holds all cases, configured for this API; take_back() is the caller's."""
        import world
        here = world.World(self.top / f"run-{self.runs}")
        self.runs += 1
        changes = {**SETTINGS, **settings}
        here.configure(**{**changes, "api": {"base_url": api.base_url, "ca_file": str(api.ca_file), "timeouts": None,
                                             **changes.get("api", {})}})
        self.put(here)
        return here

    def once(self, api, core=None, **settings):
        """`kycd run --once` over all cases."""
        here = self.world(api, **settings)
        done = cost([here.program, "run", "--once", "--json", "--config", str(here.config_file)], core, here.env, range(256))
        summary = json.loads(done.told) if done.told else {}
        if summary.get("delivered") != self.cases:
            sys.exit(f"bench: {self.cases} cases, and kycd says {done.told}")
        self.take_back(here)
        here.close()
        shutil.rmtree(here.root)
        return Passage(done, summary)
