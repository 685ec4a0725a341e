"""TLS that is wrong in every way: nothing is sent, one error says what to mend, and nothing is lost until it is."""

import shutil
import signal
import ssl

import pytest
from conftest import wait_for
from tls_peer import Authority, Front, mood


@pytest.fixture
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "own")


@pytest.fixture
def front(bare_world, authority):
    """In front of the sandbox, in its right mind, and trusted by the configuration."""
    bare_world.start_sandbox()
    made = Front(bare_world.sandbox.port, mood(authority.issue()))
    yield made
    made.close()


def configure(world, front, authority, **api):
    world.configure(api={"base_url": f"https://localhost:{front.port}/api/v3", "ca_file": str(authority.certificate), **api},
                    retry={"base": "50ms", "max": "200ms"})


# Each: a mood of the server, and words of the error: what is wrong, and what to do.
def _stranger(authority):
    return Authority(authority.folder.with_name("stranger"), "a stranger")


WRONG = {
    "name": (lambda a: mood(a.issue("DNS:be.example, DNS:www.example")),
             ["ostname mismatch (certificate is for be.example, www.example)", "api.base_url"]),
    "expired": (lambda a: mood(a.issue(first_day=-20, last_day=-2)), ["certificate has expired", "renew"]),
    "not yet valid": (lambda a: mood(a.issue(first_day=3)), ["certificate is not yet valid", "clock"]),
    "self-signed": (lambda a: mood(a.issue(self_signed=True)), ["self-signed certificate", "api.ca_file"]),
    "unknown authority": (lambda a: mood(_stranger(a).issue()), ["unable to get local issuer certificate", "api.ca_file"]),
    "TLS 1.0": (lambda a: mood(a.issue(), newest=ssl.TLSVersion.TLSv1), ["TLS 1.2"]),
    "TLS 1.1": (lambda a: mood(a.issue(), newest=ssl.TLSVersion.TLSv1_1), ["TLS 1.2"]),
    "client certificate, TLS 1.2": (lambda a: mood(a.issue(), newest=ssl.TLSVersion.TLSv1_2, client_authority=a),
                                    ["api.client_certificate"]),
    "client certificate, TLS 1.3": (lambda a: mood(a.issue(), oldest=ssl.TLSVersion.TLSv1_3, client_authority=a),
                                    ["api.client_certificate"]),
}


def is_down(daemon, words):
    daemon.wait_for_log("the API is down", timeout=30)
    line = next(line for line in daemon.log().splitlines() if "the API is down" in line)
    for word in words:
        assert word in line


@pytest.mark.parametrize("wrong", WRONG)
def test_nothing_is_sent_over_wrong_tls_and_all_goes_on_when_it_is_mended(bare_world, authority, front, wrong):
    world = bare_world
    make, words = WRONG[wrong]
    good = front.context
    front.change(make(authority))
    configure(world, front, authority)
    world.drop_case("A-1")
    daemon = world.start_daemon()
    is_down(daemon, words)
    config = ("--config", str(world.config_file))
    status = world.kycd("status", *config)
    assert status.code == 0 and all(word in status.out for word in words), status
    check = world.kycd("check", *config)
    assert check.code == 69 and all(word in check.out for word in words), check
    wait_for(lambda: len(front.refused) > 8, "some probes", timeout=30)
    assert daemon.log().count("the API is down") == 1, "one error, however often it is tried"
    assert front.received == 0 and world.sandbox.stats()["requests"] == {}
    front.change(good)
    world.wait_delivered("A-1", timeout=30)
    assert world.result("A-1")["task"]["attempts"] == 1
    assert daemon.stop() == 0 and len(world.bill()) == 1


