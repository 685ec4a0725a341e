"""kycd as a service: quick, within its limits, and stopped at any moment without losing or paying twice."""

import datetime
import os
import shutil
import signal
import socket
import statistics
import time

import pytest
from conftest import PASSWORD, case_files, wait_for
from receipts import NOT_YET


def pause_answers(world):
    world.sandbox.settings(answer="never")


def billed(world, count):
    wait_for(lambda: len(world.bill()) >= count, f"{count} submissions")
    assert len(world.bill()) == count


def tasks(world):
    return {line["task"] for line in world.bill()}


# Quick


def test_a_dropped_case_is_sent_without_waiting_for_a_rescan(world):
    daemon = world.start_daemon()
    world.drop_case("warm-up")  # fetches the token
    world.wait_delivered("warm-up")
    latencies = []
    for number in range(20):
        files = case_files("face_liveness", f"A-{number}")
        dropped = time.time()
        world.drop_folder("face_liveness", f"A-{number:02}", files)
        world.wait_delivered(f"A-{number:02}")
        arrived = datetime.datetime.fromisoformat(world.bill()[-1]["time"].replace("Z", "+00:00")).timestamp()
        latencies.append(arrived - dropped)
    assert daemon.stop() == 0
    median = statistics.median(latencies)
    print(f"from rename to the API: median {median * 1000:.0f} ms, most {max(latencies) * 1000:.0f} ms, "
          f"of {len(latencies)} cases")
    assert median < 1 and len(world.bill()) == 21


# Stops


def test_sigterm_while_tasks_pend_ends_at_once_and_the_next_start_polls_the_same_tasks(world):
    pause_answers(world)
    daemon = world.start_daemon()
    for number in range(3):
        world.drop_case(f"A-{number}")
    billed(world, 3)
    began = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - began < 20
    assert world.cases("work") == {f"face_liveness/A-{number}" for number in range(3)}
    before = world.sandbox.stats()["polls_per_task"]

    daemon = world.start_daemon()

    def polled_on():
        after = world.sandbox.stats()["polls_per_task"]
        return all(after.get(task, 0) > before.get(task, 0) for task in tasks(world))

    wait_for(polled_on, "polls of the tasks of before")
    assert daemon.stop() == 0
    assert len(world.bill()) == 3 and set(world.sandbox.stats()["polls_per_task"]) == tasks(world)


def test_a_restart_delivers_what_was_answered_meanwhile(world):
    world.sandbox.settings(answer_after="1s")
    daemon = world.start_daemon()
    for number in range(3):
        world.drop_case(f"A-{number}")
    billed(world, 3)
    assert daemon.stop() == 0
    daemon = world.start_daemon()
    for number in range(3):
        assert world.wait_delivered(f"A-{number}")["task"]["id"] in tasks(world)
    assert daemon.stop() == 0
    assert len(world.bill()) == 3 and world.cases("work") == set()


def test_sigterm_during_an_upload_finishes_and_records_it(world):
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "1s"}})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    billed(world, 1)  # the sandbox has it, its reply is still to come
    assert daemon.stop() == 0
    assert "submitted" in daemon.log()
    daemon = world.start_daemon()
    result = world.wait_delivered("A-1")
    assert daemon.stop() == 0
    assert len(world.bill()) == 1 and result["task"] | {"id": world.bill()[0]["task"], "attempts": 1} == result["task"]


def test_after_sigterm_nothing_new_is_claimed(world):
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "1s"}})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    billed(world, 1)
    daemon.send(signal.SIGTERM)
    daemon.wait_for_log("stopping")
    late = world.drop_case("B-1")
    assert daemon.wait() == 0
    assert late.exists() and len(world.bill()) == 1


def test_a_second_sigterm_kills(world):
    world.sandbox.rules({"name": "hang", "match": {"call": "submit"}, "do": {"hang": "20s"}})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: world.sandbox.stats()["running"].get("submit"), "an upload on its way")
    daemon.send(signal.SIGTERM)
    daemon.wait_for_log("stopping")

    def killed():
        daemon.send(signal.SIGTERM)
        return daemon.process.poll() is not None

    wait_for(killed, "the end of kycd")
    assert daemon.process.returncode == -signal.SIGTERM
    assert world.cases("work") == {"face_liveness/A-1"}


