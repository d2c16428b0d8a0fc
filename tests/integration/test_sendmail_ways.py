"""Sending when there is no room for the copy, and through a program instead of a server."""
import contextlib
import pathlib
import sqlite3

from rig import DRAFTS, E, Settings
from rig.config import dovecot_version
from rig.send import SendCase, mail

OVER = "userdb_quota_rule=*:bytes=20k" if dovecot_version() < (2, 4) else "userdb_quota_storage_size=20k"
QUOTA = """mail_plugins = $mail_plugins quota
plugin {
  quota = count:User quota
  quota_vsizes = yes
}
""" if dovecot_version() < (2, 4) else """mail_plugins {
  quota = yes
}
quota "User quota" {
}
"""
SETTINGS = Settings(extra=QUOTA, fields={"u1": OVER})


class NoRoom(SendCase):
    def fill(self):
        for folder in ("INBOX", "Sent"):
            self.dovecot.doveadm("expunge", "-u", "u1", "mailbox", folder, "all")
        self.dovecot.deliver("u1", "Subject: fill\n\n" + "x" * 70 * 200 + "\n")

    def test_sent_once_and_saved_later(self):
        self.fill()
        device = self.ready_device("u1", "14.1")
        body = b"y" * 900 + b"\r\n"
        large = mail("full", body=body * 10)
        for _ in range(2):
            self.assertStatus(device.send_mail(large, client_id="full"), 113)
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(self.stored("u1", "Sent", "full"), [])
        # some clients give each attempt another name
        self.assertStatus(device.send_mail(large, client_id="full-2"), 113)
        self.dovecot.doveadm("expunge", "-u", "u1", "mailbox", "INBOX", "all")
        self.assertSent(device.send_mail(large, client_id="full-3"))
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(len(self.stored("u1", "Sent", "full")), 1)
        self.dovecot.wait_log("there is no room for the copy")

    @contextlib.contextmanager
    def broken_store(self, user):
        """Nothing can be recorded, as on a disk that is full."""
        self.dovecot.expect_log("disk is full|can't be recorded")

        def execute(statement):
            with contextlib.closing(sqlite3.connect(self.dovecot.home(user) / "roost.db", timeout=20)) as db:
                db.execute(statement)
        execute("CREATE TRIGGER broken BEFORE INSERT ON op BEGIN SELECT RAISE(FAIL, 'disk is full'); END")
        try:
            yield
        finally:
            execute("DROP TRIGGER broken")

    def test_what_cannot_be_recorded_is_not_sent(self):
        device = self.ready_device("u2", "14.1")
        data = mail("unrecorded").replace(b"u1@", b"u2@")
        with self.broken_store("u2"):
            self.assertStatus(device.send_mail(data, client_id="record"), 111)
        self.assertEqual(self.dovecot.smtp.messages, [])
        for _ in range(2):
            self.assertSent(device.send_mail(data, client_id="record"))
        self.assertEqual(len(self.dovecot.smtp.messages), 1)

    def test_neither_copy_nor_record(self):
        """The disk is full when the mail is on its way: the device must not try again and again."""
        self.fill()
        device = self.ready_device("u1", "14.1")
        with contextlib.ExitStack() as stack:
            def hook(stage, _):
                if stage == "TAKEN":
                    self.dovecot.smtp.hook = None
                    stack.enter_context(self.broken_store("u1"))
            self.dovecot.smtp.hook = hook
            self.assertSent(device.send_mail(mail("nowhere", body=b"y" * 9000 + b"\r\n"), client_id="nowhere"))
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(self.stored("u1", "Sent", "nowhere"), [])
        self.dovecot.wait_log("there is no room for the copy")

    def test_below_14(self):
        self.fill()
        device = self.ready_device("u1", "12.1")
        large = mail("full12", body=b"y" * 9000 + b"\r\n")
        for _ in range(2):
            self.assertEqual(device.send_mail(large).code, 507)
        self.dovecot.doveadm("expunge", "-u", "u1", "mailbox", "INBOX", "all")
        self.assertSent(device.send_mail(large))
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(len(self.stored("u1", "Sent", "full12")), 1)


    def test_drafts(self):
        """An Add and a Change that there is no room for leave everything as it is, and succeed when there is room."""
        self.fill()
        device = self.ready_device("u1", "16.1")
        folder = device.folders_of_type(DRAFTS)[0]
        list(device.sync_all(folder))

        def text(size):
            return E("AirSyncBase:Body", E("Type", 1), E("Data", "z" * 70 * size))

        def send(node, key):
            answer, _ = device.sync_one(folder, commands=[node], key=key)
            self.assertEqual(answer.get("Status"), "1")
            return answer.get(f"Responses/{node.name}/Status"), answer.get(f"Responses/{node.name}/ServerId")

        key = device.sync_keys[folder.id]
        add = E("Add", E("ClientId", "q1"), E("ApplicationData", E("Email:Subject", "quota"), text(150)))
        for _ in range(2):
            self.assertEqual(send(add, key)[0], "9")
        self.assertEqual(self.stored("u1", "Drafts", "quota"), [])
        self.dovecot.doveadm("expunge", "-u", "u1", "mailbox", "INBOX", "all")
        for _ in range(2):
            status, item = send(add, key)
            self.assertEqual(status, "1")
        self.assertEqual(len(self.stored("u1", "Drafts", "quota")), 1)
        key = device.sync_keys[folder.id]
        change = E("Change", E("ServerId", item), E("ApplicationData", E("Email:Subject", "more"), text(400)))
        for _ in range(2):
            self.assertEqual(send(change, key)[0], "9")
        self.assertEqual(len(self.stored("u1", "Drafts", "quota")), 1)
        self.assertEqual(self.stored("u1", "Drafts", "more"), [])
        # what is sent needs no room: there is no copy of it
        device.sync_keys[folder.id] = key
        change = E("Change", E("ServerId", item), E("ApplicationData", E("Email:Subject", "gone"), text(400),
                   E("Email:To", "u2@example.test")), E("Email2:Send"))
        send(change, key)
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(self.stored("u1", "Drafts", "quota"), [])
        self.dovecot.wait_log("there is no room for the copy")


