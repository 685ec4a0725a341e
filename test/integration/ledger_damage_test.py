"""A ledger that turns out to be damaged while kycd runs: it ends, and the next start goes on."""

import contextlib
import sqlite3

from conftest import wait_for


def damage(world):
    """A table's definition that no SQLite can read, and word of it to whoever has the file open."""
    with contextlib.closing(sqlite3.connect(world.root / "ledger/ledger.db", timeout=10)) as ledger:
        version = ledger.execute("PRAGMA schema_version").fetchone()[0]
        ledger.execute("PRAGMA writable_schema=ON")
        ledger.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE attempt(' WHERE name = 'attempt'")
        ledger.commit()
        ledger.execute(f"PRAGMA schema_version={version + 1}")


def test_kycd_ends_with_73_and_the_next_start_sets_the_ledger_aside(world):
    world.start_sandbox()
    world.configure()
    daemon = world.start_daemon()
    world.drop_case("A-1")
    world.wait_delivered("A-1")
    damage(world)
    world.drop_case("B-2")
    assert daemon.wait() == 73
    assert "the ledger is damaged" in daemon.log() and "attempt" in daemon.log()

    again = world.start_daemon()
    world.wait_delivered("B-2")
    assert "set aside" in again.log() or "begun anew" in again.log()
    assert len(world.bill()) == 2
    wait_for(lambda: "rebuilt from the folders" in again.log(), "the history of A-1")
    assert again.stop() == 0
    assert world.result("B-2")["task"]["attempts"] <= 2
    shown = world.kycd("show", "A-1", "--json", "--config", str(world.config_file))
    assert shown.code == 0 and '"delivered"' in shown.out, shown
