"""A call that is paid for is not thrown away: whatever has come between a case and its service, its task is asked for, and only
what would have to be sent once more is refused."""

import contextlib
import os
import signal
import sqlite3

import pytest
from receipts import NOT_YET, receipts_of
from reverify_test import balance, deliver, drop_ticket, history, wait_report
from world import case_files, wait_for

BREAKABLE = os.environ["KYCD_BREAKABLE"]
SERVICE = "face_liveness"
DESK = {"desk_card": {"path": "ocr_card/", "images": ["front_id", "back_id"]}}
FAILS = {"name": "fails", "match": {"call": "submit"}, "do": {"task_answer": "failure"}}


@pytest.fixture
def paid(world):
    world.program = BREAKABLE
    world.start_sandbox()
    world.configure()
    return world


def kill_with_receipts(world, drop, cases=1, lane="live", rules=()):
    """What `drop` brings is paid for and has no answer when kycd is killed."""
    world.sandbox.rules(NOT_YET, *rules)
    daemon = world.start_daemon()
    drop()
    wait_for(lambda: receipts_of(world, lane) == cases, "the receipts, on disk", 30)
    daemon.stop(signal.SIGKILL)
    world.sandbox.rules(*rules)


def blame(world, line, times):
    """As if kycd had broken down so often at that case."""
    with open(world.work / ".crashes", "a") as notes:
        notes.write(f"{line}\n" * times)


def start_at(world, rule):
    return world.start("run", "--config", str(world.config_file), env={**world.env, "KYCD_FAULT_AT": rule})


def crash_at(world, rule):
    assert start_at(world, rule).wait(60) == -signal.SIGABRT


# The service has left the configuration

def test_tasks_of_a_service_that_is_configured_no_more_are_answered(paid):
    paid.configure(services=DESK)
    kill_with_receipts(paid, lambda: [paid.drop_folder("desk_card", name, case_files("ocr_card", name, answer))
                                      for name, answer in (("A-1", None), ("A-2", "expired"))], 2)
    paid.configure()
    daemon = paid.start_daemon()
    assert paid.wait_delivered("A-1", "desk_card", timeout=30)["verdict"] == "pass"
    said = paid.wait_delivered("A-2", "desk_card", timeout=30)
    assert said["verdict"] == "fail" and said["service"] == "desk_card" and said["document"]["type"] == "card"
    assert said["checks"] == {"document_valid": True, "document_expired": True}
    assert [each["field"] for each in said["files"]] == ["front_id", "back_id"]
    assert daemon.stop() == 0
    assert len(paid.bill()) == 2 and paid.cases("work") == set()


def test_a_failed_task_of_such_a_service_is_not_sent_again(paid):
    paid.configure(services=DESK)
    kill_with_receipts(paid, lambda: paid.drop_folder("desk_card", "A-1", case_files("ocr_card", "A-1")), rules=[FAILS])
    paid.configure()
    assert paid.run_once().code == 1
    error = paid.error("A-1", "desk_card")
    assert error["code"] == "UNKNOWN_SERVICE" and error["attempts"] == 1 and len(error["files"]) == 2
    assert len(paid.bill()) == 1


def test_what_was_never_sent_to_such_a_service_is_refused(paid):
    paid.configure(services=DESK)
    paid.drop_folder("desk_card", "A-1", case_files("ocr_card", "A-1"))
    assert paid.run_once(env={**paid.env, "KYCD_FAULT_AT": "prepare.loaded=kill"}).code == -signal.SIGKILL
    paid.configure()
    assert paid.run_once().code == 1
    assert paid.error("A-1", "desk_card")["code"] == "UNKNOWN_SERVICE" and paid.bill() == []


def test_a_ticket_s_tasks_of_such_a_service_are_answered_and_the_rest_is_not_sent(paid):
    paid.configure(services=DESK)
    for name in ("A-1", "A-2"):
        paid.drop_folder("desk_card", name, case_files("ocr_card", name))
    assert paid.run_once().code == 0
    kill_with_receipts(paid, lambda: drop_ticket(paid, "night", "window: always\norder: name\nservice: desk_card\nrate: 0.001\n"),
                       lane="bulk")
    paid.configure()
    daemon = paid.start_daemon()
    said = wait_report(paid, "night", 60)
    assert balance(said) == [1, 0, 0, 1, 0] and said["calls"]["paid"] == 1
    assert ["no service called desk_card" in each["why"] for each in said["cases"] if each["case"] == "A-2"] == [True]
    assert daemon.stop() == 0
    assert paid.result("A-1", "desk_card")["lane"] == "bulk" and len(paid.bill()) == 3


# kycd broke down at the case

def test_a_task_is_asked_for_though_kycd_broke_down_at_the_case_before(paid):
    kill_with_receipts(paid, lambda: paid.drop_case("A-1"))
    blame(paid, f"{SERVICE}/A-1", 2)
    assert paid.run_once().code == 0
    assert paid.result("A-1")["verdict"] == "pass" and len(paid.bill()) == 1
    assert (paid.work / ".crashes").read_text() == ""


def test_when_that_task_fails_the_case_is_not_sent_again(paid):
    kill_with_receipts(paid, lambda: paid.drop_case("A-1"), rules=[FAILS])
    blame(paid, f"{SERVICE}/A-1", 2)
    assert paid.run_once().code == 1
    error = paid.error("A-1")
    assert error["code"] == "RETRIES_EXHAUSTED" and "broke down 2 times" in error["message"] and error["attempts"] == 1
    assert len(paid.bill()) == 1


