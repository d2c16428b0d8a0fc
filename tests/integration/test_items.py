"""What a device does with single items apart from Sync: MoveItems, ItemOperations, GetAttachment, GetHierarchy."""
import base64
import contextlib
import random
import sqlite3
import threading
import time

from rig import INBOX, MIME, OUTBOX, PLAIN, SENT, TRASH, Body, Case, E, Settings, decode, options

SETTINGS = Settings(users=60)

MESSAGE = """From: Ada <ada@example.test>
To: someone@example.test
Subject: {subject}
Date: Mon, 1 Jan 2024 08:00:00 +0000
Message-ID: <{id}@example.test>
{more}
Hello from {subject}.
"""
DATA = bytes(range(256)) * 40
WITH_FILE = """From: Ada <ada@example.test>
To: someone@example.test
Subject: file
Date: Mon, 1 Jan 2024 08:00:00 +0000
Message-ID: <file@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the file.
--b
Content-Type: application/octet-stream; name=data.bin
Content-Disposition: attachment; filename=data.bin
Content-Transfer-Encoding: base64

{data}
--b
Content-Type: text/plain; name=empty.txt
Content-Disposition: attachment; filename=empty.txt


--b--
"""


class ItemCase(Case):
    """Each test has a user of its own, so that it knows every mail."""
    next_user = iter(range(1, SETTINGS.users + 1))

    def setUp(self):
        self.user = f"u{next(ItemCase.next_user)}"

    def deliver(self, count=1, more="", prefix="mail"):
        for number in range(count):
            subject = f"{prefix} {number}"
            self.dovecot.deliver(self.user, MESSAGE.format(subject=subject, id=f"{prefix}-{number}", more=more))

    def deliver_file(self):
        self.dovecot.deliver(self.user, WITH_FILE.format(data=base64.encodebytes(DATA).decode().strip()))

    def box(self, name):
        self.dovecot.doveadm("mailbox", "create", "-u", self.user, name)

    def ready(self, version):
        """A device that has synchronised the Inbox: (device, inbox, {subject: ServerId})."""
        device = self.ready_device(self.user, version)
        inbox = device.folders_of_type(INBOX)[0]
        return device, inbox, self.sync_ids(device, inbox)

    def sync_ids(self, device, folder):
        body = None if device.version == "2.5" else options(bodies=[Body(PLAIN, 1024)])
        return {add.get("ApplicationData/Email:Subject"): add.get("ServerId")
                for page in device.sync_all(folder, opts=body) for add in page.findall("Commands/Add")}

    def named(self, device, name):
        return [folder for folder in device.folders.values() if folder.name == name][0]

    def subjects(self, folder="INBOX"):
        """What IMAP sees, sorted."""
        imap = self.dovecot.imap(self.user, folder)
        _, uids = imap.search(None, "ALL")
        found = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if uids[0] else []
        imap.logout()
        return sorted(part[1].decode().strip().removeprefix("Subject: ") for part in found if isinstance(part, tuple))

    def uids(self, folder="INBOX"):
        imap = self.dovecot.imap(self.user, folder)
        _, found = imap.uid("search", "ALL")
        imap.logout()
        return [int(uid) for uid in found[0].split()]

    def status(self, folder, item):
        imap = self.dovecot.imap(self.user, None)
        _, found = imap.status(f'"{folder}"', f"({item})")
        imap.logout()
        return int(found[0].split()[-1].strip(b")"))


