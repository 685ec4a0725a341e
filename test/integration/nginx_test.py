"""nginx in front of the API, as a real gateway stands there: its limits, its silences and its restarts, with the bill checked."""

import signal
import time

import pytest
from conftest import picture, wait_for
from peers import Nginx
from tls_peer import Authority

LARGE = 1_900_000  # bytes; within the API's limit for an image


@pytest.fixture
def gateway(world):
    """Starts an nginx before the sandbox, and points kycd to it."""
    made = []

    def start(http="", location="", **changes):
        nginx = Nginx(world.root / "nginx", world.sandbox, http, location).start()
        made.append(nginx)
        api = {"base_url": nginx.base_url, **changes.pop("api", {})}
        world.configure(api=api, log={"level": "info"}, **changes)
        return nginx

    yield start
    for nginx in made:
        nginx.stop()


def drop(world, count):
    names = [f"A-{number:02}" for number in range(count)]
    for name in names:
        world.drop_case(name)
    return names


def wait_for_all(world, names, timeout=60):
    wait_for(lambda: len(world.cases("outbox")) + len(world.cases("failed")) == len(names), "all cases to come out", timeout)
    assert world.cases("failed") == set()


def unknown_outcomes(world, names):
    """How many attempts `kycd show` names as of unknown outcome, over all cases."""
    told = [world.kycd("show", name, "--json", "--config", str(world.config_file)) for name in names]
    return sum(life["unknown_outcomes"] for run in told for life in run.summary["lives"])


def test_what_goes_through_it_is_paid_once(world, gateway):
    nginx = gateway()
    names = drop(world, 20)
    run = world.run_once()
    assert run.code == 0, run
    assert world.cases("outbox") == {f"face_liveness/{name}" for name in names} and len(world.bill()) == 20
    wait_for(lambda: nginx.passed_on(200) >= 41, "nginx to note the last of them")  # which it does behind its reply
    assert world.sandbox.stats()["unauthorized"] == 0


@pytest.mark.parametrize("status", [503, 429])
def test_its_request_limit_is_waited_out(world, gateway, status):
    """nginx says neither why nor for how long. No case fails for it, and hardly more is asked than it lets through."""
    nginx = gateway(http="limit_req_zone $server_name zone=all:1m rate=20r/s;",
                    location=f"limit_req zone=all burst=4 nodelay; limit_req_status {status};",
                    retry={"attempts": 20, "base": "100ms", "max": "2s"})
    names = drop(world, 30)
    daemon = world.start_daemon()
    wait_for_all(world, names)
    assert daemon.stop() == 0
    assert len(world.bill()) == 30 and nginx.answers(status) > 0
    assert unknown_outcomes(world, names) == 0
    assert nginx.answers(status) < 4 * nginx.answers(200), "it was flooded"


def test_its_limit_on_bodies_ends_the_cases_above_it(world, gateway):
    """It answers at once and lets the body go unread; what comes after is not disturbed."""
    nginx = gateway(http="client_max_body_size 1m;")
    for number in range(4):
        whole = picture("image", f"large {number}")
        world.drop_folder("face_liveness", f"large-{number}", {"image.jpg": whole + bytes(LARGE - len(whole))})
        world.drop_case(f"small-{number}")
    daemon = world.start_daemon()
    for number in range(4):
        error = world.wait_failed(f"large-{number}")
        assert error["code"] == "TOO_LARGE_FOR_API" and error["http_status"] == 413 and error["attempts"] == 1, error
        assert "413" in error["api"]
        world.wait_delivered(f"small-{number}")
    assert daemon.stop() == 0
    wait_for(lambda: nginx.answers(413) >= 4, "nginx to note the last of them")  # which it does behind its reply
    assert len(world.bill()) == 4 and nginx.answers(413) == 4 and nginx.passed_on(413) == 0


def test_a_certificate_that_it_misses_is_no_refusal_of_password_or_case(world, gateway, tmp_path):
    """It lets the handshake pass and answers each request with a page and 400."""
    authority = Authority(tmp_path / "authority")
    nginx = gateway(http=f"ssl_verify_client on; ssl_client_certificate {authority.certificate};")
    names = drop(world, 3)
    daemon = world.start_daemon()
    daemon.wait_for_log("No required SSL certificate was sent")
    assert "api.client_certificate" in daemon.log() and "credentials" not in daemon.log()
    assert world.bill() == [] and world.cases("failed") == set()
    certificate, key = authority.issue(usage="clientAuth")
    world.configure(api={"base_url": nginx.base_url,
                         "client_certificate": {"certificate": f"file:{certificate}", "key": f"file:{key}"}})
    daemon.send(signal.SIGHUP)
    wait_for_all(world, names)
    assert daemon.stop() == 0 and len(world.bill()) == 3


