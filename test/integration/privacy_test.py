"""Known personal data and secrets go in on every way there is, and everything that kycd writes is searched for them.

Where they may be is the contract: the case's own files, `result.json` (the answer, with `response`), `error.json` under `api` (the
API's reply as it came) and, with `intake.dedupe`, the answers that the ledger keeps. A case's name, and those of its files, are the
operator's keys and no personal data (README): they are in the log.
"""

import http.client
import json
import os
import pathlib
import re
import signal
import subprocess

import pytest
from conftest import PASSWORD, case_files, picture, wait_for
from fake_systemd import Journal, Manager

KYCD_BREAKABLE = os.environ.get("KYCD_BREAKABLE")
PROXY_PASSWORD = "prx-9Qz-never-in-a-log"
ADMIN_TOKEN = "adm-5Tk-never-in-a-log"

# What producers send: fields, labels of the manifest, text in the picture.
NAME = "Quillfeather"
BORN = "1963-07-19"
FACE_ID = "7b1d9c52-3e0f-4c56-8a11-52c0de5e77aa"
LABEL = "Wobbleton"
EXIF = "Zanzibarine"
# What only the API knows: of its answer, or of what it read in the picture.
READ = "Brixenthaler"
NUMBER = "X7Z9QQ41"
PERSONAL = (NAME, BORN, FACE_ID, LABEL, EXIF, READ, NUMBER)
SECRETS = (PASSWORD, PROXY_PASSWORD, ADMIN_TOKEN, "eyJ", "PRIVATE KEY")

ECHO = f"{NAME} born {BORN} ({READ}, {NUMBER}) is not acceptable"

# What a submit may be answered with, beside an answer that is well.
SUBMITS = {
    "a field's message": {"status": 400, "json": {"fullname": [ECHO], "birth_date": [f"{BORN} is not a date"]}},
    "a detail of a 400": {"status": 400, "json": {"detail": ECHO}},
    "an odd 401": {"status": 401, "json": {"detail": ECHO, "code": NAME}},
    "a refusal": {"status": 403, "json": {"detail": ECHO}},
    "an unknown path": {"status": 404, "json": {"detail": f"no {NAME} here"}},
    "a conflict": {"status": 409, "json": {"detail": f"{READ} is registered already"}},
    "a page of a gateway": {"status": 403, "html": f"<title>403 {NAME}</title><p>{ECHO}"},
    "too large": {"status": 413, "html": f"<title>413 {READ}</title>{ECHO}"},
    "a kind of form": {"status": 415, "json": {"detail": f"Unsupported media type \"{NAME}\" in request."}},
    "one too many": {"status": 429, "json": {"detail": f"Request was throttled for {NAME}."}, "headers": {"Retry-After": "0"}},
    "a crash": {"status": 500, "json": {"detail": f"ValueError: {ECHO}", "code": READ}},
    "a crash's page": {"status": 500, "html": f"<title>500 {NAME}</title><pre>fullname = '{NAME}', born {BORN}"},
    "a gateway without its server": {"status": 502, "html": f"<h1>{ECHO}"},
    "a rest": {"status": 503, "json": {"detail": ECHO}, "headers": {"Retry-After": f"{NAME}"}},
    "another place": {"status": 302, "headers": {"Location": f"https://{NAME}:{BORN}@localhost/elsewhere/?n={BORN}#{NAME}"}},
    "no JSON": {"status": 200, "html": f"<p>{ECHO}"},
    "no id": {"status": 200, "json": {"task": ECHO, "detail": ECHO}},
    "an id that is none": {"status": 200, "json": {"id": f"{NAME} {BORN}"}},
}

