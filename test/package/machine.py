"""A small Debian 12 of its own, with systemd as its first process, for tests of the package: made by debootstrap, run by
systemd-nspawn, without any network but its own loopback interface. Needs root, and nothing of the host's systemd.
"""

import contextlib
import hashlib
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import time

SUITE = "bookworm"
BASE = ["systemd", "systemd-sysv", "dbus", "procps"]


def wait_for(condition, what, timeout):
    """The condition's first true value; fails with `what` at the deadline."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        time.sleep(0.05)


def _told(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _mirror():
    """Where this machine's own packages come from."""
    for line in _told("apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages").splitlines():
        release, place = line.split(" ", 1)
        if release == SUITE:
            return place
    raise SystemExit(f"apt knows no mirror of {SUITE}; run apt-get update")


def _needed_by(package):
    """The names of the packages that this one depends on, of alternatives the first. debootstrap knows no virtual packages; who
    provides one is known here, where the package was made."""
    provider = {}
    for line in _told("dpkg-query", "-W", "-f", "${Package}\t${Provides}\n").splitlines():
        name, provides = line.split("\t")
        provider.update({each.split("(")[0].strip(): name for each in provides.split(",") if each})
        provider[name] = name
    depends = _told("dpkg-deb", "-f", package, "Depends")
    named = {each.split("|")[0].split("(")[0].strip() for each in depends.split(",")}
    return sorted(provider.get(name, name) for name in named)


def base_system(cache, package):
    """A tar file with a Debian that has all that the package depends on, without the package; made once per set of packages."""
    include = BASE + [name for name in _needed_by(package) if name not in BASE]
    key = hashlib.sha256(" ".join([SUITE, *include]).encode()).hexdigest()[:12]
    tar = pathlib.Path(cache) / f"{SUITE}-{key}.tar"
    if tar.exists():
        return tar
    root = pathlib.Path(cache) / f"{SUITE}-{key}.making"
    shutil.rmtree(root, ignore_errors=True)
    env = dict(os.environ)
    proxy = _told("apt-config", "dump", "--format", "%v", "Acquire::http::Proxy").strip()
    if proxy and proxy != "DIRECT":
        env.setdefault("http_proxy", proxy)
    with open(f"{tar}.log", "wb") as log:
        done = subprocess.run(["debootstrap", "--variant=minbase", "--include=" + ",".join(include), SUITE, str(root), _mirror()],
                              stdout=log, stderr=log, env=env)
    if done.returncode:
        raise SystemExit(f"debootstrap failed; see {tar}.log")
    shutil.rmtree(root / "var/cache/apt/archives", ignore_errors=True)
    shutil.rmtree(root / "var/lib/apt/lists", ignore_errors=True)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    making = f"{tar}.making"
    subprocess.run(["tar", "-C", str(root), "--numeric-owner", "-cf", making, "."], check=True)
    os.rename(making, tar)
    shutil.rmtree(root)
    return tar


class Machine:
    """Booted when it is made; `root` is its file system as the host sees it. `unpacked` and `booted` took so many seconds."""

    def __init__(self, folder, base, binds):
        """binds: what is seen in the machine, read-only, as {path in the machine: path here}."""
        self.folder = pathlib.Path(folder)
        self.root = self.folder / "root"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.root.mkdir(parents=True)
        since = time.monotonic()
        subprocess.run(["tar", "-C", str(self.root), "--numeric-owner", "-xpf", str(base)], check=True)
        self.unpacked = time.monotonic() - since
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--machine=kycd-show",
                   "--private-network", "--directory", str(self.root), "--resolv-conf=off", "--timezone=off",
                   "--link-journal=no"]
        command += [f"--bind-ro={here}:{there}" for there, here in binds.items()]
        self.console = self.folder / "console.log"
        with open(self.console, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.leader = wait_for(self._find_leader, f"the machine's first process; see {self.console}", 30)
            wait_for(self._is_up, f"the machine to boot; see {self.console}", 120)
        except BaseException:
            self.destroy()
            raise
        self.booted = time.monotonic() - since - self.unpacked

    def _find_leader(self):
        assert self.process.poll() is None, f"systemd-nspawn ended: {self.console.read_text(errors='replace')}"
        try:
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            # Others come and go before it: the first process of a namespace has number 1 there.
            firsts = [int(child) for child in children
                      if re.search(r"^NSpid:.*\t1$", pathlib.Path(f"/proc/{child}/status").read_text(), re.M)]
        except (FileNotFoundError, ProcessLookupError):
            return None
        return firsts[0] if firsts else None

    def _is_up(self):
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")

    def _inside(self, *command):
        return ["nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--pid", "--net", "--",
                "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "HOME=/root", "TERM=dumb",
                "DEBIAN_FRONTEND=noninteractive", *command]

    def run(self, *command, check=True, timeout=300, text=None):
        """A command in the machine, as root, to its end."""
        done = subprocess.run(self._inside(*command), capture_output=True, text=True, timeout=timeout, input=text)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def answer(self, *command, question, answer, timeout=120):
        """A command in the machine that asks a person at a terminal. Its output; fails when it never asks."""
        pid, terminal = pty.fork()
        if pid == 0:
            inside = self._inside(*command)
            os.execvp(inside[0], inside)
        said, asked, deadline = "", False, time.monotonic() + timeout
        try:
            while time.monotonic() < deadline:
                if not select.select([terminal], [], [], 1)[0]:
                    continue
                try:
                    piece = os.read(terminal, 4096)
                except OSError:  # the other side is closed
                    piece = b""
                if not piece:
                    break
                said += piece.decode(errors="replace")
                if not asked and question in said:
                    asked = True
                    os.write(terminal, answer.encode() + b"\n")
            else:
                os.kill(pid, signal.SIGKILL)
        finally:
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(terminal)
        assert asked, f"nobody was asked '{question}':\n{said}"
        assert status == 0, f"{' '.join(command)}: exit {status}\n{said}"
        return said

    def in_network(self, *command):
        """A command of the host's in the machine's network, where only the machine itself can be reached."""
        done = subprocess.run(["nsenter", f"--target={self.leader}", "--net", "--", *command], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def path(self, inside):
        return self.root / str(inside).lstrip("/")

    def destroy(self):
        """Powers it off, or kills it. Its files stay."""
        if self.process.poll() is None and getattr(self, "leader", None):
            try:
                self.run("systemctl", "poweroff", check=False, timeout=20)
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                pass
        if self.process.poll() is None:
            for each in (getattr(self, "leader", None), self.process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each or self.process.pid, signal.SIGKILL)
            self.process.wait()
