"""The hook of the campaigns: kycd-breakable obeys its environment, and the program that people run has none of it."""

import os
import pathlib
import signal

import pytest
from conftest import KYCD, wait_for

BREAKABLE = os.environ["KYCD_BREAKABLE"]
VARIABLES = ["KYCD_FAULT_TRACE", "KYCD_FAULT_AT"]


def told(world, **variables):
    return {**world.env, **variables}


def crashed_by(number, run):
    """A sanitizer answers some signals itself."""
    return run.code == -number or (number == signal.SIGSEGV and "AddressSanitizer: SEGV" in run.log)


@pytest.fixture
def breakable(world):
    world.program = BREAKABLE
    return world


def test_the_product_ignores_the_variables_and_does_not_even_know_them(world):
    trace = world.root / "trace"
    world.drop_case("A-1")
    run = world.run_once(env=told(world, KYCD_FAULT_TRACE=str(trace), KYCD_FAULT_AT="claim.staged=kill;nonsense"))
    assert run.code == 0, run
    assert not trace.exists() and world.cases("outbox") == {"face_liveness/A-1"}
    product, other = (pathlib.Path(program).read_bytes() for program in (KYCD, BREAKABLE))
    for name in VARIABLES:
        assert name.encode() in other and name.encode() not in product


def test_the_trace_names_the_steps_of_a_case_in_their_order(breakable):
    trace = breakable.root / "trace"
    breakable.drop_case("A-1")
    run = breakable.run_once(env=told(breakable, KYCD_FAULT_TRACE=str(trace)))
    assert run.code == 0, run
    steps = [line.split("\t") for line in trace.read_text().splitlines()]
    mine = [step for step, case in steps if case == "A-1"]
    expected = ["claim.staged", "claim.renamed", "deliver.renamed", "deliver.synced"]
    assert [step for step in mine if step in expected] == expected


@pytest.mark.parametrize("action, number", [("kill", signal.SIGKILL), ("abort", signal.SIGABRT), ("segv", signal.SIGSEGV)])
def test_a_rule_ends_the_program_at_its_step(breakable, action, number):
    breakable.drop_case("A-1")
    run = breakable.run_once(env=told(breakable, KYCD_FAULT_AT=f"claim.renamed={action}"))
    assert crashed_by(number, run), run
    assert breakable.cases("work") == {"face_liveness/A-1"} and not breakable.bill()


def test_a_rule_can_wait_for_a_case_and_for_a_pass(breakable):
    for number in range(3):
        breakable.drop_case(f"A-{number}")
    daemon = breakable.start("run", "--config", str(breakable.config_file),
                             env=told(breakable, KYCD_FAULT_AT="deliver.renamed@A-1=kill;claim.renamed:4=kill"))
    assert daemon.wait() == -signal.SIGKILL
    assert (breakable.outbox / "face_liveness/A-1").exists()
    run = breakable.run_once(env=told(breakable, KYCD_FAULT_AT="deliver.renamed:3=kill"))  # at most two are left
    assert run.code == 0, run
    wait_for(lambda: len(breakable.cases("outbox")) == 3, "all three")


@pytest.mark.parametrize("rule", ["claim.renamed", "claim.renamed=sleep", "claim.renamed:x=kill", "claim.renamed:0=kill",
                                  "=kill"])
def test_a_misspelt_rule_does_not_look_like_a_program_that_survived_it(breakable, rule):
    run = breakable.run_once(env=told(breakable, KYCD_FAULT_AT=rule))
    assert run.code == 64 and "KYCD_FAULT_AT" in run.log, run
