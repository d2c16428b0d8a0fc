"""What calendars, contacts, tasks and notes have in common: their folders, moves, estimates and ItemOperations at each version, and
random items that go from device to device, out of the store and into another one."""
import random
import subprocess

from rig import INBOX, PLAIN, Body, E, Settings
from rig.calendar import BERLIN, KOLKATA, NEW_YORK
from rig.client import CALENDAR, CONTACTS, NOTES, TASKS, Folder
from rig.items import ItemsCase

SETTINGS = Settings(users=12)
VERSIONS = ("2.5", "12.1", "14.1", "16.1")
# default folder, its users' folders, what names an item, the rest of a new one, the first version
CLASSES = {
    "Calendar": (CALENDAR, 13, "Calendar:Subject", [E("Calendar:StartTime", "20261201T110000Z"),
                                                   E("Calendar:EndTime", "20261201T120000Z")], 2.5),
    "Contacts": (CONTACTS, 14, "Contacts:LastName", [], 2.5),
    "Tasks": (TASKS, 15, "Tasks:Subject", [], 2.5),
    "Notes": (NOTES, 17, "Notes:Subject", [E("Notes:MessageClass", "IPM.StickyNote")], 14.0),
}


def classes_of(version):
    return [name for name, row in CLASSES.items() if float(version) >= row[4]]


class ClassCase(ItemsCase):
    def start_class(self, name, user, version):
        self.folder_type = CLASSES[name][0]
        return self.start(user, version)

    def item(self, name, title):
        return [E(CLASSES[name][2], title), *CLASSES[name][3]]

    def titles(self, name, device):
        return sorted(data.get(CLASSES[name][2]) for data in device.items.values())


class Table(ClassCase):
    """One user for each version; every class does the same."""

    def test_2_5(self):
        self.check("u1", "2.5")

    def test_12_1(self):
        self.check("u2", "12.1")

    def test_14_1(self):
        self.check("u3", "14.1")

    def test_16_1(self):
        self.check("u4", "16.1")

    def check(self, user, version):
        for name in classes_of(version):
            with self.subTest(name=name):
                self.check_class(name, user, version)

    def check_class(self, name, user, version):
        default, kind = CLASSES[name][:2]
        device, folder = self.start_class(name, user, version)
        other, _ = self.start_class(name, user, version)

        # folders
        made = device.folder_create(f"{name} A", kind).check()
        self.assertEqual(made.status, "1")
        mine = Folder(made.document.get("ServerId"), f"{name} A", kind)
        below = device.folder_create(f"{name} B", kind, mine.id)
        self.assertEqual(below.status, "1")
        self.assertEqual(device.folder_create(f"{name} A", kind).status, "2")
        self.assertEqual(device.folder_create("Orphan", kind, "9999").status, "5")
        self.assertEqual(device.folder_update(mine.id, f"{name} Ä").status, "1")
        self.assertIn(device.folder_update(folder.id, "Mine now").status, ("2", "3"))
        self.assertEqual(device.folder_delete(folder.id).status, "3")
        other.folder_sync().check()
        self.assertEqual([(f.name, f.type) for f in other.folders.values() if f.id == mine.id], [(f"{name} Ä", kind)])

        # items, estimates
        ids = [self.add(device, folder, str(n), *self.item(name, f"i{n}")) for n in range(3)]
        self.assertEqual([status for status, _ in ids], ["1"] * 3)
        ids = [server_id for _, server_id in ids]
        self.assertEqual(other.item_estimate(folder).document.get("Response/Collection/Estimate"), "3")
        self.pull(other, folder)
        self.assertEqual(self.titles(name, other), ["i0", "i1", "i2"])
        self.assertEqual(other.item_estimate(folder).document.get("Response/Collection/Estimate") or "0", "0")
        if name != "Notes":     # the published schema forgets them in this place
            fetched, = device.fetch(folder, ids[1], opts=device.opts).findall("Responses/Fetch")
            self.assertEqual((fetched.get("Status"), fetched.find("ApplicationData").get(CLASSES[name][2])), ("1", "i1"))

        # moves: repeated it is the same, and to another class's folder there is none
        move = (ids[0], folder.id, mine.id)
        first = device.move_items(move).check().document.find("Response")
        self.assertEqual(first.get("Status"), "3")
        again = device.move_items(move).check().document.find("Response")
        self.assertEqual((again.get("Status"), again.get("DstMsgId")), ("3", first.get("DstMsgId")))
        for wrong in [INBOX, *(CLASSES[c][0] for c in classes_of(version) if c != name)]:
            answer = device.move_items((ids[1], folder.id, device.folders_of_type(wrong)[0].id)).document
            self.assertIn(answer.get("Response/Status"), ("2", "5"))
        self.pull(other, folder)
        self.pull(other, mine)
        self.assertEqual(self.titles(name, other), ["i0", "i1", "i2"])
        self.assertEqual(other.items[first.get("DstMsgId")].get(CLASSES[name][2]), "i0")

        self.check_operations(name, device, other, folder, mine, ids, first.get("DstMsgId"))

        # what is in a folder goes with it
        self.assertEqual(device.folder_delete(mine.id).status, "1")
        collection, _ = other.sync_one(mine)
        self.assertEqual(collection.get("Status"), "12" if float(version) >= 12.1 else "8")
        other.folder_sync().check()
        self.assertNotIn(mine.id, other.folders)
        self.assertNotIn(below.document.get("ServerId"), other.folders)
        export = self.dovecot.doveadm("roost", "export", "-u", device.user, "-")
        self.assertNotIn("i0", export.split())

    def check_operations(self, name, device, other, folder, mine, ids, moved):
        title = CLASSES[name][2]
        if device.version == "2.5":
            self.assertEqual(device.fetch_item(folder.id, ids[1], Body(PLAIN)).code, 400)
            return
        fetch = device.fetch_item(mine.id, moved, Body(PLAIN)).document.find("Response/Fetch")
        self.assertEqual((fetch.get("Status"), fetch.get("AirSync:Class"), fetch.get(f"Properties/{title}")),
                         ("1", name, "i0"))
        # where it was it is no more
        self.assertEqual(device.fetch_item(folder.id, ids[0], Body(PLAIN)).document.get("Response/Fetch/Status"), "6")
        answer = device.item_operations(E("Fetch", E("Store", "Mailbox"), E("AirSync:CollectionId", mine.id),
                                          E("AirSync:ServerId", moved), E("Options", E("Schema", E(title)))))
        properties = answer.document.find("Response/Fetch/Properties")
        self.assertEqual([(node.name, node.text) for node in properties.children], [(title.split(":")[1], "i0")])
        # emptied, and again
        for _ in range(2):
            self.assertEqual(device.empty_folder(mine.id).document.get("Response/EmptyFolderContents/Status"), "1")
        self.pull(other, mine)
        self.assertNotIn(moved, other.items)
        self.assertEqual(self.titles(name, other), ["i1", "i2"])
        device.sync_start(mine)
        self.assertEqual(self.add(device, mine, "again", *self.item(name, "i0"))[0], "1")