def test_sigkill_while_tasks_pend_costs_nothing(world):
    world.sandbox.settings(answer_after="1s")
    daemon = world.start_daemon()
    for number in range(5):
        world.drop_case(f"A-{number}", "kyc_card")
    wait_for(lambda: daemon.log().count(" submitted ") == 5, "five receipts")
    daemon.stop(signal.SIGKILL)
    daemon = world.start_daemon()
    for number in range(5):
        world.wait_delivered(f"A-{number}", "kyc_card")
    assert daemon.stop() == 0
    assert len(world.bill()) == 5 and world.sandbox.stats()["duplicates"] == 0


@pytest.mark.parametrize("rule,bill", [("resubmit", 2), ("hold", 1)])
def test_sigkill_during_an_upload_leaves_an_unknown_outcome(world, rule, bill):
    world.configure(on_unknown_outcome=rule)
    world.sandbox.rules({"name": "slow", "match": {"call": "submit", "first": 1}, "do": {"delay": "20s"}})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    billed(world, 1)
    daemon.stop(signal.SIGKILL)
    daemon = world.start_daemon()
    if rule == "hold":
        error = world.wait_failed("A-1")
        assert (error["stage"], error["code"], error["attempts"]) == ("submit", "UNKNOWN_OUTCOME", 1)
    else:
        task = world.wait_delivered("A-1")["task"]
        assert task["attempts"] == 2 and task["id"] == world.bill()[1]["task"]
    assert daemon.stop() == 0
    assert len(world.bill()) == bill


def test_sigkill_at_any_moment_loses_no_case(world):
    """Killed a few times while cases stream through; what is paid more than once says so in its attempts."""
    world.sandbox.settings(answer_after="50ms-300ms")
    world.configure(limits={"uploads": 2})
    names = [f"A-{number:02}" for number in range(24)]
    for name in names:
        world.drop_case(name)
    for target in (3, 8, 14, 20):
        daemon = world.start_daemon()
        wait_for(lambda: len(world.bill()) >= target, f"{target} submissions")
        daemon.stop(signal.SIGKILL)
    daemon = world.start_daemon()
    for name in names:
        world.wait_delivered(name)
    assert daemon.stop() == 0
    assert world.cases("outbox") == {f"face_liveness/{name}" for name in names}
    assert world.cases("work") == world.cases("failed") == world.cases("inbox") == set()
    bill = world.bill()
    attempts = {name: world.result(name)["task"]["attempts"] for name in names}
    by_hash = {world.result(name)["files"][0]["sha256"]: name for name in names}
    paid = [by_hash[line["files"][0]["sha256"]] for line in bill]
    for name in names:
        assert 1 <= paid.count(name) <= attempts[name]
        assert world.result(name)["task"]["id"] in tasks(world)


def test_under_hold_sigkill_at_any_moment_never_pays_twice(world):
    world.sandbox.settings(answer_after="50ms-300ms")
    world.configure(on_unknown_outcome="hold", limits={"uploads": 4})
    world.sandbox.rules({"name": "some are slow", "match": {"call": "submit", "every": 3}, "do": {"delay": "150ms"}})
    names = [f"A-{number:02}" for number in range(24)]
    for name in names:
        world.drop_case(name)

    def ended():
        return len(world.cases("outbox")) + len(world.cases("failed"))

    for target in (2, 6, 10, 14, 18, 22):
        daemon = world.start_daemon()
        # A case that was held before it was sent is never billed.
        wait_for(lambda: len(world.bill()) >= target or ended() == 24, f"{target} submissions")
        daemon.stop(signal.SIGKILL)
    daemon = world.start_daemon()
    wait_for(lambda: ended() == 24, "24 ends")
    assert daemon.stop() == 0
    assert world.sandbox.stats()["duplicates"] == 0 and len(world.bill()) <= 24
    assert world.cases("outbox") | world.cases("failed") == {f"face_liveness/{name}" for name in names}
    held = [name.partition("/")[2] for name in world.cases("failed")]
    assert {world.error(name)["code"] for name in held} <= {"UNKNOWN_OUTCOME"}
    assert {world.result(name)["task"]["attempts"] for name in set(names) - set(held)} == {1}


