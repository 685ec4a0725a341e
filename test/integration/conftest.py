"""The fixtures of the integration tests; what they are made of is in test/support/world.py."""

import os
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

pytest.register_assert_rewrite("world")

from world import (  # noqa: E402, F401: the tests take these names from here
    FACE, FIELDS, IMAGES, KYCD, PASSWORD, PERSONAL, ROOT, SANDBOX, USERNAME, Daemon, Run, Sandbox, World, case_files,
    picture, picture_png, sha256, wait_for)

_logs_of_test = {}


@pytest.fixture
def bare_world(tmp_path_factory, request):
    """A spool without an API."""
    world = World(tmp_path_factory.mktemp("world"))
    _logs_of_test[request.node.nodeid] = world
    try:
        yield world
    finally:
        world.close()
        _logs_of_test.pop(request.node.nodeid, None)
    world.check_logs_are_private()
    world.check_files_hold_no_secret()


@pytest.fixture
def world(bare_world):
    """A spool, an API that is well, and the fast configuration."""
    bare_world.start_sandbox()
    bare_world.configure()
    return bare_world


@pytest.fixture
def mortal(world):
    """kycd's own files are root's, but permissions count."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv to play a producer and kycd")
    wrapper = world.root / "kycd-without-powers"
    wrapper.write_text("#!/bin/sh\nexec setpriv --bounding-set -dac_override,-dac_read_search,-fowner,-chown "
                       f"{os.path.abspath(world.program)} \"$@\"\n")
    wrapper.chmod(0o755)
    world.program = str(wrapper)
    return world


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    world = _logs_of_test.get(item.nodeid)
    if report.failed and world is not None:
        report.sections.append(("kycd", world.log_text()[-20000:]))
        report.sections.append(("spool", "\n".join(sorted(world.tree()))))


def fill(disk):
    """Leaves not a byte free; <disk>/ballast holds it all."""
    with open(disk / "ballast", "wb", buffering=0) as ballast:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError:
                continue
