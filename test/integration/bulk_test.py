"""Many cases in one run: all delivered, each paid once, over few connections.

KYCD_BULK_COUNT cases (200) of three JPEGs of KYCD_BULK_KB kB each (some 40 when unset). The full measure by hand:

  KYCD=… KYCD_SANDBOX=… KYCD_BULK_COUNT=1000 KYCD_BULK_KB=150-500 /usr/bin/python3 -m pytest -q -s bulk_test.py
"""

import os
import time

import make_cases
from conftest import IMAGES, picture, sha256

COUNT = int(os.environ.get("KYCD_BULK_COUNT", "200"))
SIZES = os.environ.get("KYCD_BULK_KB")


def fill_inbox(world):
    if SIZES:
        low, high = (int(part) * 1000 for part in SIZES.split("-"))
        make_cases.bulk(world.spool, COUNT, "kyc_card", low, high)
        return [f"N-{number:06}" for number in range(1, COUNT + 1)]
    names = [f"N-{number:06}" for number in range(COUNT)]
    for name in names:
        world.drop_folder("kyc_card", name, {f"{field}.jpg": picture(field, name) for field in IMAGES["kyc_card"]})
    return names


def test_a_night_s_bulk_is_delivered_whole_and_paid_once(world):
    world.configure(log={"level": "info"}, limits={"uploads": 16, "polls": 32})
    names = fill_inbox(world)
    began = time.monotonic()
    run = world.run_once(timeout=600)
    took = time.monotonic() - began
    assert run.code == 0, run
    print(f"{COUNT} cases in {took:.1f} s: {COUNT / took:.0f} a second; {run.out.strip()}")

    bill = world.bill()
    stats = world.sandbox.stats()
    assert len(bill) == COUNT and stats["duplicates"] == 0 and stats["unauthorized"] == 0
    assert world.cases("outbox") == {f"kyc_card/{name}" for name in names}
    assert world.cases("inbox") == world.cases("work") == world.cases("failed") == set()
    assert run.summary["verdicts"] == {"pass": COUNT} and run.summary["submissions"] == COUNT

    assert stats["tls_handshakes"] <= 16 + 32 + 1
    assert stats["max_concurrent"]["submit"] <= 16 and stats["max_concurrent"]["poll"] <= 32
    assert stats["obtains"] == 1
    assert run.summary["loop"]["turns"] > COUNT and run.summary["loop"]["longest_us"] > 0

    by_task = {line["task"]: [file["sha256"] for file in line["files"]] for line in bill}
    for name in names:
        result = world.result(name, "kyc_card")
        sums = [sha256((world.outbox / "kyc_card" / name / file["name"]).read_bytes()) for file in result["files"]]
        assert sums == [file["sha256"] for file in result["files"]] == by_task.pop(result["task"]["id"])
    assert by_task == {}


def test_a_bulk_over_a_bad_line_is_delivered_whole_too(world):
    """A tenth of the calls that cost nothing goes wrong, and now and then the API is busy."""
    count = min(COUNT, 60)
    world.sandbox.rules(
        {"name": "busy", "match": {"call": "submit", "every": 9}, "do": {"status": 503}},
        {"name": "bad gateway", "match": {"call": "poll", "every": 10}, "do": {"status": 502}},
        {"name": "dropped", "match": {"call": "poll", "every": 7}, "do": {"drop": "after_body"}})
    for number in range(count):
        world.drop_case(f"A-{number:03}")
    run = world.run_once(timeout=120)
    assert run.code == 0, run
    assert len(world.bill()) == count and world.sandbox.stats()["duplicates"] == 0
    assert run.summary["verdicts"] == {"pass": count}