def test_what_a_kill_left_unknown_is_not_blamed_on_the_service(world):
    """Had the API answered so, five at once would pause it; a start uploads eight, before it learns how many the API takes."""
    world.configure(on_unknown_outcome="hold")
    daemon = world.start_daemon()
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "60s"}})
    for number in range(40):
        world.drop_case(f"A-{number}")
    wait_for(lambda: world.sandbox.fired("slow") >= 8, "uploads under way")
    daemon.stop(signal.SIGKILL)
    world.sandbox.rules()
    daemon = world.start_daemon()
    ended = lambda root: len(world.cases(root)) if (world.spool / root).exists() else 0
    wait_for(lambda: ended("outbox") + ended("failed") == 40, "an end of all cases")
    assert ended("failed") >= 8
    assert {world.error(name.partition("/")[2])["code"] for name in world.cases("failed")} == {"UNKNOWN_OUTCOME"}
    assert daemon.stop() == 0
    assert "is paused" not in daemon.log()


def test_a_lost_ledger_is_rebuilt_and_the_service_still_starts(world):
    pause_answers(world)
    world.configure(on_unknown_outcome="hold")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    billed(world, 1)
    wait_for(lambda: " submitted " in daemon.log(), "the receipt")
    daemon.stop(signal.SIGKILL)
    for file in (world.root / "ledger").iterdir():
        file.write_bytes(b"this is no database" * 100)
    daemon = world.start_daemon()
    error = world.wait_failed("A-1")
    assert error["code"] == "UNKNOWN_OUTCOME"
    world.sandbox.settings(answer="pass")
    world.drop_case("B-1")
    world.wait_delivered("B-1")
    assert daemon.stop() == 0
    assert "damaged" in daemon.log() and len(world.bill()) == 2
    assert any("damaged" in name for name in os.listdir(world.root / "ledger"))


def test_an_answer_that_was_on_disk_already_is_delivered_and_never_asked_for_again(world):
    pause_answers(world)
    daemon = world.start_daemon()
    folder = world.drop_case("A-1")
    billed(world, 1)
    daemon.stop(signal.SIGKILL)
    (world.work / folder.relative_to(world.inbox) / "result.json").write_text('{"schema": "kycd.result/1"}')
    polls = world.sandbox.stats()["polls_per_task"]
    daemon = world.start_daemon()
    assert world.wait_delivered("A-1") == {"schema": "kycd.result/1"}
    assert daemon.stop() == 0
    assert len(world.bill()) == 1 and world.sandbox.stats()["polls_per_task"] == polls


# Reloads


def test_sighup_takes_new_credentials(world):
    world.write_password("not-the-password")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: world.sandbox.stats()["unauthorized"] >= 1, "a refused login")
    assert world.cases("failed") == set()
    world.write_password(PASSWORD)
    daemon.send(signal.SIGHUP)
    daemon.wait_for_log("reloaded")
    world.wait_delivered("A-1", timeout=40)
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_sighup_takes_new_limits(world):
    pause_answers(world)
    world.configure(limits={"pending": 1})
    daemon = world.start_daemon()
    for number in range(4):
        world.drop_case(f"A-{number}")
    billed(world, 1)
    world.configure(limits={"pending": 10})
    daemon.send(signal.SIGHUP)
    billed(world, 4)
    assert daemon.stop() == 0


def test_sighup_with_a_bad_file_keeps_the_old_settings_and_says_so(world):
    daemon = world.start_daemon()
    good = world.config_file.read_text()
    world.config_file.write_text(good + "\nlimitz: {}\n")
    daemon.send(signal.SIGHUP)
    daemon.wait_for_log("not reloaded")
    assert "limitz" in daemon.log()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    world.config_file.write_text(good)
    daemon.send(signal.SIGHUP)
    daemon.wait_for_log("info reloaded")
    assert daemon.stop() == 0 and len(world.bill()) == 1


# Limits


def test_uploads_and_polls_stay_within_their_limits_and_use_them(world):
    world.configure(limits={"uploads": 2, "polls": 3}, poll={"first": "100ms", "jitter": 0})
    world.sandbox.rules({"name": "slow", "match": {}, "do": {"delay": "400ms"}})
    for number in range(12):
        world.drop_case(f"A-{number:02}")
    run = world.run_once()
    assert run.code == 0, run
    most = world.sandbox.stats()["max_concurrent"]
    assert most["submit"] == 2 and 1 <= most["poll"] <= 3
    assert len(world.bill()) == 12


