"""Series ([MS-ASCAL] 2.2.2.37) and their exceptions between versions: the model of 2.5 to 14.1 (Exceptions), that of 16.x
(InstanceId) and attachments, over the same VEVENTs; and several devices with one calendar at the same time."""
import base64
import datetime
import random
import re
import sqlite3
import threading

from rig import CALENDAR, E, Settings, wbxml
from rig.calendar import BERLIN, VERSIONS, CalendarCase, event, recurrence, seen

SETTINGS = Settings(users=22)
DAILY = dict(Type=0, Interval=1, Occurrences=10)


def exceptions(*nodes):
    return E("Calendar:Exceptions", [E("Exception", *node) for node in nodes])


RANGE = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
BEGIN:VEVENT
UID:range
DTSTAMP:20261101T080000Z
DTSTART;TZID=Europe/Berlin:20261201T120000
DTEND;TZID=Europe/Berlin:20261201T130000
RRULE:FREQ=DAILY;COUNT=20
SUMMARY:base
END:VEVENT
BEGIN:VEVENT
UID:range
DTSTAMP:20261101T080000Z
RECURRENCE-ID;TZID=Europe/Berlin;RANGE=THISANDFUTURE:20261206T120000
DTSTART;TZID=Europe/Berlin:20261206T140000
DTEND;TZID=Europe/Berlin:20261206T150000
SUMMARY:later
END:VEVENT
END:VCALENDAR
"""


class Old(CalendarCase):
    def test_a_series_across_daylight_saving(self):
        """Nine o'clock stays nine o'clock for devices of all versions."""
        device, folder = self.start("u1", "14.1")
        _, server_id, _ = self.add(device, folder, "1", *event(
            "20261019T070000Z", "20261019T080000Z", uid="w", recurrence=recurrence(Type=1, Interval=1, DayOfWeek=2)))
        self.assertIn("DTSTART;TZID=Europe/Berlin:20261019T090000", self.lines("u1"))
        # the occurrence after the change of the clock, as each version names it
        self.assertEqual(self.change(device, folder, server_id, *event(
            "20261019T070000Z", "20261019T080000Z", uid="w", recurrence=recurrence(Type=1, Interval=1, DayOfWeek=2),
            exceptions=exceptions([E("Deleted", 1), E("ExceptionStartTime", "20261026T080000Z")]))), "1")
        self.assertIn("EXDATE;TZID=Europe/Berlin:20261026T090000", self.lines("u1"))
        for version in VERSIONS:
            reader, _ = self.start("u1", version)
            data = reader.items[server_id]
            name = "AirSyncBase:InstanceId" if version.startswith("16") else "ExceptionStartTime"
            self.assertEqual(seen(data, "StartTime"), ("20261019T070000Z",))
            self.assertEqual(data.get("Calendar:Timezone")[:5], BERLIN[:5])
            self.assertEqual([(node.get("Deleted"), node.get(name)) for node in data.findall("Calendar:Exceptions/Exception")],
                             [("1", "20261026T080000Z")])

    def test_exceptions_are_kept_and_inherit(self):
        for n, version in enumerate(("2.5", "12.1", "14.1")):
            with self.subTest(version=version):
                user = f"u{n + 2}"
                device, folder = self.start(user, version)
                base = dict(version=version, uid="d", location="here", recurrence=recurrence(**DAILY))
                _, server_id, _ = self.add(device, folder, "1", *event(**base))
                status = self.change(device, folder, server_id, *event(**base, exceptions=exceptions(
                    [E("ExceptionStartTime", "20261202T110000Z"), E("StartTime", "20261202T130000Z"),
                     E("EndTime", "20261202T140000Z"), E("Subject", "later")],
                    [E("Deleted", 1), E("ExceptionStartTime", "20261203T110000Z")],
                    [E("ExceptionStartTime", "20261204T110000Z"), E("Location")])))
                self.assertEqual(status, "1")
                lines = self.lines(user)
                self.assertIn("RECURRENCE-ID;TZID=Europe/Berlin:20261202T120000", lines)
                self.assertIn("DTSTART;TZID=Europe/Berlin:20261202T140000", lines)
                self.assertEqual(lines.count("LOCATION:here"), 2)
                # without Exceptions, and without one of them, they stay
                self.assertEqual(self.change(device, folder, server_id, *event(**base)), "1")
                self.assertEqual(self.change(device, folder, server_id, *event(**base, exceptions=exceptions(
                    [E("Deleted", 1), E("ExceptionStartTime", "20261203T110000Z")]))), "1")
                self.assertEqual(self.lines(user), lines)
                for other in ("14.1", "16.1"):
                    reader, _ = self.start(user, other)
                    shown = reader.items[server_id].findall("Calendar:Exceptions/Exception")
                    self.assertEqual([node.get("Deleted") for node in shown], [None, "1", None])
                    self.assertEqual(shown[0].get("Subject"), "later")
                    self.assertEqual(shown[0].get("StartTime"), "20261202T130000Z")
                    self.assertIsNone(shown[0].find("AirSyncBase:Location" if other == "16.1" else "Location"))
                    self.assertIsNotNone(shown[2].find("AirSyncBase:Location" if other == "16.1" else "Location"))
                # the series becomes a single event
                del base["recurrence"]
                self.assertEqual(self.change(device, folder, server_id, *event(**base)), "1")
                text = "\n".join(self.lines(user))
                for name in ("RRULE", "EXDATE", "RECURRENCE-ID"):
                    self.assertNotIn(name, text.split("BEGIN:VTIMEZONE")[0])


# the Korean new year, on which the Chinese one is a day earlier in 2027, and the 100th day of the Hebrew year
SEOLLAL = ["20260217", "20270207", "20280127", "20290213", "20300203", "20310123", "20320211", "20330131", "20340219"]
HUNDREDTH = ["20251231", "20261220", "20280109", "20281229", "20291218"]


def to_come(days):
    """Those of a list from a month ago on: what is shown of a series that no pattern has."""
    first = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=31)
    return [day for day in days if day > first.strftime("%Y%m%d")]


class Calendars(CalendarCase):
    def test_a_lunar_series_of_a_device(self):
        """The Korean new year: a pattern from 14.0 on, its days below; occurrences are found by their ids."""
        for n, version in enumerate(("14.1", "16.1")):
            user = f"u{n + 12}"
            device, folder = self.start(user, version)
            elements = dict(version=version, uid="s", start="20260217T030000Z", end="20260217T040000Z",
                            recurrence=recurrence(Type=5, Interval=1, DayOfMonth=1, MonthOfYear=1, CalendarType=20))
            status, server_id, _ = self.add(device, folder, "1", *event(**elements))
            self.assertEqual(status, "1")
            self.assertIn("RRULE:RSCALE=DANGI;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", self.lines(user))
            if version == "16.1":
                self.assertEqual(self.delete(device, folder, server_id, instance="20270206T030000Z"), "6")
                self.assertEqual(self.delete(device, folder, server_id, instance="20270207T030000Z"), "1")
                self.assertEqual(self.change(device, folder, server_id, E("Calendar:Subject", "later"),
                                             instance="20280127T030000Z"), "1")
            else:
                self.assertEqual(self.change(device, folder, server_id, *event(**elements, exceptions=exceptions(
                    [E("Deleted", 1), E("ExceptionStartTime", "20270207T030000Z")],
                    [E("ExceptionStartTime", "20280127T030000Z"), E("Subject", "later")]))), "1")
            for other in VERSIONS:
                reader, _ = self.start(user, other)
                data = reader.items[server_id]
                if float(other) < 14:
                    self.assertEqual(seen(data, "StartTime"), (to_come(SEOLLAL[:1] + SEOLLAL[2:])[0] + "T030000Z",))
                    continue
                self.assertEqual(seen(data.find("Calendar:Recurrence"), "Type", "CalendarType", "MonthOfYear", "DayOfMonth",
                                      "Until"), ("5", "20", "1", "1", None))
                name = "AirSyncBase:InstanceId" if other.startswith("16") else "ExceptionStartTime"
                self.assertEqual([(node.get("Deleted"), node.get(name), node.get("Subject"))
                                  for node in data.findall("Calendar:Exceptions/Exception")],
                                 [("1", "20270207T030000Z", None), (None, "20280127T030000Z", "later")])

    def test_days_of_a_hebrew_year(self):
        """What no pattern has is shown as its days; each of them can be changed and deleted, others can't."""
        for n, version in enumerate(("14.1", "16.1")):
            user = f"u{n + 14}"
            self.imported(user, "\n".join((
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", "BEGIN:VEVENT", "UID:d", "DTSTAMP:20251101T080000Z",
                "DTSTART:20251231T100000Z", "DTEND:20251231T110000Z", "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYYEARDAY=100",
                "SUMMARY:hundred", "END:VEVENT", "END:VCALENDAR", "")))
            device, folder = self.start(user, version)
            (server_id, data), = device.items.items()
            days = to_come(HUNDREDTH)
            self.assertEqual(seen(data, "StartTime"), (days[0] + "T100000Z",))
            if version == "16.1":
                self.assertEqual(self.delete(device, folder, server_id, instance="20280110T100000Z"), "6")
                self.assertEqual(self.delete(device, folder, server_id, instance="20280109T100000Z"), "1")
                self.assertEqual(self.change(device, folder, server_id, E("Calendar:Subject", "later"),
                                             instance="20281229T100000Z"), "1")
            else:
                self.assertEqual(self.change(device, folder, server_id, *event(
                    seen(data, "StartTime")[0], seen(data, "EndTime")[0], "hundred", uid="d",
                    timezone=data.get("Calendar:Timezone"), recurrence=data.find("Calendar:Recurrence"),
                    exceptions=exceptions([E("Deleted", 1), E("ExceptionStartTime", "20280109T100000Z")],
                                          [E("ExceptionStartTime", "20281229T100000Z"), E("Subject", "later")]))), "1")
            text = self.ics(user)
            self.assertIn("RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYYEARDAY=100\n", text)
            self.assertRegex(text, "\nEXDATE[^:]*:20280109T100000Z?\n")
            self.assertRegex(text, "\nRECURRENCE-ID[^:]*:20281229T100000Z?\n")
            self.assertEqual(re.findall("(?m)^SUMMARY:(.*)$", text), ["hundred", "later"])


