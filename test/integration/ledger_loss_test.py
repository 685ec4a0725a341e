"""A ledger that is lost while cases are in work: they follow on_unknown_outcome, also when kycd is killed once more."""

import os
import signal

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
