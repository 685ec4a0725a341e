"""A case that crashes kycd is set aside after the second crash; a kycd that is killed says nothing about its cases."""

import contextlib
import os
import signal
import sqlite3

import pytest
from conftest import Run, wait_for

BREAKABLE = os.environ["KYCD_BREAKABLE"]
HELD = [("kyc_card", "A-1"), ("face_liveness", "A-2"), ("ocr_passport", "A-3"), ("kyc_passport", "A-4")]


@pytest.fixture
def breakable(world):
    world.program = BREAKABLE
    return world


def crashed_by(number, run):
    """A sanitizer answers some signals itself."""
    return run.code == -number or (number == signal.SIGSEGV and "AddressSanitizer: SEGV" in run.log)


def run_with(world, rule):
    return world.run_once(env={**world.env, "KYCD_FAULT_AT": rule})


def bills_of(world):
    """How often each service was billed."""
    services = [line["service"] for line in world.bill()]
    return {service: services.count(service) for service in services}


def receipts_of(world):
    """How many tasks the ledger knows."""
    with contextlib.closing(sqlite3.connect(f"file:{world.root}/ledger/ledger.db?mode=ro", uri=True)) as ledger:
        return ledger.execute("SELECT count(*) FROM attempt WHERE outcome = 'accepted'").fetchone()[0]


@pytest.mark.parametrize("crash, number", [("abort", signal.SIGABRT), ("segv", signal.SIGSEGV)])
def test_a_case_that_crashes_kycd_twice_is_set_aside_and_the_others_are_delivered(breakable, crash, number):
    breakable.sandbox.settings(answer_after="1500ms")
    rule = f"prepare.loaded@poison-1={crash}"
    daemon = breakable.start("run", "--config", str(breakable.config_file), env={**breakable.env, "KYCD_FAULT_AT": rule})
    for service, case in HELD:
        breakable.drop_case(case, service)
    daemon.wait_for_log("started")
    wait_for(lambda: receipts_of(breakable) == len(HELD), "the receipts of the others, on disk")
    breakable.drop_case("poison-1", "ocr_card")
    daemon.wait()
    assert crashed_by(number, Run(daemon.process.returncode, "", daemon.log()))
    assert crashed_by(number, run_with(breakable, rule))
    third = run_with(breakable, rule)
    assert third.code == 1, third
    for service, case in HELD:
        assert breakable.result(case, service)["task"]["attempts"] == 1
    error = breakable.error("poison-1", "ocr_card")
    assert error["code"] == "RETRIES_EXHAUSTED" and not error["api"], error
    assert "2 times" in error["message"] and error["advice"], error
    assert bills_of(breakable) == {service: 1 for service, _ in HELD}
    assert breakable.cases("work") == set()


def test_only_the_case_that_crashes_is_set_aside_of_those_that_are_read_at_the_same_time(breakable):
    names = [f"A-{number}" for number in range(8)]
    for name in names[:4]:
        breakable.drop_case(name)
    breakable.drop_case("poison-1")
    for name in names[4:]:
        breakable.drop_case(name)
    codes = [run_with(breakable, "prepare.loaded@poison-1=abort").code for _ in range(3)]
    assert codes == [-signal.SIGABRT, -signal.SIGABRT, 1]
    assert breakable.cases("outbox") == {f"face_liveness/{name}" for name in names}
    assert breakable.cases("failed") == {"face_liveness/poison-1"}
    assert breakable.error("poison-1")["code"] == "RETRIES_EXHAUSTED"


def test_one_crash_convicts_nobody(breakable):
    breakable.drop_case("A-1")
    assert run_with(breakable, "prepare.loaded@A-1=abort").code == -signal.SIGABRT
    done = run_with(breakable, "prepare.loaded@nobody=abort")
    assert done.code == 0, done
    assert breakable.result("A-1")["task"]["attempts"] == 1 and len(breakable.bill()) == 1


def test_kills_while_a_case_is_read_convict_nobody(breakable):
    breakable.drop_case("A-1")
    for _ in range(3):
        assert run_with(breakable, "prepare.loaded@A-1=kill").code == -signal.SIGKILL
    done = breakable.run_once()
    assert done.code == 0, done
    assert breakable.result("A-1")["task"]["attempts"] == 1 and len(breakable.bill()) == 1


def test_kills_from_outside_while_a_case_is_uploaded_convict_nobody(breakable):
    breakable.sandbox.rules({"name": "hang", "match": {"call": "submit"}, "do": {"hang": "20s"}})
    breakable.drop_case("A-1")
    for count in range(1, 4):
        daemon = breakable.start_daemon()
        wait_for(lambda: breakable.sandbox.fired("hang") == count, "the upload")
        daemon.stop(signal.SIGKILL)
    breakable.sandbox.rules()
    done = breakable.run_once()
    assert done.code == 0, done
    assert len(breakable.bill()) == 1 and breakable.result("A-1")["task"]["attempts"] == 4


def test_a_case_that_was_set_aside_can_be_dropped_again(breakable):
    breakable.drop_case("poison-1")
    for _ in range(2):
        assert run_with(breakable, "prepare.loaded@poison-1=abort").code == -signal.SIGABRT
    assert run_with(breakable, "prepare.loaded@poison-1=abort").code == 1
    failed = breakable.failed / "face_liveness/poison-1"
    (failed / "error.json").unlink()
    os.rename(failed, breakable.inbox / "face_liveness/poison-1")
    done = breakable.run_once()
    assert done.code == 0, done
    assert breakable.result("poison-1")["verdict"] == "pass" and len(breakable.bill()) == 1
