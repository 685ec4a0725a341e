"""When kycd asks for a task: by what it has learnt of the service's answers, and as the server says."""

import json
from datetime import datetime

from conftest import wait_for
from receipts import NOT_YET


def polls_of(world, cases):
    return [world.result(case)["task"]["polls"] for case in cases]


def show(world, case):
    return json.loads(world.kycd("show", "--json", "--config", str(world.config_file), case).out)["lives"][-1]


def poll_times(world, case):
    return [datetime.fromisoformat(each["at"].replace("Z", "+00:00")).timestamp()
            for each in show(world, case)["events"] if each["kind"] == "polled"]


def test_a_later_run_polls_when_an_earlier_one_saw_the_answers_come(world):
    world.configure(poll=None)
    world.sandbox.settings(answer_after="6s")
    first = [f"A-{n}" for n in range(40)]
    for case in first:
        world.drop_case(case)
    assert world.run_once().code == 0
    later = [f"B-{n}" for n in range(20)]
    for case in later:
        world.drop_case(case)
    assert world.run_once().code == 0
    # 0.5 s x 1.6 asks five times in 6 s, and four times when three of these seconds are lost.
    assert sum(polls_of(world, first)) >= 3 * len(first)
    assert sum(polls_of(world, later)) <= 2.5 * len(later)


def test_a_retry_after_on_a_poll_wins(world):
    world.configure(poll=None)
    world.sandbox.rules({"name": "pending", "match": {"call": "poll", "first": 1},
                         "do": {"status": 200, "json": {"state": "PENDING"}, "headers": {"Retry-After": 4}}})
    world.drop_case("A-1")
    daemon = world.start_daemon()
    world.wait_delivered("A-1", timeout=30)
    wait_for(lambda: len(poll_times(world, "A-1")) == 2, "both polls in the ledger")
    assert daemon.stop() == 0
    first, second = poll_times(world, "A-1")
    assert second - first >= 3.9


def test_polls_that_bring_the_same_are_noted_together(world):
    world.configure(poll={"first": "200ms", "min": "200ms", "max": "200ms", "jitter": 0})
    started = {"status": 200, "json": {"status": "STARTED", "result": None}}
    world.sandbox.rules({**NOT_YET, "match": {"call": "poll", "first": 6}},
                        {"name": "started", "match": {"call": "poll", "first": 12}, "do": started})
    world.drop_case("A-1")
    assert world.run_once().code == 0
    polls = [each for each in show(world, "A-1")["events"] if each["kind"] == "polled"]
    told = [each["detail"] for each in polls]
    assert told[0] == "HTTP 200, PENDING" and told[-1] == "HTTP 200, SUCCESS"
    assert all(told.count(detail) <= 2 for detail in told), "its first, and how often it came again"
    assert sum(each["times"] for each in polls) == world.result("A-1")["task"]["polls"] > len(polls)
    text = world.kycd("show", "--config", str(world.config_file), "A-1").out
    assert f"{world.result('A-1')['task']['polls']} times, the last: HTTP 200, SUCCESS" in text


def test_the_last_polls_of_a_case_that_fails_are_noted_too(world):
    world.drop_case("A-1", answer="garbage")
    assert world.run_once().code == 1
    assert world.error("A-1")["code"] == "REPLY_NOT_UNDERSTOOD"
    polls = [each for each in show(world, "A-1")["events"] if each["kind"] == "polled"]
    assert sum(each["times"] for each in polls) == sum(world.sandbox.stats()["polls_per_task"].values()) == 3


def test_why_knows_the_plan(world):
    world.configure(poll=None)
    world.sandbox.settings(answer_after="2s")
    for n in range(40):
        world.drop_case(f"A-{n}")
    assert world.run_once().code == 0
    world.sandbox.settings(answer_after="1h")
    world.drop_case("B-1")
    daemon = world.start_daemon()
    wait_for(lambda: len(world.bill()) == 41, "the submission")
    daemon.wait_for_log(" submitted ")
    why = json.loads(world.kycd("why", "--json", "--config", str(world.config_file), "face_liveness/B-1").out)
    daemon.stop()
    assert why["reason"] == "waiting_for_answer" and "asked again in about" in why["next"]
