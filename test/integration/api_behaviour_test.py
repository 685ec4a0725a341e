"""Every row of the retry rules, as they are compiled into kycd, against a sandbox that answers just so.

What each row promises is checked at the folders and at the bill: nothing lost, nothing paid twice but what the row calls
an unknown outcome.
"""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest
from conftest import ROOT, wait_for

RULES = json.loads(subprocess.run([os.environ["KYCD_RULES"], "--json"], capture_output=True, check=True).stdout)

TEN_MEGABYTES = "9MB"  # over the 8 MiB that are read of a reply


def rule(match, **action):
    return {"name": "rule", "match": match, "do": action}


def name_of(row):
    what = (f"{row['first']}-{row['last']}" if row["last"] else "other") if "first" in row else row["problem"] or "other"
    return f"{row['phase']}-{what}-{row.get('when') or row.get('sent') or 'always'}".replace(" ", "_")


def statuses_of(row):
    """One that the row decides: not one of an earlier row."""
    if row["last"] == 0:
        return 226 if row["phase"] != "token" else 418
    earlier = [each for each in RULES["statuses"] if each["phase"] == row["phase"]]
    earlier = [each for each in earlier[:earlier.index(row)] if each["when"] != "page"]
    for status in range(row["first"], row["last"] + 1):
        if not any(each["first"] <= status <= each["last"] for each in earlier):
            return status
    raise AssertionError(f"no status comes to {row}")


def check_bill(world, billed, case="A-1"):
    bill = world.bill()
    assert len(bill) == billed, bill
    return bill


def check_failed(world, code, stage, billed, status=None):
    run = world.run_once()
    assert run.code == 1, run
    error = world.error("A-1")
    assert (error["stage"], error["code"]) == (stage, code), error
    if status is not None:
        assert error["http_status"] == status
    assert world.cases("outbox") == set() and error["attempts"] == 1
    check_bill(world, billed)
    assert world.sandbox.stats()["requests"]["submit"] == 1, "a final answer was not taken for one"
    return run


def check_delivered(world, billed, attempts):
    run = world.run_once()
    assert run.code == 0, run
    assert world.result("A-1")["task"]["attempts"] == attempts
    assert world.cases("failed") == set()
    check_bill(world, billed)
    return run


# Rows that the sandbox cannot bring about, and why. Each is held by test/unit/core/retry_rules_test.cpp.
NOT_FROM_OUTSIDE = {
    "submit-500-599-always": "what a loopback socket takes counts as sent: see the test of nginx's 413",
    "poll-404-404-always": "takes longer than fresh_task_age: see the slow test",
    "poll-404-404-page": "the same",
}


def status_cases():
    for row in RULES["statuses"]:
        name = name_of(row)
        if name not in NOT_FROM_OUTSIDE:
            yield pytest.param(row, id=name)


@pytest.mark.parametrize("row", status_cases())
def test_a_reply(world, row):
    status = statuses_of(row)
    call = {"submit": "submit", "poll": "poll", "token": "obtain"}[row["phase"]]
    world.drop_case("A-1")
    if row["action"] == "accept":
        # The true reply is a 200: the first status of each such row.
        assert status == 200
        check_delivered(world, billed=1, attempts=1)
        return
    answer = {"status": status, "json": {"detail": "as the test wants it"}}
    if row["when"] == "page":
        answer = {"status": status, "html": "<h1>as the test wants it</h1>"}
    if row["action"] == "fail":
        world.sandbox.rules(rule({"call": call}, **answer))
        check_failed(world, row["code"], row["phase"], billed=0 if call == "submit" else 1, status=status)
    elif row["action"] == "unknown_outcome" and row["hold"]:
        world.sandbox.rules(rule({"call": call}, **answer, accept=True))
        check_failed(world, row["code"], row["phase"], billed=1, status=status)
    elif row["action"] == "unknown_outcome":
        world.sandbox.rules(rule({"call": call, "first": 1}, **answer, accept=True))
        run = check_delivered(world, billed=2, attempts=2)
        assert run.summary["unknown_outcomes"] == 1
        assert [line["reply_lost"] for line in world.bill()] == [True, False]
    elif row["action"] == "pause":
        world.sandbox.rules(rule({"call": call}, **answer))
        world.configure(once={"patience": "3s"})
        run = world.run_once()
        assert run.code == 77, run
        assert run.log.count(" error ") == 1, "one alarm"
        # Taken or not, the case is still there and was never sent.
        assert world.bill() == [] and world.cases("failed") == set() and world.cases("outbox") == set()
        assert any("A-1" in path for path in world.tree())
    else:
        assert row["action"] in ("retry", "not_yet", "renew_token")
        world.sandbox.rules(rule({"call": call, "first": 1}, **answer))
        check_delivered(world, billed=1, attempts=1)
        stats = world.sandbox.stats()
        assert stats["requests"][call] >= 2 and world.sandbox.fired("rule") == 1
        if row["action"] == "renew_token":
            assert stats["requests"].get("refresh", 0) == 1 and stats["requests"]["obtain"] == 1


slow = pytest.mark.skipif("KYCD_SLOW_TESTS" not in os.environ, reason="takes over a minute: so long a task is young")


