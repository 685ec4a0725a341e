"""The log under systemd: entries of the journal with a priority and fields of their own, and lines on stderr when it is away."""

import json
import re

import pytest
from fake_systemd import Journal

pytestmark = pytest.mark.skipif(not Journal.possible(), reason="a private mount namespace is not allowed here")


@pytest.fixture
def journal(world):
    made = Journal(world)
    world.program = made.program()
    yield made
    made.close()


def test_each_line_is_an_entry_with_its_fields(world, journal):
    daemon = world.start("run", "--config", str(world.config_file), env=journal.environment())
    journal.wait_for("started")
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    world.drop_folder("face_liveness", "B-1", {"image.jpg": b"no image at all"})
    world.wait_failed("B-1")
    assert daemon.stop() == 0
    submitted = journal.wait_for("submitted")
    assert submitted["PRIORITY"] == "6" and submitted["SYSLOG_IDENTIFIER"] == "kycd"
    assert submitted["KYCD_CASE"] == "face_liveness/A-1" and submitted["KYCD_SERVICE"] == "face_liveness"
    assert submitted["KYCD_TASK"] == world.bill()[0]["task"] and submitted["KYCD_ATTEMPT"] == "1"
    assert re.fullmatch("[0-9a-f]{8}", submitted["KYCD_REQUEST"])
    delivered = journal.wait_for("delivered")
    assert delivered["KYCD_VERDICT"] == "pass" and delivered["KYCD_CASE"] == "face_liveness/A-1"
    failed = journal.wait_for("failed: ")
    assert failed["PRIORITY"] == "4" and failed["KYCD_CODE"] == "NOT_AN_IMAGE" and failed["KYCD_STAGE"] == "prepare"
    # What `journalctl -u kycd` shows is the whole line, but for the time, which the journal has.
    assert "case=face_liveness/A-1" in submitted["MESSAGE"] and not submitted["MESSAGE"].startswith("20")
    for entry in journal.entries():
        assert set(entry) - {"MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER"} == {name for name in entry if name.startswith("KYCD_")}
    assert daemon.log() == "", "nothing is said twice"


def test_a_name_from_outside_stays_in_its_field(world, journal):
    daemon = world.start("run", "--config", str(world.config_file), env=journal.environment())
    journal.wait_for("started")
    world.drop_folder("face_liveness", "bad\nPRIORITY=0\nKYCD_CODE=PASS", {"image.jpg": b"x"})
    failed = journal.wait_for("failed: ")
    assert failed["PRIORITY"] == "4" and failed["KYCD_CODE"] == "BAD_CASE_NAME"
    assert "\n" not in failed["KYCD_CASE"] and "\n" not in failed["MESSAGE"]
    assert daemon.stop() == 0


def test_json_lines_have_the_fields_of_the_journal_too(world, journal):
    world.configure(log={"format": "json"})
    daemon = world.start("run", "--config", str(world.config_file), env=journal.environment())
    started = journal.wait_for("started")
    assert json.loads(started["MESSAGE"])["version"] == started["KYCD_VERSION"]
    assert daemon.stop() == 0


def test_without_the_journals_socket_lines_go_to_stderr_with_their_priority(world, journal):
    journal.close()
    daemon = world.start("run", "--config", str(world.config_file), env=journal.environment())
    daemon.wait_for_log("started")
    world.drop_folder("face_liveness", "B-1", {"image.jpg": b"no image at all"})
    world.wait_failed("B-1")
    assert daemon.stop() == 0
    lines = daemon.log().splitlines()
    assert all(re.match("<[3467]>", line) for line in lines)
    assert next(line for line in lines if "failed: " in line).startswith("<4>failed: ")


def test_a_journal_that_comes_back_gets_the_next_line(world, journal):
    daemon = world.start("run", "--config", str(world.config_file), env=journal.environment())
    journal.wait_for("started")
    journal.close()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    daemon.wait_for_log("delivered")
    again = Journal(world)
    try:
        world.drop_case("A-2")
        assert again.wait_for("delivered")["KYCD_CASE"] == "face_liveness/A-2"
        assert daemon.stop() == 0
    finally:
        again.close()


def test_a_stderr_of_its_own_is_written_to_even_under_systemd(world, journal):
    """StandardError=file:… with JOURNAL_STREAM left over from stdout."""
    daemon = world.start("run", "--config", str(world.config_file), env={**world.env, "JOURNAL_STREAM": "1:2"})
    daemon.wait_for_log("started")
    assert daemon.stop() == 0
    assert journal.entries() == [] and re.match(r"20\d\d-", daemon.log())
