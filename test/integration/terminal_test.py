"""How the commands look: colours on a terminal that wants them and nowhere else, columns that stand below each other."""

import os
import pty
import re
import subprocess
import unicodedata

import pytest
from conftest import KYCD, picture

SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")
ENV = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm"}


@pytest.fixture
def ended(world):
    world.configure(resubmit_failed_tasks=0)
    world.drop_case("A-1")
    world.drop_folder("face_liveness", "B-2", {"image.jpg": b"no image"})
    assert world.run_once().code == 1
    world.drop_folder("kyc_card", "C-3", {"front_id.jpg": picture("front_id", "C")})
    (world.root / "image.jpg").write_bytes(picture("image", 1))
    return world


def arguments_of(world, command):
    config = [] if command[0] == "inspect" else ["--config", str(world.config_file)]
    return [KYCD, command[0], *config, *command[1:]]


def on_terminal(world, *command, **env):
    """What a terminal gets on stdout."""
    person, terminal = pty.openpty()
    process = subprocess.Popen(arguments_of(world, command), stdin=subprocess.DEVNULL, stdout=terminal, stderr=subprocess.DEVNULL,
                               env={**ENV, **env})
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(person, 65536)
        except OSError:  # the terminal is gone
            break
        if not piece:
            break
        shown += piece
    process.wait(30)
    os.close(person)
    return shown.decode().replace("\r\n", "\n")


def piped(world, *command):
    return subprocess.run(arguments_of(world, command), capture_output=True, text=True, env={**ENV}, check=False).stdout


def commands_of(world):
    image = str(world.root / "image.jpg")
    return [["status"], ["list"], ["show", "A-1"], ["why", "B-2"], ["retry", "--code", "NOT_AN_IMAGE", "--dry-run"], ["inspect", image],
            ["check"]]


def steady(text):
    """Ages change between two runs."""
    return re.sub(r" *\d+[smhd]( \d+[smhd])?\b", " T", text)


def test_colours_are_for_terminals_that_want_them(ended):
    for command in commands_of(ended):
        plain = piped(ended, *command)
        assert plain and "\x1b" not in plain, command
        shown = on_terminal(ended, *command)
        assert SEQUENCE.search(shown), command
        assert steady(SEQUENCE.sub("", shown)) == steady(plain), "but for its colours the text is the same"
        for quiet in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            assert "\x1b" not in on_terminal(ended, *command, **quiet), (command, quiet)
        assert SEQUENCE.search(on_terminal(ended, *command, NO_COLOR="")), "no-color.org: an empty one says nothing"


def test_the_option_goes_before_the_terminal(ended):
    for command in commands_of(ended):
        assert SEQUENCE.search(piped(ended, *command, "--color", "always")), command
        assert SEQUENCE.search(on_terminal(ended, *command, "--color", "always", NO_COLOR="1")), command
        assert "\x1b" not in on_terminal(ended, *command, "--color", "never"), command
    assert ended.kycd("status", "--color", "sometimes", "--config", str(ended.config_file)).code == 64


def test_json_is_never_coloured(ended):
    for command in commands_of(ended):
        assert "\x1b" not in on_terminal(ended, *command, "--json", "--color", "always"), command


def columns(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def test_names_of_any_script_leave_the_columns_where_they_are(world):
    names = ["A-1", "Ångström", "e\u0301te\u0301", "王小明", "김철수", "山田-3", "Ωmega", "שלום", "😀😀"]
    for name in names:
        world.drop_folder("face_liveness", name, {"image.jpg": b"no image"})
    assert world.run_once().code == 1
    lines = piped(world, "list").splitlines()
    assert len(lines) == len(names)
    at = {columns(line[:line.index("NOT_AN_IMAGE")]) for line in lines}
    assert len(at) == 1, lines


def test_long_names_of_services_leave_the_columns_where_they_are(world):
    services = ("face_liveness", "ocr_passport", "kyc_passport_with_background_check")
    for service in services:
        world.drop_folder(service, f"case-of-{service}", {"unknown.txt": b"x"})
    listed = world.kycd("list", "--config", str(world.config_file)).out.splitlines()
    assert len(listed) == 3 and {line.index("case-of-") for line in listed} == {listed[0].index("case-of-")}


def test_a_hostile_name_paints_nothing(world):
    world.drop_folder("face_liveness", "evil\x1b[31mred", {"image.jpg": b"no image"})
    assert world.run_once().code == 1
    for command in (["list"], ["status"], ["retry", "--all", "--dry-run"]):
        assert "\x1b[31mred" not in on_terminal(world, *command) + piped(world, *command)
    file = world.root / "evil\x1b[31mred.jpg"
    file.write_bytes(b"x")
    assert "\x1b" not in piped(world, "inspect", str(file)) and "\\x1b[31mred" in piped(world, "inspect", str(file))