# What a task may be answered with.
POLLS = {
    "no word": {"status": 200, "json": {"status": f"WAITING for {READ}", "result": None}},
    "a crash": {"status": 200, "json": {"status": "FAILURE", "result": {"exc_type": f"Value {READ}", "exc_message": [ECHO]}}},
    "a crash in words": {"status": 200, "json": {"status": "FAILURE", "result": ECHO, "traceback": ECHO}},
    "revoked": {"status": 200, "json": {"status": "REVOKED", "result": ECHO}},
    "an inner refusal": {"status": 200, "json": {"status": "SUCCESS", "result": {
        "status": 400, "data": {"fullname": [ECHO], f"{READ} and others": [ECHO], "detail": ECHO, "code": ECHO}}}},
    "an inner crash": {"status": 200, "json": {"status": "SUCCESS", "result": {"status": 500, "data": ECHO}}},
    "an unknown issue": {"status": 200, "json": {"status": "SUCCESS", "result": {"status": 200, "data": {
        "liveness": False, "issues": {"liveness": {"code": READ, "message": ECHO}}}}}},
    "an answer": {"status": 200, "json": {"status": "SUCCESS", "result": {"status": 200, "data": {
        "liveness": True, "information": {"full_name": READ, "document_number": NUMBER, "date_of_birth": BORN}}}}},
    "a field's message": {"status": 400, "json": {"fullname": [ECHO], "detail": ECHO}},
    "a refusal": {"status": 403, "json": {"detail": f"{READ} is none of yours"}},
    "a crash of the server": {"status": 500, "json": {"detail": f"KeyError: {READ}"}},
    "a page": {"status": 502, "html": f"<title>502 {READ}</title>{ECHO}"},
    "a rest": {"status": 503, "json": {"detail": ECHO}},
    "a page of a gateway": {"status": 403, "html": f"<title>403 {READ}</title>{ECHO}"},
    "no JSON": {"status": 200, "html": f"<p>{ECHO}"},
}

LOGINS = {
    "a refusal": {"status": 401, "json": {"detail": f"{PASSWORD} is wrong"}},
    "a message": {"status": 400, "json": {"password": [PASSWORD], "detail": PASSWORD}},
    "a page": {"status": 403, "html": f"<title>403 {PASSWORD}</title>"},
    "no tokens": {"status": 200, "json": {"token": PASSWORD, "detail": PASSWORD}},
    "a crash": {"status": 500, "json": {"detail": f"wrong: {PASSWORD}"}},
}


def files_of(name):
    """Two services in turn: one with form fields, one with pictures, a face and a manifest."""
    if name % 2:
        return "background_check", {"case.json": json.dumps(
            {"fields": {"fullname": f"Ada {NAME}", "birth_date": BORN}, "labels": {"customer": LABEL}}).encode()}
    return "authenticate_face", {
        "scan.jpg": picture("image", f"{EXIF} {name}"),
        "case.json": json.dumps({"files": {"image": "scan.jpg"}, "fields": {"uuid": FACE_ID}, "labels": {"customer": LABEL}}).encode()}


