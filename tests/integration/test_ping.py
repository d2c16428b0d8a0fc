"""Ping ([MS-ASCMD] 2.2.1.13): parameters and their memory, what wakes it, what does not, and its statuses."""
import threading
import time

from rig import INBOX, SENT, TRASH, Case, E, Settings, options
from rig.client import Folder
from rig.replica import Replica

SETTINGS = Settings(users=30, extra="roost_heartbeat_min = 1s\nroost_heartbeat_max = 600s\nroost_ping_max_folders = 5\n")
_users = iter(range(1, 31))
MESSAGE = "From: ada@example.test\nSubject: {}\nMessage-ID: <{}@example.test>\n\nHello\n"


class PingCase(Case):
    def setUp(self):
        self.user = f"u{next(_users)}"

    def deliver(self, subject="new"):
        self.dovecot.deliver(self.user, MESSAGE.format(subject, subject))

    def replica(self, version="16.1", kind=INBOX, device=None, **arguments):
        device = device or self.ready_device(self.user, version)
        replica = Replica(device, device.folders_of_type(kind)[0], **arguments)
        replica.sync()
        return replica

    def changed(self, response):
        self.assertStatus(response, 2)
        return [folder.text for folder in response.document.findall("Folders/Folder")]

    def waiting(self, device, folders, heartbeat=60):
        """A Ping that is parked: the thread, and the list its answer will be in."""
        answers = []
        thread = threading.Thread(target=lambda: answers.append(device.ping(folders, heartbeat)))
        thread.start()
        time.sleep(0.4)
        self.assertEqual(answers, [], "answered before there was anything")
        return thread, answers

    def woken(self, waiting):
        thread, answers = waiting
        thread.join(10)
        self.assertEqual(len(answers), 1, "not woken")
        return self.changed(answers[0])


class Wakes(PingCase):
    def test_each_kind_of_change(self):
        for version in ("2.5", "12.1", "14.1", "16.1"):
            replica = self.replica(version)
            imap = self.dovecot.imap(self.user)
            for act in (lambda: self.deliver(version), lambda: imap.store("1", "+FLAGS", r"(\Seen)"),
                        lambda: imap.store("1", "+FLAGS", r"(\Deleted)") and imap.expunge()):
                waiting = self.waiting(replica.device, [replica.folder])
                imap.noop()
                act()
                self.assertEqual(self.woken(waiting), [replica.folder.id])
                self.assertEqual(len(replica.sync()), 1)
            imap.logout()

    def test_only_the_changed_folders(self):
        replica = self.replica()
        others = [self.replica(kind=kind, device=replica.device) for kind in (SENT, TRASH)]
        waiting = self.waiting(replica.device, [replica.folder, *(other.folder for other in others)])
        self.dovecot.imap(self.user).append("Sent", None, None, MESSAGE.format(1, 1).replace("\n", "\r\n").encode())
        self.assertEqual(self.woken(waiting), [others[0].folder.id])
        self.deliver()
        response = replica.device.ping([replica.folder, *(other.folder for other in others)])
        self.assertEqual(sorted(self.changed(response)), sorted([replica.folder.id, others[0].folder.id]))

    def test_pending_changes_are_answered_at_once(self):
        replica = self.replica()
        self.deliver()
        response = replica.device.ping([replica.folder])
        self.assertEqual(self.changed(response), [replica.folder.id])
        self.assertLess(response.seconds, 2)
        # still so after a window that left something
        self.deliver("second")
        replica.window = 1
        replica.round()
        self.assertEqual(self.changed(replica.device.ping([replica.folder])), [replica.folder.id])

    def test_never_synchronised(self):
        device = self.ready_device(self.user)
        inbox = device.folders_of_type(INBOX)[0]
        self.assertEqual(self.changed(device.ping([inbox])), [inbox.id])

    def test_own_changes_do_not_wake(self):
        """Else a device would synchronise in circles after each message it marks as read."""
        self.deliver("one")
        self.deliver("two")
        replica = self.replica()
        one, two = replica.items
        replica.round([replica.set_read(one)])
        self.assertStatus(replica.device.ping([replica.folder], heartbeat=1), 1)
        replica.round([replica.delete(two)])
        self.assertStatus(replica.device.ping([replica.folder], heartbeat=1), 1)
        # and another device is woken by them
        other = self.replica()
        waiting = self.waiting(other.device, [other.folder])
        replica.round([replica.set_read(one, False)])
        self.assertEqual(self.woken(waiting), [other.folder.id])

    def test_outside_the_filter(self):
        imap = self.dovecot.imap(self.user)
        replica = self.replica(opts=options(filter_type=1))
        waiting = self.waiting(replica.device, [replica.folder])
        imap.append("INBOX", None, time.time() - 30 * 86400, MESSAGE.format("old", "old").replace("\n", "\r\n").encode())
        time.sleep(0.5)
        self.assertEqual(waiting[1], [], "woken by what Sync would not send")
        self.deliver()
        self.assertEqual(self.woken(waiting), [replica.folder.id])


