"""Notes ([MS-ASNOTE]) and, with them, the whole path of the store's folders: FolderSync, Sync in both directions, GetItemEstimate,
Ping, MoveItems, ItemOperations, conflicts, requests that are repeated and workers that are killed."""
import contextlib
import os
import signal
import threading
import time

from rig import NOTES, HTML, PLAIN, Body, E, Settings, options
from rig.client import Folder
from rig.items import ItemsCase

SETTINGS = Settings(users=20, extra="roost_heartbeat_min = 1 secs\n")
USER_NOTES = 17
VERSIONS = ("14.0", "14.1", "16.1")


def note(subject=None, text=None, categories=(), kind=PLAIN, message_class="IPM.StickyNote"):
    return [E("Notes:Subject", subject) if subject is not None else None,
            E("AirSyncBase:Body", E("Type", kind), E("Data", text)) if text is not None else None,
            E("Notes:MessageClass", message_class) if message_class else None,
            E("Notes:Categories", [E("Category", name) for name in categories]) if categories else None]


def seen(data):
    """What stands in an ApplicationData or Properties."""
    return (data.get("Notes:Subject"), data.get("AirSyncBase:Body/Data"),
            [node.text for node in data.findall("Notes:Categories/Category")])


class NotesCase(ItemsCase):
    folder_type = NOTES


