"""A real forward proxy on the way to the API: tinyproxy, with CONNECT. What it is like in all detail is in proxy_test.py."""

import signal

import pytest
from conftest import wait_for
from peers import Tinyproxy


@pytest.fixture
def tinyproxy(world):
    proxy = Tinyproxy(world.root / "tinyproxy")
    configure(world, proxy)
    yield proxy
    proxy.stop()


def configure(world, proxy, **api):
    world.configure(api={"proxy": proxy.url, **api}, once={"patience": "8s"}, log={"level": "info"})


def drop(world, count):
    names = [f"A-{number:02}" for number in range(count)]
    for name in names:
        world.drop_case(name)
    return names


def wait_for_all(world, names):
    for name in names:
        world.wait_delivered(name, timeout=60)
    assert world.cases("failed") == set()


def unknown_outcomes(world, names):
    told = [world.kycd("show", name, "--json", "--config", str(world.config_file)) for name in names]
    return sum(life["unknown_outcomes"] for run in told for life in run.summary["lives"])


def test_cases_go_through_it_and_it_sees_nothing_of_them(world, tinyproxy):
    tinyproxy.start()
    names = drop(world, 20)
    run = world.run_once()
    assert run.code == 0, run
    assert len(world.bill()) == 20 and world.cases("outbox") == {f"face_liveness/{name}" for name in names}
    assert f"CONNECT localhost:{world.sandbox.port} HTTP/1.1" in tinyproxy.log()
    for secret in ("Bearer", "services/", "POST"):
        assert secret not in tinyproxy.log()


def test_a_proxy_that_wants_a_password_is_named_and_everything_waits_for_it(world, tinyproxy):
    """kycd has no password to give: that it is the proxy that asks must be plain, and the API's own is not doubted."""
    tinyproxy.configure("BasicAuth desk secret")
    tinyproxy.start()
    world.drop_case("A-1")
    run = world.run_once()
    assert run.code == 69, run
    assert "407" in run.log and f"127.0.0.1:{tinyproxy.port}" in run.log and "proxy" in run.log
    assert "credentials" not in run.log
    check = world.kycd("check", "--config", str(world.config_file))
    assert check.code == 69 and "407" in check.out + check.log, check

    daemon = world.start_daemon()
    daemon.wait_for_log("407")
    assert world.sandbox.stats()["requests"] == {} and world.cases("failed") == set()
    tinyproxy.stop()
    tinyproxy.configure()
    tinyproxy.start()
    world.wait_delivered("A-1")
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_a_proxy_that_does_not_let_us_there_fails_no_case(world, tinyproxy):
    """Its 403 is no FORBIDDEN of the API."""
    tinyproxy.configure("ConnectPort 1")
    tinyproxy.start()
    names = drop(world, 6)
    daemon = world.start_daemon()
    daemon.wait_for_log("403")
    assert f"127.0.0.1:{tinyproxy.port}" in daemon.log()
    tinyproxy.stop()
    tinyproxy.configure()
    tinyproxy.start()
    wait_for_all(world, names)
    assert daemon.stop() == 0 and len(world.bill()) == 6


def test_an_api_that_is_gone_behind_the_proxy_is_waited_for(world, tinyproxy):
    """tinyproxy answers CONNECT with a page of its own: nothing was sent, so nothing is in doubt."""
    tinyproxy.start()
    port = world.sandbox.port
    world.sandbox.stop()
    names = drop(world, 6)
    daemon = world.start_daemon()
    daemon.wait_for_log("the API is down")
    world.start_sandbox("--listen", f"127.0.0.1:{port}")
    wait_for_all(world, names)
    assert daemon.stop() == 0
    assert len(world.bill()) == 6 and unknown_outcomes(world, names) == 0


def test_a_proxy_that_hangs_is_given_up_and_waited_for(world, tinyproxy):
    configure(world, tinyproxy, timeouts={"connect": "1s", "handshake": "1s", "idle": "2s", "request": "6s"})
    tinyproxy.start()
    daemon = world.start_daemon()
    world.drop_case("first")
    world.wait_delivered("first")
    tinyproxy.process.send_signal(signal.SIGSTOP)
    try:
        names = drop(world, 6)
        daemon.wait_for_log("the API is down", 60)
    finally:
        tinyproxy.process.send_signal(signal.SIGCONT)
    wait_for_all(world, names)
    assert daemon.stop() == 0
    assert 7 <= len(world.bill()) <= 7 + unknown_outcomes(world, ["first", *names])


def test_a_proxy_that_is_restarted_loses_nothing(world, tinyproxy):
    tinyproxy.start()
    world.sandbox.rules({"name": "latency", "match": {"call": "submit"}, "do": {"delay": "100ms"}})
    names = drop(world, 40)
    daemon = world.start_daemon()
    for count in (3, 15, 30):
        wait_for(lambda least=count: len(world.bill()) >= least, f"{count} submits", 30)
        tinyproxy.stop(signal.SIGKILL)
        tinyproxy.start()
    wait_for_all(world, names)
    assert daemon.stop() == 0
    assert 40 <= len(world.bill()) <= 40 + unknown_outcomes(world, names)