def test_pages_instead_of_the_api_cost_a_few_cases_and_then_pause_the_service(world, gateway):
    nginx = gateway(location="if ($request_uri ~ services/face_liveness) { return 400; }", limits={"uploads": 2})
    drop(world, 12)
    daemon = world.start_daemon()
    daemon.wait_for_log("face_liveness is paused")
    wait_for(lambda: len(world.cases("failed")) >= 5, "five refused cases")
    failed = world.cases("failed")
    assert len(failed) <= 6, "one more was under way"
    assert nginx.passed_on(400) == 0
    error = world.error(next(iter(failed)).split("/")[1])
    assert error["code"] == "REPLY_NOT_UNDERSTOOD" and error["http_status"] == 400 and "400 Bad Request" in error["message"]
    assert daemon.stop() == 0 and world.bill() == []


def test_a_gateway_without_an_api_behind_it_is_an_unknown_outcome(world, gateway):
    """502 for a submit that nginx has read whole: nobody knows whether the API saw it. All pauses, then all goes on."""
    nginx = gateway()
    port = world.sandbox.port
    daemon = world.start_daemon()
    world.drop_case("first")
    world.wait_delivered("first")
    world.sandbox.stop()
    names = drop(world, 8)
    daemon.wait_for_log("the API is down")
    asked = nginx.answers(502)
    wait_for(lambda: nginx.answers(502) >= asked + 3, "the probes of a paused kycd")
    assert world.cases("failed") == set() and len(world.cases("outbox")) == 1
    world.start_sandbox("--listen", f"127.0.0.1:{port}")
    wait_for_all(world, ["first", *names])
    assert daemon.stop() == 0
    assert len(world.bill()) == 9  # no attempt had reached the API
    assert unknown_outcomes(world, names) >= 1
    assert "the API answers again" in daemon.log()


def test_a_gateway_without_an_api_holds_what_may_be_paid(world, gateway):
    gateway(on_unknown_outcome="hold")
    world.start_daemon()
    world.drop_case("first")
    world.wait_delivered("first")
    world.sandbox.process.kill()
    world.sandbox.process.wait()
    world.drop_case("held")
    error = world.wait_failed("held")
    assert error["code"] == "UNKNOWN_OUTCOME" and error["http_status"] == 502, error


def test_an_api_that_hangs_behind_the_gateway_is_paid_again_only_by_name(world, gateway):
    """504: nginx gave up, the API may carry the submit out yet. Each bill more is an attempt that kycd names as unknown."""
    nginx = gateway(location="proxy_connect_timeout 1s; proxy_read_timeout 1s;")
    daemon = world.start_daemon()
    world.drop_case("first")
    world.wait_delivered("first")
    names = drop(world, 6)
    world.sandbox.process.send_signal(signal.SIGSTOP)
    try:
        wait_for(lambda: nginx.answers(504) >= 2, "nginx to give up waiting", 30)
    finally:
        world.sandbox.process.send_signal(signal.SIGCONT)
    wait_for_all(world, ["first", *names])
    assert daemon.stop() == 0
    unknown = unknown_outcomes(world, ["first", *names])
    assert 7 <= len(world.bill()) <= 7 + unknown


@pytest.mark.parametrize("closing", ["keepalive_timeout 1s;", "keepalive_requests 3;", "keepalive_timeout 0;"])
def test_connections_that_it_closes_cost_nothing(world, gateway, closing):
    """Some requests begin just as nginx closes the connection that they would have used."""
    gateway(http=closing, limits={"uploads": 2, "polls": 2})
    daemon = world.start_daemon()
    names = drop(world, 6)
    wait_for_all(world, names)
    for number in range(6):
        time.sleep(0.97 + number / 100)  # about as long as it keeps them: on either side of the moment
        world.drop_case(f"B-{number}")
        world.wait_delivered(f"B-{number}")
    assert daemon.stop() == 0
    assert len(world.bill()) == 12 and world.cases("failed") == set()


def test_reloads_of_the_gateway_go_unnoticed(world, gateway):
    """The old worker finishes what it has and closes the connections that are idle."""
    nginx = gateway()
    names = drop(world, 40)
    daemon = world.start_daemon()
    for count in range(5, 40, 7):
        wait_for(lambda least=count: len(world.cases("outbox") if world.outbox.exists() else ()) >= least, f"{count} cases")
        nginx.process.send_signal(signal.SIGHUP)
    wait_for_all(world, names)
    assert daemon.stop() == 0
    assert len(world.bill()) == 40


def test_a_gateway_that_is_killed_and_started_again_loses_nothing(world, gateway):
    nginx = gateway()
    world.sandbox.rules({"name": "latency", "match": {"call": "submit"}, "do": {"delay": "100ms"}})
    names = drop(world, 40)
    daemon = world.start_daemon()
    for count in (3, 15, 30):
        wait_for(lambda least=count: len(world.bill()) >= least, f"{count} submits")
        nginx.stop(signal.SIGTERM)  # it drops what it has in hand
        nginx.start()
    wait_for_all(world, names)
    assert daemon.stop() == 0
    bills = len(world.bill())
    assert 40 <= bills <= 40 + unknown_outcomes(world, names)
