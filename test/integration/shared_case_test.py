"""A case that two tickets ask for: whatever happens to kycd, it is the one's that began it."""

import datetime
import os
import signal

import pytest
from receipts import NOT_YET, receipts_of
from reverify_test import balance, deliver, drop_ticket, history, wait_report
from world import wait_for


@pytest.fixture
def ready(world):
    world.start_sandbox()
    world.configure()
    return world


def elsewhen():
    """A window that is shut for hours."""
    hour = (datetime.datetime.now(datetime.timezone.utc).hour + 8) % 24
    return f'window: "{hour:02}:00-{(hour + 1) % 24:02}:00 UTC"\n'


@pytest.mark.parametrize("outcome", ["receipt", "unknown"])
def test_a_case_that_two_tickets_ask_for_goes_on_under_the_one_that_began_it(ready, outcome):
    deliver(ready, "A-1")
    ready.sandbox.rules(NOT_YET)
    ready.program = os.environ["KYCD_BREAKABLE"]
    step = "nothing" if outcome == "receipt" else "submit.replied"
    daemon = ready.start("run", "--config", str(ready.config_file), env={**ready.env, "KYCD_FAULT_AT": f"{step}=kill"})
    daemon.wait_for_log("started")
    drop_ticket(ready, "first", elsewhen())
    daemon.wait_for_log("took in a re-verification ticket: 1 case selected")
    drop_ticket(ready, "second", "window: always\n")
    if outcome == "receipt":
        wait_for(lambda: receipts_of(ready, "bulk") == 1, "the receipt, on disk", 30)
        daemon.stop(signal.SIGKILL)
    else:
        assert daemon.wait() == -signal.SIGKILL
    ready.sandbox.rules()
    daemon = ready.start_daemon()
    second = wait_report(ready, "second", 60)
    calls = 1 if outcome == "receipt" else 2
    assert balance(second) == [1, 0, 0, 0, 0] and second["calls"]["paid"] == calls
    os.rename(ready.inbox / "reverify/first.yaml", ready.inbox / "reverify/first.yaml.cancelled")
    first = wait_report(ready, "first", 60)
    assert balance(first) == [0, 0, 0, 0, 1] and first["calls"]["paid"] == 0
    assert daemon.stop() == 0
    assert len(ready.bill()) == 1 + calls and len(history(ready, "A-1")) == 1