class Search:
    """Everything that a run leaves or says, but for what may hold it."""

    def __init__(self, world):
        self.world = world
        self.said = {}

    def hear(self, name, text):
        self.said[name] = text

    def logs(self):
        for file in self.world.logs:
            self.hear(f"log {file.name}", file.read_text(errors="replace"))

    def commands(self, cases):
        config = ("--config", str(self.world.config_file))
        asked = [("status",), ("list",), ("report",), *[("report", "--format", form) for form in ("csv", "html", "json")],
                 *[("why", case) for case in cases], *[("show", case) for case in cases]]
        for words in asked:
            for how in ((), ("--json",)) if words[0] != "report" else ((),):
                done = self.world.kycd(*words, *how, *config)
                self.hear(f"kycd {' '.join((*words, *how))}", done.out + done.log)

    def page(self, listen):
        """All that the admin listener offers, with the token, without it, and with it in a wrong place."""
        for path in ("/", "/metrics", "/livez", "/readyz", "/status.json", "/history.json"):
            for headers, wanted in (({"Authorization": f"Bearer {ADMIN_TOKEN}"}, 200), ({}, 401), ({"X": ADMIN_TOKEN}, 401)):
                connection = http.client.HTTPConnection(listen, timeout=20)
                connection.request("GET", path, headers=headers)
                reply = connection.getresponse()
                assert reply.status == wanted, (path, reply.status)
                self.hear(f"{path} {reply.status} {sorted(headers)}", f"{reply.headers}\n{reply.read().decode()}")
                connection.close()

    def ledger(self):
        for file in (self.world.root / "ledger").iterdir():
            self.hear(f"ledger {file.name}", file.read_bytes().decode(errors="replace"))

    def spool(self):
        """kycd's own files, error.json without the API's reply, and what stands beside the folders."""
        for folder, folders, names in os.walk(self.world.spool):
            inside = pathlib.Path(folder).relative_to(self.world.spool)
            own = inside.parts == ("work",) or not inside.parts
            for name in names:
                file = pathlib.Path(folder) / name
                if name == "error.json":
                    told = json.loads(file.read_text())
                    told.pop("api")
                    self.hear(f"{inside}/error.json", json.dumps(told, ensure_ascii=False))
                elif own and file.is_file() and not file.is_socket():
                    self.hear(str(inside / name), file.read_bytes().decode(errors="replace"))

    def process(self, daemon):
        for name in ("cmdline", "environ", "status", "limits", "comm"):
            self.hear(f"/proc/PID/{name}", pathlib.Path(f"/proc/{daemon.pid}/{name}").read_text(errors="replace"))

    def check(self):
        found = [f"{name}: …{text[max(0, at - 120):at + 60]}…" for name, text in self.said.items()
                 for word in (*PERSONAL, *SECRETS) for at in [text.find(word)] if at >= 0]
        assert not found, "\n".join(found)


def test_the_search_finds_what_is_there(world):
    """A test that looks in the wrong place would find nothing either."""
    search = Search(world)
    (world.root / "ledger").mkdir(exist_ok=True)
    (world.root / "ledger/x").write_text(f"…{READ}…")
    search.ledger()
    with pytest.raises(AssertionError, match="ledger x"):
        search.check()


def configure(world, form, **more):
    world.configure(**more, log={"level": "trace", "format": "json" if form == "json" else "text"}, on_unknown_outcome="hold",
                    retry={"attempts": 2}, resubmit_failed_tasks=0, poll={"deadline": "2s"})


def one_after_the_other(world, daemon, call, replies, start):
    """A case for each reply. Where it is repeated for ever by right (the API's own trouble), it comes once."""
    cases = []
    for number, (what, reply) in enumerate(replies.items(), start):
        service, files = files_of(number)
        world.sandbox.rules({"name": what, "match": {"call": call, "first": 1}, "do": reply})
        world.drop_folder(service, f"C-{number}", files)
        cases.append(f"{service}/C-{number}")
        ended = [world.spool / root / service / f"C-{number}" for root in ("outbox", "failed")]
        wait_for(lambda: world.sandbox.fired(what) == 1, f"the reply '{what}'", 20)
        wait_for(lambda: any(each.exists() for each in ended), f"the end of the case with '{what}'", 20)
    return cases


@pytest.mark.parametrize("form", ["text", "json", "journal"])
def test_nothing_personal_is_told_whatever_the_api_says(world, form):
    token = world.root / "admin-token"
    token.write_text(ADMIN_TOKEN + "\n")
    token.chmod(0o600)
    configure(world, form, admin={"listen": "127.0.0.1:0", "token": f"file:{token}"})
    env = dict(world.env)
    journal = None
    if form == "journal":
        if not Journal.possible():
            pytest.skip("a private mount namespace is not allowed here")
        journal = Journal(world)
        world.program, plain = journal.program(), world.program
    manager = Manager(world)
    if journal:
        env.update(journal.environment())
    env.update(NOTIFY_SOCKET=str(manager.path))
    try:
        daemon = world.start("run", "--config", str(world.config_file), env=env)
        manager.wait_for("READY", "1")
        if journal:
            world.program = plain
        cases = one_after_the_other(world, daemon, "submit", SUBMITS, 100)
        cases += one_after_the_other(world, daemon, "poll", POLLS, 200)
        search = Search(world)
        search.process(daemon)
        log = journal.kept.read_text() if journal else daemon.log()
        search.page(re.search(r"admin listening.*?(127\.0\.0\.1:\d+)", log)[1])
        names = [name for name in search.said if "json" in name or "metrics" in name]
        assert not [name for name in names if "C-1" in search.said[name] and name.startswith("/")], "a case's name"
        search.commands(cases[::5])
        assert re.search(r"Max core file size +0 +0 ", search.said["/proc/PID/limits"])
        assert daemon.stop() == 0
        search.commands(cases[1::5])
        search.logs()
        search.ledger()
        search.spool()
        assert len([name for name in search.said if name.endswith("error.json")]) >= 20
        search.check()
    finally:
        manager.close()
        if journal:
            journal.close()


