"""kycd as somebody would have it: installed on a machine, configured against the API's sandbox that runs beside it there."""

import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

from machine import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/support"))
import make_images  # noqa: E402

PASSWORD = "pw-4tR9-never-in-a-log"
SPOOL = "/var/spool/kycd"
CONFIG = """# Configured by the show.
spool: /var/spool/kycd
api:
  base_url: https://localhost:8443/api/v3
  ca_file: /var/lib/sandbox/ca.pem
  credentials: {username: desk-7, password: credential:password}
intake: {settle: 100ms}
limits: {uploads: 16}
poll: {first: 200ms, min: 100ms, max: 500ms}
on_unknown_outcome: hold
log: {level: info}
"""


class Installation:
    def __init__(self, machine):
        self.machine = machine
        self.spool = machine.path(SPOOL)
        self.config = machine.path("/etc/kycd/kycd.yaml")
        self.dropped = 0
        self.verified_again = 0
        self._picture = make_images.jpeg(make_images.draw("selfie", (640, 480), "show", noise=4), 0, 60_000)

    # The API

    def start_sandbox(self):
        self.machine.run("systemd-run", "--unit=sandbox", "/opt/kycd-sandbox", "--listen", "127.0.0.1:8443", "--state",
                         "/var/lib/sandbox", "--username", "desk-7", "--password", PASSWORD, "--answer-after", "300ms")
        ready = self.machine.path("/var/lib/sandbox/ready.json")
        wait_for(ready.exists, "the sandbox", 30)
        self.machine.path("/var/lib/sandbox").chmod(0o755)

    def api(self, call, body=None):
        """A control call of the sandbox's."""
        return json.loads(self.machine.in_network(
            sys.executable, str(ROOT / "test/package/ask.py"), str(self.machine.path("/var/lib/sandbox/ca.pem")), call,
            json.dumps(body) if body is not None else ""))

    def slow_uploads(self, delay):
        self.api("scenario", {"rules": [{"name": "slow", "match": {"call": "submit"}, "do": {"delay": delay}}]})

    def answers_after(self, time):
        self.api("scenario", {"rules": []})
        self.api("settings", {"answer_after": time})

    def bill(self):
        """How often each case was paid; a case is what was sent for it."""
        paid = collections.Counter()
        for line in self.machine.path("/var/lib/sandbox/bill.jsonl").read_text().splitlines():
            call = json.loads(line)
            paid[(call["service"], call["texts_sha256"], *(file["sha256"] for file in call["files"]))] += 1
        return paid

    def paid_twice(self):
        """Cases, but for those that a ticket has asked for again."""
        return sum(1 for times in self.bill().values() if times > 1) - self.verified_again

    # Configuration

    def configure(self, text=CONFIG):
        """As an administrator does: the file is written in place, so that owner and mode stay."""
        with open(self.config, "r+", encoding="utf-8") as file:
            file.truncate()
            file.write(text)

    def write_password(self):
        secret = self.machine.path("/etc/kycd/password")
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD + "\n")

    # Cases

    def picture(self, seed):
        """A JPEG that kycd takes; another seed gives other bytes."""
        return make_images.jpeg_comment(self._picture, seed)

    def drop(self, count):
        """Cases of one picture each, written beside the inbox and renamed in. Their names."""
        owner = self.spool.stat()
        staging = self.spool / ".show"
        staging.mkdir(exist_ok=True)
        target = self.spool / "inbox/face_liveness"
        names = []
        for _ in range(count):
            self.dropped += 1
            name = f"show-{self.dropped:04}"
            case = staging / name
            case.mkdir()
            (case / "image.jpg").write_bytes(self.picture(name))
            for each in (case, case / "image.jpg"):
                os.chown(each, owner.st_uid, owner.st_gid)
            os.rename(case, target / name)
            names.append(name)
        shutil.rmtree(staging)
        return names

    def drop_demo(self):
        """Cases of every service, good and bad, as scripts/demo drops them. How many things were dropped."""
        demo = self.machine.folder / "demo"
        subprocess.run([sys.executable, str(ROOT / "test/support/make_cases.py"), "demo", "--face-later", "--spool", str(demo)],
                       check=True, stdout=subprocess.DEVNULL)
        owner = self.spool.stat()
        for place in demo.rglob("*"):
            os.chown(place, owner.st_uid, owner.st_gid, follow_symlinks=False)
        made = [each for service in (demo / "inbox").iterdir() for each in service.iterdir()]
        for each in made:
            (self.spool / "inbox" / each.parent.name).mkdir(exist_ok=True)
            os.rename(each, self.spool / "inbox" / each.parent.name / each.name)
        return len(made)

    def ended(self, root, service="face_liveness"):
        folder = self.spool / root / service
        return {each.name for each in folder.iterdir() if not each.name.startswith(".")} if folder.is_dir() else set()

    def wait_delivered(self, names, timeout=120):
        wait_for(lambda: set(names) <= self.ended("outbox"), f"{len(names)} answers", timeout)

    # The service

    def state(self, name):
        return self.machine.run("systemctl", "show", "--value", "-p", name, "kycd.service").stdout.strip()

    def page(self, name):
        """What kycd serves to this machine's browsers."""
        read = f"import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:9464/{name}', timeout=20).read().decode())"
        return self.machine.in_network(sys.executable, "-c", read).strip()

    def status(self):
        return json.loads(self.machine.run("kycd", "status", "--json").stdout)

    def in_hand(self):
        return (self.status().get("daemon") or {}).get("in_hand") or {}

    def journal(self, *options):
        return self.machine.run("journalctl", "--no-pager", "-o", "cat", "-u", "kycd.service", *options).stdout