class MoveItems(ItemCase):
    def moved(self, response):
        return [(answer.get("SrcMsgId"), answer.get("Status"), answer.get("DstMsgId"))
                for answer in response.check().document.findall("Response")]

    def check_move(self, version):
        self.deliver(3)
        self.box("Work")
        device, inbox, ids = self.ready(version)
        work = self.named(device, "Work")
        moves = [(ids["mail 2"], inbox.id, work.id), (ids["mail 0"], inbox.id, work.id)]

        first = self.moved(device.move_items(*moves))
        self.assertEqual([answer[:2] for answer in first], [(ids["mail 2"], "3"), (ids["mail 0"], "3")])
        self.assertEqual(self.subjects(), ["mail 1"])
        self.assertEqual(self.subjects("Work"), ["mail 0", "mail 2"])
        # the answer is lost: the same again
        self.assertEqual(self.moved(device.move_items(*moves)), first)
        self.assertEqual(self.subjects("Work"), ["mail 0", "mail 2"])

        # the new ids are those that Sync gives
        self.assertEqual(self.sync_ids(device, work), {"mail 2": first[0][2], "mail 0": first[1][2]})
        page, = device.sync_all(inbox)
        gone = [node.get("ServerId") for node in page.findall("Commands/Delete")]
        self.assertEqual(sorted(gone), sorted([ids["mail 0"], ids["mail 2"]]))
        # and they go back
        (_, status, _), = self.moved(device.move_items((first[0][2], work.id, inbox.id)))
        self.assertEqual(status, "3")
        self.assertEqual(self.subjects(), ["mail 1", "mail 2"])

    def test_move_2_5(self):
        self.check_move("2.5")

    def test_move_12_1(self):
        self.check_move("12.1")

    def test_move_14_1(self):
        self.check_move("14.1")

    def test_move_16_1(self):
        self.check_move("16.1")

    def test_statuses(self):
        self.deliver(2)
        device, inbox, ids = self.ready("14.1")
        trash = device.folders_of_type(TRASH)[0]
        outbox = device.folders_of_type(OUTBOX)[0]
        mail, other = ids["mail 0"], ids["mail 1"]
        cases = [((mail, inbox.id, inbox.id), "4"), ((mail, inbox.id, "9999"), "2"), ((mail, "9999", trash.id), "1"),
                 ((mail, trash.id, inbox.id), "1"), (("x", inbox.id, trash.id), "1"),
                 ((f"{inbox.id}:9999", inbox.id, trash.id), "1"), ((f"{inbox.id}:0", inbox.id, trash.id), "1"),
                 ((f"9999:1", "9999", "9998"), "1"), ((mail, inbox.id, outbox.id), "2"), ((other, inbox.id, trash.id), "3")]
        answers = self.moved(device.move_items(*(move for move, _ in cases)))
        self.assertEqual([answer[:2] for answer in answers], [(move[0], status) for move, status in cases])
        self.assertEqual(self.subjects(), ["mail 0"])
        # Trash did not exist before
        self.assertEqual(self.subjects("Trash"), ["mail 1"])

    def test_one_mail_twice_in_a_request(self):
        self.deliver(1)
        device, inbox, ids = self.ready("16.1")
        trash = device.folders_of_type(TRASH)[0]
        first, second = self.moved(device.move_items(*[(ids["mail 0"], inbox.id, trash.id)] * 2))
        self.assertEqual(first[1], "3")
        self.assertEqual(first, second)
        self.assertEqual(self.subjects("Trash"), ["mail 0"])

    def test_malformed(self):
        device, inbox, _ = self.ready("14.1")
        for document in (E("Move:MoveItems"), E("Move:MoveItems", E("Move", E("SrcMsgId", "1:1"), E("SrcFldId", "1"))),
                         E("Move:MoveItems", E("Move", E("SrcFldId", "1"), E("DstFldId", "2"))),
                         E("Move:MoveItems", E("Move", E("SrcMsgId", "1" * 65), E("SrcFldId", "1"), E("DstFldId", "2")))):
            self.assertStatus(device.command("MoveItems", document), 103)
        device.version = "12.1"
        self.assertEqual(device.command("MoveItems", E("Move:MoveItems")).code, 400)

    def test_limit(self):
        device, inbox, _ = self.ready("14.1")
        trash = device.folders_of_type(TRASH)[0]
        move = (f"{inbox.id}:9", inbox.id, trash.id)
        self.assertEqual({status for _, status, _ in self.moved(device.move_items(*[move] * 1000))}, {"1"})
        self.assertStatus(device.move_items(*[move] * 1001), 103)

    def test_two_destinations(self):
        self.deliver(1)
        device, inbox, ids = self.ready("14.1")
        trash, sent = device.folders_of_type(TRASH)[0], device.folders_of_type(SENT)[0]
        response = device.command("MoveItems", E("Move:MoveItems", E("Move", E("SrcMsgId", ids["mail 0"]),
            E("SrcFldId", inbox.id), E("DstFldId", trash.id), E("DstFldId", sent.id))))
        self.assertEqual(self.moved(response), [(ids["mail 0"], "5", None)])
        self.assertEqual(self.subjects(), ["mail 0"])

    def test_flags_and_dates_go_along(self):
        self.deliver(1)
        device, inbox, ids = self.ready("14.1")
        imap = self.dovecot.imap(self.user)
        imap.store("1", "+FLAGS", r"(\Flagged \Answered $Forwarded)")
        _, before = imap.fetch("1", "(FLAGS INTERNALDATE)")
        imap.logout()
        trash = device.folders_of_type(TRASH)[0]
        device.move_items((ids["mail 0"], inbox.id, trash.id)).check()
        imap = self.dovecot.imap(self.user, "Trash")
        _, after = imap.fetch("1", "(FLAGS INTERNALDATE)")
        imap.logout()
        flags = {flag for flag in before[0].split(b"(")[2].split(b")")[0].split() if flag != rb"\Recent"}
        self.assertEqual({flag for flag in after[0].split(b"(")[2].split(b")")[0].split() if flag != rb"\Recent"}, flags)
        self.assertEqual(after[0].split(b"INTERNALDATE")[1], before[0].split(b"INTERNALDATE")[1])

    def test_uidvalidity_changed(self):
        self.box("Work")
        device = self.ready_device(self.user, "16.1")
        work, trash = self.named(device, "Work"), device.folders_of_type(TRASH)[0]
        imap = self.dovecot.imap(self.user, "Work")
        imap.append("Work", None, None, MESSAGE.format(subject="old", id="old", more="").replace("\n", "\r\n").encode())
        imap.logout()
        ids = self.sync_ids(device, work)
        old = self.status("Work", "UIDVALIDITY")
        self.dovecot.doveadm("mailbox", "update", "-u", self.user, "--uid-validity", str(old + 7), "Work")
        (_, status, _), = self.moved(device.move_items((ids["old"], work.id, trash.id)))
        self.assertEqual(status, "1")
        self.assertEqual(self.subjects("Work"), ["old"])
        answer = device.fetch_item(work.id, ids["old"]).document.find("Response/Fetch")
        self.assertEqual(answer.get("Status"), "6")

    def test_many_at_once(self):
        self.deliver(100)
        device, inbox, ids = self.ready("14.1")
        trash = device.folders_of_type(TRASH)[0]
        started = time.perf_counter()
        answers = self.moved(device.move_items(*((item, inbox.id, trash.id) for item in ids.values())))
        seconds = time.perf_counter() - started
        self.assertEqual({status for _, status, _ in answers}, {"3"})
        self.assertEqual(len(self.subjects("Trash")), 100)
        self.assertEqual(self.sync_ids(device, trash),
                         {subject: new for (subject, old), (_, _, new) in zip(ids.items(), answers)})
        # one transaction, not a hundred
        self.assertLess(seconds, 3)