class New(CalendarCase):
    def series(self, user, version="16.1"):
        device, folder = self.start(user, version)
        _, server_id, _ = self.add(device, folder, "1", *event(version=version, uid="s", location="here",
                                                               recurrence=recurrence(**DAILY)))
        return device, folder, server_id

    def test_occurrences_are_changed_and_deleted_by_instance_id(self):
        for n, version in enumerate(("16.0", "16.1")):
            user = f"u{n + 6}"
            device, folder, server_id = self.series(user, version)
            self.assertEqual(self.change(device, folder, server_id, E("Calendar:Subject", "later"),
                                         E("Calendar:StartTime", "20261202T130000Z"),
                                         E("Calendar:EndTime", "20261202T140000Z"), instance="20261202T110000Z"), "1")
            self.assertEqual(self.delete(device, folder, server_id, instance="20261203T110000Z"), "1")
            lines = self.lines(user)
            self.assertIn("RECURRENCE-ID;TZID=Europe/Berlin:20261202T120000", lines)
            self.assertIn("EXDATE;TZID=Europe/Berlin:20261203T120000", lines)
            reader, _ = self.start(user, "14.1")
            shown = reader.items[server_id].findall("Calendar:Exceptions/Exception")
            self.assertEqual([(node.get("Deleted"), node.get("ExceptionStartTime"), node.get("Subject")) for node in shown],
                             [(None, "20261202T110000Z", "later"), ("1", "20261203T110000Z", None)])
            # one more field of the changed one
            self.assertEqual(self.change(device, folder, server_id, E("Calendar:Reminder", 5), instance="20261202T110000Z"), "1")
            self.assertEqual([line for line in self.lines(user) if line not in lines],
                             ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER:-PT5M", "END:VALARM"])
            # there is no such occurrence
            self.assertEqual(self.change(device, folder, server_id, E("Calendar:Subject", "x"), instance="20261202T111500Z"), "6")
            self.assertEqual(self.delete(device, folder, server_id, instance="20261203T110000Z"), "6")
            # another pattern deletes the exceptions ([MS-ASCAL] 2.2.2.22)
            self.assertEqual(self.change(device, folder, server_id, recurrence(Type=0, Interval=2)), "1")
            text = "\n".join(self.lines(user))
            self.assertNotIn("RECURRENCE-ID", text)
            self.assertNotIn("EXDATE", text)

    def test_this_and_all_that_follow(self):
        """RANGE=THISANDFUTURE of another program: each occurrence is shown as what it is, and changed by itself."""
        self.imported("u18", RANGE)
        device, folder = self.start("u18", "16.1")
        old, _ = self.start("u18", "14.1")
        server_id, = device.items

        def shown():
            """(subject, hour or deleted) by day, of both."""
            out = []
            for each, name in ((device, "AirSyncBase:InstanceId"), (old, "ExceptionStartTime")):
                self.pull(each, folder)
                out.append({int(node.get(name)[6:8]): "deleted" if node.get("Deleted") == "1" else
                            (node.get("Subject"), node.get("StartTime")[6:11])
                            for node in each.items[server_id].findall("Calendar:Exceptions/Exception")})
            self.assertEqual(*out)
            return out[0]
        wanted = {day: ("later", f"{day:02}T13") for day in range(6, 21)}
        self.assertEqual(shown(), wanted)
        # one of them; the first, which stands for all; and without the first
        for day, subject in ((9, "ninth"), (6, "sixth"), (8, None), (7, None)):
            instance = f"202612{day:02}T110000Z"
            if subject:
                status = self.change(device, folder, server_id, E("Calendar:Subject", subject), instance=instance)
                wanted[day] = (subject, f"{day:02}T13")
            else:
                status = self.delete(device, folder, server_id, instance=instance)
                wanted[day] = "deleted"
            self.assertEqual(status, "1")
            # what the device did itself does not come back
            device.sync_keys.pop(folder.id)
            self.assertEqual(shown(), wanted)
        # an older one does it its way
        self.assertEqual(self.change(old, folder, server_id, *event(subject="base", uid="range", recurrence=recurrence(
            Type=0, Interval=1, Occurrences=20), exceptions=exceptions(
                [E("ExceptionStartTime", "20261210T110000Z"), E("StartTime", "20261210T150000Z"),
                 E("EndTime", "20261210T160000Z"), E("Subject", "tenth")]))), "1")
        wanted[10] = ("tenth", "10T15")
        device.sync_keys.pop(folder.id)
        old.sync_keys.pop(folder.id)
        self.assertEqual(shown(), wanted)
        self.assertIn("RECURRENCE-ID;TZID=Europe/Berlin;RANGE=THISANDFUTURE:20261211T120000", self.ics("u18"))

    def test_requests_that_come_again_change_once(self):
        device, folder, server_id = self.series("u8")
        key = device.sync_keys[folder.id]
        commands = [E("AirSync:Change", E("ServerId", server_id), E("AirSyncBase:InstanceId", "20261202T110000Z"),
                      E("AirSync:ApplicationData", E("Calendar:Subject", "a"))),
                    E("AirSync:Change", E("ServerId", server_id), E("AirSyncBase:InstanceId", "20261203T110000Z"),
                      E("AirSync:ApplicationData", E("Calendar:Subject", "b"))),
                    E("AirSync:Delete", E("ServerId", server_id), E("AirSyncBase:InstanceId", "20261204T110000Z"))]
        self.push(device, folder, *commands)
        lines = self.lines("u8")
        self.dovecot.kill("roost-worker")
        collection = self.push(device, folder, *commands, key=key)
        self.assertTrue(collection is None or collection.find("Responses") is None)
        self.assertEqual(self.lines("u8"), lines)
        self.assertIn(server_id, device.items or {server_id: None})

    def test_attachments(self):
        device, folder = self.start("u9", "16.1")
        attach = E("AirSyncBase:Attachments", E("AirSyncBase:Add", E("ClientId", "a1"), E("Method", 1),
                                                E("Content", b"Tagesordnung \0\xff"), E("DisplayName", "plan.bin"),
                                                E("ContentType", "application/x-plan")))
        properties = [*event(version="16.1", uid="at"), attach]
        key = device.sync_keys[folder.id]
        status, server_id, answer = self.add(device, folder, "1", *properties)
        self.assertEqual(status, "1")
        reference = answer.get("ApplicationData/AirSyncBase:Attachments/Attachment/FileReference")
        self.assertEqual(answer.get("ApplicationData/AirSyncBase:Attachments/Attachment/ClientId"), "a1")
        _, _, again = self.add(device, folder, "1", *properties, key=key)
        self.assertEqual(again.get("ApplicationData/AirSyncBase:Attachments/Attachment/FileReference"), reference)
        reader, _ = self.start("u9", "16.0")
        shown = reader.items[server_id].findall("AirSyncBase:Attachments/Attachment")
        self.assertEqual([(node.get("DisplayName"), node.get("FileReference"), node.get("EstimatedDataSize")) for node in shown],
                         [("plan.bin", reference, "15")])
        response = reader.command("ItemOperations", E("ItemOperations:ItemOperations", E("Fetch", E("Store", "Mailbox"), E(
            "AirSyncBase:FileReference", reference))))
        fetched = response.document.find("Response/Fetch")
        self.assertEqual(fetched.get("Status"), "1")
        self.assertEqual(fetched.get("Properties/AirSyncBase:ContentType"), "application/x-plan")
        self.assertEqual(fetched.get("Properties/Data"), "VGFnZXNvcmRudW5nIAD/")
        # not one of a mail: the versions that have GetAttachment know of no others
        self.assertEqual(self.start("u9", "12.1")[0].get_attachment(reference).code, 500)
        # a 14.1 device edits the event: the file stays
        old, _ = self.start("u9", "14.1")
        self.assertEqual(self.change(old, folder, server_id, *event(subject="edited", uid="at")), "1")
        self.pull(device, folder)
        self.assertEqual(self.change(device, folder, server_id, E("AirSyncBase:Attachments", E("AirSyncBase:Delete", E(
            "FileReference", reference)))), "1")
        self.pull(reader, folder)
        self.assertIsNone(reader.items[server_id].find("AirSyncBase:Attachments"))
        self.assertNotIn("ATTACH", "\n".join(self.lines("u9")))

    def fetched(self, device, reference, **arguments):
        response = device.fetch_attachment(reference, **arguments).check()
        document = wbxml.decode(response.parts[0]) if arguments.get("multipart") else response.document
        return response, document.find("Response/Fetch")

    def test_a_large_attachment_in_ranges(self):
        device, folder = self.start("u11", "16.1")
        _, _, answer = self.add(device, folder, "1", *event(version="16.1", uid="large"), E(
            "AirSyncBase:Attachments", E("AirSyncBase:Add", E("ClientId", "a1"), E("Method", 1), E("Content", b"small"),
                                         E("DisplayName", "film.bin"))))
        reference = answer.get("ApplicationData/AirSyncBase:Attachments/Attachment/FileReference")
        # more than a device may send at once
        data = random.Random(20).randbytes(20_000_000)
        database = sqlite3.connect(self.dovecot.home("u11") / "roost.db")
        with database:
            database.execute("UPDATE blob SET data=?", (data,))
            database.execute("UPDATE pim_folder SET bytes=bytes+?-5 WHERE items=1", (len(data),))
        database.close()
        step = 1_500_000
        found = bytearray()
        for first in range(0, len(data), step):
            # as whole numbers of it, and beyond its end
            response, fetch = self.fetched(device, reference, multipart=True, byte_range=f"{first}-{first + step - 1}")
            self.assertEqual(fetch.get("Status"), "1")
            self.assertEqual(fetch.get("Properties/Range"), f"{first}-{min(first + step, len(data)) - 1}")
            self.assertEqual(fetch.get("Properties/Total"), str(len(data)))
            found += response.parts[int(fetch.get("Properties/Part"))]
        self.assertEqual(found, data)
        # a piece in the document itself, and all of it
        _, fetch = self.fetched(device, reference, byte_range="19999990-30000000")
        self.assertEqual(base64.b64decode(fetch.get("Properties/Data")), data[-10:])
        response, _ = self.fetched(device, reference, multipart=True)
        self.assertEqual(response.parts[1], data)
        for asked, status in (("20000000-20000001", "8"), ("5-4", "8")):
            self.assertEqual(self.fetched(device, reference, byte_range=asked)[1].get("Status"), status)
        self.assertLess(self.dovecot.peak_memory("roost-worker"), 30 * 1024, "KiB of a worker's memory")
        self.assertEqual(self.dovecot.doveadm("roost", "check", "-u", "u11").splitlines()[1:], [])

    def test_refused_attachment(self):
        """An attachment that can't be taken: nothing of its command is done."""
        def attachments(*methods):
            return E("AirSyncBase:Attachments", *[E(
                "AirSyncBase:Add", E("ClientId", f"a{number}"), E("Method", method), E("Content", b"text"),
                E("DisplayName", "plan.txt")) for number, method in enumerate(methods)])
        device, folder = self.start("u10", "16.1")
        status, server_id, _ = self.add(device, folder, "1", *event(version="16.1", uid="kept"))
        self.assertEqual(status, "1")
        lines = self.lines("u10")
        changed = event(version="16.1", uid="kept", subject="Dinner")
        self.assertEqual(self.change(device, folder, server_id, *changed, attachments(1, 9)), "6")
        self.assertEqual(self.add(device, folder, "2", *event(version="16.1", uid="new"), attachments(1, 9))[0], "6")
        self.assertEqual(self.lines("u10"), lines)
        self.pull(device, folder)
        self.assertEqual([(key, data.get("Calendar:Subject")) for key, data in device.items.items()], [(server_id, "Lunch")])
        # what was refused is nowhere, and the same without the fault is done
        self.assertEqual(self.change(device, folder, server_id, *changed, attachments(1)), "1")
        self.assertEqual(sum(line.startswith("ATTACH") for line in self.lines("u10")), 1)
        # the device hears what the server calls it
        self.pull(device, folder)
        self.assertTrue(device.items[server_id].get("AirSyncBase:Attachments/Attachment/FileReference"))


IMPORTED = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Test//EN
BEGIN:VEVENT
UID:%(name)s
DTSTAMP:20261101T080000Z
DTSTART;TZID=Europe/Berlin:20261201T120000
DTEND;TZID=Europe/Berlin:20261201T130000
RRULE:FREQ=DAILY;COUNT=30
EXDATE;TZID=Europe/Berlin:20261230T120000
SUMMARY:%(name)s
END:VEVENT
BEGIN:VEVENT
UID:%(name)s
DTSTAMP:20261101T080000Z
RECURRENCE-ID;TZID=Europe/Berlin:20261229T120000
DTSTART;TZID=Europe/Berlin:20261229T150000
DTEND;TZID=Europe/Berlin:20261229T160000
SUMMARY:%(name)s moved
END:VEVENT
END:VCALENDAR
"""


class Together(CalendarCase):
    """Devices of three versions and an import, on one series with exceptions and on events of their own."""
    rounds = 6

    def move(self, device, folder, common, day, name):
        """The occurrence of that day in December becomes another one."""
        properties = [E("Calendar:Subject", name), E("Calendar:StartTime", f"202612{day:02}T140000Z"),
                      E("Calendar:EndTime", f"202612{day:02}T150000Z")]
        instance = f"202612{day:02}T110000Z"
        if device.version == "16.1":
            return self.change(device, folder, common, *properties, instance=instance)
        known = device.items[common].find("Calendar:Exceptions")
        new = E("Exception", E("ExceptionStartTime", instance), *properties)
        return self.change(device, folder, common, *event(
            version=device.version, uid="common", subject="common", recurrence=recurrence(Type=0, Interval=1, Occurrences=30),
            exceptions=E("Calendar:Exceptions", [*known.children, new])))

    def edit(self, number, device, folder, common, accepted, failures):
        try:
            for n in range(self.rounds):
                name = f"{device.version} {n}"
                status, _, _ = self.add(device, folder, name, *event(
                    version=device.version, uid=f"{number}-{n}", subject=name, recurrence=recurrence(Type=0, Interval=2, Occurrences=4)))
                self.assertEqual(status, "1")
                self.pull(device, folder)
                # what everybody edits, on the one version that the device knows
                day = 2 + number * self.rounds + n
                status = self.move(device, folder, common, day, f"moved {name}")
                self.assertIn(status, ("1", "7"))
                if status == "1":
                    accepted.append(f"moved {name}")
        except BaseException as error:
            failures.append(error)

    def shown(self, device):
        return {server_id: [str(node) for node in data.children] for server_id, data in device.items.items()}

    def test_all_converge_and_conflicts_are_kept(self):
        self.imported("u19", IMPORTED % {"name": "common"})
        devices = [self.start("u19", version, conflict=1)[0] for version in ("2.5", "14.1", "16.1")]
        folder, (common,) = devices[0].folders_of_type(CALENDAR)[0], devices[0].items
        accepted, failures = [], []
        threads = [threading.Thread(target=self.edit, args=(number, device, folder, common, accepted, failures))
                   for number, device in enumerate(devices)]
        for thread in threads:
            thread.start()
        for n in range(4):
            self.imported("u19", IMPORTED % {"name": f"import{n}"})
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        # whatever was taken is there, beside what was there before
        names = re.findall(r"(?m)^SUMMARY:(.*)$", self.ics("u19"))
        own = [f"{device.version} {n}" for device in devices for n in range(self.rounds)]
        imports = [f"import{n}" for n in range(4)]
        self.assertEqual(sorted(names), sorted(["common", "common moved", *accepted, *own, *imports,
                                                *(f"{name} moved" for name in imports)]))
        rows = self.dovecot.doveadm("-f", "tab", "roost", "conflict", "list", "-u", "u19").splitlines()[1:]
        self.assertEqual(len(rows) + len(accepted), len(own))
        self.resolved(rows)
        # a last change of all by none of them: everybody has the same
        self.imported("u19", self.ics("u19").replace("\nSUMMARY:", "\nLOCATION:there\nSUMMARY:"))
        for device in devices:
            self.pull(device, folder)
            fresh, _ = self.start("u19", device.version)
            self.assertEqual(len(fresh.items), 1 + len(own) + len(imports))
            self.assertEqual(self.shown(device), self.shown(fresh), device.version)
            exceptions = device.items[common].findall("Calendar:Exceptions/Exception")
            self.assertEqual(len(exceptions), 2 + len(accepted))

    def resolved(self, rows):
        """Both versions of each conflict are there, until somebody has decided."""
        for row in rows:
            shown = self.dovecot.doveadm("roost", "conflict", "show", "-u", "u19", row.split("\t")[0])
            self.assertGreaterEqual(shown.count("BEGIN:VEVENT\n") + shown.count("BEGIN:VEVENT\r\n"), 2)
            self.assertIn("moved ", shown)
        for row in rows:
            self.dovecot.doveadm("roost", "conflict", "resolve", "-u", "u19", row.split("\t")[0], "won")
        self.assertEqual(self.dovecot.doveadm("-f", "tab", "roost", "conflict", "list", "-u", "u19").splitlines()[1:], [])
