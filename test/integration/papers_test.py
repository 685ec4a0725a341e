"""What is written about the command line is what the program takes: the manual page kycd(8), the completion of the shell, and
kycd.yaml(5), which is made of docs/configuration.md."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
from conftest import KYCD

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "packaging/man/kycd.8.scd").read_text()
COMPLETION = ROOT / "packaging/completion/kycd.bash"
SHARED = {"--help", "--config", "--json", "--color"}


def helped(*command):
    return subprocess.run([KYCD, *command, "--help"], check=True, capture_output=True, text=True).stdout


def options_of(text):
    return set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.M))


COMMANDS = re.findall(r"^  ([a-z]+) ", helped().split("Subcommands:")[1].split("Exit codes:")[0], re.M)


def section(name):
    return re.search(rf"^# {name}$(.*?)(?=^# |\Z)", PAGE, re.M | re.S)[1]


def told_of():
    """The page's paragraphs, by command."""
    parts = re.split(r"^\*([a-z]+)\*.*\n", section("COMMANDS"), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def test_the_page_has_the_commands_of_the_program():
    assert len(COMMANDS) >= 10
    assert list(told_of()) == COMMANDS
    assert re.findall(r"^\*kycd\* \*([a-z]+)\*", section("SYNOPSIS"), re.M) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_has_the_options_of_the_command(command):
    taken = options_of(helped(command))
    told = set(re.findall(r"^\t\*(--[\w-]+)\*", told_of()[command], re.M))
    assert told - SHARED == taken - SHARED
    synopsis = re.search(rf"^\*kycd\* \*{command}\*.*$", section("SYNOPSIS"), re.M)[0]
    assert set(re.findall(r"--[\w-]+", synopsis)) == taken - {"--help"}


def test_the_page_has_the_shared_options():
    told = set(re.findall(r"\*(--[\w-]+)\*$|^\*(--[\w-]+)\* ", section("OPTIONS"), re.M))
    assert {one or other for one, other in told} == options_of(helped()) | SHARED


def test_the_page_has_the_words_that_options_take():
    for command in COMMANDS:
        for words in re.findall(r"\{([a-z_,]+)\}", helped(command)):
            for word in words.split(","):
                assert f"*{word}*" in told_of()[command] + section("OPTIONS"), f"{command}: {word}"


def test_the_page_has_the_exit_codes():
    told = re.findall(r"^(\d+)$", section("EXIT STATUS"), re.M)
    assert told == re.findall(r"(\d+) [a-zA-Z]", helped().split("Exit codes:")[1])


def test_the_unit_does_not_repeat_what_only_an_edit_heals():
    unit = (ROOT / "systemd/kycd.service").read_text()
    assert re.search(r"^RestartPreventExitStatus=(.*)$", unit, re.M)[1].split() == ["64", "78", "CREDENTIALS"]


def completed(*words, cwd="/"):
    """What the shell offers for the last word."""
    script = (f"PATH={shlex.quote(os.path.dirname(KYCD))}:$PATH; . {shlex.quote(str(COMPLETION))}; "
              f"COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; "
              f"_kycd; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    done = subprocess.run(["bash", "-uc", script], check=True, capture_output=True, text=True, cwd=cwd)
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_the_shell_offers_the_commands():
    assert set(completed("kycd", "")) == {*COMMANDS, "--help", "--version"}
    assert completed("kycd", "insp") == ["inspect"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_shell_offers_the_options_of_the_command(command):
    assert set(completed("kycd", command, "--")) == options_of(helped(command))


def test_the_shell_offers_words_services_cases_and_files(tmp_path):
    for folder in ("inbox/kyc_card", "inbox/my_service", "failed/kyc_card/A-1", "failed/kyc_card/B 2", "outbox/ocr_card/C-9"):
        (tmp_path / "spool" / folder).mkdir(parents=True)
    config = tmp_path / "kycd.yaml"
    config.write_text(f"spool: {tmp_path}/spool   # here\n")
    named = ("--config", str(config))
    assert completed("kycd", "list", "--state", "delivere") == ["delivered"]
    assert set(completed("kycd", "report", "--format", "")) == {"text", "csv", "json", "html"}
    for option in ("--since", "--before"):
        assert completed("kycd", "report", option, "") == ["1h", "24h", "7d", "30d"]
    # In the order of the folder; the shell sorts what it shows.
    assert sorted(completed("kycd", "list", *named, "--service", "")) == ["kyc_card", "my_service"]
    assert "face_liveness" in completed("kycd", "list", "--config", "/nowhere", "--service", "")
    assert sorted(completed("kycd", "retry", *named, "")) == ["kyc_card/A-1", "kyc_card/B\\ 2"]
    assert completed("kycd", "retry", *named, "kyc_card/A") == ["kyc_card/A-1"]
    assert "ocr_card/C-9" in completed("kycd", "show", *named, "")
    assert completed("kycd", "run", "--config", str(tmp_path / "ky")) == [str(config)]
    assert completed("kycd", "why", "spo", cwd=tmp_path) == ["spool"]
    assert completed("kycd", "import", "kyc", cwd=tmp_path) == ["kycd.yaml"]
    assert completed("kycd", "import", "cases.csv", "--root", "spo", cwd=tmp_path) == ["spool"]


@pytest.mark.parametrize("spool", ['"{}"   # here', "'{}'", "{}", "{} # here"])
def test_the_shell_offers_names_that_it_has_to_quote(tmp_path, spool):
    place = tmp_path / "my spool.|x"
    for folder in ("with space", "O'Brien", "plain"):
        (place / "failed/face_liveness" / folder).mkdir(parents=True)
    config = tmp_path / "my kycd.yaml"
    config.write_text(f"# spool: /nowhere\nspool: {spool.format(place)}\nledger: /nowhere\n")
    named = ("--config", str(config).replace(" ", "\\ "))
    assert set(completed("kycd", "retry", *named, "face_liveness/")) == {
        "face_liveness/with\\ space", "face_liveness/O\\'Brien", "face_liveness/plain"}
    for word in ("face_liveness/with", "face_liveness/with\\ ", "face_liveness/with\\ sp"):
        assert completed("kycd", "retry", *named, word) == ["face_liveness/with\\ space"]
    assert completed("kycd", "retry", *named, "face_liveness/O\\'B") == ["face_liveness/O\\'Brien"]
    for quote in "\"'":
        assert completed("kycd", "retry", *named, f"{quote}face_liveness/with sp") == ["face_liveness/with space"]
    assert completed("kycd", "run", "--config", "my\\ k", cwd=tmp_path) == ["my kycd.yaml"]


def test_the_page_of_the_configuration_has_every_key():
    maker = [sys.executable, ROOT / "packaging/man/make_config_page.py", ROOT / "docs/configuration.md"]
    page = subprocess.run(maker, check=True, capture_output=True, text=True).stdout.replace("\\", "")
    schema = json.loads((ROOT / "config/kycd.schema.json").read_text())

    def keys(of, before=""):
        for name, each in of.get("properties", {}).items():
            if "properties" in each:
                yield from keys(each, f"{before}{name}.")
            elif "additionalProperties" not in each:
                yield before + name

    found = list(keys(schema))
    assert len(found) > 40
    for key in found:
        assert f"\n*{key}*\n" in page, key
