"""The same bytes under another name: noted always, and not paid twice when intake.dedupe says so."""

import os
import signal

import pytest
from conftest import case_files, wait_for
from receipts import NOT_YET

BREAKABLE = os.environ["KYCD_BREAKABLE"]


def two_names_of(world, files, first="A-1", second="B-2", service="face_liveness"):
    world.drop_folder(service, first, files)
    world.drop_folder(service, second, files)


def test_the_same_bytes_under_another_name_are_noted_even_when_dedupe_is_off(world):
    world.start_sandbox()
    world.configure()
    files = case_files("kyc_card", "A-1")
    world.drop_folder("kyc_card", "A-1", files)
    assert world.run_once().code == 0
    first = world.result("A-1", "kyc_card")
    assert first["duplicate_of"] is None

    world.drop_folder("kyc_card", "B-2", files)
    world.drop_folder("kyc_card", "C-3", case_files("kyc_card", "C-3"))
    # Only the front of the card is the same: a forger's way.
    world.drop_folder("kyc_card", "D-4", {**case_files("kyc_card", "D-4"), "front_id.jpg": files["front_id.jpg"]})
    assert world.run_once().code == 0
    expected = {"case": "A-1", "service": "kyc_card", "answered_at": first["task"]["answered_at"]}
    for name in ("B-2", "D-4"):
        found = world.result(name, "kyc_card")["duplicate_of"]
        assert {**found, "answered_at": None} == {**expected, "answered_at": None}
        assert found["answered_at"] >= first["task"]["answered_at"]
    assert world.result("C-3", "kyc_card")["duplicate_of"] is None
    assert len(world.bill()) == 4


def test_the_same_bytes_are_answered_from_the_earlier_case_within_the_window(world):
    world.start_sandbox()
    world.configure(intake={"dedupe": "1h"})
    files = case_files("face_liveness", "A-1", "spoof")
    world.drop_folder("face_liveness", "A-1", files)
    assert world.run_once().summary["delivered"] == 1
    world.drop_folder("face_liveness", "B-2", files)
    run = world.run_once()
    assert run.summary["delivered"] == 1 and run.summary["duplicates"] == 1 and run.summary["submissions"] == 0
    first, second = world.result("A-1"), world.result("B-2")
    assert len(world.bill()) == 1
    assert second["duplicate_of"]["case"] == "A-1"
    assert second["verdict"] == first["verdict"] and second["response"] == first["response"]
    assert second["task"]["id"] == first["task"]["id"]
    assert second["task"]["attempts"] == 0
    assert second["files"] == first["files"]


def test_twins_that_come_together_are_paid_once(world):
    world.start_sandbox()
    world.sandbox.settings(answer_after="1s")
    world.configure(intake={"dedupe": "1h"}, limits={"uploads": 1})
    files = case_files("face_liveness", "twins")
    for number in range(12):
        world.drop_folder("face_liveness", f"T-{number}", files)
    world.drop_case("another")
    run = world.run_once()
    assert run.code == 0 and run.summary["delivered"] == 13 and run.summary["duplicates"] == 11
    assert len(world.bill()) == 2


def test_a_twin_of_a_case_that_fails_is_sent_itself(world):
    world.start_sandbox()
    world.sandbox.rules({"name": "rule", "match": {"call": "submit", "first": 1}, "do": {"status": 400, "json": {"image": ["Bad."]}}})
    world.configure(intake={"dedupe": "1h"}, limits={"uploads": 1})
    two_names_of(world, case_files("face_liveness", "twins"))
    run = world.run_once()
    assert run.summary["delivered"] == 1 and run.summary["failed"] == 1


def test_other_fields_are_another_submission(world):
    world.start_sandbox()
    world.configure(intake={"dedupe": "1h"})
    world.drop_folder("face_liveness", "A-1", case_files("face_liveness", "same", extend_data=False))
    world.drop_folder("face_liveness", "B-2", case_files("face_liveness", "same", extend_data=True))
    world.drop_folder("register_face", "C-3", {"image.jpg": case_files("face_liveness", "same")["image.jpg"]})
    assert world.run_once().summary["duplicates"] == 0
    assert len(world.bill()) == 3


def test_a_kept_answer_is_forgotten_with_the_window(world):
    world.start_sandbox()
    world.configure(intake={"dedupe": "1h"})
    files = case_files("face_liveness", "A-1")
    world.drop_folder("face_liveness", "A-1", files)
    world.run_once()
    ledger = (world.root / "ledger/ledger.db").read_bytes()
    world.configure()  # off: nothing is kept any more
    world.drop_folder("face_liveness", "B-2", files)
    assert world.run_once().summary["duplicates"] == 0
    world.configure(intake={"dedupe": "1h"})
    world.drop_folder("face_liveness", "C-3", files)
    world.run_once()
    assert len(world.bill()) == 3
    assert b"liveness" in ledger


def test_a_twin_that_waits_goes_on_after_a_kill(world):
    world.start_sandbox()
    world.sandbox.rules(NOT_YET)
    world.configure(intake={"dedupe": "1h"}, limits={"pending": 2})
    two_names_of(world, case_files("face_liveness", "twins"))
    daemon = world.start_daemon()
    daemon.wait_for_log("info submitted")  # a kill between the bill and the receipt would leave the outcome unknown
    wait_for(lambda: len(world.cases("work")) == 2, "one sent, one waiting")
    daemon.send(signal.SIGKILL)
    daemon.wait()
    world.sandbox.rules()
    world.start_daemon()
    world.wait_delivered("A-1")
    world.wait_delivered("B-2")
    assert len(world.bill()) == 1


@pytest.mark.parametrize("step", ["answer.written", "deliver.renamed", "case.moved"])
def test_an_answer_is_kept_for_twins_although_kycd_was_killed_before_its_record_was_closed(world, step):
    world.program = BREAKABLE
    world.start_sandbox()
    world.configure(intake={"dedupe": "1h"})
    files = case_files("face_liveness", "A-1")
    world.drop_folder("face_liveness", "A-1", files)
    assert world.run_once(env={**world.env, "KYCD_FAULT_AT": f"{step}@A-1=kill"}).code == -signal.SIGKILL
    world.drop_folder("face_liveness", "B-2", files)
    assert world.run_once().code == 0
    assert world.result("B-2")["response"] == world.result("A-1")["response"]
    assert world.result("B-2")["task"]["attempts"] == 0
    assert len(world.bill()) == 1


def test_a_case_that_must_wait_its_turn_again_does_not_wait_for_itself(world):
    """The API goes down while cases wait for their upload: they begin anew when it is back."""
    world.start_sandbox()
    world.sandbox.rules({"name": "rule", "match": {"call": "submit", "first": 6}, "do": {"status": 503}})
    world.configure(intake={"dedupe": "1h"}, limits={"uploads": 6})
    for number in range(12):
        world.drop_case(f"A-{number}")
    run = world.run_once()
    assert run.summary["delivered"] == 12 and "the API is down" in run.log, run
    assert len(world.bill()) == 12
