"""Nothing is lost and nothing doubled: lost answers, killed workers, several writers at once, and mailboxes that are
replaced, or lose their indexes, under a device."""
import contextlib
import random
import shutil
import sqlite3
import threading
import time

from rig import INBOX, Case, Settings
from rig.replica import Replica, server_state

# a small transaction log, so that its oldest part is soon thrown away
SETTINGS = Settings(users=30, extra="mail_index_log_rotate_min_size = 8k\nmail_index_log_rotate_max_size = 8k\n"
                                    "mail_index_log_rotate_min_age = 0\nmail_index_log2_max_age = 0\n")
_users = iter(range(1, 31))
MESSAGE = "From: ada@example.test\nSubject: {}\nMessage-ID: <{}@example.test>\n\nHello\n"


class RecoveryCase(Case):
    def setUp(self):
        self.user = f"u{next(_users)}"
        self.imap = self.dovecot.imap(self.user)
        self.addCleanup(lambda: self.imap.shutdown() if self.imap.state != "LOGOUT" else None)

    def fill(self, *subjects, folder="INBOX", imap=None):
        for subject in subjects:
            text = MESSAGE.format(subject, str(subject).replace(" ", "-"))
            (imap or self.imap).append(folder, None, None, text.replace("\n", "\r\n").encode())

    def replica(self, window=100, version="16.1", folder=None):
        device = self.ready_device(self.user, version)
        if folder is None:
            folder = device.folders_of_type(INBOX)[0]
        else:
            folder = next(found for found in device.folders.values() if found.name == folder)
        return Replica(device, folder, window)

    def patient(self, replica):
        """Syncs as a device does that was told to try again: a warm worker must notice that its indexes are gone."""
        for _ in range(5):
            document = replica.device.sync(replica.device.collection(replica.folder, window=replica.window)).document
            answer = document and document.find("Collections/Collection")
            if answer is None or answer.get("Status") == "1":
                if answer is not None:
                    replica.take(answer)
                return
            self.assertIn(answer.get("Status"), ("5", "12"))
            replica.device.folder_sync()
        self.fail("still not served")

    def same(self, *replicas):
        imap = self.dovecot.imap(self.user)
        state = server_state(imap)
        imap.logout()
        for replica in replicas:
            replica.sync()
            self.assertEqual(replica.state(), state)
            self.assertEqual(replica.sync(), [])

    def subjects(self, folder):
        imap = self.dovecot.imap(self.user, folder)
        found = [line[1].decode().partition(":")[2].strip() for line in
                 imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if isinstance(line, tuple)]
        imap.logout()
        return sorted(found)


class LostAnswers(RecoveryCase):
    def content(self, answer):
        return [] if answer is None else [(change.name, change.get("ServerId"))
                                          for part in answer.findall("Commands") for change in part.children]

    def test_repeat_is_the_same(self):
        """The first window, a later one, and changes: the same answer with the same key."""
        self.fill(*range(12))
        replica = self.replica(window=5)
        replica.start()
        for _ in range(3):
            lost = replica.round(lose=True)
            again = replica.round(lose=True)
            answer = replica.round()
            self.assertEqual(self.content(lost), self.content(again))
            self.assertEqual(self.content(lost), self.content(answer))
            self.assertEqual(lost.get("SyncKey"), answer.get("SyncKey"))
        self.imap.store("3", "+FLAGS", r"(\Seen)")
        self.imap.store("4", "+FLAGS", r"(\Deleted)")
        self.imap.expunge()
        self.fill("new")
        lost = replica.round(lose=True)
        self.assertEqual(sorted(kind for kind, _ in self.content(lost)), ["Add", "Change", "Delete"])
        answer = replica.round()
        self.assertEqual(self.content(lost), self.content(answer))
        self.assertEqual(lost.get("SyncKey"), answer.get("SyncKey"))
        self.same(replica)

    def test_repeat_after_a_change(self):
        """What came meanwhile is in the repeat, under another key: the lost answer's key must not stand for it."""
        self.fill("one")
        replica = self.replica()
        replica.start()
        lost = replica.round(lose=True)
        self.fill("two")
        answer = replica.round()
        self.assertEqual(len(self.content(answer)), 2)
        self.assertNotEqual(lost.get("SyncKey"), answer.get("SyncKey"))
        self.same(replica)

    def test_commands(self):
        """Flag changes and deletions whose answer is lost are neither undone nor done twice, nor echoed."""
        self.fill("one", "two", "three")
        for version in ("2.5", "12.1", "14.1", "16.1"):
            replica = self.replica(version=version)
            replica.sync()
            for item in list(replica.items):
                command = [replica.set_read(item)]
                lost = replica.round(command, lose=True)
                answer = replica.round(command)
                self.assertEqual((self.content(lost), self.content(answer)), ([], []))
                self.assertEqual(lost.get("SyncKey"), answer.get("SyncKey"))
                replica.round([replica.set_read(item, False)])
            self.same(replica)
        item = next(name for name, item in replica.items.items() if item["subject"] == "one")
        command = [replica.delete(item)]
        replica.round(command, lose=True)
        replica.round(command, lose=True)
        replica.round(command)
        self.assertEqual(replica.statuses, [])
        self.same(replica)
        self.assertEqual(self.subjects("Trash"), ["one"])

    def test_somebody_changes_after_the_lost_answer(self):
        """A change made after the device's own is no echo of it."""
        self.fill("one")
        replica = self.replica()
        replica.sync()
        item = next(iter(replica.items))
        command = [replica.set_read(item)]
        replica.round(command, lose=True)
        self.imap.store("1", "-FLAGS", r"(\Seen)")
        replica.round(command)
        self.same(replica)
        self.assertEqual(replica.items[item]["read"], "0")

    def test_first_key(self):
        self.fill("one")
        replica = self.replica()
        replica.device.sync_start(replica.folder)
        replica.start()
        self.same(replica)

    def test_windows_shrink(self):
        """A device that can't take a large answer gets smaller ones."""
        self.fill(*range(40))
        replica = self.replica(window=32)
        replica.start()
        sizes = [len(self.content(replica.round(lose=True))) for _ in range(12)]
        self.assertEqual(sizes[:3], [32, 32, 32])
        self.assertLess(sizes[-1], 4)
        self.same(replica)


