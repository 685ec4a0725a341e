"""`kycd retry`: which failed cases go back, and what keeps a slip of the pen from being paid for."""

import json
import os
import pty
import subprocess

import pytest
from conftest import KYCD, wait_for


def retry(world, *arguments, code=0):
    run = world.kycd("retry", "--config", str(world.config_file), "--json", *arguments)
    assert run.code == code, run
    return json.loads(run.out)


def chosen(world, *arguments, code=0):
    return sorted(each["case"] for each in retry(world, "--dry-run", *arguments, code=code)["cases"])


def fail_at(world, case, when, service="face_liveness"):
    """Says in its error.json that it failed then."""
    file = world.failed / service / case / "error.json"
    said = json.loads(file.read_text())
    said["failed_at"] = when
    file.write_text(json.dumps(said))


@pytest.fixture
def failed(world):
    """T-*: the task broke down; N-1: no image; U-1: may have been billed; P-1: another service's task."""
    world.configure(resubmit_failed_tasks=0, on_unknown_outcome="hold")
    world.drop_case("T-1", answer="failure")
    world.drop_case("T-2", answer="failure")
    world.drop_folder("face_liveness", "N-1", {"image.jpg": b"no image"})
    world.drop_case("P-1", "ocr_passport", answer="failure")
    assert world.run_once().code == 1
    world.sandbox.rules({"name": "lost", "match": {"call": "submit", "first": 1}, "do": {"drop": "after_body", "accept": True}})
    world.drop_case("U-1")
    assert world.run_once().code == 1
    assert len(world.cases("failed")) == 5
    return world


def test_code_service_and_age_choose_what_is_all_of_it(failed):
    fail_at(failed, "T-1", "2026-01-01T00:00:00.000Z")
    assert chosen(failed, "--code", "TASK_FAILED") == ["P-1", "T-1", "T-2"]
    assert chosen(failed, "--code", "TASK_FAILED,NOT_AN_IMAGE") == ["N-1", "P-1", "T-1", "T-2"]
    assert chosen(failed, "--code", "TASK_FAILED", "--code", "UNKNOWN_OUTCOME") == ["P-1", "T-1", "T-2", "U-1"]
    assert chosen(failed, "--service", "ocr_passport") == ["P-1"]
    assert chosen(failed, "--code", "TASK_FAILED", "--service", "liveness") == ["T-1", "T-2"]
    assert chosen(failed, "--since", "1d") == ["P-1", "T-2"]
    assert chosen(failed, "--before", "1d") == ["T-1"]
    assert chosen(failed, "--before", "2026-01-01") == []
    assert chosen(failed, "--since", "2025-12-31", "--before", "2026-01-01T00:01Z") == ["T-1"]
    assert chosen(failed, "T-1", "P-1", "--since", "1d") == ["P-1"]
    assert len(failed.cases("failed")) == 5, "a dry run moves nothing"
    # `list` speaks the same words.
    lines = json.loads(failed.kycd("list", "--config", str(failed.config_file), "--json", "--code", "TASK_FAILED").out)
    assert sorted(line["case"] for line in lines) == ["P-1", "T-1", "T-2"]
    assert json.loads(failed.kycd("list", "--config", str(failed.config_file), "--json", "--before", "1h").out) == []


def test_what_cannot_be_read_may_have_been_paid_and_has_to_be_named(failed):
    (failed.failed / "face_liveness/U-1/error.json").write_text('{"schema": "kycd.error/1", "code": "UNKNOWN_OUTCOME",,}')
    (failed.failed / "face_liveness/T-1/error.json").write_text("")
    told = retry(failed, "--all", "--yes")
    assert sorted(each["case"] for each in told["cases"]) == ["P-1", "T-2"]
    assert {(each["code"], each["cases"]) for each in told["left"]} == {(None, 2), ("NOT_AN_IMAGE", 1)}
    text = failed.kycd("retry", "--config", str(failed.config_file), "--all", "--dry-run").out
    assert "2 cases left in failed/: its error.json cannot be read, so the API may have billed it already; named, they go all the same\n" in text
    assert [each["case"] for each in retry(failed, "U-1")["cases"]] == ["U-1"]


