"""Through a proxy: CONNECT, from the configuration or the environment, and around it."""

import select
import signal
import socket
import threading

import pytest


class ConnectProxy:
    """A forward proxy that knows nothing but CONNECT."""

    def __init__(self, refuse=None):
        self.refuse = refuse
        self.requests = []
        self.bytes_up = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            self.requests.append(head.decode("latin-1"))
            if self.refuse:
                client.sendall(self.refuse.encode())
                return
            host, _, port = head.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                ends = [client, server]
                while True:
                    for ready in select.select(ends, [], [])[0]:
                        part = ready.recv(65536)
                        if not part:
                            return
                        if ready is client:
                            self.bytes_up += part[:2000]
                        (server if ready is client else client).sendall(part)

    def close(self):
        self.listener.close()


@pytest.fixture
def proxy():
    made = ConnectProxy()
    yield made
    made.close()


def once(world, **env):
    world.drop_case("A-1")
    return world.run_once(env={**world.env, **env})


def through(world, proxy, run):
    assert run.code == 0, run
    assert len(world.bill()) == 1
    assert proxy.requests
    for head in proxy.requests:
        assert head.startswith(f"CONNECT localhost:{world.sandbox.port} HTTP/1.1\r\n")
        assert f"\r\nHost: localhost:{world.sandbox.port}\r\n" in head
        assert "Bearer" not in head and "Authorization" not in head
    # Nothing but TLS went through it.
    assert b"POST " not in proxy.bytes_up and b"GET " not in proxy.bytes_up


def around(world, proxy, run):
    assert run.code == 0, run
    assert len(world.bill()) == 1 and proxy.requests == []


def test_the_proxy_of_the_configuration_is_used(world, proxy):
    world.configure(api={"proxy": proxy.url})
    through(world, proxy, once(world))


@pytest.mark.parametrize("name", ["https_proxy", "HTTPS_PROXY"])
def test_the_proxy_of_the_environment_is_used(world, proxy, name):
    through(world, proxy, once(world, **{name: proxy.url}))


def test_the_configuration_goes_before_the_environment(world, proxy):
    world.configure(api={"proxy": proxy.url})
    through(world, proxy, once(world, https_proxy="http://127.0.0.1:1"))


@pytest.mark.parametrize("names", ["localhost", "other.example,localhost", "*", ".localdomain, localhost "])
def test_no_proxy_goes_around_it(world, proxy, names):
    around(world, proxy, once(world, https_proxy=proxy.url, no_proxy=names))


def test_no_proxy_for_other_hosts_changes_nothing(world, proxy):
    through(world, proxy, once(world, https_proxy=proxy.url, no_proxy="example.com,.local"))


def test_a_proxy_for_plain_http_is_not_used(world, proxy):
    around(world, proxy, once(world, http_proxy=proxy.url))


def test_a_proxy_that_wants_a_login_is_named_and_the_case_is_kept(world):
    proxy = ConnectProxy(refuse="HTTP/1.1 407 Proxy Authentication Required\r\n"
                                "Proxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
    world.configure(api={"proxy": proxy.url}, once={"patience": "3s"})
    run = once(world)
    proxy.close()
    assert run.code == 69, run
    assert "407" in run.log and "proxy" in run.log
    assert proxy.requests and world.sandbox.stats()["requests"] == {}
    assert world.cases("failed") == set()


def test_a_proxy_that_is_not_there_is_unreachable(world):
    world.configure(api={"proxy": "http://127.0.0.1:1"}, once={"patience": "3s"})
    run = once(world)
    assert run.code == 69 and world.sandbox.stats()["requests"] == {}, run
    assert "127.0.0.1:1" in run.log


def test_check_says_that_it_goes_through_a_proxy(world, proxy):
    world.configure(api={"proxy": proxy.url})
    run = world.kycd("check", "--config", str(world.config_file))
    assert run.code == 0 and "through a proxy" in run.out and proxy.requests, run


def test_sighup_takes_another_proxy(world, proxy):
    """Past the one that is asked for a login, by a file that names another one."""
    refusing = ConnectProxy(refuse="HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
    world.configure(api={"proxy": refusing.url})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log("the API is down", timeout=30)
    world.configure(api={"proxy": proxy.url})
    daemon.send(signal.SIGHUP)
    world.wait_delivered("A-1", timeout=30)
    refusing.close()
    assert proxy.requests and world.result("A-1")["task"]["attempts"] == 1
    assert daemon.stop() == 0 and len(world.bill()) == 1


def test_a_proxy_that_hangs_costs_no_attempt(world, proxy):
    """It takes the connection and says nothing to CONNECT; and then it does."""
    hanging = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
    world.configure(api={"proxy": url, "timeouts": {"connect": "300ms"}})
    daemon = world.start_daemon()
    world.drop_case("A-1")
    daemon.wait_for_log("the API is down", timeout=30)
    daemon.wait_for_log(f"the proxy {url[7:]} did not open a tunnel within 300 ms", timeout=30)
    assert world.sandbox.stats()["requests"] == {} and world.cases("failed") == set()
    world.configure(api={"proxy": proxy.url})
    daemon.send(signal.SIGHUP)
    world.wait_delivered("A-1", timeout=30)
    hanging.close()
    assert world.result("A-1")["task"]["attempts"] == 1
    assert daemon.stop() == 0 and len(world.bill()) == 1