@pytest.mark.parametrize("wrong", WRONG)
def test_tls_that_goes_wrong_while_kycd_runs_costs_no_attempt(bare_world, authority, front, wrong):
    """With a token in hand: neither it nor an image may go to whoever took the API's place."""
    world = bare_world
    make, words = WRONG[wrong]
    good, bad = front.context, make(authority)
    configure(world, front, authority)
    daemon = world.start_daemon()
    world.drop_case("A-0", service="kyc_card")
    world.wait_delivered("A-0", service="kyc_card")
    front.change(bad)
    before = front.received
    for number in range(1, 4):
        world.drop_case(f"A-{number}", service="kyc_card")
    is_down(daemon, words)
    wait_for(lambda: len(front.refused) > 8, "some probes", timeout=30)
    assert front.received == before
    assert world.cases("failed") == set() and len(world.bill()) == 1
    front.change(good)
    for number in range(1, 4):
        world.wait_delivered(f"A-{number}", service="kyc_card", timeout=30)
        assert world.result(f"A-{number}", "kyc_card")["task"]["attempts"] == 1
    assert daemon.stop() == 0 and len(world.bill()) == 4
    assert "unknown outcome" not in daemon.log()


def test_a_stop_waits_for_no_handshake(bare_world, authority, front):
    """Nothing of the case has left yet: the next start sends it, and no attempt was spent."""
    world = bare_world
    configure(world, front, authority, timeouts={"connect": "60s", "handshake": "60s"})
    daemon = world.start_daemon()
    world.drop_case("A-0")
    world.wait_delivered("A-0")
    good = front.context
    front.change(None)
    before = front.connections
    world.drop_case("A-1")
    wait_for(lambda: front.connections > before, "a connection")
    assert daemon.stop(timeout=20) == 0
    assert "stopped" in daemon.log() and "unknown outcome" not in daemon.log()
    front.change(good)
    world.start_daemon()
    world.wait_delivered("A-1")
    assert world.result("A-1")["task"]["attempts"] == 1 and len(world.bill()) == 2


# Reloads


def reload(daemon, seen):
    """SIGHUP, and the wait for the line that says what came of it."""
    before = daemon.log().count(seen)
    daemon.send(signal.SIGHUP)
    wait_for(lambda: daemon.log().count(seen) > before, f"another '{seen}' in the log")


@pytest.mark.parametrize("how", ["another file", "another content"])
def test_sighup_takes_another_authority(bare_world, authority, front, how):
    world = bare_world
    trusted = world.root / "trusted.pem"
    shutil.copy(authority.certificate, trusted)
    configure(world, front, authority, ca_file=str(trusted))
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    following = _stranger(authority)
    front.change(mood(following.issue()))
    world.drop_case("A-2")
    is_down(daemon, ["unable to get local issuer certificate"])
    if how == "another file":
        configure(world, front, following)
    else:
        shutil.copy(following.certificate, trusted)
    reload(daemon, "info reloaded")
    world.wait_delivered("A-2", timeout=30)
    assert daemon.stop() == 0 and len(world.bill()) == 2


def with_certificate(own):
    return {"client_certificate": {"certificate": f"file:{own[0]}", "key": f"file:{own[1]}"}}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sighup_takes_a_client_certificate_and_its_successor(bare_world, authority, front, version):
    world = bare_world
    demanding = {"oldest": version, "newest": version}
    front.change(mood(authority.issue(), client_authority=authority, **demanding))
    configure(world, front, authority)
    daemon = world.start_daemon()
    world.drop_case("A-1")
    is_down(daemon, ["set api.client_certificate"])
    own = [world.root / "own.pem", world.root / "own.key"]
    for source, target in zip(authority.issue("DNS:kycd", usage="clientAuth"), own):
        shutil.copy(source, target)
    configure(world, front, authority, **with_certificate(own))
    reload(daemon, "info reloaded")
    world.wait_delivered("A-1", timeout=30)

    # The server takes another authority's clients now: ours has to be replaced, in the same files.
    following = _stranger(authority)
    front.change(mood(authority.issue(), client_authority=following, **demanding))
    world.drop_case("A-2")
    wait_for(lambda: "check api.client_certificate" in daemon.log(), "the refusal of the certificate", timeout=30)
    for source, target in zip(following.issue("DNS:kycd", usage="clientAuth"), own):
        shutil.copy(source, target)
    reload(daemon, "info reloaded")
    world.wait_delivered("A-2", timeout=30)
    assert daemon.stop() == 0 and len(world.bill()) == 2
    assert "unknown outcome" not in daemon.log()


