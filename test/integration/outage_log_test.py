"""An outage is a line when it begins and a line with a count when it is over, however many cases meet it."""

import json
import os
import re

import pytest
from conftest import wait_for

CASES = 40
PRELOAD = os.environ.get("KYCD_PRELOAD")


def lines(daemon, level):
    return [line for line in daemon.log().splitlines() if f" {level} " in line]


def drop_many(world):
    for number in range(CASES):
        world.drop_case(f"A-{number}")


@pytest.fixture
def quiet_world(world):
    world.configure(log={"level": "info"}, retry={"base": "50ms", "max": "100ms", "attempts": 100})
    return world


def fail_now_and_then(world, trouble):
    """The warnings of a run in which every third upload meets that, and how many did."""
    world.sandbox.rules({"name": "now and then", "match": {"call": "submit", "every": 3}, "do": trouble})
    daemon = world.start_daemon()
    drop_many(world)
    wait_for(lambda: len(world.cases("outbox")) == CASES if world.outbox.exists() else False, "all answers", 60)
    fired = world.sandbox.fired("now and then")
    assert fired > 10
    assert daemon.stop() == 0
    return lines(daemon, "warning"), fired


def are_changes_of_state(told):
    """The host is down, or paced."""
    return all(re.search("the API is down|calls that come too fast", line) for line in told)


def test_uploads_that_fail_now_and_then_are_one_line_and_a_count(quiet_world):
    words = "not submitted: submit of face_liveness: HTTP 503"
    told, fired = fail_now_and_then(quiet_world, {"status": 503})
    begun = [line for line in told if f"warning {words}" in line]
    assert len(begun) == 1 and " case=face_liveness/A-" in begun[0] and " attempt=" in begun[0]
    over = [line for line in told if re.search(rf"warning met \d+ times within \S+: {words}", line)]
    assert len(over) == 1 and f"times={fired}" in over[0]
    assert are_changes_of_state([line for line in told if line not in begun + over])


@pytest.mark.parametrize("trouble, words", [({"status": 502}, "HTTP 502"), ({"drop": "after_body"}, "connection lost")])
def test_each_upload_that_may_have_been_paid_for_nothing_has_its_line(quiet_world, trouble, words):
    told, fired = fail_now_and_then(quiet_world, trouble)
    unknown = [line for line in told if f"warning submitted with unknown outcome: submit of face_liveness: {words}" in line]
    assert len(unknown) == fired and all(" case=face_liveness/A-" in line and " attempt=" in line for line in unknown)
    assert are_changes_of_state([line for line in told if line not in unknown])


def test_an_api_that_is_down_is_one_line(quiet_world):
    world = quiet_world
    world.sandbox.settings(answer_after="60s")
    daemon = world.start_daemon()
    drop_many(world)
    # Not as the bill has it: a reply that is still on its way when the API ends is an unknown outcome, and a line.
    wait_for(lambda: daemon.log().count("info submitted") == CASES, "all receipts", 30)
    world.sandbox.stop()
    daemon.wait_for_log("the API is down")
    probes = wait_for(lambda: "the API is down" in world.kycd("status", "--config", str(world.config_file)).out, "the state")
    assert probes and daemon.stop() == 0
    assert len(lines(daemon, "warning")) == 1 and lines(daemon, "error") == []


def test_a_service_that_is_refused_says_so_once(quiet_world):
    world = quiet_world
    world.sandbox.rules({"name": "no", "match": {"call": "submit"}, "do": {"status": 403, "json": {"detail": "no"}}})
    daemon = world.start_daemon()
    drop_many(world)
    daemon.wait_for_log("face_liveness is paused")
    wait_for(lambda: "takes no cases" in world.kycd("status", "--config", str(world.config_file)).out, "the state")
    assert daemon.stop() == 0
    told = lines(daemon, "warning")
    failed = world.cases("failed")
    assert len(failed) < CASES
    assert len([line for line in told if "is paused" in line]) == 1
    assert len(told) == 1 + len(failed), "and a line for each case that ended by it"


def test_credentials_that_are_refused_are_one_line(quiet_world):
    world = quiet_world
    world.sandbox.rules({"name": "no", "match": {"call": "obtain"}, "do": {"refuse_login": True}})
    daemon = world.start_daemon()
    drop_many(world)
    daemon.wait_for_log("No active account")
    assert daemon.stop() == 0
    assert len(lines(daemon, "error")) == 1 and lines(daemon, "warning") == []


@pytest.mark.skipif(not PRELOAD, reason="KYCD_PRELOAD names no kycd-preload.so (builds with a sanitizer have none)")
def test_cases_that_may_not_be_taken_are_one_line(quiet_world):
    world = quiet_world
    for number in range(5):
        world.drop_case(f"A-{number}")
    met = world.root / "met"
    daemon = world.start_daemon(env={**world.env, "LD_PRELOAD": PRELOAD, "KYCD_PRELOAD_ROOT": str(world.inbox.resolve()),
                                     "KYCD_INJECT": "rename:EACCES:1:0", "KYCD_INJECT_LOG": str(met)})
    wait_for(lambda: met.exists() and len(set(met.read_text().splitlines())) == 5, "five refusals")
    daemon.wait_for_log("waiting: ")

    def told_of():
        states = json.loads(world.kycd("status", "--json", "--config", str(world.config_file)).out)["daemon"]["states"]
        return [(each["state"], each["cases"]) for each in states] == [("not_ready", 5)]

    wait_for(told_of, "kycd to have heard of all five")
    assert daemon.stop() == 0
    told = lines(daemon, "warning")
    assert len(told) == 2 and " case=face_liveness/A-" in told[0]
    assert re.search(r"warning met 5 times within \S+: no permission to take cases of face_liveness", told[1])
