"""The admin page of a running kycd: over TCP and a unix socket, for good clients and for others."""

import base64
import concurrent.futures
import http.client
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess

import pytest
from conftest import PASSWORD, PERSONAL, wait_for
from receipts import NOT_YET

TOKEN = "a-token-of-more-than-16-letters"
PATHS = ["/", "/page.css", "/page.js", "/livez", "/readyz", "/status.json", "/history.json", "/metrics", "/events"]
COMPONENTS = ["daemon", "loop", "scan", "ledger", "spool", "api", "credentials", "services"]


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(self.path)


class Page:
    """The admin page of a daemon, wherever that says it is."""

    def __init__(self, daemon, news=1):
        self.daemon = daemon
        found = wait_for(lambda: re.findall(r"admin listening listen=(\S+)", daemon.log())[news - 1:news], "the page's address")
        self.where = found[0]

    def connection(self):
        if self.where.startswith("unix:"):
            return UnixConnection(self.where.removeprefix("unix:"))
        return http.client.HTTPConnection(self.where, timeout=20)

    def socket(self):
        host, port = self.where.rsplit(":", 1)
        return socket.create_connection((host.strip("[]"), int(port)), timeout=20)

    def ask(self, path, method="GET", **headers):
        """Status, headers, text."""
        connection = self.connection()
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read().decode()
        finally:
            connection.close()

    def text(self, path):
        status, _, text = self.ask(path)
        assert status == 200, text
        return text

    def status(self):
        return json.loads(self.text("/status.json"))

    def ready(self):
        """Whether it is, and the lines by component."""
        status, _, text = self.ask("/readyz")
        assert status in (200, 503)
        lines = {}
        for line in text.splitlines():
            word, name, *why = line.split(" ", 2)
            assert word in ("ok", "bad")
            lines[name.rstrip(":")] = why[0] if word == "bad" else ""
        return status == 200, lines

    def wait_ready(self, timeout=60):
        """The page is there before what an earlier run left is put in order."""
        wait_for(lambda: self.ready()[0], "readyz to be well", timeout)

    def not_ready_for(self, component):
        ready, lines = self.ready()
        return not ready and lines[component]

    def events(self):
        connection = self.connection()
        connection.request("GET", "/events", headers={"Accept": "text/event-stream"})
        return Events(connection, connection.getresponse())


class Events:
    def __init__(self, connection, reply):
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "text/event-stream"
        self.connection = connection
        self.reply = reply

    def next(self):
        event = {}
        for line in iter(self.reply.readline, b"\n"):
            assert line, "the stream ended"
            name, _, value = line.decode().rstrip("\n").partition(": ")
            event[name] = value
        return event

    def next_status(self):
        while True:
            event = self.next()
            if event["event"] == "status":
                return json.loads(event["data"])

    def close(self):
        self.connection.close()


def raw(page, request):
    """Everything that comes back until the daemon closes."""
    with page.socket() as connection:
        connection.sendall(request)
        got = b""
        try:
            while piece := connection.recv(65536):
                got += piece
        except ConnectionResetError:
            pass
        return got


def start(world, **admin):
    world.configure(admin={"listen": "127.0.0.1:0", **admin})
    daemon = world.start_daemon()
    return daemon, Page(daemon)


def test_the_page_says_what_happens_without_being_asked_again(world):
    daemon, page = start(world)
    assert page.where.startswith("127.0.0.1:") and not page.where.endswith(":0")
    events = page.events()
    before = events.next_status()
    assert before["schema"] == "kycd.status/1" and before["counters"]["delivered"] == 0
    world.drop_case("A-1")
    world.drop_case("A-2")

    def delivered():
        return events.next_status()["counters"]["delivered"] == 2

    wait_for(delivered, "two delivered cases in the stream", 30)
    assert page.status()["counters"]["delivered"] == 2
    assert re.search(r'^kycd_cases_delivered_total\{.*service="face_liveness".*\} 2$', page.text("/metrics"), re.M)
    assert json.loads(page.text("/history.json"))["schema"] == "kycd.history/1"
    assert "A-1" not in page.text("/status.json")
    events.close()
    ready, lines = page.ready()
    assert ready and list(lines) == COMPONENTS
    assert page.text("/livez") == "ok loop\nok scan\nok ledger\n"
    health = page.status()["health"]
    assert health["live"] and health["ready"] and [each["name"] for each in health["components"]] == COMPONENTS
    assert daemon.stop() == 0