class Replaced(RecoveryCase):
    def test_uidvalidity(self):
        self.fill("one", "two")
        replica = self.replica()
        replica.sync()
        old = int(self.imap.status("INBOX", "(UIDVALIDITY)")[1][0].decode().split()[-1].rstrip(")"))
        self.imap.logout()
        self.dovecot.doveadm("mailbox", "update", "-u", self.user, "--uid-validity", old + 7, "INBOX")
        self.imap = self.dovecot.imap(self.user)
        answer = replica.device.sync(replica.device.collection(replica.folder)).document
        self.assertEqual(answer.get("Collections/Collection/Status"), "3")
        replica.start()
        self.same(replica)
        self.assertEqual(len(replica.items), 2)

    def test_deleted_and_created(self):
        self.imap.create("Lists")
        self.fill("one", "two", folder="Lists")
        replica = self.replica(folder="Lists")
        replica.sync()
        self.imap.delete("Lists")
        answer = replica.device.sync(replica.device.collection(replica.folder)).document
        self.assertEqual(answer.get("Collections/Collection/Status"), "12")
        self.imap.create("Lists")
        self.fill("other", folder="Lists")
        # it is another folder, whatever its name
        answer = replica.device.sync(replica.device.collection(replica.folder)).document
        self.assertEqual(answer.get("Collections/Collection/Status"), "12")
        replica.device.folder_sync()
        again = self.replica(folder="Lists")
        again.sync()
        self.assertEqual(list(again.by_subject()), ["other"])

    def test_renamed(self):
        self.imap.create("Old")
        self.fill("one", folder="Old")
        replica = self.replica(folder="Old")
        replica.sync()
        self.imap.rename("Old", "New")
        self.assertEqual(replica.sync(), [])
        self.fill("two", folder="New")
        self.assertEqual(len(replica.sync()), 1)

    def remove_indexes(self):
        self.imap.logout()
        # Dovecot tells an index from its successor by the second it was made in
        time.sleep(1.1)
        for path in (self.dovecot.home(self.user) / "Maildir").rglob("dovecot.*index*"):
            path.unlink()
        self.imap = self.dovecot.imap(self.user)
        # 2.4 fails the first request of a user whose index is still open; he is opened anew for the next one
        self.dovecot.expect_log(r"[Tt]ransaction log|deleted under us|Cannot get GUID of INBOX: Internal error")

    def test_indexes_removed(self):
        self.fill(*range(10))
        replica = self.replica(window=4)
        replica.sync()
        self.imap.store("1:3", "+FLAGS", r"(\Seen)")
        self.imap.store("4", "+FLAGS", r"(\Deleted)")
        self.imap.expunge()
        self.remove_indexes()
        self.imap.store("7", "+FLAGS", r"(\Seen)")
        self.patient(replica)
        self.same(replica)
        self.remove_indexes()
        self.patient(replica)
        self.same(replica)

    def test_indexes_removed_and_used(self):
        """The new modseqs have grown beyond the old ones before the device comes."""
        self.fill(*range(5))
        replica = self.replica()
        replica.sync()
        self.imap.store("2", "+FLAGS", r"(\Seen)")
        self.remove_indexes()
        for number in range(40):
            self.imap.store("5", "+-"[number % 2] + "FLAGS", r"(\Seen)")
        self.patient(replica)
        self.same(replica)

    def test_indexes_removed_inside_the_first_sync(self):
        self.fill(*range(20))
        replica = self.replica(window=6)
        replica.start()
        replica.round()
        self.imap.store("20", "+FLAGS", r"(\Deleted)")
        self.imap.store("1", "+FLAGS", r"(\Deleted)")
        self.imap.expunge()
        self.remove_indexes()
        self.patient(replica)
        self.same(replica)

    def test_log_rotated_away(self):
        self.fill(*range(30))
        replica = self.replica()
        replica.sync()
        self.imap.store("5", "+FLAGS", r"(\Deleted)")
        self.imap.store("6", "+FLAGS", r"(\Seen)")
        self.imap.expunge()
        index = next((self.dovecot.home(self.user) / "Maildir").glob("dovecot.index.log"))
        first = index.stat().st_ino
        rotations = 0
        for number in range(4000):
            self.imap.store("1:20", "+-"[number % 2] + "FLAGS", rf"(k{number % 7})")
            if number % 50 == 0 and index.stat().st_ino != first:
                first, rotations = index.stat().st_ino, rotations + 1
                if rotations == 3:
                    break
        self.assertEqual(rotations, 3, "the log was not rotated")
        self.same(replica)

    def test_poison(self):
        """A mail that can't be read is left out, and does not stop the others."""
        self.fill("one", "two", "three")
        folder = self.dovecot.home(self.user) / "Maildir" / "cur"
        replica = self.replica()
        paths = sorted([*folder.iterdir(), *(folder.parent / "new").iterdir()])
        path = next(path for path in paths if b"Subject: two" in path.read_bytes())
        path.chmod(0)
        self.dovecot.expect_log(r"UID \d+ can't be shown to devices|Permission denied")
        replica.sync()
        self.assertEqual(sorted(replica.by_subject()), ["one", "three"])
        self.fill("four")
        replica.sync()
        self.assertEqual(sorted(replica.by_subject()), ["four", "one", "three"])
        # not on the same day again
        path.chmod(0o600)
        self.fill("five")
        replica.sync()
        self.assertEqual(sorted(replica.by_subject()), ["five", "four", "one", "three"])
        self.make_yesterday(replica)
        self.assertEqual(len(replica.sync()), 1)
        self.same(replica)

    def make_yesterday(self, replica):
        """What the device's state says of today was yesterday."""
        def number(value):
            out = b""
            while value > 0x7f:
                out, value = out + bytes([value & 0x7f | 0x80]), value >> 7
            return out + bytes([value])
        today = int(time.time()) // 86400
        database = sqlite3.connect(self.dovecot.home(self.user) / "roost.db")
        where = "FROM state WHERE collection = ?", (f"f{replica.folder.id}",)
        issued, = database.execute("SELECT issued " + where[0], where[1]).fetchone()
        self.assertEqual(issued.count(number(today)), 1)
        with database:
            database.execute("UPDATE state SET issued = ? WHERE collection = ?",
                             (issued.replace(number(today), number(today - 1)), *where[1]))
        database.close()


