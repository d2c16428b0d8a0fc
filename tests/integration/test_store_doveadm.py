"""What an operator does with the store: doveadm roost export, import, backup, restore, check and conflict."""
import base64
import json
import os
import random
import sqlite3
import subprocess
import threading

from rig import CALENDAR as CALENDARS, INBOX, NOTES, PLAIN, TASKS, Body, Case, E, Settings, options
from rig.calendar import event, recurrence

SETTINGS = Settings(users=50, fields={"u23": "userdb_roost_db_journal=delete userdb_roost_db_quota=20k"})

ZONE = ("BEGIN:VTIMEZONE\r\nTZID:Europe/Vienna\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
        "TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n")
EVENTS = ("BEGIN:VEVENT\r\nUID:weekly@example.test\r\nSUMMARY:Weekly\r\nDTSTART;TZID=Europe/Vienna:20261130T090000\r\n"
          "RRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\n"
          "BEGIN:VEVENT\r\nUID:lunch@example.test\r\nSUMMARY:Lunch\r\nDTSTART:20261128T120000Z\r\nEND:VEVENT\r\n"
          "BEGIN:VEVENT\r\nUID:weekly@example.test\r\nRECURRENCE-ID;TZID=Europe/Vienna:20261207T090000\r\n"
          "SUMMARY:Weekly\\, late\r\nDTSTART;TZID=Europe/Vienna:20261207T100000\r\nEND:VEVENT\r\n")
TASK = "BEGIN:VTODO\r\nUID:task-1\r\nSUMMARY:Taxes\r\nDUE;VALUE=DATE:20261231\r\nEND:VTODO\r\n"
NOTE = "BEGIN:VJOURNAL\r\nUID:note-{0}\r\nSUMMARY:Note {0}\r\nDESCRIPTION:First line\\nKäse {0}\r\nEND:VJOURNAL\r\n"
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//test//EN\r\n{}END:VCALENDAR\r\n"
EVERYTHING = CALENDAR.format(ZONE + EVENTS + TASK + NOTE.format(1) + NOTE.format(2))
CARDS = ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:anne\r\nFN:Anne Müller\r\nN:Müller;Anne;;;\r\nEND:VCARD\r\n"
         "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:No Uid\r\nEND:VCARD\r\n")
# takes away what each version of the schema has added
UNDO = {
    2: "DROP TABLE mail_param",
    3: "DROP TABLE draft",
    4: "DROP TABLE blob; DROP TABLE conflict; DROP TABLE tombstone; DROP TABLE item; DROP TABLE pim_folder",
    5: "DROP TABLE recipient",
    6: "DROP TABLE outbox; DROP TABLE meeting_gone; DROP TABLE mail_seen",
    7: "DROP TABLE meeting_cancelled; ALTER TABLE mail_seen DROP COLUMN uidold; ALTER TABLE mail_seen DROP COLUMN trying;"
       "ALTER TABLE mail_seen DROP COLUMN tries; ALTER TABLE mail_seen DROP COLUMN since",
    8: "DROP INDEX recipient_uid; ALTER TABLE recipient DROP COLUMN uid; ALTER TABLE recipient DROP COLUMN modseq;"
       "DROP TABLE recipient_status",
    9: "DROP TRIGGER item_added; DROP TRIGGER item_changed; DROP TABLE item_waiting; DROP TABLE item_fts;"
       "DROP TABLE item_text",
    10: "DROP INDEX conflict_bytes; ALTER TABLE conflict DROP COLUMN bytes; DROP TABLE conflict_blob",
}
TABLES = ("conflict", "time", "folder", "device", "winner", "won", "lost")


def note(subject, text):
    return [E("Notes:Subject", subject), E("AirSyncBase:Body", E("Type", PLAIN), E("Data", text)),
            E("Notes:MessageClass", "IPM.StickyNote")]


