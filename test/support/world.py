"""What integration tests and campaigns share: a sandbox for the API, a spool, the kycd binary, and waiting for conditions.

The folder tree and the sandbox's bill are what is compared. Nothing sleeps for luck: `wait_for` polls a condition.
"""

import functools
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import time

import make_cases
import make_images
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]

KYCD = os.environ["KYCD"]
SANDBOX = os.environ["KYCD_SANDBOX"]
USERNAME = "desk-7"
PASSWORD = "pw-4tR9-never-in-a-log"
FACE = "3f2b8c1e-5d47-4a90-9a63-0c1de2f4ab77"

IMAGES = make_cases.SERVICES
FIELDS = {"authenticate_face": {"uuid": FACE},
          "background_check": {"fullname": "Tove Halvorsen", "birth_date": "1971-02-03"}}

# What may stand in an answer or a form, and so must not stand in a log: the sandbox's invented people, and ours.
PERSONAL = re.compile(r"\b(ERIKA|ANNA|LEON|MIRA|JONAS|AMIR|SOFIA|MUSTERMANN|SPECIMEN|VOORBEELD|MODELO|Tove|Halvorsen|"
                      r"SANDBOX MATCH|ZOÉ|MÜLLER|PRÓBA|1971-02-03|L\d\dXM\d{4}|CF\d{6})\b")


def wait_for(condition, what, timeout=30.0):
    """Returns the condition's first true value; fails with `what` at the deadline."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}")
        time.sleep(0.01)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@functools.lru_cache(maxsize=None)
def _drawn(kind, form, size):
    image = make_images.draw(kind, size, kind, noise=4)
    return make_images.png(image) if form == "png" else make_images.jpeg(image, 0, 60_000)


def picture(field, seed, answer=None, size=(640, 480)):
    """A small JPEG of its own: the seed is in its comment, and so is the answer that the sandbox shall give."""
    marker = f" kycd-sandbox:{answer};" if answer else ""
    return make_images.jpeg_comment(_drawn(make_cases.KINDS[field], "jpg", size), f"{field} {seed}{marker}")


def picture_png(field):
    return _drawn(make_cases.KINDS[field], "png", (480, 480))


def case_files(service, seed, answer=None, **manifest):
    """All that a case of this service needs, by file name; the answer rides on the first image."""
    files = {}
    for field in IMAGES[service]:
        files[f"{field}.jpg"] = picture(field, seed, answer if not files else None)
    fields = {**FIELDS.get(service, {}), **manifest.pop("fields", {})}
    if fields:
        manifest["fields"] = fields
    if manifest:
        files["case.json"] = json.dumps(manifest).encode()
    return files


class Sandbox:
    """A running kycd-sandbox with its control calls."""

    def __init__(self, state, *options):
        self.state = pathlib.Path(state)
        self.state.mkdir(parents=True, exist_ok=True)
        self.log_file = self.state / "sandbox.log"
        self.control_calls = 0
        ready = self.state / "ready.json"
        ready.unlink(missing_ok=True)
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [SANDBOX, "--state", str(self.state), "--username", USERNAME, "--password", PASSWORD,
                 "--answer-after", "50ms", "--exit-with-parent", *options], stdout=log, stderr=log)
        wait_for(lambda: ready.exists() or self.process.poll() is not None, "the sandbox's ready.json", 60)
        assert self.process.poll() is None, self.log_file.read_text()
        self.ready = json.loads(ready.read_text())
        self.port = self.ready["port"]
        self.ca_file = str(self.state / "ca.pem")

    def call(self, method, path, body=None, headers=None):
        """One request on a connection of its own: status and text."""
        context = ssl.create_default_context(cafile=self.ca_file)
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=20)
        try:
            self.control_calls += 1
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def _control(self, method, name, body=None):
        status, text = self.call(method, f"/sandbox/{name}", None if body is None else json.dumps(body))
        assert status == 200, text
        return json.loads(text)

    def bill(self):
        return self._control("GET", "bill")

    def stats(self):
        numbers = self._control("GET", "stats")
        numbers["tls_handshakes"] -= self.control_calls
        return numbers

    def fired(self, rule):
        return next(each["fired"] for each in self.stats()["rules"] if each["name"] == rule)

    def rules(self, *rules, **settings):
        self._control("POST", "scenario", {**({"settings": settings} if settings else {}), "rules": list(rules)})

    def settings(self, **settings):
        self._control("POST", "settings", settings)

    def task_reply(self, task):
        """The bytes that a poll of this task answers."""
        boundary = "integration-test"
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                 for name, value in (("username", USERNAME), ("password", PASSWORD))]
        form = "".join(parts) + f"--{boundary}--\r\n"
        status, text = self.call("POST", "/api/v3/accounts/token/obtain/", form,
                                 {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        assert status == 200, text
        headers = {"Authorization": f"Bearer {json.loads(text)['access']}", "Accept": "application/json"}
        status, text = self.call("GET", f"/api/v3/services/task/?id={task}", None, headers)
        assert status == 200, text
        return text

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


class Run:
    """A kycd process that has ended."""

    def __init__(self, code, out, log):
        self.code = code
        self.out = out
        self.log = log
        self.lines = log.splitlines()
        try:
            self.summary = json.loads(out)
        except ValueError:
            self.summary = None

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.log}"


class Daemon:
    """A kycd process that runs."""

    def __init__(self, world, arguments, env):
        self.log_file = world.root / f"kycd-{len(world.logs)}.log"
        world.logs.append(self.log_file)
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen([world.program, *arguments], stdout=subprocess.DEVNULL, stderr=log, env=env)

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_for_log(self, text, timeout=30.0):
        def seen():
            ended = self.process.poll()
            there = text in self.log()
            assert there or ended is None, f"kycd ended with {ended}"
            return there

        wait_for(seen, f"'{text}' in the log", timeout)

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=30):
        return self.process.wait(timeout)

    def stop(self, number=signal.SIGTERM, timeout=30):
        """Ends it; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout)


