"""Whom kycd meets on the way to the API: resolvers, proxies and servers that hang, drip, hang up and talk too much."""

import os
import time

import pytest

PRELOAD = os.environ.get("KYCD_PRELOAD")
needs_preload = pytest.mark.skipif(not PRELOAD, reason="KYCD_PRELOAD names no kycd-preload.so (builds with a sanitizer have none)")


# Name lookups


def lookups(world):
    """The file that breaks lookups while it is there, and the environment in which it does."""
    file = world.root / "lookup"
    return file, dict(world.env, LD_PRELOAD=PRELOAD, KYCD_LOOKUP_FILE=str(file))


@needs_preload
def test_a_stop_does_not_wait_for_a_lookup_that_hangs(world):
    file, env = lookups(world)
    file.write_text("600")
    world.configure(api={"timeouts": {"connect": "300ms"}})
    world.drop_case("A-1")
    daemon = world.start_daemon(env)
    daemon.wait_for_log("the API is down", timeout=30)
    status = world.kycd("status", "--config", str(world.config_file))  # the loop is not held up either
    assert status.code == 0 and "the lookup of localhost" in status.out, status
    began = time.monotonic()
    assert daemon.stop(timeout=60) == 0
    assert time.monotonic() - began < 30
    assert world.cases("failed") == set() and world.bill() == []


@needs_preload
def test_a_run_to_the_end_does_not_wait_for_a_lookup_that_hangs(world):
    file, env = lookups(world)
    file.write_text("600")
    world.configure(once={"patience": "3s"}, api={"timeouts": {"connect": "1s"}})
    world.drop_case("A-1")
    assert world.run_once(env=env, timeout=120).code == 69
    check = world.kycd("check", "--config", str(world.config_file), env=env, timeout=120)
    assert check.code == 69 and "the lookup of localhost took longer than 1000 ms" in check.out, check


@needs_preload
def test_a_name_that_does_not_resolve_costs_no_attempt_and_is_asked_for_again(world):
    file, env = lookups(world)
    file.write_text("0")
    daemon = world.start_daemon(env)
    world.drop_case("A-1")
    daemon.wait_for_log("the API is down")
    assert "could not resolve localhost: Temporary failure in name resolution" in daemon.log()
    file.unlink()
    world.wait_delivered("A-1", timeout=30)
    assert world.result("A-1")["task"]["attempts"] == 1
    assert daemon.stop() == 0 and len(world.bill()) == 1


@needs_preload
def test_the_addresses_of_before_serve_while_lookups_hang(world):
    """The connections of before are gone, too, so that new ones have to be opened."""
    file, env = lookups(world)
    daemon = world.start_daemon(env)
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    file.write_text("600")
    port = world.sandbox.port
    world.sandbox.stop()
    world.drop_case("A-2")
    daemon.wait_for_log("refused")
    world.start_sandbox("--listen", f"127.0.0.1:{port}")
    world.wait_delivered("A-2", timeout=30)
    assert daemon.stop(timeout=60) == 0
