"""Connections on several threads (threads: 3): faults, reloads and stops lose no case and pay none twice."""

import pathlib
import signal

from conftest import IMAGES, picture, wait_for


def drop_cases(world, count):
    """Of three images each, large enough to be worth another thread."""
    names = [f"N-{number:03}" for number in range(count)]
    for name in names:
        world.drop_folder("kyc_card", name, {f"{field}.jpg": picture(field, name) for field in IMAGES["kyc_card"]})
    return {f"kyc_card/{name}" for name in names}


def work_of_carriers(daemon):
    """What the threads beside the loop have had of the processor, in ns."""
    tasks = pathlib.Path(f"/proc/{daemon.pid}/task").iterdir()
    return [int((task / "schedstat").read_text().split()[0]) for task in tasks
            if (task / "comm").read_text().strip() == "kycd-carrier"]


def several_threads(world, **more):
    world.configure(**{"threads": 3, "limits": {"uploads": 8, "polls": 8}, "log": {"level": "info"}, **more})


def test_faults_on_every_thread_cost_no_case_and_no_money(world):
    several_threads(world, retry={"base": "50ms", "max": "200ms", "attempts": 20})
    world.sandbox.rules(
        {"name": "busy", "match": {"call": "submit", "every": 9}, "do": {"status": 503}},
        {"name": "gone before it was read", "match": {"call": "submit", "every": 7}, "do": {"drop": "before_body"}},
        {"name": "answered before it was read", "match": {"call": "submit", "every": 11}, "do": {"status": 503, "early": True}},
        {"name": "closed", "match": {"call": "submit", "every": 5}, "do": {"close_after": True}},
        {"name": "bad gateway", "match": {"call": "poll", "every": 10}, "do": {"status": 502}},
        {"name": "dropped", "match": {"call": "poll", "every": 6}, "do": {"drop": "after_body"}})
    daemon = world.start_daemon()
    cases = drop_cases(world, 80)
    for share in range(1, 8):  # idle connections are closed, and those in use at their end
        wait_for(lambda: len(world.cases("outbox")) >= 10 * share, f"{10 * share} answers", 60)
        daemon.send(signal.SIGHUP)
    wait_for(lambda: world.cases("outbox") == cases, "all answers", 60)
    used = work_of_carriers(daemon)
    assert len(used) == 2 and min(used) > 0
    assert daemon.stop() == 0
    assert len(world.bill()) == len(cases) and world.sandbox.stats()["duplicates"] == 0
    assert world.cases("inbox") == world.cases("work") == world.cases("failed") == set()


def test_a_stop_amid_uploads_on_several_threads_loses_nothing(world):
    several_threads(world)
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "4s"}})
    daemon = world.start_daemon()
    cases = drop_cases(world, 40)
    wait_for(lambda: world.sandbox.stats()["running"].get("submit", 0) >= 6, "uploads side by side")
    daemon.send(signal.SIGHUP)
    assert daemon.stop(timeout=20) == 0
    assert len(world.bill()) < len(cases) and world.cases("failed") == set()
    world.sandbox.rules()
    daemon = world.start_daemon()
    wait_for(lambda: world.cases("outbox") == cases, "all answers", 60)
    assert daemon.stop() == 0
    assert len(world.bill()) == len(cases) and world.sandbox.stats()["duplicates"] == 0


def test_a_poll_that_hangs_on_another_thread_holds_up_no_stop(world):
    several_threads(world)
    world.sandbox.settings(answer="never")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: len(world.bill()) == 1, "a submission")
    world.sandbox.rules({"name": "hang", "match": {"call": "poll"}, "do": {"hang": "60s"}})
    wait_for(lambda: world.sandbox.stats()["running"].get("poll"), "a poll on its way")
    assert daemon.stop(timeout=15) == 0


def test_another_number_of_threads_waits_for_a_restart(world):
    several_threads(world)
    daemon = world.start_daemon()
    assert len(work_of_carriers(daemon)) == 2
    several_threads(world, threads=1)
    daemon.send(signal.SIGHUP)
    daemon.wait_for_log("threads change at a restart")
    assert len(work_of_carriers(daemon)) == 2
    cases = drop_cases(world, 3)
    wait_for(lambda: world.cases("outbox") == cases, "all answers")
    assert daemon.stop() == 0
    daemon = world.start_daemon()
    assert work_of_carriers(daemon) == []
    assert daemon.stop() == 0
