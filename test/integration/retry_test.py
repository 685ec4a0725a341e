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
    world.sandbox.rules(rule({"call": "submit", "first": 1}, status=503, headers={"Retry-After": 9}))
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log("not submitted")
    refused = next(line for line in daemon.log().splitlines() if "not submitted" in line)
    daemon.stop(signal.SIGKILL)
    daemon = world.start_daemon()
    why = json.loads(world.kycd("why", "--json", "--config", str(world.config_file), "face_liveness/A-1").out)
    shown = json.loads(world.kycd("show", "--json", "--config", str(world.config_file), "A-1").out)["lives"][-1]
    world.wait_delivered("A-1", timeout=30)
    assert daemon.stop() == 0
    assert why["reason"] == "retrying" and "not before" in why["next"] and why["next_at"] == shown["next_try"]
    submitted = next(line for line in daemon.log().splitlines() if " submitted " in line)
    assert (log_time(submitted) - log_time(refused)) % 86400 >= 8.9
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
    # The kill may have met a submit under way: its outcome is unknown, and it counts as an attempt but not as a failure.
    assert error["code"] == "RETRIES_EXHAUSTED" and error["attempts"] in (3, 4)
    assert len(world.bill()) == 1


def status_of(world):
    done = world.kycd("status", "--json", "--config", str(world.config_file))
    return json.loads(done.out)["daemon"]


def test_a_spent_budget_holds_back_repeats_and_fails_nobody(world):
    world.configure(retry={"attempts": 100, "budget": 40})
    world.sandbox.rules(rule({"call": "submit", "contains": "kycd-sandbox:spoof"}, status=503))
    world.drop_case("A-0", answer="never")  # its polls show that the host is well
    daemon = world.start_daemon()
    wait_for(world.bill, "the first submission")
    for number in range(4):
        world.drop_case(f"P-{number}", answer="spoof")
    daemon.wait_for_log("repeats go one at a time")
    assert status_of(world)["api"]["repeats_held_back"] is True
    assert "tried one at a time" in world.kycd("status", "--config", str(world.config_file)).out
    for number in range(1, 4):  # first tries go through
        world.drop_case(f"A-{number}")
        world.wait_delivered(f"A-{number}")
    assert world.cases("failed") == set()
    world.sandbox.rules()
    for number in range(4):
        world.wait_delivered(f"P-{number}")
    daemon.wait_for_log("repeats are free again")
    assert status_of(world)["api"]["repeats_held_back"] is False
    assert daemon.stop() == 0
    held, free = (daemon.log().count(words) for words in ("repeats go one at a time", "repeats are free again"))
    assert held == free, "each change is said once"
    assert len(world.bill()) == 8


# A run that goes wrong


def test_what_all_cases_end_with_is_not_paid_for_again_and_again(world):
    """The vendor's workers break at every case: 25 are paid, and those in flight, but not the whole inbox."""
    world.configure(limits={"pending": 5}, resubmit_failed_tasks=0)
    world.sandbox.settings(answer="failure")
    daemon = world.start_daemon()
    for number in range(60):
        world.drop_case(f"A-{number:02}")
    daemon.wait_for_log("face_liveness is paused, so that no more is paid for the same", timeout=30)
    wait_for(lambda: len(world.cases("failed")) == len(world.bill()), "the end of what was in flight")
    paid = len(world.bill())
    assert 25 <= paid <= 31, paid
    [paused] = status_of(world)["paused_services"]
    assert paused["service"] == "face_liveness" and "ended with TASK_FAILED" in paused["why"]
    why = world.kycd("why", "--config", str(world.config_file), str(world.inbox / "face_liveness/A-59"))
    assert "TASK_FAILED" in why.out
    # The others are none the worse for it.
    world.sandbox.settings(answer="pass")
    world.drop_case("B-1", "ocr_passport")
    world.wait_delivered("B-1", "ocr_passport")
    assert len(world.bill()) == paid + 1
    # Mended: one case tries, and then all go.
    daemon.send(signal.SIGHUP)
    daemon.wait_for_log("face_liveness takes cases again")
    wait_for(lambda: len(world.cases("outbox")) == 60 - paid + 1, "the rest of the inbox")
    assert daemon.stop() == 0
    assert len(world.bill()) == 61 and world.sandbox.stats()["duplicates"] == 0


def test_a_vendor_without_a_licence_is_not_paid_for_answers_that_say_so(world):
    reply = {"liveness": {"result": False, "data": {"error": "no", "error_code": "LICENSE_ERROR"}},
             "issues": {"liveness": {"LICENSE_ERROR": "no"}}}
    world.configure(limits={"pending": 5})
    world.sandbox.rules(rule({"call": "poll"}, status=200, json=reply))
    daemon = world.start_daemon()
    for number in range(50):
        world.drop_case(f"A-{number:02}")
    daemon.wait_for_log("ended with LICENSE_ERROR", timeout=30)
    wait_for(lambda: len(world.cases("outbox")) == len(world.bill()), "the end of what was in flight")
    assert daemon.stop() == 0
    assert 25 <= len(world.bill()) <= 31
    one = next(iter(world.cases("outbox"))).split("/")[1]
    assert world.result(one)["verdict"] == "inconclusive"


def test_one_case_in_five_is_too_many_and_one_in_eight_is_not(world):
    world.configure(limits={"uploads": 1, "pending": 1})
    world.sandbox.rules(rule({"call": "submit", "service": "ocr_passport", "every": 8}, status=403),
                        {"name": "worse", "match": {"call": "submit", "service": "face_liveness", "every": 4},
                         "do": {"status": 403}})
    daemon = world.start_daemon()
    for number in range(48):
        world.drop_case(f"A-{number:02}", "ocr_passport")
    wait_for(lambda: len(world.cases("outbox")) + len(world.cases("failed")) == 48, "48 cases", timeout=60)
    assert "paused" not in daemon.log()
    for number in range(40):
        world.drop_case(f"B-{number:02}")
    daemon.wait_for_log("face_liveness is paused, so that no more is paid for the same: 7 of its latest 28", timeout=60)
    assert daemon.stop() == 0


# An outage


def test_a_reload_tries_an_api_that_is_down_at_once(world):
    world.configure(retry={"base": "10m", "max": "10m"})  # no probe by itself within a minute
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    port = world.sandbox.port
    world.sandbox.stop()
    for number in range(5):
        world.drop_case(f"B-{number}")
    daemon.wait_for_log("the API is down")
    world.drop_case("C-1")
    world.start_sandbox("--listen", f"127.0.0.1:{port}")
    daemon.send(signal.SIGHUP)
    assert world.wait_delivered("C-1", timeout=30)["task"]["attempts"] == 1
    daemon.wait_for_log("the API answers again")
    assert daemon.stop() == 0
    assert len(world.bill()) == 2 and world.cases("failed") == set()