class Basics(NotesCase):
    def test_notes_are_shown_from_14_0_on(self):
        for version in ("2.5", "12.1"):
            self.assertEqual(self.ready_device("u1", version).folders_of_type(NOTES), [])
        for version in VERSIONS:
            self.assertEqual([folder.name for folder in self.ready_device("u1", version).folders_of_type(NOTES)], ["Notes"])

    def test_a_note_goes_from_one_device_to_another_and_back(self):
        for n, version in enumerate(VERSIONS):
            user = f"u{n + 1}"
            first, folder = self.start(user, version)
            second, _ = self.start(user, "16.1")
            status, server_id = self.add(first, folder, "1", *note("Shopping, Käse; 奶", "Milk\r\nBread", ["Home", "a,b"]))
            self.assertEqual(status, "1")
            self.pull(second, folder)
            self.assertEqual(seen(second.items[server_id]), ("Shopping, Käse; 奶", "Milk\r\nBread", ["Home", "a,b"]))
            self.assertEqual(second.items[server_id].get("Notes:MessageClass"), "IPM.StickyNote")
            self.assertRegex(second.items[server_id].get("Notes:LastModifiedDate"), r"^\d{8}T\d{6}Z$")

            # a category that is missing is deleted, a Body and a Subject that are missing stay
            self.assertEqual(self.change(second, folder, server_id, E("Notes:MessageClass", "IPM.StickyNote"),
                                         E("Notes:Categories", E("Category", "Home"))), "1")
            self.pull(first, folder)
            self.assertEqual(seen(first.items[server_id]), ("Shopping, Käse; 奶", "Milk\r\nBread", ["Home"]))
            # what a device did does not come back to it
            before = dict(second.items)
            second.items.clear()
            self.pull(second, folder)
            self.assertEqual(second.items, {})
            second.items = before

            self.assertEqual(self.delete(first, folder, server_id), "1")
            self.pull(second, folder)
            self.assertNotIn(server_id, second.items)

    def test_bodies_come_as_they_are_wanted(self):
        writer, folder = self.start("u4", "14.1", HTML)
        reader, _ = self.start("u4", "16.1", PLAIN)
        html = "<html><body><p>One &amp; two</p></body></html>"
        _, server_id = self.add(writer, folder, "1", *note("h", html, kind=HTML))
        self.pull(reader, folder)
        body = reader.items[server_id].find("AirSyncBase:Body")
        self.assertEqual(body.get("Type"), "1")
        self.assertIn("One & two", body.get("Data"))
        # the text comes back unchanged: the HTML stays
        self.change(reader, folder, server_id, *note("h2", body.get("Data")))
        self.pull(writer, folder)
        self.assertEqual(writer.items[server_id].get("AirSyncBase:Body/Data"), html)
        self.assertEqual(writer.items[server_id].get("Notes:Subject"), "h2")
        # another text replaces it
        self.change(reader, folder, server_id, *note("h2", "Three"))
        self.pull(writer, folder)
        self.assertIn("Three", writer.items[server_id].get("AirSyncBase:Body/Data"))
        self.assertEqual(writer.items[server_id].get("AirSyncBase:Body/Type"), "2")

        short, _ = self.start("u4", "14.1")
        self.pull(short, folder, opts=options(bodies=[Body(PLAIN, 3)]))
        self.change(reader, folder, server_id, *note("h3", "äöüß"))
        self.pull(short, folder)
        self.assertEqual(short.items[server_id].get("AirSyncBase:Body/Data"), "ä")
        self.assertEqual(short.items[server_id].get("AirSyncBase:Body/Truncated"), "1")
        self.assertEqual(short.items[server_id].get("AirSyncBase:Body/EstimatedDataSize"), "8")
        # (the published schema has no notes in Sync's Fetch)
        whole = short.fetch_item(folder.id, server_id, Body(PLAIN)).document
        self.assertEqual(whole.get("Response/Fetch/Properties/AirSyncBase:Body/Data"), "äöüß")

    def test_an_imported_date_that_is_none_is_not_shown(self):
        self.imported("u17", "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//test//EN\n" + "".join(
            f"BEGIN:VJOURNAL\nUID:{date}\nSUMMARY:{date}\nLAST-MODIFIED:{date}\nEND:VJOURNAL\n"
            for date in ("20261399T306090Z", "20261101T080000Z", "20261101T080000", "20261101")) + "END:VCALENDAR\n")
        device, _ = self.start("u17", "14.1")
        self.assertEqual(len(device.items), 4)
        for data in device.items.values():
            shown = data.get("Notes:LastModifiedDate")
            self.assertRegex(shown, r"^20\d{2}(0\d|1[0-2])[0-3]\dT[0-2]\d[0-5]\d[0-5]\dZ$")
            if seen(data)[0] == "20261101T080000Z":
                self.assertEqual(shown, "20261101T080000Z")

    def test_what_is_wrong_is_refused_and_the_rest_is_done(self):
        device, folder = self.start("u5")
        collection = self.push(device, folder,
            E("AirSync:Add", E("ClientId", "1"), E("ApplicationData", *note("x", "y", message_class="IPM.Note"))),
            E("AirSync:Add", E("ClientId", "2"), E("ApplicationData", *note("x", "y"))),
            E("AirSync:Change", E("ServerId", folder.id + ":99"), E("ApplicationData", *note("x"))),
            E("AirSync:Delete", E("ServerId", "nonsense")))
        self.assertEqual([answer.get("Status") for answer in collection.findall("Responses/Add")], ["6", "1"])
        self.assertEqual(collection.get("Responses/Change/Status"), "8")
        self.assertEqual(collection.get("Responses/Delete/Status"), "8")
        # [MS-ASNOTE] 3.2.5.3: Supported is refused
        other = self.ready_device("u5")
        response = other.sync(other.collection(folder, key="0", supported=[E("Notes:Subject")]))
        self.assertEqual(response.document.get("Collections/Collection/Status"), "4")
        # options for another class
        response = device.sync(device.collection(folder, opts=options(content_class="Calendar")))
        self.assertEqual(response.document.get("Status") or response.document.get("Collections/Collection/Status"), "4")

    def test_estimates_item_operations_and_emptying(self):
        device, folder = self.start("u6")
        other, _ = self.start("u6", "14.1")
        ids = [self.add(device, folder, str(n), *note(f"n{n}", "text"))[1] for n in range(3)]
        response = other.item_estimate(folder)
        self.assertEqual(response.document.get("Response/Collection/Estimate"), "3")
        for multipart in (False, True):
            response = device.fetch_item(folder.id, ids[1], Body(PLAIN), multipart=multipart)
            if multipart:
                self.assertEqual(response.parts[1], b"text")
                continue
            fetch = response.document.find("Response/Fetch")
            self.assertEqual((fetch.get("Status"), fetch.get("AirSync:Class"), fetch.get("Properties/Notes:Subject"),
                              fetch.get("Properties/AirSyncBase:Body/Data")), ("1", "Notes", "n1", "text"))
        self.assertEqual(device.fetch_item(folder.id, folder.id + ":99", Body(PLAIN)).document.get(
            "Response/Fetch/Status"), "6")
        response = device.empty_folder(folder.id)
        self.assertEqual(response.document.get("Response/EmptyFolderContents/Status"), "1")
        self.pull(other, folder)
        self.assertEqual(other.items, {})


