"""Calendars ([MS-ASCAL]): events between devices of all versions and the .ics of the store; all-day events, zones, UIDs, filters,
conflicts, repeats, killed workers and bad input."""
import datetime
import re

from rig import E, HTML, Settings, options
from rig.client import TASKS
from rig.calendar import BERLIN, KOLKATA, NEW_YORK, VERSIONS, CalendarCase, event, recurrence, seen

SETTINGS = Settings(users=34, fields={
    "u31": "userdb_roost_timezone=Pacific/Auckland", "u32": "userdb_roost_timezone=America/Los_Angeles",
    "u33": "userdb_roost_timezone=Europe/Atlantis"})
ICS = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//example//test//EN\n{}END:VCALENDAR\n"


class Basics(CalendarCase):
    def test_an_event_goes_from_one_device_to_another_and_back(self):
        for n, version in enumerate(VERSIONS):
            with self.subTest(version=version):
                user = f"u{n + 1}"
                first, folder = self.start(user, version)
                status, server_id, answer = self.add(first, folder, "1", *event(
                    version=version, uid="uid-1", location="Mensa, Süd", reminder=15, busy=3, sensitivity=2,
                    categories=["Work", "a,b"], body="Zeile 1\r\nZeile 2"))
                self.assertEqual(status, "1")
                if version.startswith("16"):
                    self.assertEqual(answer.get("ApplicationData/Calendar:UID"), "uid-1")
                for other in VERSIONS:
                    second, _ = self.start(user, other)
                    data = second.items[server_id]
                    self.assertEqual(seen(data, "StartTime", "EndTime", "Subject", "UID", "Reminder", "BusyStatus",
                                          "Sensitivity", "AllDayEvent", "MeetingStatus"),
                                     ("20261201T110000Z", "20261201T120000Z", "Lunch", "uid-1", "15", "3", "2", "0", "0"))
                    self.assertEqual(data.get("AirSyncBase:Location/DisplayName" if other.startswith("16") else
                                              "Calendar:Location"), "Mensa, Süd")
                    self.assertEqual([c.text for c in data.findall("Calendar:Categories/Category")], ["Work", "a,b"])
                    self.assertEqual(data.get("Calendar:Body" if other == "2.5" else "AirSyncBase:Body/Data"),
                                     "Zeile 1\r\nZeile 2")
                    self.assertEqual(data.get("Calendar:Timezone")[:5], BERLIN[:5])
                lines = self.lines(user)
                self.assertIn("DTSTART;TZID=Europe/Berlin:20261201T120000", lines)
                self.assertIn("CATEGORIES:Work,a\\,b", lines)

                # one field is changed by another device: nothing else is
                second, _ = self.start(user, "16.1")
                self.assertEqual(self.change(second, folder, server_id, E("Calendar:Subject", "Dinner")), "1")
                self.assertEqual([line for line in self.lines(user) if line not in lines], ["SUMMARY:Dinner"])
                self.pull(first, folder)
                self.assertEqual(seen(first.items[server_id], "Subject"), ("Dinner",))
                self.assertEqual(self.delete(first, folder, server_id), "1")
                self.pull(second, folder)
                self.assertEqual(second.items, {})

    def test_what_is_absent(self):
        """Up to 14.1 it is removed, from 16.0 on it stays."""
        for n, version in enumerate(("2.5", "14.1", "16.1")):
            device, folder = self.start(f"u{n + 6}", version)
            _, server_id, _ = self.add(device, folder, "1", *event(version=version, location="x", reminder=5, body="text"))
            self.assertEqual(self.change(device, folder, server_id, *event(version=version, subject="y")), "1")
            reader, _ = self.start(f"u{n + 6}", "14.1")
            data = reader.items[server_id]
            self.assertEqual(seen(data, "Subject", "Location", "Reminder"),
                             ("y", "x", "5") if version == "16.1" else ("y", None, None))
            self.assertEqual(data.get("AirSyncBase:Body/Data"), "text")

    def test_the_organizer_is_no_attendee(self):
        """Others have him among them; Android adds him itself. What a device is not shown stays."""
        people = "ORGANIZER;CN=Me:mailto:u24@example.test\nATTENDEE;PARTSTAT=ACCEPTED;CN=Me:mailto:u24@example.test\n"
        guest = "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:guest@example.org\n"
        for n, guests in enumerate(("", guest)):
            self.imported("u24", ICS.format(f"BEGIN:VEVENT\nUID:p{n}\nSUMMARY:p{n}\nDTSTART:20270101T100000Z\n" + people +
                                            guests + "END:VEVENT\n"))
        lines = self.lines("u24")
        for version in ("2.5", "14.1", "16.1"):
            device, folder = self.start("u24", version)
            for server_id, data in device.items.items():
                self.assertEqual([node.text for node in data.findall("Calendar:Attendees/Attendee/Email")],
                                 ["guest@example.org"] if data.get("Calendar:Subject") == "p1" else [])
                self.assertEqual(self.change(device, folder, server_id, *data.children), "1")
            self.assertEqual(self.lines("u24"), lines)
        # without the last one there is nobody
        device, folder = self.start("u24", "14.1")
        server_id, data = next(pair for pair in device.items.items() if pair[1].get("Calendar:Subject") == "p1")
        self.assertEqual(self.change(device, folder, server_id, *(node for node in data.children if node.name != "Attendees")), "1")
        self.assertEqual(sum(line.startswith("ATTENDEE") for line in self.lines("u24")), 1)

    def test_an_add_without_times_gets_them(self):
        device, folder = self.start("u9", "14.1")
        status, server_id, _ = self.add(device, folder, "1", E("Calendar:Subject", "x"))
        self.assertEqual(status, "1")
        self.pull(device, folder)
        reader, _ = self.start("u9", "14.1")
        start, end, stamp = (datetime.datetime.strptime(value, "%Y%m%dT%H%M%SZ") for value in
                             seen(reader.items[server_id], "StartTime", "EndTime", "DtStamp"))
        self.assertEqual(end - start, datetime.timedelta(minutes=30))
        self.assertIn(start.minute, (0, 30))
        self.assertEqual(len(seen(reader.items[server_id], "UID")[0]), 32)
        self.assertTrue(seen(reader.items[server_id], "Timezone")[0])

    def test_what_is_wrong_is_refused_and_the_rest_is_done(self):
        device, folder = self.start("u10", "14.1")
        bad = [event(start="20261201T110000Z", end="20261201T100000Z"), event(start="yesterday"), event(busy=9),
               event(sensitivity=4), event(reminder="soon"), event(uid="x" * 301),
               event(recurrence=recurrence(Type=9)), event(recurrence=recurrence(Type=1)),
               event(recurrence=recurrence(Type=0, DayOfMonth=3)), event(recurrence=recurrence(Type=2, DayOfMonth=32)),
               event(recurrence=recurrence(Type=2, DayOfMonth=3, CalendarType=13)),
               event(recurrence=recurrence(Type=1, DayOfWeek=2, FirstDayOfWeek=7)),
               event(recurrence=recurrence(Type=1, DayOfWeek=2, WeekOfMonth=1)),
               event(recurrence=recurrence(Type=0), exceptions=E("Calendar:Exceptions", [
                   E("Exception", E("ExceptionStartTime", f"2027{n // 28 % 12 + 1:02}{n % 28 + 1:02}T{n // 336:02}0000Z"))
                   for n in range(1001)]))]
        collection = self.push(device, folder, *[
            E("AirSync:Add", E("ClientId", n), E("ApplicationData", *properties))
            for n, properties in enumerate([*bad, event(uid="good")])])
        self.assertEqual([node.get("Status") for node in collection.findall("Responses/Add")], ["6"] * len(bad) + ["1"])