class MoveInterrupted(ItemCase):
    """The device repeats a request that died: each state that a crash can leave is made by hand."""

    def setUp(self):
        super().setUp()
        self.deliver(2)
        self.box("Work")
        self.phone, self.inbox, self.ids = self.ready("16.1")
        self.work = self.named(self.phone, "Work")
        self.uid = int(self.ids["mail 0"].split(":")[1])
        self.work_uidvalidity = self.status("Work", "UIDVALIDITY")
        self.work_uidnext = self.status("Work", "UIDNEXT")
        self.guid = self.dovecot.doveadm("-f", "tab", "fetch", "-u", self.user, "guid", "mailbox", "INBOX", "uid",
                                         self.uid).splitlines()[1]

    def record(self, value):
        """Writes what the interrupted request has recorded of the move."""
        key = f"{self.inbox.id}.{self.status('INBOX', 'UIDVALIDITY')}:{self.uid}>{self.work.id}"
        with contextlib.closing(sqlite3.connect(self.dovecot.home(self.user) / "roost.db", timeout=10)) as db:
            num, = db.execute("SELECT num FROM device WHERE id=?", (self.phone.device_id,)).fetchone()
            db.execute("REPLACE INTO op VALUES (?, 'move', ?, ?, ?)", (num, key, value.encode(), int(time.time())))
            db.commit()

    def begun(self, guid=None):
        guid = self.guid if guid is None else guid
        self.record(f"b {self.work_uidvalidity} {self.work_uidnext} dead {guid}")

    def copy(self):
        self.dovecot.doveadm("copy", "-u", self.user, "Work", "mailbox", "INBOX", "uid", self.uid)
        return self.uids("Work")[-1]

    def repeat(self, status="3", uid=None):
        """The request comes again, and once more: the same answer and one copy."""
        for _ in range(2):
            answer = self.phone.move_items((self.ids["mail 0"], self.inbox.id, self.work.id)).check()
            answer, = answer.document.findall("Response")
            self.assertEqual(answer.get("Status"), status)
            if uid:
                self.assertEqual(answer.get("DstMsgId"), f"{self.work.id}:{uid}")
        self.assertEqual(self.subjects(), ["mail 1"])

    def test_before_the_copy(self):
        self.begun()
        self.repeat()
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_after_the_copy(self):
        self.begun()
        self.repeat(uid=self.copy())
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_after_the_copy_that_lost_its_guid(self):
        self.begun(guid="")
        uid = self.copy()
        self.repeat(uid=uid)
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_after_the_copy_and_the_source_is_gone(self):
        self.begun()
        uid = self.copy()
        self.dovecot.doveadm("expunge", "-u", self.user, "mailbox", "INBOX", "uid", self.uid)
        self.repeat(uid=uid)
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_an_older_copy_is_not_ours(self):
        uid = self.copy()
        self.work_uidnext = uid + 1
        self.begun()
        self.repeat()
        self.assertEqual(self.subjects("Work"), ["mail 0", "mail 0"])

    def test_before_the_expunge(self):
        uid = self.copy()
        self.record(f"c {self.work_uidvalidity} {uid}")
        self.repeat(uid=uid)
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_before_the_expunge_and_the_copy_is_gone(self):
        uid = self.copy()
        self.record(f"c {self.work_uidvalidity} {uid}")
        self.dovecot.doveadm("expunge", "-u", self.user, "mailbox", "Work", "all")
        self.repeat(uid=uid + 1)
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_the_destination_is_another_mailbox_now(self):
        self.record(f"c {self.work_uidvalidity + 1} 77")
        self.repeat()
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_a_damaged_record(self):
        self.dovecot.expect_log("record of move .* is damaged")
        self.record("nonsense")
        self.repeat()
        self.assertEqual(self.subjects("Work"), ["mail 0"])

    def test_the_same_request_twice_at_once(self):
        other = self.device(self.user, "16.1", device_id=self.phone.device_id)
        other.policy_key = self.phone.policy_key
        for number in range(15):
            self.deliver(4, prefix=f"race {number}")
            ids = [item for subject, item in self.sync_ids(self.phone, self.inbox).items()]
            moves = [(item, self.inbox.id, self.work.id) for item in ids]
            answers, threads = [], []
            for device in (self.phone, other):
                threads.append(threading.Thread(target=lambda device=device: answers.append(device.move_items(*moves))))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            # one of them may have been told to come again
            results = [[answer.get("DstMsgId") for answer in response.check().document.findall("Response")
                        if answer.get("Status") == "3"] for response in answers]
            again = self.phone.move_items(*moves).check().document
            final = [answer.get("DstMsgId") for answer in again.findall("Response")]
            self.assertEqual([answer.get("Status") for answer in again.findall("Response")], ["3"] * len(ids))
            for result in results:
                self.assertIn(result, ([], final))
        wanted = sorted(f"race {number} {mail}" for number in range(15) for mail in range(4))
        self.assertEqual(self.subjects("Work"), wanted)