class World:
    """A sandbox, a spool, a configuration, and kycd."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.program = KYCD
        self.spool = self.root / "spool"
        self.inbox = self.spool / "inbox"
        self.outbox = self.spool / "outbox"
        self.failed = self.spool / "failed"
        self.work = self.spool / "work"
        self.staging = self.root / "staging"
        self.config_file = self.root / "kycd.yaml"
        self.password_file = self.root / "password"
        for folder in (self.inbox, self.staging):
            folder.mkdir(parents=True)
        self.write_password(PASSWORD)
        self.logs = []
        self.daemons = []
        self.sandboxes = []
        self.sandbox = None
        self.env = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.root), "LANG": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    # The API

    def start_sandbox(self, *options, state="sandbox"):
        self.sandbox = Sandbox(self.root / state, *options)
        self.sandboxes.append(self.sandbox)
        return self.sandbox

    def bill(self):
        return self.sandbox.bill()

    # The configuration

    def write_password(self, text):
        self.password_file.write_text(text + "\n")
        self.password_file.chmod(0o600)

    def configure(self, **changes):
        """The fast settings of tests with `changes` merged in; section=None leaves a section out."""
        port = self.sandbox.port if self.sandbox else 1
        ca_file = self.sandbox.ca_file if self.sandbox else None
        config = {
            "spool": str(self.spool),
            "ledger": str(self.root / "ledger/ledger.db"),
            "api": {"base_url": f"https://localhost:{port}/api/v3",
                    "credentials": {"username": USERNAME, "password": f"file:{self.password_file}"},
                    "timeouts": {"connect": "5s", "handshake": "5s", "idle": "10s", "request": "20s"}},
            "intake": {"settle": "100ms", "incomplete_after": "15m", "rescan": "60s", "poll": "100ms"},
            "poll": {"first": "100ms", "min": "100ms", "max": "400ms"},
            "retry": {"base": "50ms", "max": "200ms"},
            "once": {"patience": "15s"},
            "admin": {"listen": "off"},
            "status_files": "off",
            "log": {"level": "debug"},
            "threads": int(os.environ.get("KYCD_TEST_THREADS", "1")),
        }
        if ca_file:
            config["api"]["ca_file"] = ca_file

        def merge(into, more):
            for key, value in more.items():
                if isinstance(value, dict) and isinstance(into.get(key), dict):
                    merge(into[key], value)
                elif value is None:
                    into.pop(key, None)
                else:
                    into[key] = value

        merge(config, changes)
        (self.root / "ledger").mkdir(exist_ok=True)
        self.config_file.write_text(yaml.safe_dump(config))

    # Producers

    def drop_folder(self, service, case, files):
        """A case renamed into place, whole."""
        target = self.inbox / service
        target.mkdir(exist_ok=True)
        made = self.staging / "case"
        made.mkdir()
        for name, data in files.items():
            (made / name).write_bytes(data)
        os.rename(made, target / case)
        return target / case

    def drop_flat(self, service, files):
        """Files renamed one by one into the service's own folder."""
        target = self.inbox / service
        target.mkdir(exist_ok=True)
        for name, data in files.items():
            made = self.staging / "file"
            made.write_bytes(data)
            os.rename(made, target / name)

    def drop_case(self, case, service="face_liveness", answer=None):
        """A small case that passes, unless told otherwise."""
        return self.drop_folder(service, case, case_files(service, case, answer))

    # kycd

    def kycd(self, *arguments, env=None, timeout=60, cwd=None):
        """Runs it to its end."""
        done = subprocess.run([self.program, *arguments], capture_output=True, timeout=timeout, env=env or self.env, cwd=cwd)
        log = done.stderr.decode(errors="replace")
        file = self.root / f"kycd-{len(self.logs)}.log"
        file.write_text(log)
        self.logs.append(file)
        return Run(done.returncode, done.stdout.decode(), log)

    def run_once(self, *arguments, env=None, timeout=60):
        return self.kycd("run", "--once", "--json", "--config", str(self.config_file), *arguments, env=env,
                         timeout=timeout)

    def start(self, *arguments, env=None):
        """Begins a process without waiting for anything."""
        daemon = Daemon(self, arguments, env or self.env)
        self.daemons.append(daemon)
        return daemon

    def start_daemon(self, env=None):
        """`kycd run`, watching the inbox."""
        daemon = self.start("run", "--config", str(self.config_file), env=env)
        daemon.wait_for_log("started")
        return daemon

    # What came of it

    def tree(self):
        """The files of the spool, as paths; without kycd's own in work/."""
        found = set()
        for folder, folders, names in os.walk(self.spool):
            inside = pathlib.Path(folder).relative_to(self.spool)
            folders[:] = [name for name in folders if not (inside.parts[:1] == ("work",) and name.startswith("."))]
            for name in names:
                if inside.parts[:1] != ("work",) or not (len(inside.parts) == 1 and name.startswith(".")):
                    found.add(str(inside / name))
        return found

    def cases(self, root):
        """The cases in a root of the spool, as service/case."""
        return {f"{service.name}/{case.name}" for service in (self.spool / root).iterdir() if service.is_dir()
                for case in service.iterdir() if not service.name.startswith(".")}

    def result(self, case, service="face_liveness"):
        return json.loads((self.outbox / service / case / "result.json").read_text())

    def error(self, case, service="face_liveness"):
        return json.loads((self.failed / service / case / "error.json").read_text())

    def wait_delivered(self, case, service="face_liveness", timeout=30.0):
        file = self.outbox / service / case / "result.json"
        wait_for(file.exists, f"{file.relative_to(self.spool)}", timeout)
        return self.result(case, service)

    def wait_failed(self, case, service="face_liveness", timeout=30.0):
        file = self.failed / service / case / "error.json"
        wait_for(file.exists, f"{file.relative_to(self.spool)}", timeout)
        return self.error(case, service)

    # The end

    def log_text(self):
        return "".join(f"--- {file.name}\n{file.read_text(errors='replace')}" for file in self.logs)

    def close(self):
        for daemon in self.daemons:
            if daemon.process.poll() is None:
                daemon.process.kill()
                daemon.process.wait()
        for sandbox in self.sandboxes:
            sandbox.stop()

    def check_logs_are_private(self):
        text = self.log_text()
        assert PASSWORD not in text, "a log holds the password"
        assert "eyJ" not in text, "a log holds a token"
        found = PERSONAL.search(text)
        assert found is None, f"a log holds personal data: {text[max(0, found.start() - 200):found.end() + 50]}"

    def check_files_hold_no_secret(self):
        told = [*self.spool.rglob("error.json"), *self.spool.rglob("result.json")]
        for file in [*(self.root / "ledger").glob("*"), *told]:
            data = file.read_bytes() if file.is_file() else b""
            assert PASSWORD.encode() not in data and b"eyJ" not in data, f"{file} holds a secret"