class Days(CalendarCase):
    def test_all_day_is_the_same_day_for_everybody(self):
        """An event that one version and zone makes is on its days for all others."""
        made = [("2.5", NEW_YORK, "20270313T050000Z", "20270315T040000Z"),      # across the change of the clock
                ("14.1", BERLIN, "20270312T230000Z", "20270314T230000Z"),
                ("14.1", KOLKATA, "20270312T183000Z", "20270314T183000Z"),
                ("12.1", None, "20270313T000000Z", "20270315T000000Z"),
                ("16.1", None, "20270313T000000Z", "20270315T000000Z")]
        for n, (version, timezone, start, end) in enumerate(made):
            with self.subTest(version=version, start=start):
                user = f"u{n + 11}"
                device, folder = self.start(user, version)
                _, server_id, _ = self.add(device, folder, "1", *event(start, end, version=version, timezone=timezone,
                                                                       all_day=True, uid="d"))
                lines = self.lines(user)
                self.assertIn("DTSTART;VALUE=DATE:20270313", lines)
                self.assertIn("DTEND;VALUE=DATE:20270315", lines)
                reader, _ = self.start(user, "16.1")
                self.assertEqual(seen(reader.items[server_id], "StartTime", "EndTime", "Timezone", "AllDayEvent"),
                                 ("20270313T000000Z", "20270315T000000Z", None, "1"))
                old, _ = self.start(user, version if version != "16.1" else "14.1")
                if timezone:
                    self.assertEqual(seen(old.items[server_id], "StartTime", "EndTime"), (start, end))
                # everybody sends back what he was shown, with another subject
                for m, other in enumerate(VERSIONS):
                    writer, _ = self.start(user, other)
                    data = writer.items[server_id]
                    times = [node for node in data.children if node.name in ("Timezone", "AllDayEvent", "StartTime", "EndTime")]
                    self.assertEqual(self.change(writer, folder, server_id, *times, E("Calendar:Subject", f"s{m}")), "1")
                    self.assertEqual([line for line in self.lines(user) if line not in lines], [f"SUMMARY:s{m}"])

    def test_an_event_becomes_all_day_and_back(self):
        for n, version in enumerate(("14.1", "16.1")):
            device, folder = self.start(f"u{n + 16}", version)
            _, server_id, _ = self.add(device, folder, "1", *event(version=version))
            start = "20261130T230000Z" if version == "14.1" else "20261201T000000Z"
            end = "20261201T230000Z" if version == "14.1" else "20261202T000000Z"
            self.assertEqual(self.change(device, folder, server_id, *event(start, end, version=version, all_day=True)), "1")
            self.assertIn("DTSTART;VALUE=DATE:20261201", self.lines(f"u{n + 16}"))
            self.assertIn("DTEND;VALUE=DATE:20261202", self.lines(f"u{n + 16}"))
            self.assertEqual(self.change(device, folder, server_id, *event(version=version, all_day=False)), "1")
            self.assertIn("DTSTART;TZID=Europe/Berlin:20261201T120000", self.lines(f"u{n + 16}"))

    def test_filters_leave_out_what_is_over(self):
        today = datetime.datetime.now(datetime.timezone.utc).replace(hour=12, minute=0, second=0, microsecond=0)
        device, folder = self.start("u18", "14.1")
        for n, days in enumerate((-400, -100, -40, -20, -3, 5)):
            start = today + datetime.timedelta(days=days)
            self.add(device, folder, str(n), *event(start.strftime("%Y%m%dT%H%M%SZ"),
                                                    (start + datetime.timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ"),
                                                    subject=str(days), uid=f"f{n}"))
        start = today - datetime.timedelta(days=500)
        self.add(device, folder, "s", *event(start.strftime("%Y%m%dT%H%M%SZ"),
                                             (start + datetime.timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ"),
                                             subject="series", recurrence=recurrence(Type=0, Interval=1), uid="s"))
        for filter_type, expected in ((4, {"-3", "5"}), (5, {"-3", "5", "-20"}), (6, {"-3", "5", "-20", "-40"}),
                                      (7, {"-3", "5", "-20", "-40", "-100"}),
                                      (0, {"-3", "5", "-20", "-40", "-100", "-400"})):
            reader, _ = self.start("u18", "14.1", filter_type=filter_type)
            self.assertEqual({data.get("Calendar:Subject") for data in reader.items.values()}, expected | {"series"})
        for filter_type in (1, 2, 3, 8):
            reader = self.ready_device("u18", "14.1")
            reader.sync_start(folder)
            collection, _ = reader.sync_one(folder, opts=options(filter_type=filter_type), get_changes=True)
            self.assertEqual(collection.get("Status"), "4")


class Filters(CalendarCase):
    """FilterType 4 to 7 and 0, one device that changes it; how far back an event or a series reaches."""
    EVENTS = {
        # name: the day it begins on, how long it lasts, more lines, the filters that have it
        "later": (20, 1, (), "45670"),
        "recent": (-10, 1, (), "45670"),
        "weeks": (-25, 1, (), "5670"),
        "months": (-80, 1, (), "670"),
        "half": (-170, 1, (), "70"),
        "old": (-300, 1, (), "0"),
        "long": (-60, 55, (), "45670"),
        "endless": (-900, 1, ("RRULE:FREQ=YEARLY",), "45670"),
        "over": (-300, 1, ("RRULE:FREQ=DAILY;COUNT=100",), "0"),
        "reaches": (-300, 1, ("RRULE:FREQ=WEEKLY;UNTIL={-20}",), "5670"),
        "odd": (-300, 1, ("RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;UNTIL={-70}",), "670"),
        "counted": (-300, 1, ("RRULE:FREQ=WEEKLY;COUNT=43",), "45670"),
        "lunar": (-900, 1, ("RRULE:RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",), "45670"),
        "month": (-900, 1, ("RRULE:RSCALE=DANGI;FREQ=DAILY;BYMONTHDAY=1",), "45670"),
        "year-day": (-900, 1, ("RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYYEARDAY=100;COUNT=2",), "0"),
        "dates": (-300, 1, ("RDATE;VALUE=DATE:{-50},{-100}",), "670"),
        # the one that was moved is all that is in the window
        "moved": (-300, 1, ("RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT", "BEGIN:VEVENT", "UID:moved",
                            "RECURRENCE-ID;VALUE=DATE:{-299}", "SUMMARY:moved", "DTSTART;VALUE=DATE:{-5}"), "45670"),
    }

    def day(self, days):
        return (self.today + datetime.timedelta(days=days)).strftime("%Y%m%d")

    def text(self, name, start, length, lines):
        days = re.compile(r"\{(-?[0-9]+)\}")
        return "\n".join(["BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{name}",
                          f"DTSTART;VALUE=DATE:{self.day(start)}", f"DTEND;VALUE=DATE:{self.day(start + length)}",
                          *[days.sub(lambda m: self.day(int(m[1])), line) for line in lines], "END:VEVENT", ""])

    def step(self, device, folder, filter_type):
        """What comes and goes with that filter: {subject}, {subject}; nothing is deleted."""
        before = {data.get("Calendar:Subject") for data in device.items.values()}
        opts = options(filter_type=filter_type)
        while True:
            collection, _ = device.sync_one(folder, opts=opts)
            if collection is None:
                break
            self.assertEqual(collection.get("Status"), "1")
            self.assertEqual(collection.findall("Commands/Delete"), [])
            self.take(device, collection)
            if collection.find("MoreAvailable") is None:
                break
        return before, {data.get("Calendar:Subject") for data in device.items.values()}

    def test_windows(self):
        self.today = datetime.datetime.now(datetime.timezone.utc)
        self.imported("u34", ICS.format("".join(self.text(name, *event[:3]) for name, event in self.EVENTS.items())))
        for version in ("2.5", "12.1", "14.1", "16.1"):
            device, folder = self.start("u34", version, pull=False)
            device.sync_start(folder)
            for filter_type in (4, 5, 6, 7, 0, 7, 4, 6):
                with self.subTest(version=version, filter_type=filter_type):
                    _, shown = self.step(device, folder, filter_type)
                    self.assertEqual(shown, {name for name, event in self.EVENTS.items() if str(filter_type) in event[3]})
            # nothing more happens while nothing happens
            collection, _ = device.sync_one(folder)
            self.assertIsNone(collection and collection.find("Commands"))
            # 0 was the Estimate's up to 12.1
            if float(version) >= 14:
                self.assertEqual(device.item_estimate(folder, options(filter_type=0)).document.get(
                    "Response/Collection/Estimate"), str(sum("6" not in event[3] for event in self.EVENTS.values())))

    def test_what_is_moved_out_leaves_softly_and_comes_back(self):
        today = datetime.datetime.now(datetime.timezone.utc)

        def times(days):
            start = (today + datetime.timedelta(days=days)).strftime("%Y%m%dT120000Z")
            return {"start": start, "end": start.replace("T12", "T13")}

        writer, folder = self.start("u30", "14.1")
        ids = {name: self.add(writer, folder, name, *event(subject=name, uid=name, **times(-3), **more))[1]
               for name, more in (("single", {}), ("series", {"recurrence": recurrence(Type=0, Interval=1)}), ("stays", {}))}
        devices = [self.start("u30", version, filter_type=4)[0] for version in ("2.5", "12.1", "14.1", "16.1")]
        for device in devices:
            self.assertEqual(set(device.items), set(ids.values()))
        until = (today - datetime.timedelta(days=40)).strftime("%Y%m%dT120000Z")
        self.assertEqual(self.change(writer, folder, ids["single"], *event(subject="single", **times(-60))), "1")
        self.assertEqual(self.change(writer, folder, ids["series"], *event(
            subject="series", **times(-60), recurrence=recurrence(Type=0, Interval=1, Until=until))), "1")
        for device in devices:
            collection, _ = device.sync_one(folder)
            self.assertEqual(sorted(node.get("ServerId") for node in collection.findall("Commands/SoftDelete")),
                             sorted((ids["single"], ids["series"])))
            self.assertEqual([node.name.rpartition(":")[2] for node in collection.find("Commands").children],
                             ["SoftDelete", "SoftDelete"])
            self.take(device, collection)
        # one comes back for all; the other one is deleted where nobody sees it
        self.assertEqual(self.change(writer, folder, ids["single"], *event(subject="back", **times(2))), "1")
        self.assertEqual(self.delete(writer, folder, ids["series"]), "1")
        for device in devices:
            collection, _ = device.sync_one(folder)
            self.assertEqual([(node.name.rpartition(":")[2], node.get("ServerId"))
                              for node in collection.find("Commands").children], [("Add", ids["single"])])
            self.take(device, collection)
            # what a device moves out itself leaves it as well
            self.assertEqual(seen(device.items[ids["single"]], "Subject"), ("back",))
        mover = devices[-1]
        self.assertEqual(self.change(mover, folder, ids["stays"], *event(version="16.1", subject="gone", **times(-60))), "1")
        for device in devices:
            self.pull(device, folder)
            self.assertEqual(list(device.items), [ids["single"]])


class Zones(CalendarCase):
    """roost_timezone: what has no zone of its own is by the user's clock."""
    FLOATING = ICS.format("BEGIN:VEVENT\nUID:f\nDTSTAMP:20260101T000000Z\nDTSTART:20261201T090000\nDTEND:20261201T093000\n"
                          "SUMMARY:floating\nEND:VEVENT\n")
    DAY = ICS.format("BEGIN:VEVENT\nUID:d\nDTSTAMP:20260101T000000Z\nDTSTART;VALUE=DATE:20261203\nSUMMARY:day\n"
                     "TRANSP:OPAQUE\nEND:VEVENT\n")
    TASK = ICS.format("BEGIN:VTODO\nUID:t\nDTSTAMP:20260101T000000Z\nDUE;VALUE=DATE:20261201\nSUMMARY:task\nEND:VTODO\n")

    def busy(self, device, user, start, end):
        answer = device.command("ResolveRecipients", E("ResolveRecipients:ResolveRecipients", E("To", f"{user}@example.test"),
                                E("Options", E("Availability", E("StartTime", start), E("EndTime", end))))).document
        return answer.get("Response/Recipient/Availability/MergedFreeBusy")

    def test_two_users_in_two_zones(self):
        for user, floating, day, slots in (("u31", "20261130T200000Z", "20261202T110000Z", 48 * "2" + "00"),
                                           ("u32", "20261201T170000Z", "20261203T080000Z", 42 * "0" + "22222222")):
            with self.subTest(user=user):
                for text in (self.FLOATING, self.DAY, self.TASK):
                    self.imported(user, text)
                device, folder = self.start(user, "14.1")
                events = {data.get("Calendar:Subject"): (server_id, data) for server_id, data in device.items.items()}
                self.assertEqual(seen(events["floating"][1], "StartTime"), (floating,))
                self.assertEqual(seen(events["day"][1], "StartTime", "AllDayEvent"), (day, "1"))
                # what comes back is no change
                server_id, data = events["day"]
                lines = self.lines(user)
                times = [node for node in data.children if node.name in ("Timezone", "AllDayEvent", "StartTime", "EndTime")]
                self.assertEqual(self.change(device, folder, server_id, *times, E("Calendar:Subject", "day")), "1")
                self.assertEqual([line for line in self.lines(user) if line not in lines], [])
                # from here on the 25 hours that the day begins in for one of them
                self.assertEqual(self.busy(device, user, "2026-12-02T11:00:00.000Z", "2026-12-03T12:00:00.000Z"), slots)
                new, _ = self.start(user, "16.1")
                self.assertEqual(seen(new.items[server_id], "StartTime", "Timezone"), ("20261203T000000Z", None))
                tasks = device.folders_of_type(TASKS)[0]
                device.items = {}
                self.pull(device, tasks)
                self.assertEqual([seen(data, "Tasks:DueDate", "Tasks:UtcDueDate") for data in device.items.values()],
                                 [("2026-12-01T00:00:00.000Z", {"u31": "2026-11-30T11:00:00.000Z",
                                                                "u32": "2026-12-01T08:00:00.000Z"}[user])])

    def test_a_zone_that_there_is_not(self):
        response = self.device("u33", "14.1").command("FolderSync", E("FolderHierarchy:FolderSync", E("SyncKey", "0")))
        self.assertGreaterEqual(response.code, 500)
        self.dovecot.wait_log("roost_timezone: 'Europe/Atlantis' is not a time zone")
        self.dovecot.expect_log("Europe/Atlantis")


class Accidents(CalendarCase):
    def test_lost_answers_and_killed_workers_double_nothing(self):
        device, folder = self.start("u19", "16.1")
        key = device.sync_keys[folder.id]
        commands = [E("AirSync:Add", E("ClientId", n), E("ApplicationData", *event(version="16.1", uid=f"c{n}", subject=f"e{n}")))
                    for n in range(3)]
        first = self.push(device, folder, *commands)
        self.dovecot.kill("roost-worker")
        again = self.push(device, folder, *commands, key=key)
        self.assertEqual([node.get("ServerId") for node in again.findall("Responses/Add")],
                         [node.get("ServerId") for node in first.findall("Responses/Add")])
        self.assertEqual([node.get("ApplicationData/Calendar:UID") for node in again.findall("Responses/Add")], ["c0", "c1", "c2"])
        # the same event with another ClientId: the ClientUid tells ([MS-ASCAL] 2.2.2.13)
        status, server_id, _ = self.add(device, folder, "other", *event(version="16.1", uid="c1", subject="e1"))
        self.assertEqual((status, server_id), ("1", first.findall("Responses/Add")[1].get("ServerId")))
        reader, _ = self.start("u19", "14.1")
        self.assertEqual(sorted(data.get("Calendar:Subject") for data in reader.items.values()), ["e0", "e1", "e2"])

    def test_conflicts_keep_both_versions(self):
        for n, (conflict, status, subject) in enumerate(((1, "7", "second"), (0, "1", "first"))):
            user = f"u{n + 20}"
            first, folder = self.start(user, "14.1", conflict=conflict)
            _, server_id, _ = self.add(first, folder, "1", *event(uid="k"))
            second, _ = self.start(user, "16.1")
            self.assertEqual(self.change(second, folder, server_id, E("Calendar:Subject", "second")), "1")
            self.assertEqual(self.change(first, folder, server_id, *event(subject="first")), status)
            self.pull(first, folder)
            reader, _ = self.start(user, "14.1")
            self.assertEqual(seen(reader.items[server_id], "Subject"), (subject,))
            if conflict:
                self.assertEqual(seen(first.items[server_id], "Subject"), ("second",))
            self.assertIn("server" if conflict else "device", self.dovecot.doveadm("roost", "conflict", "list", "-u", user))

    def test_bad_calendars_stay_alone(self):
        """Broken items are skipped and named; what is large is shown within bounds; the rest syncs."""
        device, folder = self.start("u22", "14.1")
        self.add(device, folder, "1", *event(uid="ok", subject="ok"))
        attendees = "".join(f"ATTENDEE;CN=P{n}:mailto:p{n}@example.test\n" for n in range(5000))
        dates = ",".join((datetime.datetime(2000, 1, 1) + datetime.timedelta(days=n)).strftime("%Y%m%dT%H%M%SZ")
                         for n in range(100000))
        self.imported("u22", ICS.format(
            "BEGIN:VEVENT\nUID:people\nSUMMARY:people\nDTSTART:20270101T100000Z\n" + attendees + "END:VEVENT\n"))
        self.imported("u22", ICS.format(
            "BEGIN:VEVENT\nUID:dates\nSUMMARY:dates\nDTSTART:20000101T000000Z\nRRULE:FREQ=DAILY\nEXDATE:" + dates +
            "\nEND:VEVENT\n"))
        self.imported("u22", ICS.format(
            "BEGIN:VEVENT\nUID:endless\nSUMMARY:endless\nDTSTART:20270101T000000Z\n"
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\nEND:VEVENT\n"))
        self.imported("u22", ICS.format(
            "BEGIN:VEVENT\nUID:broken\nSUMMARY:broken\nDTSTART:whenever\nEND:VEVENT\n"))
        self.pull(device, folder)
        by_subject = {data.get("Calendar:Subject"): data for data in device.items.values()}
        self.assertEqual(len(by_subject["people"].findall("Calendar:Attendees/Attendee")), 5000)
        self.assertEqual(len(by_subject["dates"].findall("Calendar:Exceptions/Exception")), 256)
        self.assertIn("endless", by_subject)
        self.assertNotIn("broken", by_subject)
        self.dovecot.expect_log("can't be shown")
        # many people come back, and nothing changes
        people = next(key for key, data in device.items.items() if data.get("Calendar:Subject") == "people")
        before = self.lines("u22")
        self.assertEqual(self.change(device, folder, people, *device.items[people].children), "1")
        self.assertEqual(self.lines("u22"), before)

    def test_a_large_body(self):
        device, folder = self.start("u23", "14.1")
        status, server_id, _ = self.add(device, folder, "1", *event(body="0123456789abcde\r\n" * 60000, uid="large"))
        self.assertEqual(status, "1")
        self.imported("u23", ICS.format("BEGIN:VEVENT\nUID:huge\nSUMMARY:huge\nDTSTART:20270101T100000Z\nDESCRIPTION:" +
                                        "0123456789" * 1000000 + "\nEND:VEVENT\n"))
        reader, _ = self.start("u23", "16.1", kind=HTML, truncation=2048)
        self.assertIn(server_id, reader.items)
        huge, = [data for data in reader.items.values() if data.get("Calendar:Subject") == "huge"]
        self.assertGreater(int(huge.get("AirSyncBase:Body/EstimatedDataSize")), 10000000)
        self.assertEqual((huge.get("AirSyncBase:Body/Truncated"), len(huge.get("AirSyncBase:Body/Data"))), ("1", 2048))
