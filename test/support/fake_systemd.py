"""What systemd is to a service, played by the test: the journal's socket and the notification socket, with all that came in."""

import os
import pathlib
import socket
import struct
import subprocess
import threading
import time

from world import KYCD, wait_for


class _Datagrams:
    """A socket of datagrams that is read all the time; a queue of ten would hold up who sends."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.lock = threading.Lock()
        self.received = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            try:
                data = self.socket.recv(1 << 20)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                self.received.append((time.monotonic(), data))
            self.note(data)

    def note(self, data):
        """For each datagram, on the reader's thread."""

    def all(self):
        with self.lock:
            return list(self.received)

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.thread.join(5)
        self.path.unlink(missing_ok=True)


class Journal(_Datagrams):
    """journald's socket, in a place of its own: a private mount namespace puts it where libsystemd looks for it."""

    def __init__(self, world):
        self.kept = world.root / f"journal-{len(world.logs)}.log"
        self.kept.touch()
        world.logs.append(self.kept)  # searched for personal data with the other logs
        self.world = world
        super().__init__(world.root / "journal/socket")

    def note(self, data):
        with open(self.kept, "ab") as file:
            file.write(data + b"\n")

    @staticmethod
    def possible():
        """Whether this machine lets us mount where nobody else sees it."""
        return subprocess.run([*_unshare(), "mount", "-t", "tmpfs", "none", "/run"], capture_output=True).returncode == 0

    def program(self):
        """kycd, as it sees this journal."""
        script = self.world.root / "kycd-under-a-journal"
        script.write_text(
            "#!/bin/sh\n"
            f"exec {' '.join(_unshare())} sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/journal && "
            f"mount --bind {self.path.parent} /run/systemd/journal && exec {KYCD} \"$@\"' kycd \"$@\"\n")
        script.chmod(0o700)
        return str(script)

    def environment(self):
        """As systemd gives it to a service whose stderr is the journal: the next log file of the world stands for the stream."""
        stream = self.world.root / f"kycd-{len(self.world.logs)}.log"
        stream.touch()
        info = stream.stat()
        return {**self.world.env, "JOURNAL_STREAM": f"{info.st_dev}:{info.st_ino}"}

    def entries(self):
        return [entry_of(data) for _, data in self.all()]

    def wait_for(self, message, timeout=30.0):
        def seen():
            return next((each for each in self.entries() if message in each["MESSAGE"]), None)

        return wait_for(seen, f"'{message}' in the journal", timeout)


def _unshare():
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


def entry_of(data):
    """The fields of one entry in the journal's native protocol."""
    fields = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = struct.unpack("<Q", rest[:8])[0]
            value, rest = rest[8:8 + size], rest[8 + size + 1:]
        fields[name.decode()] = value.decode()
        data = rest
    return fields


class Manager(_Datagrams):
    """The notification socket of systemd."""

    def __init__(self, world):
        self.world = world
        self.kept = world.root / f"notify-{len(world.logs)}.log"
        self.kept.touch()
        world.logs.append(self.kept)  # `systemctl status` shows it to everybody
        super().__init__(world.root / "notify")

    def note(self, data):
        with open(self.kept, "ab") as file:
            file.write(data + b"\n")

    def environment(self, watchdog=None, **more):
        """`watchdog` in seconds."""
        env = {**self.world.env, "NOTIFY_SOCKET": str(self.path), **more}
        if watchdog is not None:
            env["WATCHDOG_USEC"] = str(int(watchdog * 1_000_000))
        return env

    def messages(self):
        """Each as a mapping, in order."""
        return [dict(line.split("=", 1) for line in data.decode().splitlines()) for _, data in self.all()]

    def so_far(self, word):
        """How many there are when all that was sent before now has been read. The word is one of ours, said once."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
            ours.sendto(f"{word}=1".encode(), str(self.path))
        return self.wait_for(word)

    def values(self, name, after=0):
        return [each[name] for each in self.messages()[after:] if name in each]

    def wait_for(self, name, part="", after=0, timeout=20.0):
        """The place behind the first message after `after` with this variable whose value holds `part`."""
        def seen():
            for place, each in enumerate(self.messages()):
                if place >= after and name in each and part in each[name]:
                    return place + 1
            return None

        return wait_for(seen, f"{name} with '{part}' from kycd; it said {self.messages()[after:]}", timeout)
