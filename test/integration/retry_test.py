"""When and how often kycd tries again: what survives a restart, what retries may cost, when a service is left alone."""

import json
import signal

from conftest import wait_for


def rule(match, **action):
    return {"name": "rule", "match": match, "do": action}


def log_time(line):
    """Seconds of the day."""
    hours, minutes, seconds = line.split("T")[1].split("Z")[0].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_the_time_of_the_next_try_survives_a_restart(world):
    world.sandbox.rules(rule({"call": "submit", "first": 1}, status=503, headers={"Retry-After": 4}))
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log("not submitted")
    refused = next(line for line in daemon.log().splitlines() if "not submitted" in line)
    daemon.stop(signal.SIGKILL)
    daemon = world.start_daemon()
    why = json.loads(world.kycd("why", "--json", "--config", str(world.config_file), "face_liveness/A-1").out)
    shown = json.loads(world.kycd("show", "--json", "--config", str(world.config_file), "A-1").out)["lives"][-1]
    world.wait_delivered("A-1")
    assert daemon.stop() == 0
    assert why["reason"] == "retrying" and "not before" in why["next"] and why["next_at"] == shown["next_try"]
    submitted = next(line for line in daemon.log().splitlines() if " submitted " in line)
    assert (log_time(submitted) - log_time(refused)) % 86400 >= 3.9
    assert len(world.bill()) == 1


def test_the_tries_of_earlier_runs_count(world):
    """A case that alone keeps failing does not get new patience from each restart."""
    world.configure(retry={"attempts": 3})
    world.sandbox.rules(rule({"call": "submit", "contains": "kycd-sandbox:spoof"}, status=503))
    world.drop_case("A-0", answer="never")  # its polls show that the host is well
    daemon = world.start_daemon()
    wait_for(world.bill, "the first submission")
    world.drop_case("P-1", answer="spoof")
    wait_for(lambda: daemon.log().count("not submitted") >= 2, "two refused submits")
    daemon.stop(signal.SIGKILL)
    daemon = world.start_daemon()
    error = world.wait_failed("P-1")
    assert daemon.stop() == 0
    assert error["code"] == "RETRIES_EXHAUSTED" and error["attempts"] == 3
    assert len(world.bill()) == 1