def test_what_fails_again_or_may_be_paid_twice_has_to_be_named(failed):
    told = retry(failed, "--all", "--dry-run")
    assert sorted(each["case"] for each in told["cases"]) == ["P-1", "T-1", "T-2"]
    assert told["left"] == [{"code": "NOT_AN_IMAGE", "cases": 1}, {"code": "UNKNOWN_OUTCOME", "cases": 1}]
    assert chosen(failed, "--service", "face_liveness") == ["T-1", "T-2"]
    text = failed.kycd("retry", "--config", str(failed.config_file), "--all", "--dry-run").out
    assert "3 cases would be moved, and 3 calls may be paid for\n" in text
    assert "1 case left in failed/: NOT_AN_IMAGE is not cured by a retry" in text
    assert "1 case left in failed/: the API may have billed it already" in text and "--code UNKNOWN_OUTCOME takes it" in text
    named = retry(failed, "--dry-run", "N-1", "U-1")
    assert ["not cured" in each["warning"] or "paid again" in each["warning"] for each in named["cases"]] == [True, True]
    assert named["left"] == []
    assert chosen(failed, "--code", "UNKNOWN_OUTCOME") == ["U-1"]


@pytest.mark.parametrize("selection", [["--all"], ["--service", "face_liveness"], ["--since", "1d"]])
def test_without_a_terminal_nothing_moves_that_nobody_confirmed(failed, selection):
    paid = len(failed.bill())
    run = failed.kycd("retry", "--config", str(failed.config_file), *selection)
    assert run.code == 64 and run.out == "" and len(run.lines) == 1
    assert "nothing was moved" in run.log and "--yes" in run.log and "calls may be paid for" in run.log
    assert len(failed.cases("failed")) == 5
    moved = retry(failed, *selection, "--yes")
    assert all(each["moved"] for each in moved["cases"]) and len(moved["cases"]) >= 2
    assert {"face_liveness/N-1", "face_liveness/U-1"} <= failed.cases("failed")
    assert len(failed.bill()) == paid


def test_a_limit_is_kept_whatever_was_named(failed):
    for words in (["--code", "TASK_FAILED"], ["--all", "--yes"], ["T-1", "T-2", "P-1"]):
        run = failed.kycd("retry", "--config", str(failed.config_file), *words, "--at-most", "2")
        assert run.code == 64 and "3 cases are chosen, more than --at-most 2" in run.log and run.out == ""
    assert len(failed.cases("failed")) == 5
    run = failed.kycd("retry", "--config", str(failed.config_file), "--code", "TASK_FAILED", "--at-most", "0", "--dry-run")
    assert run.code == 64 and "3 cases are chosen, more than --at-most 0" in run.log and run.out == ""
    assert len(retry(failed, "--code", "TASK_FAILED", "--at-most", "3", "--dry-run")["cases"]) == 3
    assert len(retry(failed, "--code", "TASK_FAILED", "--at-most", "3")["cases"]) == 3
    assert len(failed.cases("failed")) == 2


def on_terminal(world, answer, *arguments):
    """Runs it with a terminal for questions; what the terminal showed, and the exit code."""
    person, terminal = pty.openpty()
    try:
        process = subprocess.Popen([KYCD, "retry", "--config", str(world.config_file), *arguments], stdin=terminal,
                                   stdout=subprocess.DEVNULL, stderr=terminal, env=world.env)
        os.close(terminal)
        shown = b""
        while b"Type yes to go on: " not in shown:
            shown += os.read(person, 4096)
        os.write(person, answer)
        code = process.wait(30)
        return shown.decode(), code
    finally:
        os.close(person)


def test_on_a_terminal_it_asks_with_the_number_and_the_cost(failed):
    shown, code = on_terminal(failed, b"y\n", "--all")
    assert "3 cases go back into the inbox, and 3 calls may be paid for" in shown
    assert code == 1 and len(failed.cases("failed")) == 5
    assert on_terminal(failed, b"\x04", "--all")[1] == 1
    assert on_terminal(failed, b"yes\n", "--service", "ocr_passport")[1] == 0
    assert "ocr_passport/P-1" not in failed.cases("failed") and len(failed.cases("failed")) == 4


def test_a_retry_that_was_cut_short_is_ended_by_all(failed):
    """Its error.json has another name already: somebody had chosen it, so it needs no name now."""
    (failed.failed / "face_liveness/N-1/error.json").rename(failed.failed / "face_liveness/N-1/.kycd.retried.tmp")
    assert "N-1" in chosen(failed, "--all")
    retry(failed, "--all", "--yes")
    assert (failed.inbox / "face_liveness/N-1/image.jpg").exists()


def test_many_go_back_and_are_all_answered(world):
    world.configure(resubmit_failed_tasks=0)
    world.sandbox.settings(answer="failure")
    for number in range(20):
        world.drop_case(f"A-{number:02}")
    assert world.run_once().code == 1
    world.sandbox.settings(answer="pass")
    daemon = world.start_daemon()
    assert len(retry(world, "--all", "--yes")["cases"]) == 20
    wait_for(lambda: len(world.cases("outbox")) == 20, "20 answers", timeout=60)
    assert daemon.stop() == 0 and len(world.bill()) == 40 and world.cases("failed") == set()