@pytest.mark.parametrize("manifest", [{NAME: "front"}, {"fields": {NAME: BORN}}], ids=["a key", "a field"])
def test_a_producer_who_mistakes_a_key_for_a_value_tells_the_log_nothing(world, manifest):
    world.start_sandbox()
    world.configure(log={"level": "info"})
    world.drop_folder("face_liveness", "C-1", {**case_files("face_liveness", "C-1"), "case.json": json.dumps(manifest).encode()})
    run = world.run_once()
    assert run.code == 1 and "code=BAD_MANIFEST" in run.log
    assert NAME not in run.log and BORN not in run.log
    assert NAME in world.error("C-1")["message"]


@pytest.mark.parametrize("what", LOGINS)
def test_a_login_that_is_refused_tells_no_secret(world, what):
    configure(world, "text")
    world.sandbox.rules({"name": "no", "match": {"call": "obtain"}, "do": LOGINS[what]})
    daemon = world.start_daemon()
    service, files = files_of(1)
    world.drop_folder(service, "C-1", files)
    wait_for(lambda: world.sandbox.fired("no") >= 1, "a login")
    wait_for(lambda: re.search(r"(warning|error) .*(login|token)", daemon.log()), "a word about it")
    search = Search(world)
    search.commands(["C-1"])
    search.hear("kycd check", repr(world.kycd("check", "--config", str(world.config_file))))
    assert daemon.stop() == 0
    search.logs()
    search.ledger()
    search.spool()
    search.check()


@pytest.mark.parametrize("where", ["config", "environment"])
def test_the_password_of_a_proxy_is_not_told(world, where):
    configure(world, "text")
    proxy = f"http://desk:{PROXY_PASSWORD}@127.0.0.1:9"
    env = dict(world.env)
    if where == "environment":
        env["https_proxy"] = proxy
    world.configure(once={"patience": "3s"}, log={"level": "trace"}, **({"api": {"proxy": proxy}} if where == "config" else {}))
    world.drop_case("A-1")
    done = world.run_once(env=env)
    assert done.code == (78 if where == "config" else 69), done
    search = Search(world)
    search.hear("kycd check", repr(world.kycd("check", "--config", str(world.config_file), env=env)))
    search.hear("kycd run --once", repr(done))
    search.commands([])
    search.logs()
    search.check()


def test_a_client_key_is_not_told(world, tmp_path):
    """Neither one that is good, nor one that cannot be read as a key, nor one with others' eyes on it."""
    key = tmp_path / "client.key"
    certificate = tmp_path / "client.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                    "-subj", "/CN=desk", "-days", "2"], check=True, capture_output=True)
    lines = key.read_text().splitlines()
    search = Search(world)
    for name, text, mode in (("good", "\n".join(lines), 0o600), ("cut", "\n".join(lines[:5]), 0o600),
                             ("no end", "\n".join(lines[1:5]), 0o600), ("open", "\n".join(lines), 0o644)):
        key.write_text(text + "\n")
        key.chmod(mode)
        world.configure(log={"level": "trace"}, api={"client_certificate": {
            "certificate": f"file:{certificate}", "key": f"file:{key}"}})
        search.hear(f"kycd check, {name}", repr(world.kycd("check", "--config", str(world.config_file))))
        search.hear(f"kycd run --once, {name}", repr(world.run_once()))
    search.logs()
    search.check()
    assert not [name for name, text in search.said.items() if any(line in text for line in lines[1:-1])]


