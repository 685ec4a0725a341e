"""The acts of the show that make up a life: install, configure, cases, reload, upgrade, remove, purge."""

import hashlib
import json
import stat
import time

from installation import CONFIG
from machine import wait_for
from telling import act, check, mode, saw, seconds


def install(machine, here, package):
    act("install")
    since = time.monotonic()
    machine.run("apt-get", "install", "-y", "-q", package)
    taken = seconds(since)
    kycd = machine.run("id", "-u", "kycd").stdout.strip() + ":" + machine.run("id", "-g", "kycd").stdout.strip()
    group = kycd.split(":")[1]
    for path, wanted in (("/var/spool/kycd", f"{kycd}:0700"), ("/var/lib/kycd", f"{kycd}:0700"),
                         ("/etc/kycd/kycd.yaml", f"0:{group}:0640")):
        check(mode(machine.path(path)) == wanted, f"{path} is {mode(machine.path(path))} instead of {wanted}")
    check(here.state("ActiveState") == "inactive", "the package started kycd")
    check(here.state("UnitFileState") == "disabled", "the package enabled kycd")
    saw(f"installed in {taken}; user kycd, /var/spool/kycd and /var/lib/kycd 0700, kycd.yaml 0640 root:kycd, nothing started")

    done = machine.run("systemctl", "start", "kycd", check=False)
    check(done.returncode != 0, "a start without a password succeeded")
    check(here.state("ExecMainStatus") == "243", f"the start ended with {here.state('ExecMainStatus')}, not 243/CREDENTIALS")
    wait_for(lambda: here.state("ActiveState") == "failed", "the unit to have failed", 10)
    saw("a start before it is configured fails with 243/CREDENTIALS and is not repeated")


def configure(machine, here):
    act("configure")
    here.configure(CONFIG.replace("spool:", "spol:"))
    here.write_password()
    machine.run("systemctl", "start", "kycd", check=False)
    check(here.state("ExecMainStatus") == "78", f"a bad configuration ended with {here.state('ExecMainStatus')}, not 78")
    wait_for(lambda: here.state("ActiveState") == "failed", "the unit to have failed", 10)
    saw("a bad configuration: " + here.journal("-n", "4", "-t", "kycd").strip().splitlines()[0])
    here.configure()
    here.start_sandbox()
    checked = machine.run("env", "CREDENTIALS_DIRECTORY=/etc/kycd", "kycd", "check")
    check("bad" not in [line.split()[0] for line in checked.stdout.splitlines()], checked.stdout)
    saw(f"kycd check: {len(checked.stdout.splitlines())} lines, none bad")
    since = time.monotonic()
    machine.run("systemctl", "enable", "--now", "kycd")
    check(here.state("ActiveState") == "active", "kycd is not active")
    saw(f"enabled and ready in {seconds(since)}; status line: {here.state('StatusText')!r}")
    ready = here.page("readyz").splitlines()
    check(ready and all(line.startswith("ok ") for line in ready), f"/readyz says {ready}")
    saw("/readyz: " + ", ".join(line[3:].split(":")[0] for line in ready))


def cases(here):
    act("cases of every service, then 200 more")
    dropped = here.drop_demo()
    wait_for(lambda: not any((here.spool / "inbox").glob("*/*")), "the inbox to be empty", 60)
    since = time.monotonic()
    here.wait_delivered(here.drop(200))
    taken = time.monotonic() - since
    outbox = len(list((here.spool / "outbox").glob("*/*/result.json")))
    failed = [each.parent.name for each in (here.spool / "failed").glob("*/*/error.json")]
    check(outbox > 200 and failed, "the demonstration's cases are not there")
    check(here.paid_twice() == 0, "a case was paid twice")
    saw(f"{dropped} things of the demonstration taken, {len(failed)} failed as they should; 200 answered in {taken:.1f} s")
    result = here.spool / "outbox/face_liveness/show-0001/result.json"
    check(stat.S_IMODE(result.stat().st_mode) == 0o600, f"result.json is {mode(result)}")


def reload(machine, here):
    act("reload")
    pid = here.state("MainPID")
    here.configure(CONFIG.replace("uploads: 16", "uploads: 7"))
    machine.run("systemctl", "reload", "kycd")
    wait_for(lambda: here.in_hand().get("uploads_limit") == 7, "limits.uploads to be 7", 20)
    here.configure(CONFIG.replace("uploads: 16", "uploads: none"))
    machine.run("systemctl", "reload", "kycd")
    wait_for(lambda: "limits.uploads" in here.journal(), "the refusal in the journal", 20)
    here.wait_delivered(here.drop(5))
    here.configure()
    check(here.in_hand()["uploads_limit"] == 7, "a bad file changed a setting")
    machine.run("systemctl", "reload", "kycd")
    wait_for(lambda: here.in_hand().get("uploads_limit") == 16, "limits.uploads to be 16 again", 20)
    check(here.state("MainPID") == pid and here.state("ActiveState") == "active", "a reload ended the process")
    saw("limits.uploads 16, 7, refused, 16, by the same process")