class Folders(NotesCase):
    def test_folders_are_made_renamed_and_deleted(self):
        device, folder = self.start("u7")
        response = device.folder_create("Ideas", USER_NOTES)
        self.assertEqual(response.status, "1")
        ideas = Folder(response.document.get("ServerId"), "Ideas", USER_NOTES)
        self.assertEqual(device.folder_create("Ideas", USER_NOTES).status, "2")
        below = device.folder_create("Below", USER_NOTES, ideas.id)
        self.assertEqual(below.status, "1")
        inbox = device.folders_of_type(2)[0]
        self.assertEqual(device.folder_create("Lost", USER_NOTES, inbox.id).status, "5")
        self.assertEqual(device.folder_update(ideas.id, "Plans").status, "1")
        self.assertEqual(device.folder_update(ideas.id, "Plans", below.document.get("ServerId")).status, "10")
        # default folders stay
        self.assertEqual(device.folder_update(folder.id, "Mine").status, "2")
        self.assertEqual(device.folder_delete(folder.id).status, "3")
        # nothing of it is news to the device, all of it to another one
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")
        other = self.ready_device("u7", "14.1")
        self.assertEqual({f.name for f in other.folders_of_type(USER_NOTES)}, {"Plans", "Below"})

        # a move between folders, and its repetition after a lost answer
        _, server_id = self.add(device, folder, "1", *note("moves", "text"))
        device.sync_start(ideas)
        first = device.move_items((server_id, folder.id, ideas.id)).document.find("Response")
        self.assertEqual(first.get("Status"), "3")
        again = device.move_items((server_id, folder.id, ideas.id)).document.find("Response")
        self.assertEqual(again.get("DstMsgId"), first.get("DstMsgId"))
        self.assertEqual(device.move_items((server_id, folder.id, inbox.id)).document.get("Response/Status"), "5")
        self.pull(device, folder)
        self.assertNotIn(server_id, device.items)
        self.pull(device, ideas)
        self.assertEqual(seen(device.items[first.get("DstMsgId")])[0], "moves")

        self.assertEqual(device.folder_delete(ideas.id).status, "1")
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")
        other.folder_sync()
        self.assertEqual(other.folders_of_type(USER_NOTES), [])

    def test_a_lost_answer_to_foldercreate_makes_one_folder(self):
        device = self.ready_device("u8")
        device.folder_sync()
        key = device.folder_key
        first = device.folder_create("Once", USER_NOTES)
        device.folder_key = key
        again = device.folder_create("Once", USER_NOTES)
        self.assertEqual((again.status, again.document.get("ServerId")), ("1", first.document.get("ServerId")))


class Conflicts(NotesCase):
    def two(self, user, conflict):
        first, folder = self.start(user, "16.1", conflict=conflict)
        second, _ = self.start(user, "14.1", conflict=conflict)
        _, server_id = self.add(first, folder, "1", *note("base", "text"))
        self.pull(second, folder)
        return first, second, folder, server_id

    def test_the_server_wins(self):
        first, second, folder, server_id = self.two("u9", 1)
        self.change(first, folder, server_id, *note("of the first", "1"))
        self.assertEqual(self.change(second, folder, server_id, *note("of the second", "2")), "7")
        # with the same answer
        self.assertEqual(seen(second.items[server_id])[0], "of the first")
        self.pull(first, folder)
        self.assertNotIn(server_id, first.items)
        # the deletion of what somebody else has changed: it comes back
        self.change(first, folder, server_id, *note("changed again", "1"))
        self.assertEqual(self.delete(second, folder, server_id), "7")
        self.pull(second, folder)
        self.assertEqual(seen(second.items[server_id])[0], "changed again")

    def test_the_device_wins(self):
        first, second, folder, server_id = self.two("u10", 0)
        self.change(first, folder, server_id, *note("of the first", "1"))
        self.assertEqual(self.change(second, folder, server_id, *note("of the second", "2")), "1")
        self.pull(first, folder)
        self.assertEqual(seen(first.items[server_id])[0], "of the second")
        self.assertEqual(seen(second.items[server_id])[0], "of the second")
        self.change(first, folder, server_id, *note("last words", "1"))
        self.assertEqual(self.delete(second, folder, server_id), "1")
        self.pull(first, folder)
        self.assertNotIn(server_id, first.items)

    def test_both_want_the_same(self):
        first, second, folder, server_id = self.two("u11", 1)
        self.change(first, folder, server_id, *note("agreed", "both"))
        self.assertEqual(self.change(second, folder, server_id, *note("agreed", "both")), "1")

    def test_a_change_of_what_is_deleted_is_not_found(self):
        first, second, folder, server_id = self.two("u12", 1)
        self.delete(first, folder, server_id)
        self.assertEqual(self.change(second, folder, server_id, *note("too late", "2")), "8")
        self.pull(second, folder)
        self.assertNotIn(server_id, second.items)


