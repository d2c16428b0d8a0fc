"""Sync ([MS-ASCMD] 2.2.1.21): keys, windows, filters, commands, statuses, waiting."""
import datetime
import threading
import time

from rig import DRAFTS, INBOX, OUTBOX, PLAIN, SENT, TRASH, Body, Case, E, Settings, options
from rig.client import Folder
from rig.replica import Replica, server_state

SETTINGS = Settings(users=80)
VERSIONS = ("2.5", "12.1", "14.1", "16.1")
MESSAGE = """From: Ada <ada@example.test>
To: {user}@example.test
Subject: {subject}
Date: Mon, 1 Jan 2024 08:00:00 +0000
Message-ID: <{id}@example.test>
{more}
Hello from {subject}.
"""
_users = iter(range(1, 81))


class SyncCase(Case):
    """Each test has a user of its own."""

    def setUp(self):
        self.user = f"u{next(_users)}"

    def fill(self, *subjects, folder=None, age=0, more=""):
        """Mails by IMAP, so that their INTERNALDATE may be some days ago."""
        imap = self.dovecot.imap(self.user, folder or "INBOX")
        date = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=age)
        for subject in subjects:
            text = MESSAGE.format(user=self.user, subject=subject, id=subject.replace(" ", "-"), more=more)
            imap.append(folder or "INBOX", None, date, text.replace("\n", "\r\n").encode())
        imap.logout()

    def inbox(self, device):
        return device.folders_of_type(INBOX)[0]

    def replica(self, version="16.1", window=100, opts=None, kind=INBOX):
        device = self.ready_device(self.user, version)
        return Replica(device, device.folders_of_type(kind)[0], window, opts)

    def sync_status(self, response, status, collection=True):
        self.assertEqual(response.code, 200)
        where = response.document.find("Collections/Collection") if collection else response.document
        self.assertEqual(where.get("Status"), str(status))
        return where


