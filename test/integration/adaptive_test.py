"""kycd goes as fast as the API allows. The figures themselves are held on a virtual clock (test/simulation)."""

import time

from conftest import wait_for

ALLOWED = 20  # requests a second: far below what the slowest machine can do


def counted(world):
    """Now, the uploads and polls that got through, and the calls that were refused."""
    stats = world.sandbox.stats()
    refused = next(each["fired"] for each in stats["rules"] if each["name"] == "busy")
    calls = stats["requests"].get("submit", 0) + stats["requests"].get("poll", 0)
    return time.monotonic(), calls - refused, refused


def test_calls_settle_at_what_the_api_allows_and_few_are_refused(world):
    world.sandbox.rules({"name": "busy", "match": {}, "do": {"throttle": f"{ALLOWED}/s"}}, answer_after="500ms")
    world.configure(poll={"first": "600ms", "min": "500ms", "max": "2s"}, retry={"base": "500ms", "max": "60s"})
    for number in range(16 * ALLOWED // 2):
        world.drop_case(f"A-{number:03}")
    daemon = world.start_daemon()
    daemon.wait_for_log("they go at about", timeout=20)
    wait_for(lambda: counted(world)[1] >= 3 * ALLOWED, "the first calls of the pace", timeout=20)
    began, through_before, refused_before = counted(world)
    wait_for(lambda: counted(world)[0] >= began + 8, "eight seconds of it", timeout=20)
    ended, through, refused = counted(world)
    assert daemon.stop() == 0
    a_second = (through - through_before) / (ended - began)
    share = (refused - refused_before) / max(1, refused - refused_before + through - through_before)
    print(f"{a_second:.1f} of {ALLOWED} a second, {share:.1%} refused")
    assert 0.7 * ALLOWED <= a_second <= 1.1 * ALLOWED  # one rest of a second may fall into the eight
    assert share < 0.05
    assert daemon.log().count("they go at about") == 1
    assert world.cases("failed") == set()
