"""What the ledger knows after a kill: of each case that ended, and of cases in work/ when it was lost itself."""

import os
import signal
import sqlite3

import pytest
from conftest import wait_for

BREAKABLE = os.environ["KYCD_BREAKABLE"]


@pytest.fixture
def breakable(world):
    world.program = BREAKABLE
    world.configure(on_unknown_outcome="hold", once={"patience": "3s"})
    return world


def kill_with_a_receipt(world):
    """A paid case in work, whose task is not answered yet."""
    world.sandbox.settings(answer="never")
    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: "info submitted" in daemon.log(), "the receipt")
    daemon.stop(signal.SIGKILL)


def lose(world, how):
    files = sorted((world.root / "ledger").glob("ledger.db*"))
    assert files
    if how == "gone":
        for file in files:
            file.unlink()
    else:
        for file in files:
            file.write_bytes(b"this is no ledger" * 512)


@pytest.mark.parametrize("how", ["gone", "damaged"])
@pytest.mark.parametrize("step", [None, "recover.copies_removed", "recover.done", "ledger.committed", "ledger.committed:2",
                                  "answer.written", "deliver.renamed"])
def test_a_paid_case_is_held_when_the_ledger_is_lost_wherever_the_next_start_is_killed(breakable, how, step):
    kill_with_a_receipt(breakable)
    lose(breakable, how)
    if step:
        run = breakable.run_once(env={**breakable.env, "KYCD_FAULT_AT": f"{step}=kill"})
        assert run.code in (-signal.SIGKILL, 1), run  # 1: it did not come by there, and was done
    run = breakable.run_once()
    assert run.code in (0, 1), run
    assert len(breakable.bill()) == 1
    assert breakable.error("A-1")["code"] == "UNKNOWN_OUTCOME"


def records(world):
    """What the ledger says of all cases: {name: [(state, word)]}."""
    found = {}
    database = sqlite3.connect(f"file:{world.root}/ledger/ledger.db?mode=ro", uri=True)
    for name, *rest in database.execute("SELECT name, state, word FROM kyc_case"):
        found.setdefault(name, []).append(tuple(rest))
    database.close()
    return found


@pytest.mark.parametrize("step", ["claim.renamed", "answer.written", "deliver.renamed", "deliver.unmarked", "case.moved",
                                  "record.closed", "ledger.committed", "ledger.committed:2"])
def test_a_case_that_is_never_sent_has_its_record_wherever_kycd_is_killed(breakable, step):
    breakable.drop_folder("face_liveness", "A-1", {"image.jpg": b"no picture", "case.json": b"{}"})
    run = breakable.run_once(env={**breakable.env, "KYCD_FAULT_AT": f"{step}=kill"})
    assert run.code == -signal.SIGKILL, run
    run = breakable.run_once()
    assert run.code in (0, 1), run
    assert breakable.error("A-1")["code"] == "NOT_AN_IMAGE"
    assert records(breakable) == {"A-1": [("failed", "NOT_AN_IMAGE")]}
    assert breakable.bill() == []
