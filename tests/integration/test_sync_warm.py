"""A worker keeps the mailbox of the last Sync open: whatever other processes do to it between two pages, the device
gets what is there, and all of it once."""
import dataclasses
import pathlib
import time

from rig import INBOX, Case, Settings
from rig.replica import Replica, server_state

SETTINGS = Settings(users=20, extra="service roost-worker {\n  process_limit = 1\n}\n")
_users = iter(range(1, 21))
MESSAGE = "From: ada@example.test\r\nSubject: {}\r\nMessage-ID: <{}@example.test>\r\n\r\nHello\r\n"


class Warm(Case):
    def setUp(self):
        self.user = f"u{next(_users)}"
        self.imap = self.dovecot.imap(self.user)
        self.addCleanup(lambda: self.imap.shutdown() if self.imap.state != "LOGOUT" else None)

    def fill(self, folder, *subjects):
        for subject in subjects:
            self.imap.append(folder, None, None, MESSAGE.format(subject, str(subject).replace(" ", "-")).encode())

    def between_pages(self, folder="INBOX", version="16.1"):
        """A device that has got one page of three mails out of nine."""
        if folder != "INBOX":
            self.imap.create(folder)
        self.fill(folder, *range(9))
        device = self.ready_device(self.user, version)
        found = device.folders_of_type(INBOX)[0] if folder == "INBOX" else \
            next(one for one in device.folders.values() if one.name == folder)
        replica = Replica(device, found, 3)
        replica.start()
        replica.round()
        self.assertEqual(len(replica.items), 3)
        self.assertIsNotNone(self.worker_with(folder), "no worker has the mailbox open")
        return replica

    def worker_with(self, folder):
        """The worker that has the mailbox' index open, if any."""
        maildir = self.dovecot.home(self.user) / "Maildir"
        index = maildir / ("" if folder == "INBOX" else "." + folder) / "dovecot.index.log"
        for pid in self.dovecot.pids("roost-worker"):
            for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
                try:
                    if link.readlink() == index:
                        return pid
                except OSError:
                    continue
        return None

    def same(self, replica, folder="INBOX"):
        replica.sync()
        imap = self.dovecot.imap(self.user, folder)
        self.assertEqual(replica.state(), server_state(imap))
        imap.logout()
        self.assertEqual(replica.sync(), [])

    def status(self, replica):
        document = replica.device.sync(replica.device.collection(replica.folder, window=3)).document
        return document and document.get("Collections/Collection/Status")

    def test_changes(self):
        """Mails that others add, flag and expunge, of those that the device has and of those it has not."""
        replica = self.between_pages()
        self.fill("INBOX", "new", "newer")
        self.imap.noop()
        self.imap.store("1,8", "+FLAGS", r"(\Deleted)")
        self.imap.store("2,9", "+FLAGS", r"(\Seen)")
        self.imap.expunge()
        self.same(replica)
        self.assertEqual(len(replica.items), 9)

    def test_delivery(self):
        """A file that appears without any index knowing of it."""
        replica = self.between_pages()
        maildir = self.dovecot.home(self.user) / "Maildir"
        path = maildir / "tmp" / "1.direct.example"
        path.write_bytes(MESSAGE.format("direct", "direct").encode())
        path.chmod(0o666)
        path.rename(maildir / "new" / path.name)
        self.same(replica)
        self.assertIn("direct", replica.by_subject())

    def test_renamed(self):
        replica = self.between_pages("Old")
        self.imap.rename("Old", "New")
        self.same(replica, "New")
        self.assertEqual(len(replica.items), 9)

    def test_another_takes_the_name(self):
        """The folder's id is the renamed mailbox' as before, whatever stands at its name now."""
        replica = self.between_pages("Old")
        self.imap.rename("Old", "Kept")
        self.imap.create("Old")
        self.fill("Old", "stranger")
        self.same(replica, "Kept")
        self.assertEqual(len(replica.items), 9)
        self.assertNotIn("stranger", replica.by_subject())

    def test_two_change_places(self):
        replica = self.between_pages("Old")
        self.imap.create("Other")
        self.fill("Other", "stranger")
        self.imap.rename("Old", "Tmp")
        self.imap.rename("Other", "Old")
        self.imap.rename("Tmp", "Other")
        self.same(replica, "Other")
        self.assertNotIn("stranger", replica.by_subject())

    def test_deleted(self):
        replica = self.between_pages("Gone")
        self.imap.delete("Gone")
        self.assertEqual(self.status(replica), "12")

    def test_deleted_and_created(self):
        replica = self.between_pages("Gone")
        self.imap.delete("Gone")
        self.imap.create("Gone")
        self.fill("Gone", "stranger")
        self.assertEqual(self.status(replica), "12")
        replica.device.folder_sync()
        folder = next(one for one in replica.device.folders.values() if one.name == "Gone")
        again = Replica(replica.device, folder, 3)
        self.same(again, "Gone")
        self.assertEqual(list(again.by_subject()), ["stranger"])

    def test_the_device_deletes_and_creates(self):
        replica = self.between_pages("Gone")
        device = replica.device
        device.folder_delete(replica.folder.id).check()
        number = device.folder_create("Gone").check().document.get("ServerId")
        device.folder_sync()
        self.assertNotEqual(number, replica.folder.id)
        self.fill("Gone", "stranger")
        again = Replica(device, dataclasses.replace(replica.folder, id=number), 3)
        self.same(again, "Gone")
        self.assertEqual(list(again.by_subject()), ["stranger"])

    def test_uidvalidity(self):
        replica = self.between_pages()
        old = int(self.imap.status("INBOX", "(UIDVALIDITY)")[1][0].decode().split()[-1].rstrip(")"))
        self.imap.logout()
        # Dovecot's own, of a mailbox that is open meanwhile and whose mails somebody had seen
        self.dovecot.expect_log("first_recent_uid unexpectedly shrank")
        self.dovecot.doveadm("mailbox", "update", "-u", self.user, "--uid-validity", old + 7, "INBOX")
        self.assertEqual(self.status(replica), "3")
        replica.start()
        self.same(replica)
        self.assertEqual(len(replica.items), 9)

    def test_another_folder(self):
        """Two folders in turns, and both in one request."""
        replica = self.between_pages()
        self.imap.create("Second")
        self.fill("Second", *range(7))
        device = replica.device
        device.folder_sync()
        second = Replica(device, next(one for one in device.folders.values() if one.name == "Second"), 3)
        second.start()
        second.round()
        replica.round()
        self.fill("Second", "late")
        self.same(second, "Second")
        self.same(replica)

    def test_another_user(self):
        """One worker serves both: the first one's mailbox is closed before the second one's is looked at."""
        first_user, first = self.user, self.between_pages()
        worker = self.worker_with("INBOX")
        self.imap.logout()
        self.user = f"u{next(_users)}"
        self.imap = self.dovecot.imap(self.user)
        second = self.between_pages()
        self.assertEqual(self.worker_with("INBOX"), worker)
        second_user, self.user = self.user, first_user
        self.assertIsNone(self.worker_with("INBOX"))
        self.same(first)
        self.user = second_user
        self.same(second)

    def test_closed_after_a_while(self):
        self.between_pages()
        end = time.monotonic() + 30
        while self.worker_with("INBOX") is not None:
            self.assertLess(time.monotonic(), end, "the mailbox is still open")
            time.sleep(0.5)
