"""The acts of the show in which kycd ends, well or badly, while it has its hands full."""

import collections
import time

from installation import CONFIG
from machine import wait_for
from telling import act, check, saw, seconds


def kill(machine, here):
    act("kill -9 under load")
    # Few at a time: more than one case in five that ends with an unknown outcome would pause the service.
    uploads = 3
    here.configure(CONFIG.replace("uploads: 16", f"uploads: {uploads}"))
    machine.run("systemctl", "reload", "kycd")
    here.answers_after("2s-4s")
    here.slow_uploads("200ms")
    restarts = int(here.state("NRestarts"))
    paid = len(here.bill())
    names = here.drop(200)
    wait_for(lambda: len(here.bill()) > paid + 50, "uploads", 60)
    wait_for(lambda: here.in_hand().get("uploading", 0) > 0, "an upload under way", 30)
    hand = here.in_hand()
    since = time.monotonic()
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "kycd")
    wait_for(lambda: int(here.state("NRestarts")) == restarts + 1 and here.state("ActiveState") == "active", "a restart", 60)
    saw(f"killed with {hand['uploading']} uploading and {hand['after_receipt']} waiting for answers; back after {seconds(since)}")
    here.answers_after("300ms")
    wait_for(lambda: set(names) <= here.ended("outbox") | here.ended("failed"), "200 ends", 120)
    held = set(names) & here.ended("failed")
    check(here.paid_twice() == 0, f"{here.paid_twice()} cases were paid twice")
    # An upload begins with the reply to the one before it, whose receipt may not be on the disk yet.
    check(len(held) <= 2 * uploads, f"{len(held)} cases were held, more than uploads under way")
    for name in held:
        error = (here.spool / "failed/face_liveness" / name / "error.json").read_text()
        check("UNKNOWN_OUTCOME" in error, f"{name} failed otherwise: {error}")
    saw(f"{200 - len(held)} answered, {len(held)} held because nobody knows whether the API took them, none paid twice")
    here.configure()


def hang(machine, here):
    act("a process that hangs")
    drop_in = machine.path("/etc/systemd/system/kycd.service.d/show.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    # The shipped limit is a minute; what is shown is that there is one.
    drop_in.write_text("[Service]\nWatchdogSec=6s\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "kycd")
    here.wait_delivered(here.drop(5))
    restarts = int(here.state("NRestarts"))
    since = time.monotonic()
    machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", "kycd")
    names = here.drop(20)
    wait_for(lambda: int(here.state("NRestarts")) == restarts + 1 and here.state("ActiveState") == "active", "the watchdog", 60)
    check("Watchdog timeout" in machine.run("journalctl", "--no-pager", "-u", "kycd.service").stdout, "it was not the watchdog")
    saw(f"WatchdogSec=6s: found, ended and started again after {seconds(since)}")
    here.wait_delivered(names)
    # And it lives on where nothing hangs.
    time.sleep(8)
    check(int(here.state("NRestarts")) == restarts + 1, "the watchdog ended a kycd that was well")
    drop_in.unlink()
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "kycd")
    check(here.paid_twice() == 0, "a case was paid twice")
    saw("its 20 cases answered, none paid twice; idle for longer than the limit without harm")


def stop(machine, here):
    act("stop under load")
    here.slow_uploads("3s")
    names = here.drop(60)
    paid = len(here.bill())
    # The sandbox bills a call before it replies, which takes three seconds: these are sent and not answered.
    wait_for(lambda: len(here.bill()) >= paid + 6, "uploads under way", 30)
    since = time.monotonic()
    machine.run("systemctl", "stop", "kycd")
    taken = seconds(since)
    check(here.state("ActiveState") == "inactive" and here.state("Result") == "success",
          f"it ended with {here.state('Result')}")
    sent = len(here.bill()) - paid
    left = collections.Counter()
    for line in here.status()["cases"]:
        left[line["state"]] += line["cases"]
    check(left["pending"] == sent, f"{sent} uploads were sent, but {left['pending']} have a receipt")
    check(not left["sending"] and not left["unknown"], f"uploads were broken off: {left}")
    saw(f"stopped in {taken}: the {sent} uploads under way have their receipt, {left['waiting']} cases are still in the inbox")
    here.answers_after("300ms")
    machine.run("systemctl", "start", "kycd")
    here.wait_delivered(names)
    check(here.paid_twice() == 0, "a case was paid twice")
    saw("after the start all 60 answered, none held, none paid twice")
