"""What systemd is told: ready when ready, reloads, how it stands, that it lives, and that a stop needs more time."""

import os
import signal
import time

import pytest
from conftest import wait_for
from fake_systemd import Manager

PRELOAD = os.environ.get("KYCD_PRELOAD")

needs_preload = pytest.mark.skipif(not PRELOAD, reason="KYCD_PRELOAD names no kycd-preload.so (builds with a sanitizer have none)")


@pytest.fixture
def manager(world):
    made = Manager(world)
    yield made
    made.close()


def start(world, env):
    return world.start("run", "--config", str(world.config_file), env=env)


class Hanging:
    """Calls of a kind that do not come back, from a moment on and until another one."""

    def __init__(self, world, call, where):
        self.on = world.root / "hang-on"
        self.off = world.root / "hang-off"
        self.clock = world.root / "steady"
        self.log = world.root / "hang.log"
        self.env = {"LD_PRELOAD": PRELOAD, "KYCD_PRELOAD_ROOT": f"{where.resolve()}", "KYCD_INJECT": f"{call}:HANG:1:0",
                    "KYCD_INJECT_ON": str(self.on), "KYCD_INJECT_OFF": str(self.off), "KYCD_INJECT_LOG": str(self.log),
                    "KYCD_STEADY_FILE": str(self.clock)}

    def begin(self):
        self.on.touch()

    def wait_until_it_does(self):
        wait_for(lambda: self.log.exists() and self.log.read_text(), "a call that hangs", 20)

    def let_time_pass(self, seconds):
        """For kycd's own measure of it."""
        made = self.clock.with_suffix(".new")
        made.write_text(str(seconds))
        made.rename(self.clock)

    def end(self):
        self.off.touch()


# Ready when ready


def test_ready_is_said_once_and_after_the_steps_before_it(world, manager):
    daemon = start(world, manager.environment())
    ready = manager.wait_for("READY", "1")
    before = manager.messages()[:ready - 1]
    assert [each["STATUS"] for each in before if "STATUS" in each][:2] == [
        "starting: taking the spool", "starting: reading the ledger and work/"]
    # A ledger that is read as a whole takes longer than any TimeoutStartSec= that fits a start without trouble.
    assert all(int(each["EXTEND_TIMEOUT_USEC"]) >= 10_000_000 for each in before if "EXTEND_TIMEOUT_USEC" in each)
    assert "EXTEND_TIMEOUT_USEC" in before[0]
    manager.wait_for("STATUS", "nothing to do")
    assert daemon.stop() == 0
    assert manager.values("READY") == ["1"]


def test_a_start_that_fails_is_never_ready(world, manager):
    first = start(world, manager.environment())
    ready = manager.wait_for("READY")
    second = start(world, manager.environment())
    assert second.wait() == 73  # the spool is taken
    assert manager.values("READY", after=ready) == []
    assert first.stop() == 0
    lost = world.spool.rename(world.root / "elsewhere")
    at = len(manager.messages())
    third = start(world, manager.environment())
    assert third.wait() == 73  # the spool is not mounted
    assert manager.values("READY", after=at) == [] and lost.exists()


@needs_preload
def test_while_the_ledger_does_not_come_back_nothing_is_ready(world, manager):
    hanging = Hanging(world, "fdatasync", world.root / "ledger")
    hanging.begin()
    daemon = start(world, manager.environment(**hanging.env))
    hanging.wait_until_it_does()
    manager.wait_for("STATUS", "starting: reading the ledger and work/")
    # A reload that comes too early must not look like the end of the start.
    daemon.send(signal.SIGHUP)
    assert manager.values("READY") == []
    hanging.end()
    ready = manager.wait_for("READY")
    daemon.wait_for_log("reloaded")
    assert not any("RELOADING" in each for each in manager.messages()[:ready])
    assert daemon.stop() == 0


# Reload


def test_a_reload_has_its_time_and_an_end_even_when_it_fails(world, manager):
    daemon = start(world, manager.environment())
    at = manager.wait_for("READY")
    before = time.monotonic_ns() // 1000
    daemon.send(signal.SIGHUP)
    at = manager.wait_for("RELOADING", "1", at)
    assert before <= int(manager.messages()[at - 1]["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    at = manager.wait_for("READY", "1", at)
    world.config_file.write_text("spool: [")
    daemon.send(signal.SIGHUP)
    at = manager.wait_for("READY", "1", manager.wait_for("RELOADING", "1", at))
    assert "not reloaded" in daemon.log()
    assert daemon.stop() == 0


# How it stands


def test_the_status_tells_what_goes_on_and_names_no_case(world, manager):
    world.configure(api={"timeouts": {"idle": "60s", "request": "60s"}})
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "8s"}}, answer_after="60s")
    daemon = start(world, manager.environment())
    at = manager.wait_for("READY")
    for number in range(3):
        world.drop_case(f"secret-name-{number}")
    at = manager.wait_for("STATUS", "3 uploading", at)
    at = manager.wait_for("STATUS", "3 waiting for answers, oldest ", at)
    world.sandbox.stop()
    at = manager.wait_for("STATUS", "paused: the API is down: ", at)
    assert "3 waiting for answers" in manager.messages()[at - 1]["STATUS"]
    assert daemon.stop() == 0
    said = manager.values("STATUS")
    assert all(one != next_one for one, next_one in zip(said, said[1:])), "only what changed"
    assert not any("secret-name" in each for each in said)