def upgrade(machine, here, package):
    act("upgrade under load")
    here.configure(CONFIG + "# An administrator's own line.\n")
    config, pid = hashlib.sha256(here.config.read_bytes()).digest(), here.state("MainPID")
    here.answers_after("4s")
    names = here.drop(100)
    wait_for(lambda: here.in_hand().get("after_receipt", 0) >= 20, "tasks waited for", 60)
    waiting = here.in_hand()["after_receipt"]
    wait_for(lambda: "waiting for answers" in here.state("StatusText"), "the status line", 30)
    saw(f"status line: {here.state('StatusText')!r}")
    since = time.monotonic()
    machine.run("apt-get", "install", "-y", "-q", package)
    taken = seconds(since)
    check(here.state("ActiveState") == "active" and here.state("MainPID") != pid, "it was not restarted")
    check(here.state("UnitFileState") == "enabled", "it is not enabled any more")
    check(hashlib.sha256(here.config.read_bytes()).digest() == config, "the configuration was changed")
    version = machine.run("dpkg-query", "-W", "-f", "${Version}", "kycd").stdout
    here.answers_after("300ms")
    here.wait_delivered(names)
    check(here.paid_twice() == 0, "a case was paid twice")
    saw(f"{version} installed in {taken} while {waiting} tasks were waited for; configuration kept, restarted, all 100 answered, "
        "none paid twice")
    return version


def reverify(machine, here):
    act("the nightly ticket")
    names = sorted(each.name for each in (here.spool / "outbox/face_liveness").iterdir())[:2]
    for file, text in (("reverify.yaml", "service: face_liveness\nnames: {csv: customers.csv}\nwindow: always\n"),
                       ("customers.csv", "name\n" + "".join(f"{name}\n" for name in names))):
        machine.path(f"/etc/kycd/{file}").write_text(text)
        machine.run("chown", "root:kycd", f"/etc/kycd/{file}")
        machine.run("chmod", "0640", f"/etc/kycd/{file}")
    before = sum(here.bill().values())
    machine.run("systemctl", "start", "kycd-reverify.service")
    reports = here.spool / "outbox/reverify"
    wait_for(lambda: any(reports.glob("nightly-*/report.json")) and not any((here.spool / "inbox/reverify").iterdir()),
             "the report of the ticket", 60)
    [report] = reports.glob("nightly-*/report.json")
    balance = json.loads(report.read_text())["balance"]
    check(balance["selected"] == balance["unchanged"] == 2, f"the balance is {balance}")
    check(sum(here.bill().values()) == before + 2, "the ticket's calls are not on the bill")
    here.verified_again = 2
    saw(f"dropped {report.parent.name}, 2 cases verified again and unchanged, 2 calls; its report is there")


def remove(machine, here, package):
    act("remove, purge, install again")
    here.slow_uploads("1s")
    names = here.drop(30)
    wait_for(lambda: here.in_hand().get("uploading", 0) > 0, "uploads under way", 30)
    machine.run("apt-get", "remove", "-y", "-q", "kycd")
    check(machine.path("/etc/kycd/kycd.yaml").exists(), "a removal took the configuration along")
    check(not machine.path("/usr/bin/kycd").exists(), "a removal left the program")
    check(not machine.run("pgrep", "-x", "kycd", check=False).stdout, "a kycd still runs")
    machine.run("dpkg", "--purge", "kycd")
    check(not machine.path("/etc/kycd/kycd.yaml").exists(), "a purge left the configuration")
    links = list(machine.path("/etc/systemd/system").glob("*.wants/kycd*"))
    check(not links, f"a purge left {links}")
    left = len([each for each in (here.spool / "inbox/face_liveness").iterdir()])
    check(machine.path("/var/lib/kycd/ledger.db").exists(), "a purge without an answer removed the ledger")
    saw(f"purged with nobody there to answer: the spool ({left} cases in the inbox), the ledger and the password are kept")
    here.answers_after("300ms")
    machine.run("apt-get", "install", "-y", "-q", package)
    here.configure()
    machine.run("systemctl", "enable", "--now", "kycd")
    here.wait_delivered(names)
    check(here.paid_twice() == 0, "a case was paid twice")
    saw("installed again: all 30 answered, none paid twice")


def purge(machine, here):
    act("purge, with somebody there to answer")
    said = machine.answer("env", "DEBIAN_FRONTEND=readline", "dpkg", "--purge", "kycd",
                          question="Remove the cases, the ledger and the secrets of kycd?", answer="yes")
    for path in ("/var/spool/kycd", "/var/lib/kycd", "/etc/kycd"):
        check(not machine.path(path).exists(), f"{path} is still there after yes:\n{said}")
    failed = machine.run("systemctl", "list-units", "--failed", "--no-legend").stdout.split()
    check(not [word for word in failed if word.startswith("kycd")], f"failed units: {failed}")
    saw("asked, answered yes: spool, ledger and /etc/kycd are gone")