class StoreCase(Case):
    def roost(self, *arguments, stdin=None):
        return subprocess.run([str(self.dovecot.root / "doveadm"), *map(str, arguments)], input=stdin,
                              capture_output=True, text=True)

    def rows(self, *arguments, code=0, stdin=None):
        done = self.roost("-f", "json", "roost", *arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return json.loads(done.stdout) if done.stdout.strip() else []

    def inside(self, user, name):
        """A file of the user's as the programs see it."""
        return self.dovecot.inside / "home" / user / name

    def write(self, user, name, text):
        path = self.dovecot.home(user) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
        for changed in (path, path.parent):
            os.chown(changed, self.dovecot.uid(user), self.dovecot.uid(user))
        return self.inside(user, name)

    def imported(self, user, path, *arguments, code=0, stdin=None):
        row, = self.rows("import", "-u", user, *arguments, path, code=code, stdin=stdin)
        return tuple(int(row[name]) for name in ("added", "changed", "unchanged", "refused"))

    def database(self, user):
        return sqlite3.connect(self.dovecot.home(user) / "roost.db")

    def forget(self, user):
        for path in self.dovecot.home(user).glob("roost.db*"):
            path.unlink()

    def items(self, user):
        """Everything's UID and text by kind."""
        database = self.database(user)
        rows = database.execute("SELECT f.kind, i.pim_uid, i.text FROM item i JOIN pim_folder f ON f.id=i.folder "
                                "ORDER BY 1, 2").fetchall()
        database.close()
        return [(kind, uid, text if isinstance(text, str) else text.decode()) for kind, uid, text in rows]

    def start(self, user, version="16.1", conflict=None):
        device = self.ready_device(user, version)
        folder = device.folders_of_type(NOTES)[0]
        device.items = {}
        device.sync_start(folder)
        self.pull_all(device, folder, conflict)
        return device, folder

    def pull_all(self, device, folder, conflict=None):
        collection = self.pull(device, folder, opts=options(bodies=[Body(PLAIN)], conflict=conflict))
        while collection is not None and collection.find("MoreAvailable") is not None:
            collection = self.pull(device, folder)

    def pull(self, device, folder, opts=None, commands=()):
        """The subjects that the device has after a Sync, and the Sync's Collection."""
        collection, _ = device.sync_one(folder, commands=commands, opts=opts)
        for command in ("Add", "Change"):
            for item in [] if collection is None else collection.findall(f"Commands/{command}"):
                device.items[item.get("ServerId")] = item.get("ApplicationData/Notes:Subject")
        for item in [] if collection is None else collection.findall("Commands/Delete"):
            device.items.pop(item.get("ServerId"), None)
        return collection

    def add(self, device, folder, subject):
        collection = self.pull(device, folder, commands=[E("AirSync:Add", E("ClientId", subject), E(
            "ApplicationData", *note(subject, "text")))])
        self.assertEqual(collection.get("Responses/Add/Status"), "1")
        return collection.get("Responses/Add/ServerId")

    def change(self, device, folder, server_id, subject):
        return self.pull(device, folder, commands=[E("AirSync:Change", E("ServerId", server_id), E(
            "ApplicationData", *note(subject, "text")))])

    def delete(self, device, folder, server_id):
        return self.pull(device, folder, commands=[E("AirSync:Delete", E("ServerId", server_id))])


class ImportAndExport(StoreCase):
    def test_import_is_idempotent_and_seen_by_devices(self):
        device, folder = self.start("u1")
        path = self.write("u1", "all.ics", EVERYTHING)
        self.assertEqual(self.imported("u1", path), (5, 0, 0, 0))
        self.pull(device, folder)
        self.assertEqual(sorted(device.items.values()), ["Note 1", "Note 2"])
        self.assertEqual(self.imported("u1", path), (0, 0, 5, 0))
        self.assertIsNone(self.pull(device, folder))
        weekly, = [text for _, uid, text in self.items("u1") if uid == "weekly@example.test"]
        self.assertEqual((weekly.count("BEGIN:VEVENT"), weekly.count("BEGIN:VTIMEZONE")), (2, 1))
        # one is changed
        path = self.write("u1", "all.ics", EVERYTHING.replace("Note 2", "Note two"))
        self.assertEqual(self.imported("u1", path), (0, 1, 4, 0))
        self.pull(device, folder)
        self.assertEqual(sorted(device.items.values()), ["Note 1", "Note two"])
        # cards, one without a UID, from stdin
        self.assertEqual(self.imported("u1", "-", stdin=CARDS), (2, 0, 0, 0))
        self.assertEqual(self.imported("u1", "-", stdin=CARDS), (0, 0, 2, 0))

    def test_broken_items_are_named_and_the_rest_is_imported(self):
        broken = ("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:no-end\r\nFN:No end\r\n" + CARDS +
                  CALENDAR.format("BEGIN:VFREEBUSY\r\nUID:x\r\nEND:VFREEBUSY\r\n") +
                  "BEGIN:VCARD\r\nUID:nul\r\nFN:a\0b\r\nEND:VCARD\r\n" +
                  CALENDAR.format(NOTE.format(7)))
        path = self.write("u2", "in/broken.vcf", broken)
        self.write("u2", "in/readme.txt", CARDS.replace("anne", "not me"))
        done = self.roost("roost", "import", "-u", "u2", path)
        self.assertEqual(done.returncode, 65, done.stderr)
        self.assertIn("broken.vcf is refused: It has NULs in it", done.stderr)
        self.assertEqual(sorted(uid for _, uid, _ in self.items("u2") if len(uid) < 40), ["anne", "no-end", "note-7"])
        (self.dovecot.home("u2") / "in/wide.vcf").write_bytes(CARDS.replace("anne", "wide").encode("utf-16"))
        # a directory: only files of known names are looked at
        self.assertEqual(self.imported("u2", self.inside("u2", "in"), code=65), (0, 0, 4, 2))
        self.assertIn("wide.vcf is refused: It is UTF-16", self.roost(
            "roost", "import", "-u", "u2", self.inside("u2", "in/wide.vcf")).stderr)
        self.assertEqual(self.imported("u2", path, "--kind", "notes", code=65), (0, 0, 1, 4))
        self.rows("import", "-u", "u2", self.inside("u2", "missing"), code=68)
        self.rows("import", "-u", "u2", "--folder", "Missing", path, code=68)
        self.assertEqual(self.roost("roost", "import", "-u", "u2", "--kind", "mails", path).returncode, 64)

    def test_what_is_exported_can_be_imported_again(self):
        path = self.write("u3", "all.ics", EVERYTHING)
        self.imported("u3", path)
        self.imported("u3", "-", stdin=CARDS)
        before = self.items("u3")
        for name, arguments in (("files", ()), ("vdir", ("--vdir",))):
            self.assertEqual(self.rows("export", "-u", "u3", *arguments, self.inside("u3", name))[0]["exported"], "7")
            self.assertEqual(self.imported("u3", self.inside("u3", name)), (0, 0, 7, 0))
            directory = self.dovecot.home("u3") / name
            if name == "files":
                self.assertEqual(sorted(path.name for path in directory.iterdir()),
                                 ["Calendar.ics", "Contacts.vcf", "Notes.ics", "Tasks.ics"])
            else:
                self.assertEqual((directory / "Notes" / "displayname").read_text(), "Notes")
                self.assertEqual(len(list(directory.glob("Notes/*.ics"))), 2)
            # into another one's
            target = "u4" if name == "files" else "u5"
            for file in directory.rglob("*.[iv]c[sf]"):
                text = file.read_bytes().decode()
                self.imported(target, "-", stdin=text.replace("\r\n", "\n").replace("\n", "\r\n"))
            self.assertEqual([item[:2] for item in self.items(target)], [item[:2] for item in before])
        self.assertEqual(self.items("u3"), before)
        done = self.roost("roost", "export", "-u", "u3", "--kind", "notes", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.count("BEGIN:VJOURNAL"), 2)
        self.assertNotIn("VEVENT", done.stdout)
        self.rows("export", "-u", "u3", "--markdown", "--folder", "Notes", self.inside("u3", "md"))
        texts = sorted(path.read_text() for path in (self.dovecot.home("u3") / "md").glob("Notes/*.md"))
        self.assertEqual(texts, [f"# Note {n}\n\nFirst line\nKäse {n}\n" for n in (1, 2)])
        self.rows("export", "-u", "u3", "--folder", "Missing", self.inside("u3", "md"), code=68)

    def test_folders_of_the_same_name_do_not_overwrite_each_other(self):
        device, _ = self.start("u6")
        above = device.folder_create("Above", 17).document.get("ServerId")
        for parent in ("0", above):
            self.assertStatus(device.folder_create("Same", 17, parent), 1)
        self.rows("export", "-u", "u6", "--vdir", self.inside("u6", "out"))
        names = [path.read_text() for path in (self.dovecot.home("u6") / "out").glob("*/displayname")]
        self.assertEqual(names.count("Same"), 2)

    def test_of_all_users_each_has_his_own(self):
        shared = self.dovecot.root / "shared"
        shared.mkdir(exist_ok=True)
        shared.chmod(0o1777)
        for user in ("u1", "u2"):
            self.imported(user, "-", stdin=CALENDAR.format(NOTE.format(f"of {user}")))
        path = self.dovecot.inside / "shared"
        rows = self.rows("export", "-A", path)
        self.assertGreaterEqual({row["username"] for row in rows}, {"u1", "u2"})
        for user in ("u1", "u2"):
            self.assertIn(f"note-of {user}", (shared / user / "Notes.ics").read_text())
        done = self.roost("roost", "export", "-A", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^u1 exported=\d+")
        rows = {row["username"]: row for row in self.rows("import", "-A", path)}
        self.assertEqual((rows["u1"]["added"], rows["u1"]["refused"]), ("0", "0"))
        self.assertNotIn("u13", rows)
        self.assertEqual(self.roost("roost", "import", "-A", "-", stdin=CARDS).returncode, 64)
        backups = self.dovecot.root / "backups"
        backups.mkdir(exist_ok=True)
        backups.chmod(0o1777)
        path = self.dovecot.inside / "backups"
        self.rows("backup", "-A", path)
        self.assertTrue((backups / "u1").exists() and not (backups / "u13").exists())
        self.rows("restore", "-A", path)
        self.assertFalse((self.dovecot.home("u13") / "roost.db").exists())

    def test_nobody_is_created_by_looking(self):
        self.rows("export", "-u", "u13", self.inside("u13", "out"))
        self.rows("backup", "-u", "u13", self.inside("u13", "backup"), code=68)
        self.rows("restore", "-u", "u13", self.inside("u13", "backup"), code=65)
        self.assertEqual(self.rows("check", "-u", "u13"), [])
        self.assertEqual(self.rows("conflict", "list", "-u", "u13"), [])
        self.assertEqual(list(self.dovecot.home("u13").glob("roost.db*")), [])
        for command in (("export", "x"), ("import", "x"), ("backup", "x"), ("restore", "x"), ("check",),
                        ("conflict", "list"), ("conflict", "show", "1"), ("conflict", "resolve", "1", "won")):
            with self.subTest(command):
                words = 2 if command[0] == "conflict" else 1
                done = self.roost("roost", *command[:words], "-u", "nobody", *command[words:])
                self.assertEqual(done.returncode, 67, done.stderr)


class Attachments(StoreCase):
    """What is attached to events leaves with them, and comes in with them."""
    LARGE = random.Random(4).randbytes(700000)

    def calendar(self, user, version="16.1"):
        device = self.ready_device(user, version)
        folder = device.folders_of_type(CALENDARS)[0]
        device.sync_start(folder)
        return device, folder

    def pull_events(self, user, version="16.1"):
        """A new device, and the events' ApplicationData by Subject."""
        device, folder = self.calendar(user, version)
        return device, {add.get("ApplicationData/Calendar:Subject"): add.find("ApplicationData")
                        for page in device.sync_all(folder) for add in page.findall("Commands/Add")}

    def attach(self, *files):
        return E("AirSyncBase:Attachments", *[E(
            "AirSyncBase:Add", E("ClientId", name), E("Method", 1), E("Content", content), E("DisplayName", name),
            E("ContentType", "application/x-test")) for name, content in files])

    def made_by_a_device(self, user):
        device, folder = self.calendar(user)
        add, change = [E(f"AirSync:{name}", *parts) for name, *parts in (
            ("Add", E("ClientId", "1"), E("ApplicationData", *event(
                version="16.1", subject="Files", uid="files"), self.attach(
                ("small.txt", b"small"), ("same.txt", b"small"), ("Größe, \"quoted\" with a rather long name; it is folded.bin",
                                                                   self.LARGE)))),
            ("Add", E("ClientId", "2"), E("ApplicationData", *event(version="16.1", subject="Series", uid="series"),
                                          recurrence(Type=0, Interval=1, Occurrences=5), self.attach(("agenda", b"agenda" * 99)))))]
        collection, _ = device.sync_one(folder, commands=[add, change])
        ids = [node.get("ServerId") for node in collection.findall("Responses/Add")]
        self.assertEqual([node.get("Status") for node in collection.findall("Responses/Add")], ["1", "1"])
        collection, _ = device.sync_one(folder, commands=[E(
            "AirSync:Change", E("ServerId", ids[1]), E("AirSyncBase:InstanceId", "20261202T110000Z"),
            E("AirSync:ApplicationData", E("Calendar:Subject", "Once"), self.attach(("once", b"once"))))])
        self.assertIsNone(collection.find("Responses/Change"))
        return device, folder, ids

    def exported(self, user, name, *arguments):
        self.rows("export", "-u", user, *arguments, self.inside(user, name))
        path = self.dovecot.home(user) / name
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}

    def fetch(self, device, attachment):
        response = device.command("ItemOperations", E("ItemOperations:ItemOperations", E("Fetch", E("Store", "Mailbox"), E(
            "AirSyncBase:FileReference", attachment.get("FileReference")))))
        return base64.b64decode(response.document.get("Response/Fetch/Properties/Data"))

    def test_export_and_import_are_complete(self):
        self.made_by_a_device("u41")
        foreign = EVERYTHING.replace("SUMMARY:Lunch\r\n", "SUMMARY:Lunch\r\nATTACH:https://example.test/menu\r\n"
                                     "ATTACH;VALUE=BINARY;FMTTYPE=text/plain;ENCODING=BASE64;X-FILENAME=menu.txt:"
                                     + base64.b64encode(b"Menu" * 50000).decode() + "\r\n"
                                     "ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=broken:!!!!\r\n"
                                     "ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=empty:\r\n"
                                     "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:"
                                     "c291\r\n bmQ=\r\nEND:VALARM\r\n")
        self.assertEqual(self.imported("u41", "-", stdin=foreign), (5, 0, 0, 0))
        first = self.exported("u41", "out")
        text = first["Calendar.ics"].replace(b"\r\n ", b"")
        self.assertNotIn(b"roost-", text)
        # the series' is the occurrence's as well
        for content, count in ((self.LARGE, 1), (b"agenda" * 99, 2), (b"once", 1), (b"Menu" * 50000, 1)):
            self.assertEqual(text.count(base64.b64encode(content)), count)
        self.assertIn(b"ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=broken:!!!!", text)
        self.assertEqual(max(map(len, first["Calendar.ics"].split(b"\r\n"))), 75)
        # into another user, and again: the same to the byte
        shared = self.write("u42", "in.ics", first["Calendar.ics"].decode())
        self.assertEqual(self.imported("u42", shared), (4, 0, 0, 0))
        self.assertEqual(self.exported("u42", "out")["Calendar.ics"], first["Calendar.ics"])
        for user in ("u41", "u42"):
            self.assertEqual(self.imported(user, self.inside(user, "out")), (0, 0, 4 if user == "u42" else 7, 0))
            self.assertEqual(self.rows("check", "-u", user), [])
        self.assertNotIn("BASE64", "".join(text for _, uid, text in self.items("u42") if uid != "lunch@example.test"))
        # and as a directory
        files = self.exported("u42", "vdir", "--vdir")
        self.assertEqual(self.imported("u42", self.inside("u42", "vdir")), (0, 0, 4, 0))
        self.assertEqual(sum(map(len, (data for name, data in files.items() if name.endswith(".ics")))),
                         len(first["Calendar.ics"]))
        # devices see them
        device, events = self.pull_events("u42")
        attached = {node.get("DisplayName"): node for name in ("Files", "Lunch")
                    for node in events[name].findall("AirSyncBase:Attachments/Attachment")}
        self.assertEqual({name: node.get("EstimatedDataSize") for name, node in attached.items()}, {
            "small.txt": "5", "same.txt": "5", 'Größe, "quoted" with a rather long name; it is folded.bin': "700000",
            "menu.txt": "200000", "empty": "0"})
        for name, node in attached.items():
            self.assertEqual(self.fetch(device, node), {"menu.txt": b"Menu" * 50000, "empty": b""}.get(
                name, b"small" if name in ("small.txt", "same.txt") else self.LARGE))
        _, events = self.pull_events("u42", "14.1")
        self.assertIsNone(events["Files"].find("AirSyncBase:Attachments"))

    def test_check_of_attachments(self):
        """What no text names goes; what a text names and nobody has is named, and the rest of it is exported."""
        self.addCleanup(self.forget, "u44")
        self.made_by_a_device("u44")
        whole = self.exported("u44", "whole")["Calendar.ics"]
        database = self.database("u44")
        with database:
            database.execute("INSERT INTO blob (item, name, data) SELECT item, 'orphan', zeroblob(1000) FROM blob LIMIT 1")
            database.execute("UPDATE pim_folder SET bytes=bytes+1000 WHERE kind=1 AND main=1")
        orphan = "attachment 6 (orphan, 1000 bytes) is not named by its text"
        row, = self.rows("check", "-u", "u44", code=65)
        self.assertIn(orphan, row["problem"])
        row, = self.rows("check", "-u", "u44", "--repair")
        self.assertEqual((orphan in row["problem"], row["state"]), (True, "repaired"))
        self.assertEqual(self.rows("check", "-u", "u44"), [])
        self.assertEqual(self.exported("u44", "again")["Calendar.ics"], whole)
        with database:
            database.execute("DELETE FROM blob WHERE name='once'")
            database.execute("UPDATE pim_folder SET bytes=bytes-4 WHERE kind=1 AND main=1")
        database.close()
        for arguments in ((), ("--repair",)):
            row, = self.rows("check", "-u", "u44", *arguments, code=65)
            self.assertRegex(row["problem"], r"Item \d+:2 \(Series\): the content of attachment 5 is gone")
            self.assertEqual(row["state"], "not repaired")
        self.rows("export", "-u", "u44", self.inside("u44", "less"), code=68)
        less = (self.dovecot.home("u44") / "less" / "Calendar.ics").read_bytes()
        self.assertEqual((less.count(b"ENCODING=BASE64"), less.count(b"roost-blob:5")), (5, 1))
        # which means nothing elsewhere
        self.dovecot.expect_log("An attachment is left out")
        self.assertEqual(self.imported("u45", self.write("u45", "in.ics", less.decode())), (2, 0, 0, 0))
        self.assertEqual(self.rows("check", "-u", "u45"), [])

    def test_a_version_that_lost_has_its_attachments(self):
        device, folder, ids = self.made_by_a_device("u46")
        other, _ = self.calendar("u46")
        other.sync_one(folder)

        def conflict():
            self.assertIsNone(device.sync_one(folder, commands=[E("AirSync:Change", E("ServerId", ids[0]), E(
                "AirSync:ApplicationData", E("Calendar:Subject", "Files")))])[0].find("Responses/Change"))
            other.sync_one(folder, commands=[E("AirSync:Delete", E("ServerId", ids[0]))],
                           opts=options(bodies=[Body(PLAIN)], conflict=0))
            row, = self.rows("conflict", "list", "-u", "u46")
            self.assertEqual((row["won"], row["lost"]), ("(deleted)", "Files"))
            self.assertEqual(self.rows("check", "-u", "u46"), [])
            return row

        before = self.exported("u46", "before")["Calendar.ics"]
        device.sync_one(folder, commands=[E("AirSync:Change", E("ServerId", ids[0]), E("AirSync:ApplicationData", E(
            "Calendar:Subject", "Other")))])
        row = conflict()
        self.assertNotIn(b"small", self.exported("u46", "meanwhile")["Calendar.ics"])
        self.rows("conflict", "resolve", "-u", "u46", row["conflict"], "lost")
        after = self.exported("u46", "after")["Calendar.ics"]
        # the time of the change, and what a device names anew
        attached = [[line for line in text.replace(b"\r\n ", b"").split(b"\r\n") if line.startswith(b"ATTACH")]
                    for text in (before, after)]
        self.assertEqual(sorted(attached[0]), sorted(attached[1]))
        self.assertEqual(self.rows("check", "-u", "u46"), [])

    def test_a_task_that_is_done_once_has_its_files_twice(self):
        """The occurrence that is done becomes a task of its own."""
        task = TASK.replace("END:VTODO", "DTSTART;VALUE=DATE:20261230\r\nRRULE:FREQ=DAILY;COUNT=5\r\nATTACH;ENCODING=BASE64;"
                            "VALUE=BINARY:Zm9ybQ==\r\nEND:VTODO")
        self.assertEqual(self.imported("u47", "-", stdin=CALENDAR.format(task)), (1, 0, 0, 0))
        device = self.ready_device("u47", "16.1")
        folder = device.folders_of_type(TASKS)[0]
        device.sync_start(folder)
        collection, _ = device.sync_one(folder)
        data = collection.find("Commands/Add/ApplicationData")
        self.assertIsNotNone(data.find("Tasks:Recurrence"))
        server_id = collection.get("Commands/Add/ServerId")
        device.sync_one(folder, commands=[E("AirSync:Change", E("ServerId", server_id), E(
            "AirSync:ApplicationData", E("Tasks:Complete", 1), E("Tasks:DateCompleted", "2026-12-30T10:00:00.000Z")))])
        text = self.exported("u47", "out")["Tasks.ics"]
        self.assertEqual((text.count(b"BEGIN:VTODO"), text.count(b" Zm9ybQ==")), (2, 2))
        self.assertEqual(self.rows("check", "-u", "u47"), [])

    def test_another_content_takes_the_place_of_the_old(self):
        self.made_by_a_device("u43")
        text = self.exported("u43", "out")["Calendar.ics"].decode()
        database = self.database("u43")
        before = database.execute("SELECT num, name, length(data) FROM blob ORDER BY num").fetchall()
        database.close()
        changed = text.replace(base64.b64encode(b"once").decode(), base64.b64encode(b"twice").decode())
        self.assertNotEqual(changed, text)
        self.assertEqual(self.imported("u43", self.write("u43", "new.ics", changed)), (0, 1, 1, 0))
        database = self.database("u43")
        after = database.execute("SELECT num, name, length(data) FROM blob ORDER BY num").fetchall()
        database.close()
        self.assertEqual(after, [row for row in before if row[1] != "once"] + [(max(before)[0] + 1, "once", 5)])
        self.assertEqual(self.rows("check", "-u", "u43"), [])
        # one is not there any more; a name of a blob means nothing from outside
        changed = changed.replace("BEGIN:VEVENT\r\n", "BEGIN:VEVENT\r\nATTACH:roost-blob:9999\r\n")
        self.dovecot.expect_log("An attachment is left out")
        self.assertEqual(self.imported("u43", self.write("u43", "new.ics", changed)), (0, 0, 2, 0))
        self.assertEqual(self.rows("check", "-u", "u43"), [])


class Databases(StoreCase):
    def test_backup_while_a_device_writes_and_restore(self):
        device, folder = self.start("u7")
        self.add(device, folder, "before")
        done = threading.Event()
        written = []

        def write():
            while not done.is_set():
                subject = f"n{len(written)}"
                self.add(device, folder, subject)
                written.append(subject)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for n in range(5):
                self.rows("backup", "-u", "u7", self.inside("u7", f"backup{n}"))
        finally:
            done.set()
            writer.join()
        for n in range(5):
            backup = sqlite3.connect(self.dovecot.home("u7") / f"backup{n}")
            self.assertEqual(backup.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            names = [row[0] for row in backup.execute("SELECT name FROM item ORDER BY uid")]
            self.assertEqual(names, ["before", *written][:len(names)])
            self.assertEqual(backup.execute("SELECT items FROM pim_folder WHERE kind=4 AND main=1").fetchone(),
                             (len(names),))
            backup.close()
        count = len(names)
        # what is there already is not overwritten
        self.rows("backup", "-u", "u7", self.inside("u7", "backup0"), code=65)
        self.add(device, folder, "after")
        self.rows("restore", "-u", "u7", self.inside("u7", "backup4"))
        self.assertEqual(len(self.items("u7")), count)
        self.assertEqual(self.rows("check", "-u", "u7"), [])
        other, _ = self.start("u7", "14.1")
        self.assertEqual(len(other.items), count)
        self.assertNotIn("after", other.items.values())
        # the device, whose state is newer, comes to the same
        again, _ = self.start("u7")
        self.add(again, folder, "new")
        device.sync_keys.clear()
        device.items = {}
        device.folder_key = 0
        self.assertStatus(device.folder_sync(), 1)
        device.sync_start(folder)
        self.pull_all(device, folder)
        self.assertIn("new", device.items.values())

    def test_a_lost_answer_before_a_restore(self):
        """The device repeats what the backup does not know: it is done once more, once. A device that got the answer has a key
        that the backup does not know: it starts anew, and its item is gone as the backup says."""
        device, folder = self.start("u48")
        other, _ = self.start("u48", "14.1")
        self.add(device, folder, "before")
        self.pull(other, folder)
        key = device.sync_keys[folder.id]
        self.rows("backup", "-u", "u48", self.inside("u48", "backup"))
        lost = self.add(device, folder, "lost")
        self.add(other, folder, "answered")
        self.rows("restore", "-u", "u48", self.inside("u48", "backup"))
        device.sync_keys[folder.id] = key
        again = self.add(device, folder, "lost")
        self.assertEqual(again, lost)
        self.pull(device, folder)
        self.assertEqual(sorted(device.items.values()), [])
        self.assertEqual(sorted(text.count("SUMMARY:lost") for _, _, text in self.items("u48")), [0, 1])
        self.assertEqual(other.sync(other.collection(folder)).document.get("Collections/Collection/Status"), "3")
        other.items = {}
        other.sync_start(folder)
        self.pull_all(other, folder)
        self.assertEqual(sorted(other.items.values()), ["before", "lost"])
        # the same request a third time, its answer was lost again
        device.sync_keys[folder.id] = key
        self.assertEqual(self.add(device, folder, "lost"), lost)
        self.assertEqual(len(self.items("u48")), 2)
        self.assertEqual(self.rows("check", "-u", "u48"), [])

    def test_journal_for_nfs_and_quota(self):
        """What is used is known at once after an import, a deletion and a restore, by devices and doveadm."""
        device, folder = self.start("u23")
        self.add(device, folder, "small")
        database = self.database("u23")
        self.assertEqual(database.execute("PRAGMA journal_mode").fetchone(), ("delete",))
        database.close()
        self.assertEqual([path.name for path in self.dovecot.home("u23").glob("roost.db*")], ["roost.db"])
        self.rows("backup", "-u", "u23", self.inside("u23", "backup"))
        large, other = (CALENDAR.format(NOTE.format(n).replace("First line", "x" * 15000)) for n in (8, 9))
        self.assertEqual(self.imported("u23", "-", stdin=large), (1, 0, 0, 0))
        self.assertEqual(self.imported("u23", "-", stdin=other, code=73), (0, 0, 0, 0))
        self.dovecot.expect_log("quota")
        collection = self.pull(device, folder, commands=[E("AirSync:Add", E("ClientId", "no"), E(
            "ApplicationData", *note("no room", "y" * 8000)))])
        self.assertEqual(collection.get("Responses/Add/Status"), "9")
        self.pull_all(device, folder)
        server_id, = [found for found, subject in device.items.items() if subject == "Note 8"]
        self.delete(device, folder, server_id)
        self.assertEqual(self.imported("u23", "-", stdin=other), (1, 0, 0, 0))
        self.rows("restore", "-u", "u23", self.inside("u23", "backup"))
        self.assertEqual(self.imported("u23", "-", stdin=large), (1, 0, 0, 0))
        self.assertEqual(self.rows("check", "-u", "u23"), [])
        again, _ = self.start("u23", "14.1")
        self.assertEqual(sorted(again.items.values()), ["Note 8", "small"])
        self.assertEqual(list(self.dovecot.home("u23").glob("roost.db-wal")), [])

    def test_what_is_no_backup_is_refused(self):
        device, folder = self.start("u8")
        self.add(device, folder, "stays")
        self.rows("backup", "-u", "u8", self.inside("u8", "good"))
        data = (self.dovecot.home("u8") / "good").read_bytes()
        self.write("u8", "text", "no database\n" * 1000)
        for name, wrong in (("cut", data[:len(data) // 2]), ("holes", data[:8192] + bytes(4096) + data[12288:])):
            self.write("u8", name, "")
            (self.dovecot.home("u8") / name).write_bytes(wrong)
        other = sqlite3.connect(self.dovecot.home("u8") / "other")
        other.execute("CREATE TABLE a (b)")
        other.close()
        os.chown(self.dovecot.home("u8") / "other", self.dovecot.uid("u8"), -1)
        newer = self.dovecot.home("u8") / "newer"
        newer.write_bytes(data)
        database = sqlite3.connect(newer)
        database.execute("PRAGMA user_version=999")
        database.commit()
        database.close()
        os.chown(newer, self.dovecot.uid("u8"), -1)
        for name, error in (("text", "not a database|It is not"), ("cut", "damaged|It is not"), ("holes", "damaged|It is not"),
                            ("other", "not a database of Roost"), ("newer", "newer version"), ("missing", "No such file")):
            with self.subTest(name):
                done = self.roost("roost", "restore", "-u", "u8", self.inside("u8", name))
                self.assertEqual(done.returncode, 65, done.stderr)
                self.assertRegex(done.stderr, error)
        self.assertEqual([text.count("stays") > 0 for _, _, text in self.items("u8")], [True])
        self.assertEqual(self.rows("check", "-u", "u8"), [])

    def test_check_finds_and_repairs(self):
        self.imported("u9", "-", stdin=EVERYTHING)
        self.assertEqual(self.rows("check", "-u", "u9"), [])
        database = self.database("u9")
        with database:
            database.execute("UPDATE pim_folder SET items=items+3 WHERE kind=4")
            database.execute("UPDATE item SET name='wrong' WHERE pim_uid='note-1'")
            database.execute("UPDATE item SET text='nonsense' WHERE pim_uid='note-2'")
        database.close()
        rows = self.rows("check", "-u", "u9", code=65)
        self.assertEqual({row["state"] for row in rows}, {"not repaired"})
        text = "\n".join(row["problem"] for row in rows)
        for wanted in ("Folder Notes: numbers are wrong: items 5", "what was extracted of it is out of date", "can't be read"):
            self.assertIn(wanted, text)
        rows = self.rows("check", "-u", "u9", "--repair", code=65)
        self.assertEqual(sorted(row["state"] for row in rows), ["not repaired", "repaired", "repaired"])
        rows = self.rows("check", "-u", "u9", code=65)
        self.assertEqual(len(rows), 1)
        self.assertIn("can't be read", rows[0]["problem"])

    def test_check_of_the_index(self):
        self.imported("u20", "-", stdin=CARDS)
        device = self.ready_device("u20", "14.1")

        def total():
            return device.command("Search", E("Search:Search", E("Store", E("Name", "Mailbox"), E("Query", E(
                "And", E("FreeText", "anne"))), E("Options", E("RebuildResults"))))).document.get("Response/Store/Total")
        before = total()
        self.assertNotEqual(before, "0")
        self.assertEqual(self.rows("check", "-u", "u20"), [])
        database = self.database("u20")
        with database:
            self.assertGreater(database.execute("UPDATE item_text SET text=replace(text, 'ANNE', 'EVA') "
                                                "WHERE text LIKE '%ANNE%'").rowcount, 0)
        database.close()
        text = "\n".join(row["problem"] for row in self.rows("check", "-u", "u20", code=65))
        for wanted in ("The index of words is wrong", "its words in the index are out of date"):
            self.assertIn(wanted, text)
        self.assertEqual({row["state"] for row in self.rows("check", "-u", "u20", "--repair")}, {"repaired"})
        self.assertEqual(self.rows("check", "-u", "u20"), [])
        self.assertEqual(total(), before)

    def test_check_of_damaged_pages(self):
        self.imported("u10", "-", stdin="".join(CARDS.replace("anne", f"c{n}") for n in range(300)))
        database = self.database("u10")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root, size = database.execute("SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master "
                                      "WHERE name='item_look'").fetchone()
        database.close()
        with open(self.dovecot.home("u10") / "roost.db", "r+b") as file:
            file.seek((root - 1) * size)
            file.write(bytes(size))
        self.addCleanup(self.forget, "u10")
        self.dovecot.expect_log("malformed")
        done = self.roost("-f", "json", "roost", "check", "-u", "u10")
        self.assertIn(done.returncode, (65, 75))
        self.assertRegex(done.stdout + done.stderr, "SQLite: |malformed")


class Upgrades(StoreCase):
    """An older program's database under devices that know it."""

    def mails(self, device, inbox):
        """The subjects that are new to the device; it must know the folder already."""
        self.assertIn(inbox.id, device.sync_keys)
        return [add.get("ApplicationData/Email:Subject") for page in device.sync_all(inbox)
                for add in page.findall("Commands/Add")]

    def make_older(self, user, version):
        """Leaves what a program of that version would have had: later ones only ever added to it."""
        self.dovecot.kill("roost-worker")
        database = self.database(user)
        with database:
            if version < 4:
                database.execute("DELETE FROM folder WHERE id IN (SELECT id FROM pim_folder)")
            for undone in range(max(UNDO), version, -1):
                for statement in UNDO[undone].split(";"):
                    database.execute(statement)
            database.execute(f"PRAGMA user_version={version}")
        database.close()

    def test_devices_go_on_after_an_upgrade_from_every_version(self):
        for version in range(1, max(UNDO) + 1):
            user = f"u{30 + version}"
            with self.subTest(version):
                self.dovecot.deliver(user, "Subject: before\n\nx\n")
                device, notes = self.start(user)
                inbox = device.folders_of_type(INBOX)[0]
                device.sync_start(inbox)
                self.assertEqual(self.mails(device, inbox), ["before"])
                self.add(device, notes, "kept")
                self.make_older(user, version)
                self.dovecot.deliver(user, "Subject: after\n\nx\n")
                self.assertEqual(self.mails(device, inbox), ["after"])
                self.assertEqual(self.mails(device, inbox), [])
                self.assertStatus(device.folder_sync(), 1)
                again = device.folders_of_type(NOTES)
                self.assertEqual(len(again), 1)
                # a number is not used twice
                self.assertEqual(again[0].id == notes.id, version >= 4)
                if version < 4:
                    device.items = {}
                    device.sync_start(again[0])
                self.pull_all(device, again[0])
                self.add(device, again[0], "new")
                other, folder = self.start(user, "14.1")
                self.assertEqual(sorted(other.items.values()), ["kept", "new"] if version >= 4 else ["new"])
                database = self.database(user)
                self.assertEqual(database.execute("PRAGMA user_version").fetchone(), (max(UNDO),))
                database.close()
                self.assertEqual(self.rows("check", "-u", user), [])

    def test_a_newer_database_is_refused_and_left_alone(self):
        device, notes = self.start("u22")
        self.add(device, notes, "kept")
        self.dovecot.kill("roost-worker")
        path = self.dovecot.home("u22") / "roost.db"
        database = self.database("u22")
        with database:
            database.execute("PRAGMA user_version=77")
        # as its program has left it
        database.execute("PRAGMA journal_mode=delete")
        database.close()
        before = path.read_bytes()
        self.dovecot.expect_log("Schema version 77 is newer")
        self.assertStatus(device.sync(device.collection(notes)), 111)
        self.dovecot.wait_log(r"roost\(u22\).*: Error: Opening .*roost\.db failed: "
                              r"Schema version 77 is newer than this program's \(\d+\)")
        for command in (("check",), ("backup",), ("import",)):
            done = self.roost("roost", *command, "-u", "u22", *[self.inside("u22", "x")] * (command != ("check",)))
            self.assertIn("is newer than this program's", done.stderr)
            self.assertEqual(done.returncode, 75)
        self.assertEqual(path.read_bytes(), before)
        database = self.database("u22")
        with database:
            database.execute(f"PRAGMA user_version={max(UNDO)}")
        database.close()
        self.add(device, notes, "goes on")
        other, _ = self.start("u22", "14.1")
        self.assertEqual(sorted(other.items.values()), ["goes on", "kept"])


class Conflicts(StoreCase):
    def two(self, user, conflict):
        first, folder = self.start(user, "16.1", conflict)
        second, _ = self.start(user, "14.1", conflict)
        server_id = self.add(first, folder, f"base {conflict}")
        self.pull(second, folder)
        return first, second, folder, server_id

    def last(self, user):
        rows = self.rows("conflict", "list", "-u", user)
        self.assertEqual(set(rows[-1]), set(TABLES))
        return rows[-1]

    def resolve(self, user, row, keep, code=0):
        self.rows("conflict", "resolve", "-u", user, row["conflict"], keep, code=code)

    def test_the_server_won(self):
        first, second, folder, server_id = self.two("u11", 1)
        for keep, wanted in (("won", ["of the first"]), ("lost", ["of the second"]),
                             ("both", ["of the first", "of the second"])):
            with self.subTest(keep):
                self.change(first, folder, server_id, "of the first")
                self.change(second, folder, server_id, "of the second")
                row = self.last("u11")
                self.assertEqual((row["folder"], row["device"], row["winner"], row["won"], row["lost"]),
                                 ("Notes", second.device_id, "server", "of the first", "of the second"))
                shown, = self.rows("conflict", "show", "-u", "u11", row["conflict"])
                self.assertIn("SUMMARY:of the first", shown["won"])
                self.assertIn("SUMMARY:of the second", shown["lost"])
                self.resolve("u11", row, keep)
                self.assertEqual(self.rows("conflict", "list", "-u", "u11"), [])
                for device in (first, second):
                    device.items[server_id] = "of the first"
                    self.pull(device, folder)
                self.assertEqual(sorted(second.items.values()), wanted)
                self.assertEqual(sorted(first.items.values()), wanted)
                self.change(first, folder, server_id, "reset")
                self.pull(second, folder)
        self.resolve("u11", row, "won", code=68)
        self.rows("conflict", "show", "-u", "u11", "99", code=68)
        self.rows("conflict", "resolve", "-u", "u11", "1", "nobody", code=64)
        self.rows("conflict", "show", "-u", "u11", "one", code=64)

    def test_the_device_won_and_deletions(self):
        first, second, folder, server_id = self.two("u12", 0)
        self.change(first, folder, server_id, "of the first")
        self.change(second, folder, server_id, "of the second")
        row = self.last("u12")
        self.assertEqual((row["winner"], row["won"], row["lost"]), ("device", "of the second", "of the first"))
        self.resolve("u12", row, "lost")
        self.pull(first, folder)
        self.pull(second, folder)
        self.change(first, folder, server_id, "last words")
        self.delete(second, folder, server_id)
        row = self.last("u12")
        self.assertEqual((row["won"], row["lost"]), ("(deleted)", "last words"))
        everybody = self.rows("conflict", "list", "-A")
        self.assertIn(("u12", row["conflict"]), [(row["username"], row["conflict"]) for row in everybody])
        self.pull(first, folder)
        self.assertEqual(first.items, {})
        # it was deleted: it comes back as another item
        self.resolve("u12", row, "lost")
        self.pull(first, folder)
        self.assertEqual(list(first.items.values()), ["last words"])