WORDS = ("Käse", "a,b;c", "\\n \\", '"q"', "日本", "\U0001f600", "<x> & y", "BEGIN:VEVENT", "a:b=c", "it's", "100 %")
ADDRESSES = "Business Home Other"
CONTACT_FIELDS = ("FirstName MiddleName Suffix Title CompanyName Department JobTitle OfficeLocation BusinessPhoneNumber "
                  "Business2PhoneNumber BusinessFaxNumber HomePhoneNumber Home2PhoneNumber HomeFaxNumber MobilePhoneNumber "
                  "CarPhoneNumber PagerNumber RadioPhoneNumber AssistantPhoneNumber WebPage Spouse AssistantName YomiFirstName "
                  "YomiLastName YomiCompanyName " + " ".join(f"{a}Address{p}" for a in ADDRESSES.split() for p in
                                                             "Street City State PostalCode Country".split())).split()
CONTACT2_FIELDS = ("CustomerId GovernmentId IMAddress IMAddress2 IMAddress3 ManagerName CompanyMainPhone AccountName NickName "
                   "MMS").split()
ITEMS = 40


class Generator:
    """Items as a device may send them, the same in each run."""

    def __init__(self, name, version):
        self.rng, self.version = random.Random(f"{name} {version}"), float(version)
        self.make = getattr(self, name.lower())

    def some(self, percent=50):
        return self.rng.randrange(100) < percent

    def text(self):
        return "x" + " ".join(self.rng.choices(WORDS, k=self.rng.randint(1, 4)))

    def body(self, prefix):
        text = "\r\n".join(self.text() for _ in range(self.rng.randint(1, 3)))
        if self.version == 2.5:
            return E(f"{prefix}:Body", text)
        return E("AirSyncBase:Body", E("Type", PLAIN), E("Data", text))

    def categories(self, prefix):
        return E(f"{prefix}:Categories", [E("Category", self.text()) for _ in range(self.rng.randint(1, 3))])

    def day(self, form="%04d-%02d-%02d"):
        return form % (self.rng.randint(1995, 2045), self.rng.randint(1, 12), self.rng.randint(1, 28))

    def contacts(self, title):
        return [E("Contacts:FileAs", self.text()), E("Contacts:LastName", title),
                *(E(f"Contacts:{name}", self.text()) for name in CONTACT_FIELDS if self.some()),
                *(E(f"Contacts:Email{n}Address", f'"{title}, {n}" <m{n}@x.example>') for n in (1, 2, 3) if self.some()),
                *(E(f"Contacts:{name}", f"{self.day()}T11:59:00.000Z") for name in ("Birthday", "Anniversary") if self.some()),
                *(E(f"Contacts2:{name}", self.text()) for name in CONTACT2_FIELDS if self.some()),
                E("Contacts:Children", [E("Child", self.text()), E("Child", self.text())]) if self.some() else None,
                self.categories("Contacts") if self.some() else None, self.body("Contacts") if self.some() else None]

    def notes(self, title):
        return [E("Notes:Subject", title), E("Notes:MessageClass", "IPM.StickyNote"),
                self.categories("Notes") if self.some() else None, self.body("Notes")]

    def tasks(self, title):
        start, done = self.day(), self.some()
        pattern = self.rng.choice([[("Type", 0)], [("Type", 1), ("DayOfWeek", self.rng.randint(1, 127))],
                                   [("Type", 2), ("DayOfMonth", 28)], [("Type", 3), ("DayOfWeek", 4), ("WeekOfMonth", 5)],
                                   [("Type", 5), ("DayOfMonth", 29), ("MonthOfYear", 2)],
                                   [("Type", 6), ("DayOfWeek", 62), ("WeekOfMonth", 1), ("MonthOfYear", 7)]])
        recurrence = E("Tasks:Recurrence", E("Tasks:Start", f"{start}T00:00:00.000Z"), E("Tasks:Interval", self.rng.randint(1, 9)),
                       *(E(f"Tasks:{name}", value) for name, value in pattern), E("Tasks:Regenerate", self.rng.randint(0, 1)),
                       E("Tasks:DeadOccur", 0))
        return [E("Tasks:Subject", title), E("Tasks:Importance", self.rng.randint(0, 2)),
                *([E(f"Tasks:{name}", f"{start}T00:00:00.000Z") for name in ("UtcStartDate", "StartDate", "UtcDueDate", "DueDate")]
                  if self.some(80) else ()),
                self.categories("Tasks") if self.some() else None, recurrence if self.some(30) and not done else None,
                E("Tasks:Complete", int(done)), E("Tasks:DateCompleted", f"{self.day()}T10:11:12.000Z") if done else None,
                E("Tasks:Sensitivity", self.rng.randint(0, 3)),
                *([E("Tasks:ReminderTime", f"{start}T08:30:00.000Z"), E("Tasks:ReminderSet", 1)] if self.some() else ()),
                self.body("Tasks") if self.some() else None]

    def calendar(self, title):
        day, new = self.day("%04d%02d%02d"), self.version >= 16
        place = self.text()
        return [E("Calendar:Timezone", self.rng.choice((BERLIN, NEW_YORK, KOLKATA))), E("Calendar:AllDayEvent", 0),
                E("Calendar:StartTime", f"{day}T090000Z"), E("Calendar:EndTime", f"{day}T1{self.rng.randint(0, 9)}3000Z"),
                E("Calendar:Subject", title), E("Calendar:BusyStatus", self.rng.randint(0, 3)),
                E("Calendar:Sensitivity", self.rng.randint(0, 3)),
                E("Calendar:Reminder", self.rng.choice((0, 15, 1440))) if self.some() else None,
                (E("AirSyncBase:Location", E("DisplayName", place)) if new else E("Calendar:Location", place))
                if self.some() else None,
                E("Calendar:Recurrence", E("Calendar:Type", 0), E("Calendar:Interval", self.rng.randint(1, 30)),
                  E("Calendar:Occurrences", self.rng.randint(2, 99))) if self.some() else None,
                self.categories("Calendar") if self.some() else None, self.body("Calendar") if self.some() else None]