@slow
def test_a_task_that_is_not_there_after_its_youth_is_lost(world):
    """poll-404-404-always"""
    world.sandbox.rules(rule({"call": "poll"}, status=404, json={"detail": "Not found."}))
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log(" submitted ")
    began = time.monotonic()
    assert world.wait_failed("A-1", timeout=120)["code"] == "TASK_LOST"
    assert time.monotonic() - began >= 59
    assert daemon.stop() == 0 and len(world.bill()) == 1


@slow
def test_a_page_that_is_not_there_is_no_word_about_the_task(world):
    """poll-404-404-page: a paid task does not end by a path that a proxy does not know for a while."""
    world.sandbox.rules(rule({"call": "poll"}, status=404, html="<h1>404 Not Found</h1><hr>nginx"))
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log(" submitted ")
    began = time.monotonic()
    wait_for(lambda: time.monotonic() - began > 62, "the end of the task's youth", timeout=120)
    polls = world.sandbox.fired("rule")
    wait_for(lambda: world.sandbox.fired("rule") > polls + 1, "two more polls", timeout=120)
    assert world.cases("failed") == set()
    world.sandbox.rules()
    world.wait_delivered("A-1", timeout=60)
    assert daemon.stop() == 0 and len(world.bill()) == 1


@slow
def test_a_task_that_breaks_after_its_youth_is_the_host_s_trouble(world):
    """poll-500-599-always"""
    world.sandbox.rules(rule({"call": "poll"}, status=500))
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log(" submitted ")
    began = time.monotonic()
    daemon.wait_for_log("the API is down", timeout=120)
    assert time.monotonic() - began >= 59
    world.sandbox.rules()
    world.wait_delivered("A-1")
    assert daemon.stop() == 0 and len(world.bill()) == 1


# What has no usable reply: by (problem, how much of the request was sent)


TROUBLE = {
    ("token", "cancelled", ""): None,
    ("token", "the reply is too large", ""): {"call": "obtain", "first": 1, "do": {"huge": TEN_MEGABYTES}},
    ("token", "", ""): {"call": "obtain", "first": 1, "do": {"drop": "after_body"}},
    ("submit", "the reply is too large", "all"): {"call": "submit", "do": {"huge": TEN_MEGABYTES, "accept": True}},
    ("submit", "", "all"): {"call": "submit", "first": 1, "do": {"drop": "after_body", "accept": True}},
    ("submit", "", ""): {"call": "submit", "first": 1, "do": {"drop": "before_body"}},
    ("poll", "the reply is too large", ""): {"call": "poll", "do": {"huge": TEN_MEGABYTES}},
    ("poll", "", ""): {"call": "poll", "first": 1, "do": {"cut": True}},
}


def transport_cases():
    for row in RULES["transport"]:
        if row["problem"] != "cancelled":  # see the stop below
            yield pytest.param(row, id=name_of(row))


@pytest.mark.parametrize("row", transport_cases())
def test_no_usable_reply(world, row):
    plan = TROUBLE[(row["phase"], row["problem"], row["sent"])]
    match = {key: plan[key] for key in ("call", "first") if key in plan}
    world.sandbox.rules(rule(match, **plan["do"]))
    world.drop_case("A-1")
    if row["action"] == "fail" or row["hold"]:
        check_failed(world, row["code"], row["phase"], billed=1)
    elif row["action"] == "unknown_outcome":
        run = check_delivered(world, billed=2, attempts=2)
        assert run.summary["unknown_outcomes"] == 1
    elif (row["phase"], row["sent"]) == ("submit", ""):
        # Where the connection breaks while the little there is was handed over already, the outcome is unknown.
        run = world.run_once()
        assert run.code == 0 and len(world.bill()) == 1, run
    else:
        check_delivered(world, billed=1, attempts=1)
        assert world.sandbox.stats()["requests"][plan["call"]] >= 2


@pytest.mark.parametrize("call", ["obtain", "submit", "poll"])
def test_a_stop_in_the_middle_of_a_call(world, call):
    """The cancelled rows: what was sent is waited for, the rest goes on at the next start, and nothing is paid twice."""
    world.sandbox.rules(rule({"call": call, "first": 1}, delay="1s"))
    world.drop_case("A-1")
    daemon = world.start_daemon()
    wait_for(lambda: world.sandbox.stats()["requests"].get(call, 0) >= 1, f"the first {call}")
    assert daemon.stop(signal.SIGTERM) == 0
    world.sandbox.rules()
    check_delivered(world, billed=1, attempts=1)


# The manual


def test_the_manual_shows_the_rules_as_they_are():
    table = subprocess.run([os.environ["KYCD_RULES"], "--table"], capture_output=True, check=True, text=True).stdout
    manual = (pathlib.Path(ROOT) / "docs/api-behaviour.md").read_text()
    begin, end = "<!-- rules: begin -->\n", "<!-- rules: end -->"
    assert begin in manual and end in manual
    shown = manual.split(begin)[1].split(end)[0]
    assert shown == table, "run scripts/write-rules"


def test_every_row_is_tried_or_has_a_reason_why_not():
    tried = {case.id for case in status_cases()}
    for row in RULES["statuses"]:
        assert name_of(row) in tried or name_of(row) in NOT_FROM_OUTSIDE, row
    for row in RULES["transport"]:
        assert (row["phase"], row["problem"], row["sent"]) in TROUBLE or row["problem"] == "cancelled", row