class Parameters(PingCase):
    def test_heartbeat_expires(self):
        replica = self.replica()
        started = time.monotonic()
        self.assertStatus(replica.device.ping([replica.folder], heartbeat=2), 1)
        self.assertAlmostEqual(time.monotonic() - started, 2, delta=0.9)

    def test_remembered(self):
        replica = self.replica()
        self.assertStatus(replica.device.ping(), 3)
        self.assertStatus(replica.device.ping([replica.folder], heartbeat=1), 1)
        # the empty request, only the heartbeat, only the folders
        self.assertStatus(replica.device.ping(), 1)
        self.deliver()
        self.assertEqual(self.changed(replica.device.ping()), [replica.folder.id])
        replica.sync()
        response = replica.device.command("Ping", E("Ping:Ping", E("HeartbeatInterval", 2)))
        self.assertStatus(response, 1)
        self.assertGreater(response.seconds, 1.5)
        folders = E("Folders", E("Folder", E("Id", replica.folder.id), E("Class", "Email")))
        response = replica.device.command("Ping", E("Ping:Ping", folders))
        self.assertStatus(response, 1)
        self.assertGreater(response.seconds, 1.5)

    def test_missing(self):
        replica = self.replica()
        self.assertStatus(replica.device.command("Ping", E("Ping:Ping", E("HeartbeatInterval", 60))), 3)
        folders = E("Folders", E("Folder", E("Id", replica.folder.id), E("Class", "Email")))
        self.assertStatus(replica.device.command("Ping", E("Ping:Ping", folders)), 3)

    def test_malformed(self):
        replica = self.replica()
        twice = [replica.folder, replica.folder]
        self.assertStatus(replica.device.ping(twice), 4)
        for broken in (E("Ping:Ping", E("HeartbeatInterval", "soon")), E("Ping:Ping", E("Folders")),
                       E("Ping:Ping", E("HeartbeatInterval", 60), E("Folders", E("Folder", E("Class", "Email"))))):
            self.assertStatus(replica.device.command("Ping", broken), 4)

    def test_heartbeat_bounds(self):
        replica = self.replica()
        for heartbeat, bound in ((0, 1), (601, 600), (100000, 600)):
            response = replica.device.ping([replica.folder], heartbeat=heartbeat)
            self.assertStatus(response, 5)
            self.assertEqual(response.document.get("HeartbeatInterval"), str(bound))
        # a refused one is not remembered
        self.assertStatus(replica.device.ping(), 3)

    def test_too_many_folders(self):
        device = self.ready_device(self.user)
        response = device.ping([Folder(str(number), "?", 12) for number in range(1, 7)])
        self.assertStatus(response, 6)
        self.assertEqual(response.document.get("MaxFolders"), "5")


class Hierarchy(PingCase):
    def test_unknown_folder(self):
        replica = self.replica()
        self.assertStatus(replica.device.ping([replica.folder, Folder("4711", "?", 12)]), 7)

    def test_deleted_folder(self):
        imap = self.dovecot.imap(self.user)
        imap.create("Lists")
        device = self.ready_device(self.user)
        folder = next(folder for folder in device.folders.values() if folder.name == "Lists")
        Replica(device, folder).sync()
        waiting = self.waiting(device, [folder])
        imap.delete("Lists")
        waiting[0].join(10)
        self.assertEqual(len(waiting[1]), 1, "not woken")
        self.assertStatus(waiting[1][0], 7)

    def test_new_and_renamed_folder(self):
        replica = self.replica()
        imap = self.dovecot.imap(self.user)
        for act in (lambda: imap.create("Lists"), lambda: imap.rename("Lists", "Other"), lambda: imap.delete("Other")):
            act()
            self.assertStatus(replica.device.ping([replica.folder]), 7)
            self.assertStatus(replica.device.folder_sync(), 1)
            self.assertStatus(replica.device.ping([replica.folder], heartbeat=1), 1)

    def test_new_folder_while_waiting(self):
        replica = self.replica()
        waiting = self.waiting(replica.device, [replica.folder])
        self.dovecot.imap(self.user).create("Lists")
        waiting[0].join(10)
        self.assertEqual(len(waiting[1]), 1, "not woken")
        self.assertStatus(waiting[1][0], 7)