class Store(RecoveryCase):
    """What becomes of roost.db while a worker has it open."""

    def path(self):
        return self.dovecot.home(self.user) / "roost.db"

    def remove(self):
        for path in self.path().parent.glob("roost.db*"):
            path.unlink()

    def test_removed(self):
        """The device starts anew, and what it gets then is recorded in the file that is there."""
        self.fill(*range(3))
        replica = self.replica()
        replica.sync()
        self.remove()
        # nothing is known of it: neither its policy key nor its folders
        self.assertStatus(replica.device.folder_sync(), 144)
        replica.device.provision()
        self.assertStatus(replica.device.folder_sync(), 9)
        replica.device.folder_key = "0"
        self.assertStatus(replica.device.folder_sync(), 1)
        replica.device.sync_keys.clear()
        replica.folder = replica.device.folders_of_type(INBOX)[0]
        self.same(replica)
        with contextlib.closing(sqlite3.connect(self.path())) as database:
            self.assertEqual(database.execute("SELECT id FROM device").fetchall(), [(replica.device.device_id,)])

    def test_damaged_and_restored(self):
        """A damaged one is a temporary error, and is left for the operator: then it goes on where it was."""
        self.fill(*range(3))
        replica = self.replica()
        replica.sync()
        with contextlib.closing(sqlite3.connect(self.path())) as database, \
                contextlib.closing(sqlite3.connect(self.path().with_suffix(".backup"))) as backup:
            database.backup(backup)
        self.remove()
        self.path().write_bytes(b"garbage" * 1000)
        shutil.chown(self.path(), user=self.path().parent.stat().st_uid, group=self.path().parent.stat().st_gid)
        self.dovecot.expect_log("roost.db failed: .*file is not a database")
        self.assertStatus(replica.device.folder_sync(), 111)
        old = self.device(self.user, "12.1", device_id=replica.device.device_id)
        response = old.folder_sync()
        self.assertEqual((response.code, response.headers.get("retry-after")), (503, "60"))
        self.assertEqual(self.path().read_bytes(), b"garbage" * 1000)

        self.path().with_suffix(".backup").replace(self.path())
        shutil.chown(self.path(), user=self.path().parent.stat().st_uid, group=self.path().parent.stat().st_gid)
        self.fill("new")
        self.same(replica)
        self.assertEqual(len(replica.items), 4)

    def test_locked(self):
        """Somebody holds the lock for longer than we wait: a temporary error; nothing is lost."""
        self.fill(*range(3))
        replica = self.replica()
        replica.sync()
        self.fill("new")
        with contextlib.closing(sqlite3.connect(self.path(), isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            self.dovecot.expect_log("store: .*database is locked")
            collection = replica.device.collection(replica.folder, window=replica.window)
            answer = replica.device.sync(collection).document
            self.assertIn(answer.get("Status") or answer.get("Collections/Collection/Status"), ("5", "111"))
            database.execute("ROLLBACK")
        self.same(replica)
        self.assertEqual(len(replica.items), 4)


class Together(RecoveryCase):
    """Several at once."""

    def imap_life(self, seconds, seed, failures):
        chance = random.Random(seed)
        try:
            imap = self.dovecot.imap(self.user)
            end = time.monotonic() + seconds
            count = 0
            while time.monotonic() < end:
                imap.noop()
                uids = imap.uid("SEARCH", "ALL")[1][0].split()
                what = chance.random()
                if what < 0.4 or len(uids) < 5:
                    self.fill(f"imap {seed} {count}", imap=imap)
                elif what < 0.8:
                    imap.uid("STORE", chance.choice(uids), chance.choice("+-") + "FLAGS", r"(\Seen)")
                else:
                    imap.uid("STORE", chance.choice(uids), "+FLAGS", r"(\Deleted)")
                    imap.expunge()
                count += 1
                time.sleep(0.01)
            imap.logout()
        except Exception as error:      # shown by the test
            failures.append(error)

    def device_life(self, replica, seconds, seed, failures):
        chance = random.Random(seed)
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                commands, items = [], list(replica.items)
                for item in chance.sample(items, min(len(items), chance.randrange(3))):
                    if chance.random() < 0.2:
                        commands.append(replica.delete(item))
                    else:
                        commands.append(replica.set_read(item, chance.random() < 0.5))
                while chance.random() < 0.2:
                    replica.round(commands, lose=True)
                replica.round(commands)
        except Exception as error:
            failures.append(error)

    def test_two_devices_and_imap(self):
        self.fill(*range(30))
        replicas = [self.replica(window=7, version=version) for version in ("14.1", "16.1")]
        for replica in replicas:
            replica.sync()
        failures = []
        threads = [threading.Thread(target=self.imap_life, args=(6, 1, failures)),
                   *(threading.Thread(target=self.device_life, args=(replica, 6, seed, failures))
                     for seed, replica in enumerate(replicas))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        for replica in replicas:
            replica.sync()
        self.same(*replicas)

    def test_same_key_at_once(self):
        """Two requests with one key at the same time: one of them wins, the device is not confused."""
        self.fill(*range(10))
        replica = self.replica()
        replica.start()
        twin = self.device(self.user, device_id=replica.device.device_id)
        twin.policy_key = replica.device.policy_key
        for number in range(10):
            self.fill(f"more {number}")
            key = replica.device.sync_keys[replica.folder.id]
            answers = []
            threads = [threading.Thread(target=lambda device=device: answers.append(device.command(
                "Sync", device.sync_document(device.collection(replica.folder, key=key)))))
                for device in (replica.device, twin)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for answer in answers:
                status = answer.document.get("Collections/Collection/Status") or answer.status
                self.assertIn(status, ("1", "16"))
        self.same(replica)
