"""The acts of the show in which an administrator changes the site as docs/operations.md says: who may read, where the secret
is, where the spool is."""

import stat

from installation import CONFIG, PASSWORD
from machine import wait_for
from telling import act, check, saw


def drop_in(machine, text):
    """What `systemctl edit kycd` writes; an empty one is none."""
    file = machine.path("/etc/systemd/system/kycd.service.d/override.conf")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    machine.run("systemctl", "daemon-reload")


def readers(machine, here):
    act("a group that may work in the spool")
    machine.run("groupadd", "kyc-desk")
    machine.run("usermod", "-aG", "kyc-desk", "kycd")
    machine.run("useradd", "--no-create-home", "--groups", "kyc-desk", "desk")
    machine.run("chgrp", "-R", "kyc-desk", "/var/spool/kycd/inbox")
    machine.run("chgrp", "kyc-desk", "/var/spool/kycd")
    machine.run("sh", "-c", "chmod 2770 /var/spool/kycd /var/spool/kycd/inbox /var/spool/kycd/inbox/*/")
    here.configure(CONFIG + "group: kyc-desk\n")
    machine.run("systemctl", "restart", "kycd")
    group = machine.run("id", "-g", "desk").stdout.strip()
    # Dropped by a member: copied beside the inbox, renamed in.
    picture = machine.path("/srv/image.jpg")
    picture.write_bytes(here.picture("by a member of the group"))
    machine.run("runuser", "-u", "desk", "-g", "kyc-desk", "--", "sh", "-euc", "umask 007; cd /var/spool/kycd; mkdir .by-desk; "
                "cp /srv/image.jpg .by-desk/; mv .by-desk inbox/face_liveness/by-desk")
    here.wait_delivered(["by-desk"])
    read = machine.run("runuser", "-u", "desk", "--", "cat", "/var/spool/kycd/outbox/face_liveness/by-desk/result.json")
    check('"verdict"' in read.stdout, read.stdout)
    folder = (here.spool / "outbox/face_liveness").stat()
    check(stat.S_IMODE(folder.st_mode) == 0o2770 and group != str(folder.st_gid), "the group has no folder of its own")
    nobody = machine.run("runuser", "-u", "nobody", "--", "ls", "/var/spool/kycd", check=False)
    check(nobody.returncode != 0, "everybody may look into the spool")
    machine.run("systemd-tmpfiles", "--create", "kycd.conf")
    check(stat.S_IMODE(here.spool.stat().st_mode) == 0o2770, "systemd-tmpfiles took the group's rights away")
    here.configure()
    machine.run("systemctl", "restart", "kycd")
    saw("dropped and read by a member of the group, closed to others, kept at a start of the machine")


def secrets(machine, here):
    act("the secret, encrypted and as a file")
    machine.run("systemd-creds", "encrypt", "--name=password", "/etc/kycd/password", "/etc/kycd/password.cred")
    machine.path("/etc/kycd/password").unlink()
    drop_in(machine, "[Service]\nLoadCredential=\nLoadCredentialEncrypted=password:/etc/kycd/password.cred\n")
    machine.run("systemctl", "restart", "kycd")
    here.wait_delivered(here.drop(3))
    check(PASSWORD.encode() not in machine.path("/etc/kycd/password.cred").read_bytes(), "the credential is not encrypted")
    saw("LoadCredentialEncrypted: 3 answered")

    secret = machine.path("/etc/kycd/secret")
    secret.touch(mode=0o600)
    secret.write_text("not the password\n")
    machine.run("chown", "kycd:kycd", "/etc/kycd/secret")
    here.configure(CONFIG.replace("credential:password", "file:/etc/kycd/secret"))
    drop_in(machine, "[Service]\nLoadCredential=\n")
    machine.run("systemctl", "restart", "kycd")
    names = here.drop(3)
    wait_for(lambda: "credentials refused" in machine.run("kycd", "status", check=False).stdout, "a refusal in `status`", 30)
    secret.write_text(PASSWORD + "\n")
    machine.run("systemctl", "reload", "kycd")
    here.wait_delivered(names)
    saw("file: a wrong password pauses all calls and says so; the right one and a reload: 3 answered")
    here.write_password()
    here.configure()
    drop_in(machine, "")
    machine.run("systemctl", "restart", "kycd")


def move(machine, here):
    act("another place for the spool")
    machine.run("systemctl", "stop", "kycd")
    names = here.drop(5)
    machine.run("cp", "-a", "/var/spool/kycd", "/srv/kyc")
    here.configure(CONFIG.replace("/var/spool/kycd", "/srv/kyc"))
    machine.run("systemctl", "start", "kycd", check=False)
    check(here.state("ExecMainStatus") == "73", f"a read-only spool ended with {here.state('ExecMainStatus')}, not 73")
    machine.run("systemctl", "stop", "kycd")
    drop_in(machine, "[Unit]\nRequiresMountsFor=/srv/kyc\n[Service]\nReadWritePaths=/srv/kyc\n")
    machine.run("systemctl", "start", "kycd")
    moved = machine.path("/srv/kyc/outbox/face_liveness")
    wait_for(lambda: all((moved / name / "result.json").exists() for name in names), "5 answers in the new place", 60)
    saw("read-only before the drop-in (73); copied with cp -a, and 5 cases that waited in the inbox answered there")
    machine.run("systemctl", "stop", "kycd")
    machine.run("rm", "-rf", "/var/spool/kycd")
    machine.run("mv", "/srv/kyc", "/var/spool/kycd")
    here.configure()
    drop_in(machine, "")
    machine.run("systemctl", "start", "kycd")
    check(here.paid_twice() == 0, "a case was paid twice")
    saw("and moved back with mv")
