#!/usr/bin/python3
"""The life of an installed kycd, on a fresh Debian 12 with systemd as its first process: install, configure, cases, changes of
the site, kill, a process that hangs, a stop under load, an upgrade, removal and purge. Prints what was seen, and fails at the
first thing that is not as the manual says. test/package/show builds what it needs and starts it.

The API is the sandbox, beside kycd in the machine, whose only network is its own loopback interface.
"""

import argparse
import os
import pathlib
import sys
import time

import changes
import life
import telling
import trouble
from installation import Installation
from machine import Machine, base_system
from telling import act, saw


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", required=True, help="the first version")
    parser.add_argument("--newer", required=True, help="the version to upgrade to")
    parser.add_argument("--sandbox", required=True, help="kycd-sandbox")
    parser.add_argument("--folder", required=True, type=pathlib.Path, help="for the machine; what is there is removed")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("a machine can be made by root only")

    act("a fresh machine")
    base = base_system(arguments.folder.parent, arguments.package)
    saw(f"base system {base.name}, {base.stat().st_size / 1e6:.0f} MB")
    machine = Machine(arguments.folder, base, {"/opt/kycd-sandbox": arguments.sandbox, "/opt/first.deb": arguments.package,
                                               "/opt/newer.deb": arguments.newer})
    here = Installation(machine)
    try:
        debian = machine.path("/etc/debian_version").read_text().strip()
        first = machine.run("ps", "-p", "1", "-o", "comm=").stdout.strip()
        saw(f"unpacked in {machine.unpacked:.1f} s, booted in {machine.booted:.1f} s: Debian {debian}, first process {first}")
        life.install(machine, here, "/opt/first.deb")
        life.configure(machine, here)
        life.cases(here)
        life.reload(machine, here)
        changes.readers(machine, here)
        changes.secrets(machine, here)
        changes.move(machine, here)
        trouble.kill(machine, here)
        trouble.hang(machine, here)
        trouble.stop(machine, here)
        life.upgrade(machine, here, "/opt/newer.deb")
        life.reverify(machine, here)
        life.remove(machine, here, "/opt/newer.deb")
        act("what was paid")
        bill = here.bill()
        saw(f"{here.dropped} cases dropped for the show; {sum(bill.values())} paid calls for {len(bill)} different cases")
        life.purge(machine, here)
    finally:
        journal = arguments.folder / "journal.log"
        journal.write_text(machine.run("journalctl", "--no-pager", "-o", "short-precise", check=False).stdout)
        print(f"\nthe machine's journal: {journal}")
        machine.destroy()
    print(f"\nthe show passed in {time.monotonic() - telling.began:.0f} s")


if __name__ == "__main__":
    main()