def test_submissions_keep_to_their_rate(world):
    world.configure(limits={"rate": 5})
    took = []
    # What waits at an API that stalls comes to it at once, however it was sent; that does not happen each time.
    while len(took) < 3 and max(took, default=0) <= 1.3:
        for number in range(12):
            world.drop_case(f"A-{len(took)}-{number:02}")
        assert world.run_once().code == 0
        bill = world.bill()[12 * len(took):]
        times = [datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).timestamp() for line in bill]
        assert len(times) == 12
        took.append(times[-1] - times[0])
    # One second's worth may come at once; the other seven need 1.4 s.
    assert max(took) > 1.3, took


def test_past_the_pending_limit_cases_stay_in_the_inbox(world):
    pause_answers(world)
    world.configure(limits={"pending": 3})
    for number in range(8):
        world.drop_case(f"A-{number}")
    daemon = world.start_daemon()
    billed(world, 3)

    def polled():
        polls = world.sandbox.stats()["polls_per_task"]
        return all(polls.get(task, 0) >= 4 for task in tasks(world))

    wait_for(polled, "some polls")
    assert len(world.bill()) == 3
    assert len(world.cases("inbox")) == 5 and len(world.cases("work")) == 3
    assert daemon.stop() == 0


def test_images_held_stay_within_the_memory_limit(world):
    """No more than 8 MB of images at a time: four uploads of almost 2 MB each."""
    world.configure(limits={"memory": "8MB", "uploads": 16})
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "1s"}})
    for number in range(8):
        files = case_files("face_liveness", f"A-{number}")
        files["image.jpg"] += b"\0" * (1_990_000 - len(files["image.jpg"]))
        world.drop_folder("face_liveness", f"A-{number}", files)
    run = world.run_once()
    assert run.code == 0, run
    assert 2 <= world.sandbox.stats()["max_concurrent"]["submit"] <= 4
    assert len(world.bill()) == 8


# The disk


def test_a_case_that_somebody_removes_from_work_ends_without_holding_up_the_others(world):
    world.sandbox.rules(NOT_YET)
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: " submitted " in daemon.log(), "the receipt")
    shutil.rmtree(world.spool / "work/face_liveness/A-1")
    world.sandbox.rules()
    daemon.wait_for_log("taken out of work/ by somebody else")
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    assert daemon.stop() == 0
    assert len(world.bill()) == 2 and "paused" not in daemon.log()


def test_a_ledger_is_not_used_with_another_spool(world):
    """What a missing mount looks like: the spool is there, and empty."""
    world.sandbox.settings(answer_after="1s")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: " submitted " in daemon.log(), "the receipt")
    assert daemon.stop() == 0
    aside = world.spool.with_name("spool-unmounted")
    world.spool.rename(aside)
    run = world.run_once()
    assert run.code == 73 and "mount the spool" in run.log
    assert not world.spool.exists()
    for folder in ("inbox", "work", "outbox", "failed"):
        (world.spool / folder).mkdir(parents=True)
    assert world.run_once().code == 73
    shutil.rmtree(world.spool)
    aside.rename(world.spool)
    assert world.run_once().code == 0
    assert world.cases("outbox") == {"face_liveness/A-1"} and len(world.bill()) == 1


def test_an_inbox_that_vanishes_is_waited_for(world):
    world.configure(intake={"rescan": "1s"})
    daemon = world.start_daemon()
    away = world.root / "away"
    os.rename(world.inbox, away)
    wait_for(lambda: "inbox" in daemon.log(), "a word about the inbox")
    assert daemon.process.poll() is None
    os.rename(away, world.inbox)
    world.drop_case("A-1")
    world.wait_delivered("A-1", timeout=20)
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_an_outbox_that_cannot_be_written_is_no_case_s_failure(world):
    daemon = world.start_daemon()
    world.outbox.mkdir(exist_ok=True)
    obstacle = world.outbox / "face_liveness"
    obstacle.write_text("a file where kycd wants its folder")
    world.drop_case("A-1")
    world.drop_case("B-1", "ocr_passport")
    world.wait_delivered("B-1", "ocr_passport")
    wait_for(lambda: any(level in line and "face_liveness" in line for line in daemon.log().splitlines()
                         for level in (" warning ", " error ")), "a word about the trouble")
    assert world.cases("work") == {"face_liveness/A-1"} and world.cases("failed") == set()
    obstacle.unlink()
    world.wait_delivered("A-1")
    assert daemon.stop() == 0 and len(world.bill()) == 2
