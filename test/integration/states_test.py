"""One word for a state wherever it is told, and what outlasts a long outage or a restart."""

import json
import os
import re
import signal

from world import case_files, picture, wait_for

SERVICE = "face_liveness"


def ask(world, *command):
    return json.loads(world.kycd(*command, "--json", "--config", str(world.config_file)).out)


def listed(world, *state):
    return {each["case"]: each["state"] for each in ask(world, "list", *(("--state", *state) if state else ()))}


def states(world):
    return {each["state"]: each["cases"] for each in ask(world, "status")["cases"]}


def test_list_knows_the_states_that_status_shows(world):
    world.configure()
    assert world.run_once().code == 0  # makes the folders
    world.drop_folder("kyc_card", "B-1", {"front_id.jpg": picture("front_id", "B-1")})
    world.drop_case("A-1")
    leaving = world.spool / "work" / SERVICE / "D-1"
    leaving.mkdir(parents=True)
    (leaving / "result.json").write_text("{}")
    expected = {"A-1": "waiting", "B-1": "not_ready", "D-1": "delivering"}
    wait_for(lambda: listed(world) == expected, f"{expected}")
    assert states(world) == {"waiting": 1, "not_ready": 1, "delivering": 1}
    for case, state in expected.items():
        assert listed(world, state) == {case: state}
        assert ask(world, "why", case)["state"] == state
    assert re.search(r"^\S+ \S+Z  not_ready   kyc_card +B-1$", world.kycd("list", "--config", str(world.config_file)).out, re.M)
    refused = world.kycd("list", "--state", "resting", "--config", str(world.config_file))
    assert refused.code == 64 and "not_ready" in refused.log and "delivering" in refused.log


def test_the_attempts_of_an_outage_are_one_line_of_show(world):
    world.configure()
    world.sandbox.rules({"name": "down", "match": {"call": "submit", "first": 7}, "do": {"status": 503}})
    world.drop_case("A-1")
    assert world.run_once().code == 0
    [life] = ask(world, "show", "A-1")["lives"]
    assert [each["outcome"] for each in life["attempts"]] == ["not_sent"] * 7 + ["accepted"]  # programs are told of each
    lines = [line.split() for line in world.kycd("show", "A-1", "--config", str(world.config_file)).out.splitlines()]
    told = [" ".join(line) for line in lines if line[0].startswith("attempt")]
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
    assert len(told) == 2, told
    assert re.match(rf"attempts 1-7 {stamp} to {stamp}, 7 times not_sent, HTTP 503", told[0]), told
    assert re.match(rf"attempt 8 {stamp} accepted", told[1]), told


def test_a_case_that_was_claimed_and_never_sent_keeps_its_age_over_a_restart(world):
    world.configure(limits={"uploads": 1}, api={"timeouts": {"idle": "120s", "request": "120s"}})
    world.sandbox.rules({"name": "slow", "match": {"call": "submit"}, "do": {"delay": "120s"}})

    def claimed():
        rows = {each["state"]: each["oldest_seconds"] for each in ask(world, "status")["daemon"]["states"]}
        return rows.get("claimed") if set(rows) == {"sending", "claimed"} else None

    daemon = world.start_daemon()
    world.drop_case("A-1")
    wait_for(lambda: states(world).get("sending") == 1, "the one upload")
    for file, content in case_files(SERVICE, "A-2").items():
        folder = world.staging / "A-2"
        folder.mkdir(exist_ok=True)
        (folder / file).write_bytes(content)
    os.utime(world.staging / "A-2", (1_700_000_000, 1_700_000_000))  # dropped long ago: that is not the claim
    os.rename(world.staging / "A-2", world.inbox / SERVICE / "A-2")
    age = wait_for(lambda: (age := claimed()) is not None and age >= 3 and age, "the second case to have waited", 30)
    assert age < 1000
    daemon.stop(signal.SIGKILL)
    assert listed(world, "claimed") == {"A-2": "claimed"}
    world.start_daemon()
    again = wait_for(lambda: (age := claimed()) is not None and {"age": age}, "both to be where they were", 30)["age"]
    assert age <= again < 1000
    world.sandbox.rules()
