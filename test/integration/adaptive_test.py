"""kycd goes as fast as the API allows. The figures themselves are held on a virtual clock (test/simulation)."""

import time

import pytest
from conftest import wait_for
from peers import Nginx

ALLOWED = 20  # requests a second: far below what the slowest machine can do


def counted(world):
    """The time before and after, the uploads and polls that got through, and the calls that were refused."""
    asked = time.monotonic()
    stats = world.sandbox.stats()
    refused = next(each["fired"] for each in stats["rules"] if each["name"] == "busy")
    calls = stats["requests"].get("submit", 0) + stats["requests"].get("poll", 0)
    return (asked, time.monotonic()), calls - refused, refused


def test_calls_settle_at_what_the_api_allows_and_few_are_refused(world):
    world.sandbox.rules({"name": "busy", "match": {}, "do": {"throttle": f"{ALLOWED}/s"}}, answer_after="500ms")
    world.configure(poll={"first": "600ms", "min": "500ms", "max": "2s"}, retry={"base": "500ms", "max": "60s"})
    for number in range(16 * ALLOWED // 2):
        world.drop_case(f"A-{number:03}")
    daemon = world.start_daemon()
    daemon.wait_for_log("they go at about", timeout=20)
    wait_for(lambda: counted(world)[1] >= 3 * ALLOWED, "the first calls of the pace", timeout=20)
    began, through_before, refused_before = counted(world)
    wait_for(lambda: time.monotonic() >= began[1] + 8, "eight seconds of it", timeout=20)
    ended, through, refused = counted(world)
    assert daemon.stop() == 0
    # A test that is held up between a count and a look at the clock is neither more nor less than was counted.
    high, low = ((through - through_before) / time_ for time_ in (ended[0] - began[1], ended[1] - began[0]))
    share = (refused - refused_before) / max(1, refused - refused_before + through - through_before)
    print(f"{low:.1f} of {ALLOWED} a second, {share:.1%} refused")
    # What it reaches is held by the simulation; here, on a machine that may be busy, that the two are wired up: without a
    # pace over a third is refused.
    assert 0.4 * ALLOWED <= high and low <= 1.1 * ALLOWED
    assert share < 0.15
    assert daemon.log().count("they go at about") == 1
    assert world.cases("failed") == set()


def drop(world, count):
    names = [f"A-{number:03}" for number in range(count)]
    for name in names:
        world.drop_case(name)
    return names


def wait_for_all(world, names, timeout):
    wait_for(lambda: len(world.cases("outbox")) + len(world.cases("failed")) == len(names), "all cases to come out", timeout)
    assert world.cases("failed") == set()


def repeated(world, names):
    """Attempts beyond the first, over all cases."""
    return sum(world.result(name)["task"]["attempts"] - 1 for name in names)


@pytest.mark.parametrize("says_when", [True, False], ids=["with Retry-After", "without"])
def test_a_limiter_costs_no_case_an_attempt(world, says_when):
    """Default pauses. What is refused is mostly the first volley, which nobody could have known to be too much."""
    do = {"throttle": f"{ALLOWED}/s", **({} if says_when else {"retry_after": False})}
    world.sandbox.rules({"name": "busy", "match": {}, "do": do}, answer_after="500ms")
    world.configure(poll={"first": "600ms", "min": "500ms", "max": "2s"}, retry=None)
    names = drop(world, 60)
    daemon = world.start_daemon()
    wait_for_all(world, names, 90)
    assert daemon.stop() == 0
    _, through, refused = counted(world)
    assert len(world.bill()) == 60 and repeated(world, names) == 0
    assert refused < 0.25 * (refused + through), f"{refused} of {refused + through} refused"
    assert "is down" not in daemon.log()


def test_a_limiter_that_answers_503_is_found_out_and_costs_no_case(world):
    """nginx' default. To a caller that takes them for an outage, most calls are 503s and cases end."""
    nginx = Nginx(world.root / "nginx", world.sandbox, "limit_req_zone $server_name zone=all:1m rate=5r/s;",
                  "limit_req zone=all burst=2 nodelay;").start()
    try:
        world.sandbox.settings(answer_after="500ms")
        world.configure(api={"base_url": nginx.base_url}, poll={"first": "600ms", "min": "500ms", "max": "2s"},
                        retry={"attempts": 3, "base": "500ms", "max": "60s"})
        names = drop(world, 40)
        daemon = world.start_daemon()
        wait_for_all(world, names, 120)
        assert daemon.stop() == 0
        refused, through = nginx.answers(503), nginx.answers(200)
    finally:
        nginx.stop()
    assert len(world.bill()) == 40
    assert repeated(world, names) <= 5  # before it was known for a limiter's: one or two, more where all stand still
    assert refused < 0.5 * (refused + through), f"{refused} of {refused + through} refused"
    assert daemon.log().count("is down") <= 5


def test_a_limit_that_was_told_before_a_restart_costs_one_refusal(world):
    """All are to rest for ten minutes; a new process knows nothing of that, and asks once."""
    world.sandbox.rules({"name": "rest", "match": {"call": "submit"}, "do": {"status": 429, "headers": {"Retry-After": 600}}})
    world.configure(poll=None, retry=None)
    drop(world, 12)
    for starts in (1, 2):
        daemon = world.start_daemon()
        wait_for(lambda least=starts: world.sandbox.fired("rest") >= least, "a refusal", 20)
        daemon.wait_for_log("not submitted")
        assert daemon.stop() == 0
        assert world.sandbox.fired("rest") == starts
    assert world.bill() == [] and world.cases("failed") == set()


def test_an_outage_spends_no_attempts_and_ends_for_all(bare_world):
    """Only uploads that were under way when the API died are sent again: nobody knows what came of them."""
    world = bare_world
    world.start_sandbox("--keep-tasks")
    port = world.sandbox.port
    world.configure(poll=None, retry=None)
    world.sandbox.rules({"name": "latency", "match": {"call": "submit"}, "do": {"delay": "100ms"}})
    names = drop(world, 120)
    daemon = world.start_daemon()
    wait_for(lambda: world.outbox.exists() and len(world.cases("outbox")) >= 10, "ten cases", 30)
    world.sandbox.process.kill()
    world.sandbox.process.wait()
    daemon.wait_for_log("the API is down")
    before = daemon.log().count("unknown outcome")
    world.start_sandbox("--keep-tasks", "--listen", f"127.0.0.1:{port}")
    wait_for_all(world, names, 90)
    assert daemon.stop() == 0
    log = daemon.log()
    assert log.count("the API is down") == log.count("the API answers again") == 1
    unknown = log.count("unknown outcome")
    assert before <= unknown <= 16
    assert repeated(world, names) == unknown
    assert 120 <= len(world.bill()) <= 120 + unknown