def test_every_page_is_safe_to_open(world):
    _, page = start(world)
    for path in PATHS + ["/none"]:
        _, headers, text = page.ask(path, "HEAD")
        assert text == "" and headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        kept = path in ("/", "/page.css", "/page.js")
        assert headers["Cache-Control"] == ("no-cache" if kept else "no-store"), path
    status, headers, html = page.ask("/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    assert re.search(r"""(src|href)=["'](https?:)?//""", html) is None, "the page loads something from elsewhere"
    files = re.findall(r"""(?:src|href)=["']([^"':]+\.(?:css|js))["']""", html)
    assert len(files) >= 2
    for name in files:
        assert page.ask("/" + name.removeprefix("./").lstrip("/"))[0] == 200, name
    assert page.ask("/", If_None_Match=headers["ETag"])[0] == 304
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, _ = page.ask("/status.json", method)
        assert status == 405 and headers["Allow"] == "GET, HEAD"
    assert page.ask("/../../etc/passwd")[0] == 404


def test_another_sites_name_gets_nothing(world):
    """DNS rebinding: a browser is sent here under a name of the attacker's."""
    _, page = start(world)
    port = page.where.rsplit(":", 1)[1]
    for host in ("localhost", f"localhost:{port}", "127.0.0.1:1", "[::1]"):
        assert page.ask("/status.json", Host=host)[0] == 200, host
    for host in ("kyc.example", f"127.0.0.1.nip.io:{port}", "10.0.0.1"):
        status, _, text = page.ask("/status.json", Host=host)
        assert status == 421 and "admin.token" in text and "schema" not in text, host


def test_garbage_and_crowds_hurt_nobody(world):
    daemon, page = start(world)
    for garbage in (b"\0" * 5000, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + os.urandom(300), b"GET\r\n\r\n", b"\r\n\r\n\r\n",
                    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 5000, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
                    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", os.urandom(10_000)):
        reply = raw(page, garbage + b"\r\n\r\n")
        assert reply == b"" or re.match(rb"HTTP/1\.1 (4|5)\d\d ", reply), reply[:100]
    crowd = [page.socket() for _ in range(100)]  # who say nothing
    for connection in crowd[:50]:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: local")
    assert page.text("/livez").startswith("ok loop")
    for connection in crowd:
        connection.close()
    with concurrent.futures.ThreadPoolExecutor(20) as workers:
        assert all(workers.map(lambda _: page.text("/livez").startswith("ok loop"), range(200)))
    world.drop_case("A-1")
    world.wait_delivered("A-1", timeout=30)
    assert daemon.stop() == 0


def test_streams_end_with_the_daemon_and_hold_up_no_stop(world):
    daemon, page = start(world)
    streams = [page.events() for _ in range(5)]
    for stream in streams:
        stream.next_status()
    idle = page.socket()
    assert daemon.stop() == 0
    assert idle.recv(1) == b""
    for stream in streams:
        while stream.reply.readline():
            pass


@pytest.fixture
def token_file(world):
    file = world.root / "admin-token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return file


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_who_does_not_show_the_token_learns_nothing(world, token_file):
    world.configure(admin={"listen": "0.0.0.0:0", "token": f"file:{token_file}"})
    daemon = world.start_daemon()
    page = Page(daemon)
    assert "not encrypted" in daemon.log()
    page.where = "127.0.0.1:" + page.where.rsplit(":", 1)[1]
    for path in PATHS + ["/none"]:
        for headers in ({}, bearer(TOKEN[:-1]), bearer(TOKEN + "x"), bearer(""), basic(TOKEN, ""), basic("admin", "admin")):
            status, replied, text = page.ask(path, **headers)
            assert status == 401 and replied["WWW-Authenticate"].startswith('Basic realm="kycd"')
            assert "schema" not in text and "ok loop" not in text and TOKEN not in text
    for headers in (bearer(TOKEN), basic("", TOKEN), basic("prometheus", TOKEN)):
        assert page.ask("/livez", **headers)[0] == 200
        assert page.ask("/livez", Host="kyc.example", **headers)[0] == 200, "a proxy has another name"
    assert TOKEN not in world.log_text()


def test_an_address_for_all_without_a_token_is_refused(world, token_file):
    for command in (["run"], ["run", "--once"], ["check"]):
        for listen in ("0.0.0.0:9464", "[::]:9464", "10.0.0.1:9464", "kyc.example:9464"):
            world.configure(admin={"listen": listen})
            run = world.kycd(*command, "--config", str(world.config_file))
            assert run.code == 78 and "admin.listen" in run.log and "admin.token" in run.log and "127.0.0.1" in run.log, run
    token_file.write_text("short\n")
    world.configure(admin={"listen": "127.0.0.1:0", "token": f"file:{token_file}"})
    run = world.run_once()
    assert run.code == 78 and "admin.token" in run.log and "16" in run.log and "short" not in run.log, run
    run = world.kycd("check", "--config", str(world.config_file))
    assert run.code == 78 and "admin.token" in run.out, run
    token_file.unlink()
    run = world.run_once()
    assert run.code == 78 and "admin.token" in run.log, run


@pytest.mark.parametrize("group", [False, True])
def test_a_unix_socket_is_for_its_owner_or_its_group(world, group):
    path = world.root / "admin.sock"
    if group:
        if os.geteuid() != 0:
            pytest.skip("giving a file to a group needs root")
        world.configure(admin={"listen": f"unix:{path}"}, group="daemon")
    else:
        world.configure(admin={"listen": f"unix:{path}"})
    daemon = world.start_daemon()
    page = Page(daemon)
    assert page.where == f"unix:{path}"
    assert stat.S_IMODE(path.stat().st_mode) == (0o660 if group else 0o600)
    if group:
        assert path.group() == "daemon"
    page.wait_ready()
    events = page.events()
    assert events.next_status()["schema"] == "kycd.status/1"
    daemon.process.kill()
    daemon.wait()
    assert path.exists(), "a killed daemon leaves its socket"
    again = world.start_daemon()
    Page(again).wait_ready()
    assert again.stop() == 0
    assert not path.exists()


def test_what_is_not_a_socket_of_ours_is_left_alone(world):
    path = world.root / "admin.sock"
    path.write_text("precious")
    world.configure(admin={"listen": f"unix:{path}"})
    daemon = world.start_daemon()
    daemon.wait_for_log("the admin page is not there")
    assert "does not remove" in daemon.log()
    world.drop_case("A-1")
    world.wait_delivered("A-1", timeout=30)
    assert daemon.stop() == 0
    assert path.read_text() == "precious"


def test_a_port_that_is_taken_stops_nothing(world):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        world.configure(admin={"listen": f"127.0.0.1:{port}"})
        daemon = world.start_daemon()
        daemon.wait_for_log("the admin page is not there")
        world.drop_case("A-1")
        world.wait_delivered("A-1", timeout=30)
        assert daemon.log().count("the admin page is not there") == 1
    daemon.wait_for_log("admin listening", timeout=60)  # it tries every 10 s
    Page(daemon).wait_ready()
    assert daemon.stop() == 0


def test_run_once_has_the_page_too(world):
    world.sandbox.rules(NOT_YET)
    world.configure(admin={"listen": "127.0.0.1:0"})
    world.drop_case("A-1")
    once = world.start("run", "--once", "--config", str(world.config_file))
    page = Page(once)
    assert page.ask("/livez")[0] == 200
    wait_for(lambda: page.status()["counters"]["submissions"] == 1, "the submission on the page")
    world.sandbox.rules()
    assert once.wait() == 0


def test_a_reload_changes_address_and_token(world, token_file):
    daemon, page = start(world)
    before = page.events()
    before.next_status()
    daemon.send(signal.SIGHUP)
    wait_for(lambda: daemon.log().count("reloaded ") == 1, "the reload")
    before.next_status()  # nothing has changed for who is looking
    path = world.root / "admin.sock"
    world.configure(admin={"listen": f"unix:{path}", "token": f"file:{token_file}"})
    daemon.send(signal.SIGHUP)
    moved = Page(daemon, news=2)
    assert moved.ask("/livez")[0] == 401 and moved.ask("/livez", **bearer(TOKEN))[0] == 200
    while before.reply.readline():  # what was begun without a token ends
        pass
    with pytest.raises(ConnectionRefusedError):
        page.socket()
    token_file.write_text("short\n")
    daemon.send(signal.SIGHUP)
    daemon.wait_for_log("not reloaded, the old settings stay: admin.token")
    assert moved.ask("/livez", **bearer(TOKEN))[0] == 200
    assert "kycd_config_last_reload_successful 0" in str(moved.ask("/metrics", **bearer(TOKEN)))
    world.configure(admin={"listen": "off", "token": None})
    daemon.send(signal.SIGHUP)
    wait_for(lambda: not path.exists(), "the end of the socket")
    assert daemon.stop() == 0


def test_credentials_that_are_refused_make_it_not_ready(world):
    world.write_password("not-the-password")
    daemon, page = start(world)
    world.drop_case("A-1")
    why = wait_for(lambda: page.not_ready_for("credentials"), "readyz to tell of the credentials", 30)
    assert "401" in why or "credentials" in why or "refused" in why
    assert page.ask("/livez")[0] == 200
    world.write_password(PASSWORD)
    daemon.send(signal.SIGHUP)
    page.wait_ready()
    world.wait_delivered("A-1", timeout=30)


def test_an_api_that_is_down_makes_it_not_ready(world):
    world.configure(admin={"listen": "127.0.0.1:0"}, api={"base_url": "https://localhost:1/api/v3"})
    daemon = world.start_daemon()
    page = Page(daemon)
    for number in range(3):
        world.drop_case(f"A-{number}")
    assert wait_for(lambda: page.not_ready_for("api"), "readyz to tell of the API", 60)
    assert page.ask("/livez")[0] == 200
    assert daemon.stop() == 0


def test_an_idle_daemon_notices_that_its_spool_has_gone(world):
    daemon, page = start(world)
    page.wait_ready()
    shutil.move(world.outbox, world.root / "away")
    why = wait_for(lambda: page.not_ready_for("spool"), "readyz to tell of the outbox", 60)
    assert "outbox" in why
    assert page.ask("/livez")[0] == 200, "a restart would not help"
    shutil.move(world.root / "away", world.outbox)
    page.wait_ready()
    assert daemon.stop() == 0


def test_a_ledger_that_cannot_be_written_makes_it_not_ready(world):
    ledger = world.root / "ledger"
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", ledger],
                                           capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting needs root")
    try:
        daemon, page = start(world)
        filler = ledger / "somebody-elses.bin"
        with open(filler, "wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while file.write(b"\0" * size):
                        pass
                except OSError:
                    pass
        world.drop_case("A-1")
        why = wait_for(lambda: page.not_ready_for("ledger"), "readyz to tell of the ledger", 60)
        assert "No space left" in why or "full" in why
        assert page.ask("/livez")[0] == 200
        filler.unlink()
        page.wait_ready()
        world.wait_delivered("A-1", timeout=60)
        assert daemon.stop() == 0
    finally:
        subprocess.run(["umount", "--lazy", ledger], check=False)


def test_a_blocked_loop_answers_nobody(world):
    """What a probe of /livez is for: it gets no answer, and the service manager's watchdog no food."""
    daemon, page = start(world)
    daemon.send(signal.SIGSTOP)
    wait_for(lambda: "State:\tT" in open(f"/proc/{daemon.pid}/status").read(), "kycd to be stopped")
    try:
        with page.socket() as connection:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            connection.settimeout(1)
            with pytest.raises(TimeoutError):
                connection.recv(1)
    finally:
        daemon.send(signal.SIGCONT)
    assert page.ask("/livez")[0] == 200
    assert daemon.stop() == 0


def test_nothing_personal_is_on_the_page(world):
    daemon, page = start(world)
    world.drop_case("secret-case-name", "background_check")
    world.wait_delivered("secret-case-name", "background_check", timeout=30)
    world.drop_folder("face_liveness", "broken-case-name", {"image.jpg": b"no picture"})
    world.wait_failed("broken-case-name", timeout=30)
    for path in ("/status.json", "/history.json", "/metrics", "/readyz", "/livez"):
        text = page.ask(path)[2]
        assert "case-name" not in text and PERSONAL.search(text) is None and "eyJ" not in text
    assert daemon.stop() == 0