class OldServer(SendCase):
    """One that knows no extensions, not even eight bits: it gets the mail as it is."""

    def test_eight_bits(self):
        device = self.ready_device("u1", "14.1")
        for number, ehlo in enumerate(("250 old", "250-old\r\n250 SIZE", "502 5.5.1 What?")):
            self.dovecot.smtp.hook = lambda stage, _, answer=ehlo: answer if stage == "EHLO" else None
            data = mail(f"old{number}", body="Grüße\r\n".encode())
            self.assertSent(device.send_mail(data, client_id=f"old{number}"))
            message = self.dovecot.smtp.messages[-1]
            self.assertNotIn("BODY", message.parameters)
            self.assertTrue(message.data.endswith("\r\nGrüße\r\n".encode()))
        self.dovecot.smtp.hook = None
        self.assertSent(device.send_mail(mail("new"), client_id="new"))
        self.assertIn("BODY=8BITMIME", self.dovecot.smtp.messages[-1].parameters)


class Program(SendCase):
    """sendmail_path: run as the user, with the envelope as arguments."""

    def setUp(self):
        super().setUp()
        out = pathlib.Path(self.dovecot.root, "sendmail.out")
        out.mkdir(exist_ok=True)
        out.chmod(0o1777)
        script = pathlib.Path(self.dovecot.root, "sendmail")
        inside = pathlib.Path(self.dovecot.inside)
        script.write_text(f'#!/bin/sh\ncd {inside}/sendmail.out || exit 75\n[ -e fail ] && exit 75\n'
                          'grep -E "^(Uid|Gid):" /proc/self/status >ids\nprintf "%s\\n" "$@" >args\ncat >message\n')
        script.chmod(0o755)
        self.out = out
        conf = self.dovecot.conf.read_text()
        self.addCleanup(self.dovecot.configure, conf)
        self.dovecot.configure(conf + f"submission_host =\nsendmail_path = {inside}/sendmail\n")

    def test_program(self):
        device = self.ready_device("u2", "16.1")
        data = mail("program", b"Bcc: u4@example.test\r\n", b"A line\r\n.\r\nAnd one.\r\n").replace(b"u1@", b"u2@")
        self.assertSent(device.send_mail(data))
        self.assertEqual((self.out / "args").read_text().split("\n")[:-1],
                         ["-i", "-f", "u2@example.test", "--", "u2@example.test", "u4@example.test"])
        # real, effective, saved: it can become nobody else
        ids = (self.out / "ids").read_text().split()
        self.assertEqual({int(word) for word in ids if word.isdigit()}, {self.dovecot.uid("u2")}, ids)
        message = (self.out / "message").read_bytes()
        self.assertNotIn(b"\r", message)
        self.assertNotIn(b"u4@", message)
        self.assertTrue(message.endswith(b"\n\nA line\n.\nAnd one.\n"))
        self.assertEqual(len(self.stored("u2", "Sent", "program")), 1)

    def test_it_fails(self):
        (self.out / "fail").touch()
        self.addCleanup((self.out / "fail").unlink)
        device = self.ready_device("u2", "14.1")
        self.dovecot.expect_log("program exec:.*failed|exited with|Sendmail")
        self.assertStatus(device.send_mail(mail("nogo").replace(b"u1@", b"u2@")), 120)
        self.assertEqual(self.stored("u2", "Sent", "nogo"), [])