def test_a_fault_of_the_system_is_in_the_status_without_its_path(world, manager):
    daemon = start(world, manager.environment())
    at = manager.wait_for("READY")
    world.outbox.mkdir(exist_ok=True)
    obstacle = world.outbox / "face_liveness"
    obstacle.write_text("a file where kycd wants its folder")
    world.drop_case("secret-name")
    at = manager.wait_for("STATUS", "paused: a fault of the system: ", at)
    assert "secret-name" not in manager.messages()[at - 1]["STATUS"]
    obstacle.unlink()
    manager.wait_for("STATUS", "nothing to do", at)
    assert daemon.stop() == 0


# That it lives


def test_without_a_watchdog_nobody_is_fed(world, manager):
    daemon = start(world, manager.environment(watchdog=5, WATCHDOG_PID="1"))  # another process's
    at = manager.wait_for("READY")
    manager.wait_for("STATUS", "nothing to do", at)
    assert daemon.stop() == 0
    assert manager.values("WATCHDOG") == []


def test_the_watchdog_is_fed_in_time_and_not_by_a_loop_that_stands_still(world, manager):
    daemon = start(world, manager.environment(watchdog=3))
    at = manager.wait_for("READY")
    for _ in range(4):
        at = manager.wait_for("WATCHDOG", "1", at)
    fed = [when for when, data in manager.all() if data == b"WATCHDOG=1"]
    # As good as half of what is asked for; how much later a busy machine sends it is nothing that kycd decides.
    assert min(later - earlier for earlier, later in zip(fed, fed[1:])) <= 1.5
    daemon.send(signal.SIGSTOP)
    wait_for(lambda: "State:\tT" in open(f"/proc/{daemon.pid}/status").read(), "kycd to be stopped")
    stopped = manager.so_far("STOPPED")
    time.sleep(3)
    assert len(manager.messages()) == stopped
    daemon.send(signal.SIGCONT)
    manager.wait_for("WATCHDOG", "1", stopped)
    assert daemon.stop() == 0


@needs_preload
@pytest.mark.parametrize("part, call, folder, patience", [("ledger", "fdatasync", "ledger", 300),
                                                          ("scan", "readdir", "spool/inbox", 600)])
def test_the_watchdog_is_not_fed_while_a_part_does_not_come_back(world, manager, part, call, folder, patience):
    hanging = Hanging(world, call, world.root / folder)
    world.configure(intake={"rescan": "1s"})
    daemon = start(world, manager.environment(watchdog=3, **hanging.env))
    manager.wait_for("WATCHDOG", "1", manager.wait_for("READY"))
    hanging.begin()
    if part == "ledger":  # the scan comes by itself
        world.drop_case("A-1")
    hanging.wait_until_it_does()
    # Storage that takes its time is no reason to be killed.
    hanging.let_time_pass(patience - 120)
    at = manager.wait_for("WATCHDOG", "1", len(manager.messages()) + 2)
    assert "stands still" not in daemon.log()
    hanging.let_time_pass(patience + 120)
    daemon.wait_for_log(f"{part}: has not moved for", timeout=20)
    assert any(" error stands still, so the watchdog is not fed" in line for line in daemon.log().splitlines())
    # The loop turns and says so, and yet does not feed.
    at = manager.wait_for("STATUS", f"standing still: {part}: has not moved for", at)
    manager.wait_for("STATUS", f"standing still: {part}: has not moved for", at)
    still = manager.messages()[at:]
    assert not any("WATCHDOG" in each for each in still)
    hanging.end()
    manager.wait_for("WATCHDOG", "1", at)
    daemon.wait_for_log("moves again, after it stood still")
    if part == "scan":
        world.drop_case("A-1")
    world.wait_delivered("A-1", timeout=20)
    assert daemon.stop() == 0


# A stop


def test_a_stop_asks_for_time_while_an_upload_is_under_way(world, manager):
    world.configure(api={"timeouts": {"idle": "60s", "request": "60s"}})
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "9s"}})
    daemon = start(world, manager.environment())
    at = manager.wait_for("READY")
    world.drop_case("A-1")
    at = manager.wait_for("STATUS", "1 uploading", at)
    daemon.send(signal.SIGTERM)
    at = manager.wait_for("STOPPING", "1", at)
    told = manager.wait_for("EXTEND_TIMEOUT_USEC", "", at)
    manager.wait_for("STATUS", "stopping: 1 upload to finish", at)
    assert daemon.wait() == 0
    assert int(manager.messages()[told - 1]["EXTEND_TIMEOUT_USEC"]) >= 10_000_000
    assert manager.values("READY", after=at) == []
    assert len(world.bill()) == 1


def test_a_stop_without_uploads_asks_for_nothing(world, manager):
    world.sandbox.settings(answer_after="60s")
    daemon = start(world, manager.environment())
    at = manager.wait_for("READY")
    world.drop_case("A-1")
    manager.wait_for("STATUS", "1 waiting for answers", at)
    assert daemon.stop() == 0
    at = manager.wait_for("STOPPING", "1")
    assert manager.values("EXTEND_TIMEOUT_USEC", after=at) == []