def test_a_reload_closes_idle_connections_and_lets_those_in_use_finish(bare_world, authority, front):
    world = bare_world
    configure(world, front, authority)
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    world.sandbox.rules({"name": "slow", "match": {"call": "submit", "first": 1}, "do": {"delay": "6s"}})
    world.drop_case("A-2")
    wait_for(lambda: world.sandbox.fired("slow") == 1, "the slow submission")
    connections = front.connections
    reload(daemon, "info reloaded")
    world.wait_delivered("A-2", timeout=30)
    assert world.result("A-2")["task"]["attempts"] == 1
    wait_for(lambda: front.connections > connections, "a new connection for the polls")
    assert daemon.stop() == 0 and len(world.bill()) == 2
    assert "unknown outcome" not in daemon.log() and "not submitted" not in daemon.log()


def _without_certificates(world, front, authority):
    file = world.root / "empty.pem"
    file.write_text("no certificate at all")
    return {"ca_file": str(file)}


def _readable_key(world, front, authority):
    own = authority.issue(usage="clientAuth")
    own[1].chmod(0o644)
    return with_certificate(own)


BAD_RELOADS = {
    "no CA file": (lambda w, f, a: {"ca_file": "/nowhere/ca.pem"}, "/nowhere/ca.pem: No such file"),
    "no certificate in the CA file": (_without_certificates, "empty.pem"),
    "a key that others can read": (_readable_key, "api.client_certificate.key"),
    "a key that is not there": (lambda w, f, a: with_certificate((a.issue()[0], "/nowhere/key.pem")),
                                "api.client_certificate.key"),
    "a key of another certificate": (lambda w, f, a: with_certificate((a.issue()[0], a.issue()[1])), "belong to the certificate"),
    "no password": (lambda w, f, a: {"credentials": {"password": "file:/nowhere/password"}}, "api.credentials.password"),
    "a value that cannot be": (lambda w, f, a: {"timeouts": {"idle": "never"}}, "api.timeouts.idle"),
}


@pytest.mark.parametrize("bad", BAD_RELOADS)
def test_a_reload_is_taken_over_whole_or_not_at_all(bare_world, authority, front, bad):
    """The bad part comes with a good one, which must not be taken over either."""
    world = bare_world
    make, words = BAD_RELOADS[bad]
    configure(world, front, authority)
    daemon = world.start_daemon()
    config = world.config_file.read_text()
    world.configure(api={"base_url": f"https://localhost:{front.port}/api/v3", "ca_file": str(authority.certificate),
                         **make(world, front, authority)}, log={"level": "error"})
    reload(daemon, "not reloaded, the old settings stay")
    line = next(line for line in daemon.log().splitlines() if "not reloaded" in line)
    assert words in line
    front.hang_up()
    world.drop_case("A-1")
    world.wait_delivered("A-1", timeout=30)
    daemon.wait_for_log("info delivered")  # the level is the old one
    world.config_file.write_text(config)
    reload(daemon, "info reloaded")
    world.drop_case("A-2")
    world.wait_delivered("A-2", timeout=30)
    assert daemon.stop() == 0 and len(world.bill()) == 2


# The token's way


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("call", ["obtain", "refresh", "submit", "poll"])
def test_a_redirect_leads_nobody_to_another_host_or_port(bare_world, authority, front, call, status):
    """To a peer with a certificate that is good for the host, where nobody may ever knock."""
    world = bare_world
    elsewhere = Front(world.sandbox.port, mood(authority.issue()))
    rules = [{"name": "away", "match": {"call": call, "first": 1},
              "do": {"redirect": f"https://localhost:{elsewhere.port}/api/v3/", "status": status}}]
    if call == "refresh":
        rules.append({"name": "stale", "match": {"call": "poll", "nth": 1}, "do": {
            "status": 401, "json": {"detail": "Token is expired", "code": "token_not_valid"}}})
    world.sandbox.rules(*rules)
    configure(world, front, authority)
    daemon = world.start_daemon()
    world.drop_case("A-1")
    if call == "submit":
        assert world.wait_failed("A-1", timeout=30)["code"] == "API_REFUSED"
    else:
        world.wait_delivered("A-1", timeout=30)
    assert world.sandbox.fired("away") == 1 and elsewhere.connections == 0
    elsewhere.close()
    assert daemon.stop() == 0