def test_a_crash_before_the_upload_and_one_at_the_answer_convict_nobody(paid):
    paid.drop_case("A-1")
    for step in ("prepare.loaded", "answer.read"):
        assert paid.run_once(env={**paid.env, "KYCD_FAULT_AT": f"{step}=abort"}).code == -signal.SIGABRT
    assert paid.run_once().code == 0
    assert paid.result("A-1")["verdict"] == "pass" and len(paid.bill()) == 1


@pytest.mark.parametrize("step", ["answer.read", "write.temporary_written"])
def test_a_case_that_breaks_kycd_at_its_answer_twice_ends_with_the_task_it_was_paid_as(paid, step):
    kill_with_receipts(paid, lambda: paid.drop_case("A-1"))
    for _ in range(2):
        crash_at(paid, f"{step}=abort")
    paid.drop_case("A-2")
    daemon = paid.start_daemon()
    error = paid.wait_failed("A-1", timeout=30)
    assert error["code"] == "TASK_UNREAD" and error["stage"] == "poll" and not error["retryable"]
    assert paid.bill()[0]["task"] in error["message"] and "paid" in error["message"] and "2 times" in error["message"]
    paid.wait_delivered("A-2", timeout=30)
    assert daemon.stop() == 0
    assert len(paid.bill()) == 2 and paid.cases("work") == set() and (paid.work / ".crashes").read_text() == ""


def test_one_crash_at_the_answer_convicts_nobody(paid):
    kill_with_receipts(paid, lambda: paid.drop_case("A-1"))
    crash_at(paid, "answer.read=abort")
    assert paid.run_once().code == 0
    assert paid.result("A-1")["verdict"] == "pass" and len(paid.bill()) == 1


def test_an_answer_that_cannot_be_delivered_goes_to_failed_with_the_case(paid):
    """kycd ends behind the writing of result.json, and breaks down whenever it goes on from there."""
    kill_with_receipts(paid, lambda: paid.drop_case("A-1"))
    assert start_at(paid, "answer.written=kill").wait() == -signal.SIGKILL
    assert (paid.work / SERVICE / "A-1/result.json").exists()
    blame(paid, f"{SERVICE}/A-1\ttask", 2)
    run = paid.run_once(env={**paid.env, "KYCD_FAULT_AT": "answer.written=kill"})
    assert run.code == -signal.SIGKILL
    assert paid.run_once().code == 1
    assert paid.error("A-1")["code"] == "TASK_UNREAD" and paid.cases("outbox") == set()
    assert (paid.failed / SERVICE / "A-1/result.json").exists() and len(paid.bill()) == 1
    with contextlib.closing(sqlite3.connect(f"file:{paid.root}/ledger/ledger.db?mode=ro", uri=True)) as ledger:
        assert ledger.execute("SELECT state, word FROM kyc_case").fetchall() == [("failed", "TASK_UNREAD")]
    assert paid.kycd("retry", "--config", str(paid.config_file), "A-1").code == 0
    assert paid.run_once().code == 0
    assert paid.result("A-1")["verdict"] == "pass" and len(paid.bill()) == 2


@pytest.mark.parametrize("line", [f"{SERVICE}/A-1", f"{SERVICE}/A-1\ttask"], ids=["unsent", "paid"])
def test_a_case_that_breaks_kycd_even_when_it_is_set_aside_stays_where_it_is(paid, line):
    if "task" in line:
        kill_with_receipts(paid, lambda: paid.drop_case("A-1"))
    else:
        paid.drop_case("A-1")
        assert paid.run_once(env={**paid.env, "KYCD_FAULT_AT": "prepare.loaded=kill"}).code == -signal.SIGKILL
    blame(paid, line, 2)
    for _ in range(2):
        crash_at(paid, "write.temporary_written=abort")
    paid.drop_case("A-2")
    daemon = paid.start_daemon()
    paid.wait_delivered("A-2", timeout=30)
    assert daemon.stop() == 0
    assert "stays in work/" in daemon.log() and paid.cases("work") == {f"{SERVICE}/A-1"}
    assert len(paid.bill()) == (2 if "task" in line else 1)


def test_a_ticket_s_case_is_asked_for_though_kycd_broke_down_at_it_before(paid):
    deliver(paid, "A-1")
    kill_with_receipts(paid, lambda: drop_ticket(paid, "night", "window: always\n"), lane="bulk")
    blame(paid, f"reverify/{SERVICE}/A-1", 2)
    daemon = paid.start_daemon()
    assert balance(wait_report(paid, "night", 60)) == [1, 0, 0, 0, 0]
    assert daemon.stop() == 0
    assert paid.result("A-1")["lane"] == "bulk" and len(paid.bill()) == 2


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_ticket_s_case_that_breaks_kycd_at_its_answer_ends_with_its_task(paid, times):
    before = deliver(paid, "A-1", "A-2")
    kill_with_receipts(paid, lambda: drop_ticket(paid, "night", "window: always\n"), 2, lane="bulk")
    crash_at(paid, "answer.read@A-1=abort")
    blame(paid, f"reverify/{SERVICE}/A-1\ttask", times - 1)
    daemon = paid.start_daemon()
    said = wait_report(paid, "night", 60)
    assert daemon.stop() == 0 and len(paid.bill()) == 4 and said["calls"]["paid"] == 2
    if times == 1:
        assert balance(said) == [2, 0, 0, 0, 0]
        return
    assert balance(said) == [1, 0, 1, 0, 0]
    failed = next(each for each in said["cases"] if each["case"] == "A-1")
    tasks = {line["task"] for line in paid.bill()[2:]}
    assert failed["code"] == "TASK_UNREAD" and any(task in failed["why"] for task in tasks)
    assert (paid.outbox / SERVICE / "A-1/result.json").read_bytes() == before["A-1"]
    assert len(history(paid, "A-1")) == (1 if times == 2 else 0)