@pytest.mark.parametrize("text, words", [
    (f'{{"fields": {{"fullname": "{NAME}", "birth_date": "{BORN}"', "not JSON"),
    (f'{{"fields": {{"fullname": "{NAME}"}}, "{LABEL}": "{NAME}"}}', "an unknown key"),
    (f'{{"fields": {{"fullname": ["{NAME}"], "birth_date": "{BORN}"}}}}', "no text"),
    (f'{{"fields": {{"fullname": "{NAME}", "birth_date": "{BORN}", "{LABEL}": "{NAME}"}}}}', "an unknown field"),
    (f'{{"fields": {{"fullname": "{NAME}\\u0000", "birth_date": "19.7.{BORN}"}}}}', "odd values"),
    (f'{{"fields": {{"fullname": "{NAME}", "birth_date": "{BORN}"}}, "priority": "{NAME}"}}', "a priority"),
    (f'{{"fields": {{"fullname": "{NAME}", "birth_date": "{BORN}"}}, "sha256": {{"case.json": "{NAME}"}}}}', "a hash"),
    (f'"{NAME} {BORN}"', "no object")])
def test_a_bad_manifest_is_refused_without_its_values(world, text, words):
    configure(world, "text")
    world.drop_folder("background_check", "C-1", {"case.json": text.encode()})
    world.run_once()
    search = Search(world)
    search.commands(["C-1"])
    search.logs()
    search.ledger()
    search.spool()
    # A key that kycd does not know is named: how else would anybody mend it.
    for name in search.said:
        search.said[name] = search.said[name].replace(LABEL, "KEY")
    search.check()


@pytest.mark.skipif(not KYCD_BREAKABLE, reason="KYCD_BREAKABLE names no kycd-breakable")
@pytest.mark.parametrize("step", ["prepare.loaded", "intent.recorded", "submit.replied", "poll.replied", "answer.written"])
@pytest.mark.parametrize("how", ["abort", "segv", "kill"])
def test_a_crash_leaves_nothing_personal(world, step, how):
    configure(world, "text")
    service, files = files_of(2)
    world.sandbox.settings(answer="pass")
    world.drop_folder(service, "C-2", files)
    world.program = KYCD_BREAKABLE
    # AddressSanitizer would make an exit of its own of the signal.
    sanitizer = f"{os.environ.get('ASAN_OPTIONS', '')}:handle_segv=0"
    done = world.run_once(env={**world.env, "KYCD_FAULT_AT": f"{step}={how}", "ASAN_OPTIONS": sanitizer})
    assert done.code in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGKILL)
    search = Search(world)
    search.hear("stdout", done.out)
    search.commands(["C-2"])
    search.logs()
    search.ledger()
    search.spool()
    # No core, here or where the crash notes are.
    assert not [file for file in world.root.rglob("core*") if file.is_file()]
    search.check()


def test_a_damaged_picture_is_refused_without_what_is_in_it(world):
    configure(world, "text")
    whole = picture("image", f"{EXIF} {READ}")
    world.drop_folder("face_liveness", "C-1", {"image.jpg": whole[:len(whole) // 2]})
    world.drop_folder("face_liveness", "C-2", {"image.jpg": f"{EXIF} {NAME} is no picture".encode()})
    world.run_once()
    search = Search(world)
    search.commands(["C-1", "C-2"])
    done = world.kycd("inspect", *[str(each) for each in sorted(world.failed.rglob("*.jpg"))])
    search.hear("kycd inspect", done.out + done.log)
    search.logs()
    search.ledger()
    search.spool()
    search.check()
