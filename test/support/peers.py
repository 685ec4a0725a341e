"""Third parties that stand between kycd and the API: nginx in front of the sandbox, tinyproxy on the way to it.

Each runs in the foreground on a free port with a configuration of its own in a temporary folder; the system's service, if there is
one, is not touched. They end with the process that started them.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess

from world import wait_for

PATHS = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def free_port():
    """One that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def listens(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


class Peer:
    """A server of somebody else's making. Subclasses write its configuration and say how it is started."""

    program = None

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.log_file = self.folder / "peer.log"
        self.config_file = self.folder / "peer.conf"
        self.process = None

    def command(self):
        raise NotImplementedError

    def start(self):
        path = shutil.which(self.program, path=PATHS)
        assert path, f"{self.program} is not installed; scripts/lib.sh names the packages"
        with open(self.folder / "stderr", "ab") as told:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", path, *self.command()], stdout=told, stderr=told)
        wait_for(lambda: listens(self.port) or self.process.poll() is not None, f"{self.program} to listen", 60)
        assert self.process.poll() is None, (self.folder / "stderr").read_text()
        return self

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def stop(self, number=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.send_signal(signal.SIGCONT)
            self.process.wait(30)


class Nginx(Peer):
    """Ends TLS with the sandbox's certificate and passes everything on. `http` and `location`: more of its configuration."""

    program = "nginx"

    def __init__(self, folder, sandbox, http="", location=""):
        super().__init__(folder)
        user = "user root;" if os.geteuid() == 0 else ""
        kept = "\n".join(f"  {name}_temp_path {self.folder}/{name};"
                         for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.config_file.write_text(f"""
daemon off; {user} worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
  log_format plain '$request_method $uri $status $request_length $upstream_status';
  access_log {self.log_file} plain;
{kept}
  {http}
  server {{
    listen 127.0.0.1:{self.port} ssl; server_name localhost;
    ssl_certificate {sandbox.state}/server.pem; ssl_certificate_key {sandbox.state}/server.key;
    location / {{
      proxy_pass https://127.0.0.1:{sandbox.port};
      proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_trusted_certificate {sandbox.ca_file};
      proxy_http_version 1.1; proxy_set_header Host $http_host;
      {location}
    }}
  }}
}}
""")

    def command(self):
        return ["-e", f"{self.folder}/error.log", "-c", str(self.config_file)]

    @property
    def base_url(self):
        return f"https://localhost:{self.port}/api/v3"

    def answers(self, status):
        """How many requests it answered with this status."""
        return sum(1 for line in self.log().splitlines() if line.split()[2] == str(status))

    def passed_on(self, status):
        """How many of those it had given to the sandbox."""
        return sum(1 for line in self.log().splitlines() if line.split()[2] == str(status) and line.split()[4] != "-")


class Tinyproxy(Peer):
    """A forward proxy. `more`: lines of its configuration, e.g. BasicAuth."""

    program = "tinyproxy"

    def __init__(self, folder):
        super().__init__(folder)
        self.configure()

    def configure(self, *more):
        self.config_file.write_text("\n".join([
            f"Port {self.port}", "Listen 127.0.0.1", "Timeout 60", f'LogFile "{self.log_file}"', "LogLevel Info", "MaxClients 100",
            *more]) + "\n")

    def command(self):
        return ["-d", "-c", str(self.config_file)]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"
