"""The status document of a running kycd: where cases stand, what became of them, and that it names none of them."""

import json
import os
import re
import socket

import pytest
from conftest import picture, wait_for

PRELOAD = os.environ.get("KYCD_PRELOAD")

needs_preload = pytest.mark.skipif(not PRELOAD, reason="KYCD_PRELOAD names no kycd-preload.so (builds with a sanitizer have none)")


def status_text(world):
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(10)
        peer.connect(str(world.work / ".control"))
        peer.shutdown(socket.SHUT_WR)  # nothing is asked
        parts = []
        while part := peer.recv(65536):
            parts.append(part)
    return b"".join(parts).decode()


def status(world):
    return json.loads(status_text(world))


def standing(document):
    return {(row["state"], row["service"]): row["cases"] for row in document["states"]}


def rule(match, **action):
    return {"name": "rule", "match": match, "do": action}


def test_cases_are_told_by_state_and_service_with_their_ages(world):
    world.configure(limits={"pending": 2}, poll={"first": "1h", "min": "1h", "max": "1h"})
    daemon = world.start_daemon()
    for case in ("A-1", "A-2"):
        world.drop_case(case)
    in_hand = {("pending", "face_liveness"): 2}
    wait_for(lambda: standing(status(world)) == in_hand, f"{in_hand}")
    # Nothing is looked at beyond limits.pending.
    world.drop_case("A-3")
    world.drop_folder("kyc_card", "B-1", {"front_id.jpg": picture("front_id", "B-1")})
    expected = {("pending", "face_liveness"): 2, ("waiting", "face_liveness"): 1, ("waiting", "kyc_card"): 1}
    wait_for(lambda: standing(status(world)) == expected, f"{expected}")
    document = status(world)
    assert document["age_bounds_seconds"] == [60, 300, 900, 3600, 21600, 86400]
    for row in document["states"]:
        assert len(row["ages"]) == 7 and sum(row["ages"]) == row["ages"][0] == row["cases"]
        assert 0 <= row["oldest_seconds"] < 60
    assert document["forecast_seconds"] is None  # nothing has ended
    assert document["ended"]["last_hour"] == {"delivered": 0, "failed": 0}
    assert document["latency"] == {"cases": 0, "p50_ms": None, "p95_ms": None}

    # What is in hand is as old as its receipt after a restart, too.
    daemon.stop()
    world.start_daemon()
    wait_for(lambda: standing(status(world)) == expected, f"{expected} after a restart")


def test_a_case_is_counted_once_however_many_events_told_of_it(world):
    """The folder of the service is new, so a scan and the events overlap with the claims."""
    world.configure(poll={"first": "1h", "min": "1h", "max": "1h"})
    world.start_daemon()
    for number in range(5):
        world.drop_case(f"A-{number}")
    wait_for(lambda: standing(status(world)) == {("pending", "face_liveness"): 5}, "five cases that wait for answers, and no other")


def test_incomplete_cases_are_not_ready_and_no_backlog(world):
    world.configure()
    world.start_daemon()
    world.drop_folder("kyc_card", "B-1", {"front_id.jpg": picture("front_id", "B-1")})
    wait_for(lambda: standing(status(world)) == {("not_ready", "kyc_card"): 1}, "an incomplete case")
    wait_for(lambda: status(world)["forecast_seconds"] == 0, "a forecast of no work")


def test_a_case_is_sending_while_its_upload_is_under_way(world):
    world.configure(api={"timeouts": {"idle": "60s", "request": "60s"}})
    world.sandbox.rules(rule({"call": "submit"}, delay="60s"))
    world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: standing(status(world)) == {("sending", "face_liveness"): 1}, "an upload under way")
    world.sandbox.rules()


def test_ends_failures_and_latencies_are_told_and_survive_a_restart(world):
    world.configure()
    daemon = world.start_daemon()
    for case in ("A-1", "A-2"):
        world.drop_case(case)
    world.drop_folder("face_liveness", "B-1", {"image.jpg": b"no image"})
    world.drop_folder("Mustermann", "C-1", {"image.jpg": b"no image"})
    wait_for(lambda: status(world)["ended"]["last_hour"] == {"delivered": 2, "failed": 2}, "four ends")

    def check(document):
        assert document["ended"]["last_day"] == {"delivered": 2, "failed": 2}
        assert document["latency"]["cases"] == 2
        assert 0 < document["latency"]["p50_ms"] <= document["latency"]["p95_ms"] < 60_000
        failures = {each["code"]: each for each in document["failures"]}
        assert set(failures) == {"NOT_AN_IMAGE", "UNKNOWN_SERVICE"}
        for code, service in (("NOT_AN_IMAGE", "face_liveness"), ("UNKNOWN_SERVICE", "unknown")):
            assert failures[code]["cases"] == 1 and failures[code]["services"] == {service: 1}
            assert failures[code]["advice"].endswith(".") and "names" not in failures[code]
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", failures[code]["last_at"])

    check(status(world))
    wait_for(lambda: status(world)["forecast_seconds"] == 0, "nothing that waits to be done")
    daemon.stop()
    world.start_daemon()
    wait_for(lambda: status(world)["ended"]["last_day"]["failed"] == 2, "what the ledger knows of the last day")
    check(status(world))


def test_disks_and_the_ledger_are_told_with_their_sizes(world):
    world.configure()
    world.start_daemon()
    document = wait_for(lambda: (seen := status(world))["disk"] and seen, "a look at the disks")
    assert [each["what"] for each in document["disk"]] == ["inbox", "work", "outbox", "failed", "ledger"]
    assert all(0 < each["free_bytes"] <= each["size_bytes"] for each in document["disk"])
    assert document["ledger"]["size_bytes"] > 0


@needs_preload
def test_no_case_and_no_producers_folder_is_named_whatever_goes_wrong(world):
    """Others than the operator read the document: over HTTP, and as a file on a share."""
    world.configure(retry={"attempts": 3})
    env = dict(world.env, LD_PRELOAD=PRELOAD, KYCD_PRELOAD_ROOT=str(world.spool),
               KYCD_INJECT="read:EIO:1:0:work/face_liveness/Zorro-1/image.jpg")
    daemon = world.start_daemon(env)
    world.drop_case("Zorro-1")
    world.drop_folder("Zorro-folder", "Zorro-2", {"image.jpg": b"no image"})
    world.drop_folder("kyc_card", "Zorro-3", {"front_id.jpg": picture("front_id", "Zorro-3")})
    daemon.wait_for_log("paused by a fault")
    assert "Zorro-1/image.jpg" in daemon.log()

    def all_told():
        text = status_text(world)
        document = json.loads(text)
        return document["faults"] and document["failures"] and "not_ready" in text and text

    text = wait_for(all_told, "a fault, a failure and an incomplete case")
    assert "Zorro" not in text
    assert json.loads(text)["faults"][0]["what"] == f"Input/output error (in {world.work})"