def flat(node, path=""):
    """(path, text) of all elements below."""
    found = []
    for child in node.children:
        name = f"{path}/{child.name}"
        found += flat(child, name) if child.children else [(name, child.text or "")]
    return found


class Random(ClassCase):
    """What one device says another of its version is shown, word for word; what the store exports another store
    imports, and its devices of all versions are shown the same."""

    def test_calendar(self):
        self.check("Calendar", "u5", "u6")

    def test_contacts(self):
        self.check("Contacts", "u7", "u8")

    def test_tasks(self):
        self.check("Tasks", "u9", "u10")

    def test_notes(self):
        self.check("Notes", "u11", "u12")

    def check(self, name, user, copy):
        title = CLASSES[name][2]
        versions = [version for version in VERSIONS if float(version) >= CLASSES[name][4]]
        said = {}
        for version in versions:
            writer, folder = self.start_class(name, user, version)
            make = Generator(name, version).make
            items = {f"{version} {n}": [node for node in make(f"{version} {n}") if node] for n in range(ITEMS)}
            collection = self.push(writer, folder, *[E("AirSync:Add", E("ClientId", key), E("ApplicationData", *properties))
                                                     for key, properties in items.items()])
            self.assertEqual({answer.get("Status") for answer in collection.findall("Responses/Add")}, {"1"})
            said[version] = {key: flat(E("x", *properties)) for key, properties in items.items()}
        text = self.dovecot.doveadm("roost", "export", "-u", user, "--kind", name.lower(), "-")
        done = subprocess.run([str(self.dovecot.root / "doveadm"), "roost", "import", "-u", copy, "-"], capture_output=True,
                              input=text, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        for version in versions:
            shown, copied = ({data.get(title): flat(data) for data in self.start_class(name, who, version)[0].items.values()}
                             for who in (user, copy))
            self.assertEqual(len(shown), ITEMS * len(versions))
            for key, words in said[version].items():
                # other edges and names of a zone are the same zone
                self.assertEqual([(path, word) for path, word in words if path != "/Timezone" and
                                  (path, word) not in shown[key]], [])
            self.assertEqual(copied, shown)