class Repeats(NotesCase):
    def test_a_lost_answer_adds_once(self):
        device, folder = self.start("u13")
        key = device.sync_keys[folder.id]
        first = self.add(device, folder, "7", *note("once", "text"))
        again = self.add(device, folder, "7", *note("once", "text"), key=key)
        self.assertEqual(again, first)
        # the user went on typing before the request came again
        third = self.add(device, folder, "7", *note("once more", "text"), key=key)
        self.assertEqual(third, first)
        other, _ = self.start("u13", "14.1")
        self.assertEqual([seen(item)[0] for item in other.items.values()], ["once more"])
        # with the next key the same ClientId is another item
        self.assertNotEqual(self.add(device, folder, "7", *note("second", "text")), first)

    def test_a_lost_answer_to_a_change_is_no_conflict(self):
        device, folder = self.start("u14")
        other, _ = self.start("u14", "14.1")
        _, server_id = self.add(device, folder, "1", *note("a", "text"))
        self.pull(other, folder)
        key = device.sync_keys[folder.id]
        self.assertEqual(self.change(device, folder, server_id, *note("b", "text")), "1")
        self.assertEqual(self.change(device, folder, server_id, *note("b", "text"), key=key), "1")
        # somebody else changed it before the request came again: his change stands, nothing is lost
        key = device.sync_keys[folder.id]
        self.assertEqual(self.change(device, folder, server_id, *note("c", "text")), "1")
        self.pull(other, folder)
        self.change(other, folder, server_id, *note("d", "text"))
        self.assertEqual(self.change(device, folder, server_id, *note("c", "text"), key=key), "1")
        self.pull(device, folder)
        self.assertEqual(seen(device.items[server_id])[0], "d")

    def kill_later(self, seconds):
        pids = self.dovecot.pids("roost-worker")
        time.sleep(seconds)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def attempt(self, device, folder, commands, key):
        """The Collection of the answer, None if there was none."""
        try:
            response = device.sync(device.collection(folder, commands=commands, key=key))
        except (ConnectionError, TimeoutError):
            device.connection.close()
            return None
        if response.code != 200 or response.document is None:
            return None
        collection = response.document.find("Collections/Collection")
        return collection if collection is not None and collection.get("Status") == "1" else None

    def test_killed_workers_lose_and_double_nothing(self):
        device, folder = self.start("u15")
        made = {}
        for n in range(12):
            commands = [E("AirSync:Add", E("ClientId", f"{n}-{i}"), E("ApplicationData", *note(f"{n}-{i}", "text")))
                        for i in range(5)]
            key = device.sync_keys[folder.id]
            for tries in range(20):
                # the master slows a service down that dies at its start: only the first try is killed
                killer = threading.Thread(target=self.kill_later, args=(0.001 * n,))
                if tries == 0:
                    time.sleep(0.3)
                    killer.start()
                collection = self.attempt(device, folder, commands, key)
                if tries == 0:
                    killer.join()
                if collection is not None:
                    break
                time.sleep(0.3)
            else:
                self.fail("no answer")
            for answer in collection.findall("Responses/Add"):
                made[answer.get("ClientId")] = answer.get("ServerId")
        self.dovecot.expect_log("killed with signal 9")
        self.dovecot.expect_log("Worker is gone during a request")
        self.dovecot.expect_log("command startup failed")
        self.assertEqual(len(set(made.values())), 60)
        other, _ = self.start("u15", "14.1")
        self.assertEqual(sorted(seen(item)[0] for item in other.items.values()), sorted(made))


class Waiting(NotesCase):
    def test_another_device_s_note_ends_ping_and_sync(self):
        writer, folder = self.start("u16")
        reader, _ = self.start("u16", "14.1")
        answers = {}

        def ping():
            answers["ping"] = reader.ping([folder], 60)

        for n, wait in enumerate((ping,)):
            thread = threading.Thread(target=wait)
            thread.start()
            time.sleep(1)
            self.add(writer, folder, str(n), *note("wake up", "text"))
            thread.join(50)
            self.assertFalse(thread.is_alive())
        self.assertEqual(answers["ping"].status, "2")
        self.pull(reader, folder)

        def sync():
            answers["sync"] = reader.sync(reader.collection(folder), heartbeat=60)

        thread = threading.Thread(target=sync)
        thread.start()
        time.sleep(1)
        self.add(writer, folder, "9", *note("once more", "text"))
        thread.join(50)
        self.assertFalse(thread.is_alive())
        self.assertEqual(answers["sync"].document.get("Collections/Collection/Commands/Add/ApplicationData/Notes:Subject"),
                         "once more")