class Keys(SyncCase):
    def test_first_key_brings_no_items(self):
        self.fill("one")
        for version in VERSIONS:
            device = self.ready_device(self.user, version)
            answer, _ = device.sync_start(self.inbox(device))
            self.assertEqual(answer.get("Status"), "1")
            self.assertNotIn(answer.get("SyncKey"), ("", "0"))
            self.assertEqual(answer.findall("Commands"), [])
            # Class is told below 12.1 only
            self.assertEqual(answer.get("Class"), "Email" if version == "2.5" else None)

    def test_unknown_key(self):
        device = self.ready_device(self.user)
        inbox = self.inbox(device)
        for key in ("1", "garbage", "99999999990000000001", "x" * 64):
            answer = self.sync_status(device.sync(device.collection(inbox, key=key)), 3)
            self.assertEqual(answer.get("SyncKey"), "0")
            self.assertEqual(answer.get("CollectionId"), inbox.id)

    def test_key_of_another_epoch(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        old = replica.device.sync_keys[replica.folder.id]
        replica.start()
        self.sync_status(replica.device.sync(replica.device.collection(replica.folder, key=old)), 3)

    def test_key_two_steps_back(self):
        replica = self.replica()
        replica.start()
        keys = []
        for number in range(3):
            keys.append(replica.device.sync_keys[replica.folder.id])
            self.fill(f"mail {number}")
            replica.sync()
        self.sync_status(replica.device.sync(replica.device.collection(replica.folder, key=keys[0])), 3)

    def test_key_of_another_folder(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        sent = replica.device.folders_of_type(SENT)[0]
        key = replica.device.sync_keys[replica.folder.id]
        self.sync_status(replica.device.sync(replica.device.collection(sent, key=key)), 3)

    def test_unknown_folder(self):
        for version, status in (("2.5", 8), ("12.1", 12), ("16.1", 12)):
            device = self.ready_device(self.user, version)
            for name in ("4711", "garbage", "0", "x" * 64):
                folder = Folder(name, "?", 12)
                self.sync_status(device.sync(device.collection(folder, key="0")), status)
                self.sync_status(device.sync(device.collection(folder, key="12345")), status)

    def test_missing_elements(self):
        device = self.ready_device(self.user)
        inbox = self.inbox(device)
        for collection in (E("AirSync:Collection", E("CollectionId", inbox.id)),
                           E("AirSync:Collection", E("SyncKey", "0")),
                           E("AirSync:Collection", E("SyncKey"), E("CollectionId", inbox.id)),
                           E("AirSync:Collection", E("SyncKey", "0"), E("CollectionId", inbox.id),
                             E("GetChanges", 1)),
                           E("AirSync:Collection", E("SyncKey", "0"), E("CollectionId", inbox.id),
                             E("GetChanges")),
                           E("AirSync:Collection", E("SyncKey", "0"), E("CollectionId", inbox.id),
                             E("WindowSize", "many"))):
            self.sync_status(device.sync(collection), 4, collection=False)
        self.sync_status(device.command("Sync", E("AirSync:Sync")), 4, collection=False)
        twice = [device.collection(inbox, key="0"), device.collection(inbox, key="0")]
        self.sync_status(device.sync(*twice), 4, collection=False)

    def test_outbox_is_empty(self):
        for version in VERSIONS:
            device = self.ready_device(self.user, version)
            outbox = device.folders_of_type(OUTBOX)[0]
            for kind in (outbox, device.folders_of_type(DRAFTS)[0]):
                self.assertEqual([page for page in device.sync_all(kind) if page.findall("Commands")], [])


class Windows(SyncCase):
    def test_windows(self):
        self.fill(*(f"mail {number}" for number in range(25)))
        for version in VERSIONS:
            replica = self.replica(version, window=10)
            replica.start()
            sizes, more = [], []
            while not more or more[-1]:
                answer = replica.round()
                sizes.append(len(answer.find("Commands").children))
                more.append(answer.find("MoreAvailable") is not None)
            self.assertEqual((sizes, more), ([10, 10, 5], [True, True, False]))
            # the newest first
            self.assertEqual([item["subject"] for item in replica.items.values()],
                             [f"mail {number}" for number in reversed(range(25))])

    def test_default_window(self):
        self.fill(*(f"mail {number}" for number in range(101)))
        device = self.ready_device(self.user)
        inbox = self.inbox(device)
        device.sync_start(inbox)
        answer, _ = device.sync_one(inbox)
        self.assertEqual(len(answer.find("Commands").children), 100)
        self.assertIsNotNone(answer.find("MoreAvailable"))

    def test_large_windows_are_512(self):
        self.fill("one", "two")
        replica = self.replica()
        for window in (0, 513, 100000):
            replica.window = window
            replica.start()
            self.assertEqual(len(replica.round().findall("Commands/Add")), 2)

    def test_global_window(self):
        self.fill(*(f"in {number}" for number in range(8)))
        self.fill(*(f"sent {number}" for number in range(8)), folder="Sent")
        device = self.ready_device(self.user)
        folders = [self.inbox(device), device.folders_of_type(SENT)[0]]
        replicas = {folder.id: Replica(device, folder) for folder in folders}
        device.sync(*(device.collection(folder, key="0") for folder in folders))
        counts = []
        for _ in range(10):
            response = device.sync(*(device.collection(folder, window=5) for folder in folders), window=7).check()
            if response.document is None:
                break
            answers = response.document.findall("Collections/Collection")
            for answer in answers:
                replicas[answer.get("CollectionId")].take(answer)
            counts.append(sum(len(part.children) for answer in answers for part in answer.findall("Commands")))
        self.assertEqual(sum(counts), 16)
        self.assertLessEqual(max(counts), 7)
        self.assertEqual([len(replicas[folder.id].items) for folder in folders], [8, 8])


class Unchanged(SyncCase):
    def test_empty_answer(self):
        self.fill("one")
        for version in ("12.1", "14.1", "16.1"):
            replica = self.replica(version)
            replica.sync()
            key = replica.device.sync_keys[replica.folder.id]
            for _ in range(3):
                response = replica.device.sync(replica.device.collection(replica.folder))
                self.assertEqual((response.code, response.body), (200, b""))
            self.assertEqual(replica.device.sync_keys[replica.folder.id], key)

    def test_full_answer_at_2_5(self):
        self.fill("one")
        replica = self.replica("2.5")
        replica.sync()
        key = replica.device.sync_keys[replica.folder.id]
        answer = replica.round()
        self.assertEqual((answer.get("SyncKey"), answer.get("Status")), (key, "1"))
        self.assertEqual(answer.findall("Commands"), [])

    def test_nothing_is_written(self):
        """A Sync without changes leaves the user's database as it is."""
        self.fill("one")
        replica = self.replica()
        replica.sync()
        replica.round()
        home = self.dovecot.home(self.user)
        before = {path.name: path.stat().st_mtime_ns for path in home.glob("roost.db*") if path.name != "roost.db-shm"}
        for _ in range(5):
            self.assertIsNone(replica.round())
        after = {path.name: path.stat().st_mtime_ns for path in home.glob("roost.db*") if path.name != "roost.db-shm"}
        self.assertEqual(before, after)

    def test_only_the_changed_collection(self):
        device = self.ready_device(self.user)
        inbox, sent = self.inbox(device), device.folders_of_type(SENT)[0]
        device.sync(device.collection(inbox, key="0"), device.collection(sent, key="0"))
        device.sync(device.collection(inbox), device.collection(sent))
        self.fill("one", folder="Sent")
        response = device.sync(device.collection(inbox), device.collection(sent))
        self.assertEqual([answer.get("CollectionId") for answer in
                          response.document.findall("Collections/Collection")], [sent.id])

    def test_get_changes_0(self):
        self.fill("one")
        for version in VERSIONS:
            replica = self.replica(version)
            replica.start()
            answer = replica.round(get_changes=False)
            self.assertEqual([] if answer is None else answer.findall("Commands"), [])
            replica.sync()
            self.assertEqual(len(replica.items), 1)


class Empty(SyncCase):
    """Empty and partial requests take the remembered one."""

    def test_nothing_remembered(self):
        device = self.ready_device(self.user)
        self.sync_status(device.sync(), 13, collection=False)
        document = device.sync_document(wait=5, partial=True)
        self.sync_status(device.command("Sync", document), 13, collection=False)

    def test_empty_request(self):
        replica = self.replica()
        replica.sync()
        self.assertIsNone(replica.round())
        self.assertEqual(replica.device.sync().body, b"")
        self.fill("one")
        response = replica.device.sync()
        replica.take(response.document.find("Collections/Collection"))
        self.assertEqual(list(replica.by_subject()), ["one"])

    def test_partial_request(self):
        device = self.ready_device(self.user)
        inbox, sent = self.inbox(device), device.folders_of_type(SENT)[0]
        device.sync(device.collection(inbox, key="0"), device.collection(sent, key="0"))
        self.assertEqual(device.sync(device.collection(inbox), device.collection(sent, window=1)).body, b"")
        self.fill("one", "two", folder="Sent")
        response = device.sync(window=100, partial=True)
        answer = response.document.find("Collections/Collection")
        self.assertEqual(answer.get("CollectionId"), sent.id)
        # with the window of the remembered request
        self.assertEqual(len(answer.find("Commands").children), 1)
        # what is mentioned replaces what is remembered
        response = device.sync(device.collection(sent), window=50, partial=True)
        self.assertEqual(len(response.document.findall("Collections/Collection/Commands/Add")), 1)
        self.fill("three")
        response = device.sync(device.collection(sent), partial=True)
        self.assertEqual([answer.get("CollectionId") for answer in
                          response.document.findall("Collections/Collection")], [inbox.id])

    def test_partial_alone(self):
        replica = self.replica()
        replica.sync()
        replica.round()
        self.sync_status(replica.device.command("Sync", E("AirSync:Sync", E("Partial"))), 4, collection=False)

    def test_commands_are_not_remembered(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        item = next(iter(replica.items))
        replica.round([replica.delete(item)])
        self.sync_status(replica.device.sync(), 13, collection=False)


class Filter(SyncCase):
    def subjects(self, replica):
        return sorted(item["subject"] for item in replica.items.values())

    def test_filter_types(self):
        for age in (0, 2, 5, 10, 20, 60):
            self.fill(f"age {age:02}", age=age)
        for version in VERSIONS:
            for kind, count in ((0, 6), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)):
                replica = self.replica(version, opts=options(filter_type=kind))
                replica.sync()
                self.assertEqual(len(replica.items), count, f"{version} FilterType {kind}")

    def test_change_of_the_filter(self):
        self.fill("old", age=20)
        self.fill("middle", age=5)
        self.fill("new")
        replica = self.replica(opts=options(filter_type=3))
        replica.sync()
        self.assertEqual(self.subjects(replica), ["middle", "new"])

        replica.opts = options(filter_type=1)
        said = replica.sync()
        self.assertEqual([kind for kind, _ in said], ["SoftDelete"])
        self.assertEqual(self.subjects(replica), ["new"])

        replica.opts = options(filter_type=0)
        said = replica.sync()
        self.assertEqual([kind for kind, _ in said], ["Add", "Add"])
        self.assertEqual(self.subjects(replica), ["middle", "new", "old"])
        self.assertEqual(replica.sync(), [])

    def test_vanished_mails_take_no_others_along(self):
        """Mails whose deletion is still to be told don't make those behind them leave the new filter."""
        self.fill("one", "two", "three", "four", "five")
        replica = self.replica(window=1)
        replica.sync()
        imap = self.dovecot.imap(self.user)
        imap.store("2:4", "+FLAGS", r"(\Deleted)")
        imap.expunge()
        replica.round()
        replica.opts = options(filter_type=5)
        said = replica.sync()
        self.assertEqual([kind for kind, _ in said], ["Delete", "Delete"])
        self.assertEqual(self.subjects(replica), ["five", "one"])

    def test_new_mail_outside_the_filter(self):
        replica = self.replica(opts=options(filter_type=1))
        replica.sync()
        self.fill("old", age=9)
        self.assertEqual(replica.sync(), [])
        self.fill("new")
        self.assertEqual(len(replica.sync()), 1)

    def test_not_for_mail(self):
        device = self.ready_device(self.user)
        inbox = self.inbox(device)
        device.sync_start(inbox)
        for kind in (6, 7, 8):
            self.sync_status(device.sync(device.collection(inbox, opts=options(filter_type=kind))), 4)

    def test_options_stay(self):
        self.fill("old", age=20)
        self.fill("new")
        device = self.ready_device(self.user)
        inbox = self.inbox(device)
        device.sync_start(inbox)
        device.sync_one(inbox, opts=options(filter_type=1, bodies=[Body(PLAIN, 5)]))
        self.fill("newer")
        answer, _ = device.sync_one(inbox)
        adds = answer.findall("Commands/Add")
        self.assertEqual([add.get("ApplicationData/Email:Subject") for add in adds], ["newer"])
        self.assertEqual(adds[0].get("ApplicationData/AirSyncBase:Body/Data"), "Hello")

    def test_conversation_mode(self):
        self.fill("root", age=20)
        self.fill("apart", age=20)
        self.fill("Re: root", more="In-Reply-To: <root@example.test>\nReferences: <root@example.test>\n")
        for version in ("14.1", "16.1"):
            device = self.ready_device(self.user, version)
            inbox = self.inbox(device)
            for mode, subjects in ((0, ["Re: root"]), (1, ["Re: root", "root"])):
                device.sync_start(inbox)
                answer, _ = device.sync_one(inbox, conversation_mode=mode, opts=options(filter_type=1))
                self.assertEqual(sorted(add.get("ApplicationData/Email:Subject")
                                        for add in answer.findall("Commands/Add")), subjects)

    def test_answer_brings_its_conversation(self):
        self.fill("root", "apart", age=20)
        device = self.ready_device(self.user)
        inbox = self.inbox(device)
        device.sync_start(inbox)
        device.sync_one(inbox, conversation_mode=1, opts=options(filter_type=1))
        self.fill("Re: root", more="In-Reply-To: <root@example.test>\nReferences: <root@example.test>\n")
        answer, _ = device.sync_one(inbox)
        self.assertEqual(sorted(add.get("ApplicationData/Email:Subject")
                                for add in answer.findall("Commands/Add")), ["Re: root", "root"])


class Commands(SyncCase):
    def test_read_both_ways(self):
        self.fill("one", "two")
        imap = self.dovecot.imap(self.user)
        for version in VERSIONS:
            replica = self.replica(version)
            replica.sync()
            one, two = replica.by_subject()["one"], replica.by_subject()["two"]
            for read in (True, False):
                answer = replica.round([replica.set_read(one, read)])
                # a Change that succeeds is not mentioned, and no echo comes
                self.assertEqual((answer.findall("Responses"), answer.findall("Commands")), ([], []))
                self.assertEqual(replica.sync(), [])
                self.assertEqual(replica.state(), server_state(imap))
            imap.uid("STORE", two.rpartition(":")[2], "+FLAGS", r"(\Seen)")
            self.assertEqual(replica.sync(), [("Change", two)])
            self.assertEqual(replica.state(), server_state(imap))
            imap.uid("STORE", two.rpartition(":")[2], "-FLAGS", r"(\Seen)")
            replica.sync()

    def test_flag_both_ways(self):
        self.fill("one")
        imap = self.dovecot.imap(self.user)
        for version in ("12.1", "14.1", "16.1"):
            replica = self.replica(version)
            replica.sync()
            item = next(iter(replica.items))
            flag = E("Email:Flag", E("Status", 2), E("FlagType", "FollowUp"))
            answer = replica.round([E("Change", E("ServerId", item), E("ApplicationData", flag))])
            self.assertEqual(answer.findall("Responses"), [])
            imap.noop()
            self.assertIn(rb"\Flagged", imap.fetch("1", "FLAGS")[1][0])
            self.assertEqual(replica.sync(), [])
            imap.store("1", "-FLAGS", r"(\Flagged)")
            self.assertEqual(replica.sync(), [("Change", item)])
            self.assertEqual(replica.items[item]["flag"], "0")

    def test_deletes_are_moves(self):
        for version in VERSIONS:
            self.fill("one", "two", "three")
            replica = self.replica(version)
            replica.sync()
            for subject, arguments, moved in (("one", {}, True), ("two", {"deletes_as_moves": True}, True),
                                              ("three", {"deletes_as_moves": False}, False)):
                answer = replica.round([replica.delete(replica.by_subject()[subject])], **arguments)
                self.assertEqual((answer.findall("Responses"), answer.findall("Commands")), ([], []))
                self.assertEqual(replica.sync(), [])
                trash = self.dovecot.imap(self.user, "Trash")
                found = trash.search(None, "SUBJECT", subject)[1][0].split()
                self.assertEqual(len(found), int(moved), subject)
                for number in found:
                    trash.store(number, "+FLAGS", r"(\Deleted)")
                trash.expunge()
                trash.logout()
            self.assertEqual(replica.items, {})

    def test_delete_in_deleted_items(self):
        self.fill("one", folder="Trash")
        replica = self.replica(kind=TRASH)
        replica.sync()
        replica.round([replica.delete(next(iter(replica.items)))])
        self.assertEqual(server_state(self.dovecot.imap(self.user, "Trash")), {})
        self.assertEqual(replica.sync(), [])

    def test_unknown_items(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        item = next(iter(replica.items))
        for wrong in (item + "9", "99999:1", "garbage", "", item.partition(":")[0] + ":x"):
            commands = [E("Change", E("ServerId", wrong), E("ApplicationData", E("Email:Read", 1))),
                        E("Delete", E("ServerId", wrong)), E("Fetch", E("ServerId", wrong))]
            answer = replica.round(commands)
            self.assertEqual([(part.name, part.get("Status")) for part in answer.find("Responses").children],
                             [("Change", "8"), ("Delete", "8"), ("Fetch", "8")])
        self.assertEqual(replica.sync(), [])
        self.assertEqual(server_state(self.dovecot.imap(self.user)), {1: "0"})

    def test_items_that_are_gone_spoil_no_others(self):
        self.fill("one", "two", "three", "four")
        replica = self.replica()
        replica.sync()
        one, two, three, four = (replica.by_subject()[name] for name in ("one", "two", "three", "four"))
        imap = self.dovecot.imap(self.user)
        for item in (one, three):
            imap.uid("STORE", item.rpartition(":")[2], "+FLAGS", r"(\Deleted)")
        imap.expunge()
        replica.round([replica.set_read(item) for item in (one, two)] + [replica.delete(item) for item in (three, four)],
                      deletes_as_moves=False)
        self.assertNotIn(("Change", two, "8"), replica.statuses)
        replica.sync()
        self.assertEqual(replica.state(), server_state(imap))
        self.assertEqual(list(replica.items), [two])
        self.assertEqual(replica.items[two]["read"], "1")

    def test_change_without_data(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        answer = replica.round([E("Change", E("ServerId", next(iter(replica.items))))])
        self.assertEqual(answer.get("Responses/Change/Status"), "4")

    def test_add_is_refused(self):
        for version in VERSIONS:
            device = self.ready_device(self.user, version)
            inbox = self.inbox(device)
            device.sync_start(inbox)
            answer, _ = device.sync_one(inbox, commands=[
                E("Add", E("ClientId", "c1"), E("ApplicationData", E("Email:Subject", "from the device")))])
            response = answer.find("Responses/Add")
            self.assertEqual((response.get("ClientId"), response.get("ServerId"), response.get("Status")),
                             ("c1", None, "6"))
        self.assertEqual(server_state(self.dovecot.imap(self.user)), {})

    def test_sms_is_ignored(self):
        for version in ("14.0", "14.1", "16.1"):
            device = self.ready_device(self.user, version)
            inbox = self.inbox(device)
            device.sync_start(inbox)
            both = [options("SMS", filter_type=0), options("Email", filter_type=0)]
            answer, _ = device.sync_one(inbox, opts=both, commands=[
                E("Add", E("Class", "SMS"), E("ClientId", "sms-1"), E("ApplicationData", E("Email:From", "+491234")))])
            added = answer.find("Responses/Add")
            self.assertEqual((added.get("Class"), added.get("ClientId"), added.get("Status")), ("SMS", "sms-1", "1"))
            item = added.get("ServerId")
            answer, _ = device.sync_one(inbox, commands=[
                E("Change", E("ServerId", item), E("ApplicationData", E("Email:Read", 1))),
                E("Delete", E("ServerId", item))])
            self.assertEqual((answer.get("Status"), answer.findall("Responses")), ("1", []))
            self.assertEqual(server_state(self.dovecot.imap(self.user)), {})

    def test_mails_come_whatever_is_said_of_sms(self):
        self.fill("one")
        for version in ("14.0", "14.1", "16.1"):
            for opts in ([options("SMS", filter_type=0)], [options("Email", filter_type=0), options("SMS", filter_type=5)]):
                with self.subTest(version=version, options=len(opts)):
                    device = self.ready_device(self.user, version)
                    inbox = self.inbox(device)
                    device.sync_start(inbox)
                    answers = list(device.sync_all(inbox, opts=opts))
                    self.assertEqual([answer.get("Status") for answer in answers], ["1"] * len(answers))
                    self.assertEqual(sum(len(answer.findall("Commands/Add")) for answer in answers), 1)
                    # nothing stops the device afterwards
                    answer, _ = device.sync_one(inbox, opts=opts)
                    self.assertIsNone(answer)

    def test_options_of_a_class_twice(self):
        device = self.ready_device(self.user, "14.1")
        inbox = self.inbox(device)
        device.sync_start(inbox)
        for opts in ([options("Email"), options("Email")], [options("SMS"), options("SMS")],
                     [options("Calendar"), options("Email")]):
            self.sync_status(device.sync(device.collection(inbox, opts=opts)), 4, collection=False)

    def test_fetch(self):
        self.fill("one")
        for version in VERSIONS:
            replica = self.replica(version, opts=None if version == "2.5" else
                                   options(filter_type=0, bodies=[Body(PLAIN, 5)]))
            replica.sync()
            item = next(iter(replica.items))
            answer = replica.round([E("Fetch", E("ServerId", item))])
            fetched = answer.find("Responses/Fetch")
            self.assertEqual((fetched.get("ServerId"), fetched.get("Status")), (item, "1"))
            data = fetched.find("ApplicationData")
            # the whole, whatever the options cut
            body = data.get("Email:Body") if version == "2.5" else data.get("AirSyncBase:Body/Data")
            self.assertIn("Hello from one.", body)

    def test_too_many_commands(self):
        replica = self.replica()
        replica.start()
        commands = [E("Delete", E("ServerId", f"1:{number}")) for number in range(1, 1001)]
        response = replica.device.sync(replica.device.collection(replica.folder, commands=commands))
        self.sync_status(response, 4, collection=False)

    def test_too_many_collections(self):
        device = self.ready_device(self.user)
        folders = [Folder(str(number), "?", 12) for number in range(1000, 1301)]
        response = device.sync(*(device.collection(folder, key="0") for folder in folders))
        self.sync_status(response, 15, collection=False)
        self.assertEqual(response.document.get("Limit"), "300")


class Conflict(SyncCase):
    def conflict(self, version, opts):
        self.fill("one")
        replica = self.replica(version, opts=opts)
        replica.sync()
        item = next(iter(replica.items))
        imap = self.dovecot.imap(self.user)
        imap.store("1", "+FLAGS", r"(\Flagged)")
        answer = replica.round([replica.set_read(item)])
        replica.sync()
        imap.noop()
        self.assertEqual(replica.state(), server_state(imap))
        self.assertEqual(replica.items[item]["flag"], "2")
        return replica, item, imap, answer

    def test_server_wins(self):
        """2.2.3.34: the device's change is dropped, and it is told so."""
        for opts in (options(filter_type=0), options(filter_type=0, conflict=1)):
            with self.subTest():
                self.user = f"u{next(_users)}"
                replica, item, imap, answer = self.conflict("16.1", opts)
                self.assertEqual(replica.statuses, [("Change", item, "7")])
                self.assertEqual(replica.items[item]["read"], "0")

    def test_client_wins(self):
        replica, item, imap, answer = self.conflict("16.1", options(filter_type=0, conflict=0))
        self.assertEqual(replica.statuses, [])
        self.assertEqual(replica.items[item]["read"], "1")

    def test_same_change_is_no_conflict(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        item = next(iter(replica.items))
        self.dovecot.imap(self.user).store("1", "+FLAGS", r"(\Seen)")
        replica.round([replica.set_read(item)])
        self.assertEqual(replica.statuses, [])
        self.assertEqual(replica.items[item]["read"], "1")

    def test_delete_takes_precedence(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        item = next(iter(replica.items))
        imap = self.dovecot.imap(self.user)
        imap.store("1", "+FLAGS", r"(\Flagged)")
        replica.round([replica.delete(item)])
        self.assertEqual((replica.statuses, replica.sync()), ([], []))
        self.assertEqual(server_state(imap), {})


class Waiting(SyncCase):
    def wait(self, device, document):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(device.command("Sync", document)))
        thread.start()
        time.sleep(0.4)
        self.assertEqual(answers, [], "answered before there was anything")
        return thread, answers

    def test_delivery_wakes(self):
        for version, arguments in (("12.1", {"wait": 2}), ("14.1", {"heartbeat": 120}), ("16.1", {"wait": 1})):
            replica = self.replica(version)
            replica.sync()
            document = replica.device.sync_document(replica.device.collection(replica.folder), **arguments)
            thread, answers = self.wait(replica.device, document)
            self.dovecot.deliver(self.user, MESSAGE.format(user=self.user, subject="wake", id=f"w{version}", more=""))
            thread.join(10)
            self.assertEqual(len(answers), 1)
            replica.take(answers[0].document.find("Collections/Collection"))
            self.assertIn("wake", replica.by_subject())

    def test_flag_change_wakes(self):
        self.fill("one")
        replica = self.replica()
        replica.sync()
        document = replica.device.sync_document(replica.device.collection(replica.folder), wait=2)
        thread, answers = self.wait(replica.device, document)
        self.dovecot.imap(self.user).store("1", "+FLAGS", r"(\Seen)")
        thread.join(10)
        self.assertEqual(len(answers), 1)
        replica.take(answers[0].document.find("Collections/Collection"))
        self.assertEqual([item["read"] for item in replica.items.values()], ["1"])

    def test_remembered_wait(self):
        replica = self.replica()
        replica.sync()
        document = replica.device.sync_document(replica.device.collection(replica.folder), wait=2)
        thread, answers = self.wait(replica.device, document)
        self.fill("one")
        thread.join(10)
        replica.take(answers[0].document.find("Collections/Collection"))
        self.device_key = replica.device.sync_keys[replica.folder.id] = \
            answers[0].document.get("Collections/Collection/SyncKey")
        document = replica.device.sync_document(replica.device.collection(replica.folder), partial=True)
        thread, answers = self.wait(replica.device, document)
        self.fill("two")
        thread.join(10)
        replica.take(answers[0].document.find("Collections/Collection"))
        self.assertEqual(sorted(replica.by_subject()), ["one", "two"])

    def test_does_not_wait_with_news(self):
        self.fill("one")
        replica = self.replica()
        replica.start()
        response = replica.device.sync(replica.device.collection(replica.folder), wait=5)
        replica.take(response.document.find("Collections/Collection"))
        self.assertLess(response.seconds, 2)
        item = next(iter(replica.items))
        response = replica.device.sync(replica.device.collection(replica.folder, commands=[replica.set_read(item)]),
                                       wait=5)
        self.assertLess(response.seconds, 2)
        self.sync_status(response, 1)

    def test_limits(self):
        replica = self.replica()
        replica.sync()
        collection = replica.device.collection(replica.folder)
        for arguments, limit in (({"wait": 0}, 1), ({"wait": 60}, 59), ({"heartbeat": 10}, 60),
                                 ({"heartbeat": 3541}, 3540)):
            response = replica.device.sync(collection, **arguments)
            self.sync_status(response, 14, collection=False)
            self.assertEqual(response.document.get("Limit"), str(limit))
        self.sync_status(replica.device.sync(collection, wait=5, heartbeat=300), 4, collection=False)


class Estimate(SyncCase):
    def estimate(self, device, folder, opts=None):
        response = device.item_estimate(folder, opts)
        self.assertEqual(response.code, 200)
        return response.document.find("Response")

    def test_estimate(self):
        self.fill("old", age=20)
        self.fill("one", "two")
        for version in VERSIONS:
            replica = self.replica(version)
            device, inbox = replica.device, replica.folder
            self.assertEqual(self.estimate(device, inbox).get("Status"), "3")
            replica.start()
            answer = self.estimate(device, inbox)
            self.assertEqual((answer.get("Status"), answer.get("Collection/CollectionId"),
                              answer.get("Collection/Estimate")), ("1", inbox.id, "3"))
            if float(version) >= 14:
                answer = self.estimate(device, inbox, options("Email", filter_type=1))
                self.assertEqual(answer.get("Collection/Estimate"), "2")
            replica.sync()
            self.assertEqual(self.estimate(device, inbox).get("Collection/Estimate"), "0")
            # the estimate changes nothing
            self.assertEqual(replica.sync(), [])

    def test_errors(self):
        device = self.ready_device(self.user)
        inbox = self.inbox(device)
        self.assertEqual(self.estimate(device, Folder("4711", "?", 12)).get("Status"), "2")
        device.sync_start(inbox)
        device.sync_keys[inbox.id] = "garbage"
        self.assertEqual(self.estimate(device, inbox).get("Status"), "4")
        device.sync_start(inbox)
        self.assertEqual(self.estimate(device, inbox, options(filter_type=7)).get("Status"), "110")
        response = device.item_estimate(inbox, options(filter_type=9))
        self.assertStatus(response, 103)
        response = device.command("GetItemEstimate", E("GetItemEstimate:GetItemEstimate"))
        self.assertStatus(response, 103)
        collection = E("GetItemEstimate:Collection", E("AirSync:SyncKey", "0"), E("CollectionId", inbox.id))
        response = device.command("GetItemEstimate", E("GetItemEstimate:GetItemEstimate", E("Collections",
                                                       collection, collection)))
        self.assertStatus(response, 103)