class FileCase(ItemCase):
    def references(self, device, folder):
        """The FileReferences of the folder's mails by the attachments' names."""
        body = None if device.version == "2.5" else options(bodies=[Body(PLAIN, 1024)])
        found = {}
        for page in device.sync_all(folder, opts=body):
            for add in page.findall("Commands/Add"):
                for node in add.findall("ApplicationData/AirSyncBase:Attachments/Attachment"):
                    found[node.get("DisplayName")] = node.get("FileReference")
                for node in add.findall("ApplicationData/Email:Attachments/Attachment"):
                    found[node.get("DisplayName")] = node.get("AttName")
        return found

    def ready_file(self, version):
        self.deliver_file()
        device = self.ready_device(self.user, version)
        inbox = device.folders_of_type(INBOX)[0]
        references = self.references(device, inbox)
        self.assertEqual(sorted(references), ["data.bin", "empty.txt"])
        return device, inbox, references


class Fetch(FileCase):
    def fetched(self, response):
        response.check()
        self.assertEqual(response.document.get("Status"), "1")
        return response.document.findall("Response/Fetch")

    def check_fetch(self, version):
        self.deliver(2)
        device, inbox, ids = self.ready(version)
        answer, = self.fetched(device.fetch_item(inbox.id, ids["mail 1"], Body(PLAIN), mime_support=0))
        self.assertEqual(answer.get("Status"), "1")
        self.assertEqual(answer.get("AirSync:CollectionId"), inbox.id)
        self.assertEqual(answer.get("AirSync:ServerId"), ids["mail 1"])
        self.assertEqual(answer.get("AirSync:Class"), "Email")
        self.assertEqual(answer.get("Properties/Email:Subject"), "mail 1")
        self.assertIn("Hello from mail 1.", answer.get("Properties/AirSyncBase:Body/Data"))
        self.assertEqual(answer.get("Properties/AirSyncBase:Body/Type"), "1")

        mime, = self.fetched(device.fetch_item(inbox.id, ids["mail 0"], Body(MIME), mime_support=2))
        self.assertIn("Message-ID: <mail-0@example.test>", mime.get("Properties/AirSyncBase:Body/Data"))

    def test_fetch_12_1(self):
        self.check_fetch("12.1")

    def test_fetch_14_1(self):
        self.check_fetch("14.1")

    def test_fetch_16_1(self):
        self.check_fetch("16.1")

    def test_not_in_2_5(self):
        device, inbox, _ = self.ready("2.5")
        self.assertEqual(device.empty_folder(inbox.id).code, 400)

    def test_statuses(self):
        self.deliver_file()
        device, inbox, ids = self.ready("14.1")
        item = next(iter(ids.values()))
        mailbox = E("Store", "Mailbox")
        cases = [
            ("1", [mailbox, E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", item)]),
            ("2", [E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", item)]),
            ("2", [mailbox]),
            ("2", [mailbox, E("AirSync:CollectionId", inbox.id)]),
            ("9", [E("Store", "DocumentLibrary"), E("DocumentLibrary:LinkId", "http://x/y")]),
            ("6", [mailbox, E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", f"{inbox.id}:999")]),
            ("6", [mailbox, E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", "rubbish")]),
            ("6", [mailbox, E("AirSync:CollectionId", "999"), E("AirSync:ServerId", "999:1")]),
            ("6", [mailbox, E("AirSync:CollectionId", "999"), E("AirSync:ServerId", item)]),
            ("6", [mailbox, E("Search:LongId", "rubbish")]),
            ("15", [mailbox, E("AirSyncBase:FileReference", "")]),
            ("15", [mailbox, E("AirSyncBase:FileReference", "rubbish")]),
            ("15", [mailbox, E("AirSyncBase:FileReference", f"{item}:99")]),
            ("15", [mailbox, E("AirSyncBase:FileReference", f"{item}:2.1.1")]),
            ("15", [mailbox, E("AirSyncBase:FileReference", f"{inbox.id}:999:2")]),
            ("15", [mailbox, E("AirSyncBase:FileReference", "999:1:2")]),
            ("2", [mailbox, E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", item),
                   E("Options", E("AirSync:MIMESupport", "7"))]),
            ("2", [mailbox, E("AirSyncBase:FileReference", f"{item}:2"), E("Options", E("Range", "x"))]),
            ("8", [mailbox, E("AirSyncBase:FileReference", f"{item}:2"), E("Options", E("Range", "5-4"))]),
            ("164", [mailbox, E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", item),
                     E("Options", E("AirSyncBase:BodyPartPreference", E("Type", 1)))]),
            ("1", [mailbox, E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", item)])]
        answers = self.fetched(device.item_operations(*(E("Fetch", *children) for _, children in cases)))
        self.assertEqual([answer.get("Status") for answer in answers], [status for status, _ in cases])
        self.assertIsNotNone(answers[0].find("Properties"))
        self.assertIsNone(answers[1].find("Properties"))

    def test_long_id(self):
        self.deliver(1)
        device, inbox, ids = self.ready("14.1")
        uid, uidvalidity = ids["mail 0"].split(":")[1], self.status("INBOX", "UIDVALIDITY")
        good, bad = f"{inbox.id}:{uidvalidity}:{uid}", f"{inbox.id}:{uidvalidity + 1}:{uid}"
        answers = self.fetched(device.item_operations(*(
            E("Fetch", E("Store", "Mailbox"), E("Search:LongId", long_id)) for long_id in (good, bad))))
        self.assertEqual([answer.get("Status") for answer in answers], ["1", "6"])
        self.assertEqual([answer.get("Search:LongId") for answer in answers], [good, bad])
        self.assertEqual(answers[0].get("Properties/Email:Subject"), "mail 0")

    def test_schema(self):
        self.deliver(1)
        device, inbox, ids = self.ready("14.1")
        head = [E("Store", "Mailbox"), E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", ids["mail 0"])]
        some = E("Fetch", *head, E("Options", E("Schema", E("Email:Subject"), E("Email:Read")), Body(PLAIN).node()))
        body = E("Fetch", *head, E("Options", E("Schema", E("AirSyncBase:Body")), Body(PLAIN).node()))
        every = E("Fetch", *head, E("Options", E("Schema"), Body(PLAIN).node()))
        answers = self.fetched(device.item_operations(some, body, every))
        names = [[node.tag.split(":")[-1] for node in answer.find("Properties").children] for answer in answers]
        self.assertEqual(names[0], ["Subject", "Read"])
        self.assertEqual(names[1], ["Body"])
        self.assertGreater(len(names[2]), 8)
        self.assertIn("Hello from mail 0.", answers[1].get("Properties/AirSyncBase:Body/Data"))

        # a body that is not wanted is no part either
        response = device.item_operations(some, body, multipart=True).check()
        self.assertEqual(len(response.parts), 2)
        self.assertIn(b"Hello from mail 0.", response.parts[1])

    def test_malformed(self):
        device, inbox, _ = self.ready("14.1")
        self.assertStatus(device.item_operations(), 2)
        for operation in (E("Status", 1), E("EmptyFolderContents"), E("Move", E("DstFldId", inbox.id))):
            self.assertStatus(device.item_operations(operation), 2)

    def test_limit(self):
        device, inbox, _ = self.ready("14.1")
        fetch = E("Fetch", E("Store", "Mailbox"), E("AirSync:CollectionId", inbox.id),
                  E("AirSync:ServerId", f"{inbox.id}:9"))
        response = device.item_operations(*[fetch] * 100).check()
        self.assertEqual({node.get("Status") for node in response.document.findall("Response/Fetch")}, {"6"})
        self.assertStatus(device.item_operations(*[fetch] * 101), 11)

    def check_attachment(self, version):
        device, inbox, references = self.ready_file(version)
        answers = self.fetched(device.fetch_attachment(references["data.bin"]))
        self.assertEqual(answers[0].get("Status"), "1")
        self.assertEqual(answers[0].get("AirSyncBase:FileReference"), references["data.bin"])
        self.assertEqual(answers[0].get("Properties/AirSyncBase:ContentType"), "application/octet-stream")
        text = answers[0].get("Properties/Data")
        self.assertNotIn("\n", text)
        self.assertEqual(base64.b64decode(text, validate=True), DATA)
        answers = self.fetched(device.fetch_attachment(references["empty.txt"]))
        self.assertEqual(answers[0].get("Status"), "1")
        self.assertEqual(answers[0].get("Properties/Data") or "", "")

    def test_attachment_12_1(self):
        self.check_attachment("12.1")

    def test_attachment_14_1(self):
        self.check_attachment("14.1")

    def test_attachment_16_1(self):
        self.check_attachment("16.1")

    def test_ranges(self):
        device, inbox, references = self.ready_file("14.1")
        size = len(DATA)
        cases = [("0-0", "0-0"), ("0-99", "0-99"), ("100-10239", "100-10239"), (f"1000-{size - 1}", f"1000-{size - 1}"),
                 ("10000-999999999", f"10000-{size - 1}")]
        for asked, given in cases:
            answer, = self.fetched(device.fetch_attachment(references["data.bin"], byte_range=asked))
            first, last = map(int, given.split("-"))
            self.assertEqual(answer.get("Properties/Range"), given)
            self.assertEqual(answer.get("Properties/Total"), str(size))
            self.assertEqual(base64.b64decode(answer.get("Properties/Data")), DATA[first:last + 1])
        answer, = self.fetched(device.fetch_attachment(references["data.bin"], byte_range=f"{size}-{size}"))
        self.assertEqual(answer.get("Status"), "8")
        answer, = self.fetched(device.fetch_attachment(references["empty.txt"], byte_range="0-9"))
        self.assertEqual(answer.get("Status"), "10")

    def test_multipart(self):
        device, inbox, references = self.ready_file("14.1")
        item = references["data.bin"].rpartition(":")[0]
        mailbox = E("Store", "Mailbox")
        for query in ("plain", "base64"):
            device.query = query
            response = device.item_operations(
                E("Fetch", mailbox, E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", item),
                  E("Options", Body(PLAIN).node())),
                E("Fetch", mailbox, E("AirSyncBase:FileReference", references["data.bin"])),
                E("Fetch", mailbox, E("AirSyncBase:FileReference", "rubbish")),
                E("Fetch", mailbox, E("AirSyncBase:FileReference", references["data.bin"]),
                  E("Options", E("Range", "5-9"))),
                E("Fetch", mailbox, E("AirSyncBase:FileReference", references["empty.txt"])), multipart=True).check()
            self.assertEqual(response.headers["content-type"], "application/vnd.ms-sync.multipart")
            parts = response.parts
            answers = decode(parts[0]).findall("Response/Fetch")
            self.assertEqual([answer.get("Status") for answer in answers], ["1", "1", "15", "1", "1"])
            body = answers[0].find("Properties/AirSyncBase:Body")
            self.assertIsNone(body.find("Data"))
            self.assertIn(b"See the file.", parts[int(body.get("ItemOperations:Part"))])
            self.assertEqual(parts[int(answers[1].get("Properties/Part"))], DATA)
            self.assertEqual(parts[int(answers[3].get("Properties/Part"))], DATA[5:10])
            self.assertEqual(parts[int(answers[4].get("Properties/Part"))], b"")
            self.assertEqual(len(parts), 5)
            # the parts follow each other without gaps
            self.assertEqual(4 + 8 * len(parts) + sum(map(len, parts)), len(response.body))

    def test_one_bad_item_spoils_no_other(self):
        self.deliver(2)
        device, inbox, ids = self.ready("16.1")
        self.dovecot.doveadm("expunge", "-u", self.user, "mailbox", "INBOX", "subject", "mail 0")
        answers = self.fetched(device.item_operations(*(
            E("Fetch", E("Store", "Mailbox"), E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", item))
            for item in (ids["mail 0"], ids["mail 1"]))))
        self.assertEqual([answer.get("Status") for answer in answers], ["6", "1"])

    def test_large_attachment_is_streamed(self):
        size = 60 * 1000 * 1000
        data = random.Random(1).randbytes(1000000) * (size // 1000000)
        self.dovecot.deliver(self.user, WITH_FILE.format(data=base64.encodebytes(data).decode().strip()))
        device = self.ready_device(self.user, "14.1")
        inbox = device.folders_of_type(INBOX)[0]
        reference = self.references(device, inbox)["data.bin"]
        response = device.fetch_attachment(reference, multipart=True).check()
        self.assertEqual(response.parts[1], data)
        # unchecked: libwbxml takes half a minute for it
        request = device.command_bytes("ItemOperations", E("ItemOperations:ItemOperations", E("Fetch", E("Store", "Mailbox"),
                                                           E("AirSyncBase:FileReference", reference))))
        text = device.connection.request(request).check().document.get("Response/Fetch/Properties/Data")
        self.assertEqual(base64.b64decode(text), data)
        self.assertLess(self.dovecot.peak_memory("roost-worker"), 40 * 1024, "KiB of a worker's memory")


class Folders(ItemCase):
    """EmptyFolderContents, Move of a conversation, GetHierarchy."""

    def results(self, response, name):
        return [answer.get("Status") for answer in response.check().document.findall(f"Response/{name}")]

    def test_empty_folder(self):
        self.deliver(3)
        for name in ("Work", "Work/Deep", "Work/Deep/Deeper", "Other"):
            self.box(name)
        imap = self.dovecot.imap(self.user, "Work")
        for name in ("Work", "Work/Deep"):
            imap.append(name, None, None, MESSAGE.format(subject=name, id=name, more="").replace("\n", "\r\n").encode())
        imap.logout()
        device, inbox, _ = self.ready("14.1")
        work = self.named(device, "Work")
        self.assertEqual(self.results(device.empty_folder(work.id), "EmptyFolderContents"), ["1"])
        self.assertEqual(self.subjects("Work"), [])
        self.assertEqual(self.subjects("Work/Deep"), ["Work/Deep"])
        for _ in range(2):
            response = device.empty_folder(work.id, sub_folders=True)
            self.assertEqual(self.results(response, "EmptyFolderContents"), ["1"])
            boxes = self.dovecot.doveadm("mailbox", "list", "-u", self.user).split()
            self.assertIn("Work", boxes)
            self.assertIn("Other", boxes)
            self.assertNotIn("Work/Deep", boxes)
        self.assertEqual(self.subjects(), ["mail 0", "mail 1", "mail 2"])
        response = device.folder_sync().check()
        self.assertEqual(len(response.document.findall("Changes/Delete")), 2)

        outbox = device.folders_of_type(OUTBOX)[0]
        response = device.item_operations(
            E("EmptyFolderContents", E("AirSync:CollectionId", "999")),
            E("EmptyFolderContents", E("AirSync:CollectionId", "")),
            E("EmptyFolderContents", E("AirSync:CollectionId", outbox.id)),
            E("EmptyFolderContents", E("AirSync:CollectionId", inbox.id), E("Options", E("MoveAlways"))))
        self.assertEqual(self.results(response, "EmptyFolderContents"), ["6", "2", "1", "2"])

    def test_done_in_the_order_of_the_request(self):
        self.deliver(2)
        device, inbox, ids = self.ready("14.1")
        fetch = E("Fetch", E("Store", "Mailbox"), E("AirSync:CollectionId", inbox.id), E("AirSync:ServerId", ids["mail 0"]))
        empty = E("EmptyFolderContents", E("AirSync:CollectionId", inbox.id))
        response = device.item_operations(fetch, empty, fetch)
        self.assertEqual(self.results(response, "Fetch"), ["1", "6"])
        self.assertEqual(self.results(response, "EmptyFolderContents"), ["1"])
        self.assertEqual([node.tag.split(":")[-1] for node in response.document.find("Response").children],
                         ["EmptyFolderContents", "Fetch", "Fetch"])
        self.assertEqual(self.subjects(), [])

    def test_move_conversation(self):
        self.deliver(1, prefix="root")
        self.deliver(2, prefix="reply", more="References: <root-0@example.test>\n")
        self.deliver(2, prefix="other")
        for name in ("Work", "Target"):
            self.box(name)
        imap = self.dovecot.imap(self.user, "Work")
        imap.create("Sent")
        for name in ("Work", "Sent"):
            imap.append(name, None, None, MESSAGE.format(subject=f"in {name}", id=name,
                        more="References: <root-0@example.test>\n").replace("\n", "\r\n").encode())
        imap.logout()
        device = self.ready_device(self.user, "14.1")
        inbox, target = device.folders_of_type(INBOX)[0], self.named(device, "Target")
        conversations = {add.get("ApplicationData/Email:Subject"): add.find("ApplicationData/Email2:ConversationId").text
                         for page in device.sync_all(inbox, opts=options(bodies=[Body(PLAIN, 10)]))
                         for add in page.findall("Commands/Add")}
        self.assertEqual(conversations["root 0"], conversations["reply 1"])
        self.assertNotEqual(conversations["root 0"], conversations["other 0"])
        move = E("Move", E("ConversationId", conversations["root 0"]), E("DstFldId", target.id),
                 E("Options", E("MoveAlways")))
        for _ in range(2):
            response = device.item_operations(move)
            self.assertEqual(self.results(response, "Move"), ["1"])
            self.assertEqual(response.document.find("Response/Move/ConversationId").text, conversations["root 0"])
            self.assertEqual(self.subjects("Target"), ["in Work", "reply 0", "reply 1", "root 0"])
            self.assertEqual(self.subjects(), ["other 0", "other 1"])
            self.assertEqual(self.subjects("Sent"), ["in Sent"])

        outbox = device.folders_of_type(OUTBOX)[0]
        response = device.item_operations(
            E("Move", E("ConversationId", conversations["other 0"]), E("DstFldId", target.id)),
            E("Move", E("ConversationId", b"short"), E("DstFldId", target.id), E("Options", E("MoveAlways"))),
            E("Move", E("ConversationId", conversations["other 0"]), E("DstFldId", "999"), E("Options", E("MoveAlways"))),
            E("Move", E("ConversationId", conversations["other 0"]), E("DstFldId", outbox.id),
              E("Options", E("MoveAlways"))))
        self.assertEqual([node.get("Status") for node in response.check().document.findall("Response/Move")],
                         ["155", "6", "6", "156"])
        self.assertEqual(self.subjects(), ["other 0", "other 1"])

    def test_move_conversation_is_of_14_0(self):
        device, inbox, _ = self.ready("12.1")
        response = device.item_operations(E("Move", E("ConversationId", b"x" * 16), E("DstFldId", inbox.id),
                                            E("Options", E("MoveAlways"))))
        self.assertStatus(response, 2)

    def test_hierarchy(self):
        self.box("Work")
        for version in ("2.5", "12.1"):
            device = self.ready_device(self.user, version)
            response = device.command("GetHierarchy").check()
            folders = {node.get("DisplayName"): node for node in response.document.findall("Folder")}
            self.assertEqual({node.get("ServerId") for node in folders.values()}, set(device.folders))
            self.assertEqual(folders["Work"].get("Type"), "12")
            self.assertEqual(folders["Work"].get("ParentId"), "0")
        device = self.ready_device(self.user, "14.1")
        self.assertEqual(device.command("GetHierarchy").code, 400)


class GetAttachment(FileCase):
    def check_get(self, version):
        device, inbox, references = self.ready_file(version)
        for name, data in (("data.bin", DATA), ("empty.txt", b"")):
            response = device.get_attachment(references[name]).check()
            self.assertEqual(response.body, data)
        self.assertEqual(device.get_attachment(references["data.bin"]).headers["content-type"], "application/octet-stream")
        item = references["data.bin"].rpartition(":")[0]
        for name in ("rubbish", "999:1:2", f"{inbox.id}:999:2", f"{item}:9"):
            self.assertEqual(device.get_attachment(name).code, 500, name)
        self.assertEqual(device.command("GetAttachment").code, 400)

    def test_get_2_5(self):
        self.check_get("2.5")

    def test_get_12_1(self):
        self.check_get("12.1")

    def test_not_in_14_0(self):
        device = self.ready_device(self.user, "14.1")
        self.assertEqual(device.get_attachment("1:1:2").code, 400)
