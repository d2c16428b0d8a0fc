"""Two users of one server meet: the organiser's device at 14.1 mails itself, at 16.1 the server does."""
import contextlib
import os
import sqlite3
import threading

from rig import CALENDAR, INBOX, SENT, E, Settings
from rig.client import HttpError
from rig.meeting import MeetingCase, calendar, message

SETTINGS = Settings(users=34)


class Meetings(MeetingCase):
    def both(self, organizer, attendee, version="16.1"):
        devices = self.ready_device(organizer, "16.1"), self.ready_device(attendee, version)
        calendars = [device.folders_of_type(CALENDAR)[0] for device in devices]
        for device, events in zip(devices, calendars):
            self.look(device, device.folders_of_type(INBOX)[0])
            self.look(device, events)
        return (*devices, *calendars)

    def change(self, device, folder, item, *properties):
        """As devices do it: what the server has made of it comes back."""
        self.look(device, folder)
        self.assertIsNone(device.change(folder, item, *properties).find("Responses"))

    def told(self):
        """Who was told what since the last time: {(recipient, method), ...}; each once."""
        out = [(recipient.partition("@")[0], method) for recipients, method, _ in self.sent() for recipient in recipients]
        self.dovecot.smtp.clear()
        self.assertEqual(len(out), len(set(out)), out)
        return set(out)

    def test_a_meeting_of_two(self):
        for organizer, attendee, version in (("u1", "u2", "2.5"), ("u3", "u4", "12.1"), ("u5", "u6", "14.1"),
                                             ("u7", "u8", "16.1")):
            with self.subTest(version=version):
                self.dovecot.smtp.clear()
                first, second, own, theirs = self.both(organizer, attendee, version)
                item = first.add(own, [self.meeting("16.1", f"{attendee}@example.test")]).get("Responses/Add/ServerId")
                self.assertEqual(self.told(), {(attendee, "REQUEST")})
                self.assertEqual(len(self.look(first, first.folders_of_type(SENT)[0])[0]), 1)
                (event, data), = self.look(second, theirs)[0].items()
                self.assertEqual((data.get("Calendar:Subject"), data.get("Calendar:MeetingStatus"), data.get("Calendar:OrganizerEmail")),
                                 ("Planning", "3", f"{organizer}@example.test"))
                # the attendee accepts; up to 14.1 his device mails that
                inbox = second.folders_of_type(INBOX)[0]
                mail, = self.look(second, inbox)[0]
                new = float(version) >= 16
                second.meeting_response(1, inbox.id, mail, send=E("MeetingResponse:SendResponse") if new else None)
                if not new:
                    self.assertEqual(self.told(), set())
                    uid = self.event(organizer).split("UID:")[1].split("\n")[0]
                    text = calendar("REPLY", uid=uid, organizer=f"{organizer}@example.test", stamp="20270101T080000Z",
                                    people=(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{attendee}@example.test",))
                    self.dovecot.deliver(organizer, message(text, sender=f"{attendee}@example.test"))
                else:
                    self.assertEqual(self.told(), {(organizer, "REPLY")})
                self.look(first, own)
                self.assertHas(self.event(organizer), "PARTSTAT=ACCEPTED")
                # nobody is told of an answer, nor of what is private
                self.change(first, own, item, E("Calendar:Reminder", 5), E("Calendar:BusyStatus", 3))
                self.assertEqual(self.told(), set())
                # another place: his answer stays; another time: it doesn't
                self.change(first, own, item, E("Calendar:Subject", "Planning 2"))
                self.assertEqual(self.told(), {(attendee, "REQUEST")})
                data = self.look(second, theirs)[0][event]
                self.assertEqual((data.get("Calendar:Subject"), data.get("Calendar:BusyStatus")), ("Planning 2", "2"))
                self.change(first, own, item, E("Calendar:StartTime", "20270104T130000Z"),
                             E("Calendar:EndTime", "20270104T140000Z"))
                self.assertEqual(self.told(), {(attendee, "REQUEST")})
                data = self.look(second, theirs)[0][event]
                self.assertEqual(data.get("Calendar:BusyStatus"), "1")
                self.assertHas(self.event(organizer), "SEQUENCE:1", "PARTSTAT=NEEDS-ACTION", "!PARTSTAT=ACCEPTED")
                # it is off
                self.look(first, own)
                first.delete(own, item)
                self.assertEqual(self.told(), {(attendee, "CANCEL")})
                self.assertEqual(self.look(second, theirs), ({}, [event]))
                self.assertEqual(self.events(attendee), [])

    def test_people_come_and_go(self):
        first, second, own, theirs = self.both("u9", "u10")
        item = first.add(own, [self.meeting("16.1", "u10@example.test", "x@elsewhere.example")]).get(
            "Responses/Add/ServerId")
        self.assertEqual(self.told(), {("u10", "REQUEST"), ("x", "REQUEST")})
        self.look(second, theirs)

        def people(*addresses):
            return E("Calendar:Attendees", [E("Calendar:Attendee", E("Calendar:Email", address),
                     E("Calendar:Name", address)) for address in addresses])
        self.change(first, own, item, people("u10@example.test", "x@elsewhere.example", "y@elsewhere.example"))
        self.assertEqual(self.told(), {("y", "REQUEST")})
        self.change(first, own, item, people("x@elsewhere.example", "y@elsewhere.example"))
        self.assertEqual(self.told(), {("u10", "CANCEL")})
        self.assertEqual(len(self.look(second, theirs)[1]), 1)

    def test_lost_answer(self):
        """A device that comes again with the same request invites nobody twice."""
        first, _, own, _ = self.both("u11", "u12")
        key = first.sync_keys[own.id]
        add = E("Add", E("ClientId", "once"), E("ApplicationData", self.meeting("16.1", "u12@example.test")))
        for _ in range(3):
            first.sync_one(own, key=key, get_changes=False, commands=[add])
        self.assertEqual(self.told(), {("u12", "REQUEST")})
        self.assertEqual(len(self.events("u11")), 1)

    def test_killed(self):
        """The worker dies before the mail is sent, and after: it is sent, and once."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        first, _, own, _ = self.both("u13", "u14")
        for stage in ("CONNECT", "MAIL"):
            def hook(reached, _, wanted=stage):
                if reached == wanted:
                    self.dovecot.smtp.hook = None
                    with contextlib.closing(sqlite3.connect(self.dovecot.home("u13") / "roost.db", timeout=10)) as db:
                        tries.extend(db.execute("SELECT tries, sent FROM outbox"))
                    self.dovecot.kill("roost-worker")
            tries = []
            key = first.sync_keys[own.id]
            add = E("Add", E("ClientId", f"killed {stage}"), E("ApplicationData",
                    self.meeting("16.1", "u14@example.test", subject=stage)))
            self.dovecot.smtp.hook = hook
            try:
                first.sync_one(own, key=key, get_changes=False, commands=[add])
            except Exception:
                pass
            self.dovecot.smtp.hook = None
            for _ in range(40):
                try:
                    first.sync_one(own, key=key, get_changes=False, commands=[add])
                    break
                except Exception:
                    import time
                    time.sleep(0.5)
            self.assertEqual(self.told(), {("u14", "REQUEST")}, stage)
            self.assertEqual(tries, [(1, 0)], "the store was written just before")
        self.assertEqual(len(self.events("u13")), 2)

    def series(self, organizer, *people, days=5):
        """A daily series of his: (device, calendar, ServerId)."""
        device = self.ready_device(organizer, "16.1")
        events = device.folders_of_type(CALENDAR)[0]
        self.look(device, device.folders_of_type(INBOX)[0])
        self.look(device, events)
        rule = E("Calendar:Recurrence", E("Type", 0), E("Interval", 1), E("Occurrences", days))
        item = device.add(events, [self.meeting("16.1", *people, extra=[rule])]).get("Responses/Add/ServerId")
        self.assertEqual(self.told(), {(person.partition("@")[0], "REQUEST") for person in people})
        self.look(device, events)
        return device, events, item

    @staticmethod
    def instance(item, day, *properties):
        """The command for the occurrence of that day in January; without properties it is deleted."""
        names = E("ServerId", item), E("AirSyncBase:InstanceId", f"2027-01-{day:02}T10:00:00.000Z")
        return E("Change", *names, E("ApplicationData", *properties)) if properties else E("Delete", *names)

    def told_of(self, *words, sequence):
        """The one mail that went out since the last time is for all people, and has these."""
        (recipients, method, text), = self.sent()
        self.dovecot.smtp.clear()
        self.assertHas(text, f"SEQUENCE:{sequence}\n", "!X-ROOST", "!RRULE", *words)
        self.assertEqual(text.count("BEGIN:VEVENT"), 1)
        return recipients, method

    def test_single_occurrences(self):
        """By InstanceId: everybody hears of what he must know, once, and of the occurrence only."""
        people = ["u24@example.test", "x@elsewhere.example"]
        first, own, item = self.series("u25", *people)
        second = self.ready_device("u24", "14.1")
        theirs = second.folders_of_type(CALENDAR)[0]
        (event, _), = self.look(second, theirs)[0].items()

        def do(day, *properties):
            # what the server made of the last change comes first
            self.look(first, own)
            key = first.sync_keys[own.id]
            for _ in range(2):          # the answer was lost
                answered = first.sync_one(own, key=key, get_changes=False,
                                          commands=[self.instance(item, day, *properties)])[0].find("Responses")
                self.assertIsNone(answered)

        def exceptions():
            data = self.look(second, theirs)[0][event]
            return {node.get("ExceptionStartTime")[:8]: node for node in data.findall("Calendar:Exceptions/Exception")}
        # another time, another subject, none at all
        do(5, E("Calendar:StartTime", "20270105T140000Z"), E("Calendar:EndTime", "20270105T150000Z"))
        self.assertEqual(self.told_of("RECURRENCE-ID:20270105T100000Z", "DTSTART:20270105T140000Z", sequence=1),
                         (people, "REQUEST"))
        self.assertEqual(exceptions()["20270105"].get("StartTime"), "20270105T140000Z")
        do(6, E("Calendar:Subject", "Other"))
        self.assertEqual(self.told_of("RECURRENCE-ID:20270106T100000Z", "SUMMARY:Other", sequence=0), (people, "REQUEST"))
        self.assertEqual(exceptions()["20270106"].get("Subject"), "Other")
        do(7)
        self.assertEqual(self.told_of("RECURRENCE-ID:20270107T100000Z", "STATUS:CANCELLED", sequence=1), (people, "CANCEL"))
        self.assertEqual(exceptions()["20270107"].get("Deleted"), "1")
        # nobody's business, of one that is changed and of one that isn't
        for day in (5, 8):
            do(day, E("Calendar:Reminder", 5), E("Calendar:BusyStatus", 3),
               E("Calendar:Categories", E("Category", "Mine")))
        self.assertEqual(self.sent(), [])
        # he moves it again, and takes it back
        do(5, E("Calendar:StartTime", "20270105T160000Z"), E("Calendar:EndTime", "20270105T170000Z"))
        self.assertEqual(self.told_of("RECURRENCE-ID:20270105T100000Z", "DTSTART:20270105T160000Z", sequence=2),
                         (people, "REQUEST"))
        do(5)
        self.assertEqual(self.told_of("RECURRENCE-ID:20270105T100000Z", sequence=2)[1], "CANCEL")
        self.assertEqual({day: node.get("Deleted") for day, node in exceptions().items() if node.get("Deleted") == "1"},
                         {"20270105": "1", "20270107": "1"})

    def test_people_of_one_occurrence(self):
        """Who is asked to one only hears of that one; who does not come to one only too."""
        first, own, item = self.series("u26", "u27@example.test")
        second = self.ready_device("u27", "16.1")
        theirs = second.folders_of_type(CALENDAR)[0]
        event, = self.look(second, theirs)[0]

        def people(day, *addresses):
            attendees = E("Calendar:Attendees", [E("Calendar:Attendee", E("Calendar:Email", address),
                          E("Calendar:Name", address)) for address in addresses])
            self.look(first, own)
            first.sync_one(own, get_changes=False, commands=[self.instance(item, day, attendees)])
            out = {recipient.partition("@")[0]: (method, text) for recipients, method, text in self.sent()
                   for recipient in recipients}
            self.dovecot.smtp.clear()
            for _, text in out.values():
                self.assertHas(text, f"RECURRENCE-ID:202701{day:02}T100000Z", "!RRULE")
            return {name: method for name, (method, _) in out.items()}
        self.assertEqual(people(5, "u27@example.test", "x@elsewhere.example"), {"x": "REQUEST"})
        self.assertEqual(people(5, "u27@example.test"), {"x": "CANCEL"})
        self.assertEqual(people(6, "x@elsewhere.example"), {"x": "REQUEST", "u27": "CANCEL"})
        # the series is still his
        data = self.look(second, theirs)[0][event]
        self.assertEqual([node.get("AirSyncBase:InstanceId")[:8] for node in data.findall("Calendar:Exceptions/Exception")
                          if node.get("Deleted") == "1"], ["20270106"])

    def test_occurrences_and_a_killed_worker(self):
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        first, own, item = self.series("u28", "u29@example.test")
        for day, properties, method in ((5, [E("Calendar:Subject", "Other")], "REQUEST"), (6, [], "CANCEL")):
            def hook(stage, _):
                if stage == "MAIL":
                    self.dovecot.smtp.hook = None
                    self.dovecot.kill("roost-worker")
            self.look(first, own)
            command, key = self.instance(item, day, *properties), first.sync_keys[own.id]
            self.dovecot.smtp.hook = hook
            self.repeated(lambda: first.sync_one(own, key=key, get_changes=False, commands=[command]))
            self.assertEqual(self.told(), {("u29", method)})
        text = "\n".join(self.events("u28"))
        self.assertHas(text, "EXDATE:20270106T100000Z", "RECURRENCE-ID:20270105T100000Z", "SUMMARY:Other")

    def repeated(self, request):
        """Until there is an answer."""
        for _ in range(60):
            try:
                return request()
            except (OSError, HttpError):
                threading.Event().wait(0.25)
        raise AssertionError("no answer")

    def test_delegated(self):
        """An attendee sends somebody else: who was not asked by the organiser is, by the attendee's word only."""
        first, _, own, _ = self.both("u31", "u32")
        item = first.add(own, [self.meeting("16.1", "anne@elsewhere.example")]).get("Responses/Add/ServerId")
        self.told()
        uid = self.event("u31").split("UID:")[1].split("\n")[0]

        def reply(sender, attendee, stamp):
            self.dovecot.deliver("u31", message(calendar(
                "REPLY", uid=uid, organizer="u31@example.test", stamp=stamp, people=(attendee,)), sender=sender))
            self.look(first, own)
            return self.event("u31")
        bob = "ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM=\"mailto:anne@elsewhere.example\":mailto:bob@elsewhere.example"
        self.assertHas(reply("bob@elsewhere.example", bob, "20270101T080000Z"), "!bob@")
        text = reply("anne@elsewhere.example", "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:bob@elsewhere.example\":"
                     "mailto:anne@elsewhere.example", "20270101T090000Z")
        self.assertHas(text, "PARTSTAT=DELEGATED", "DELEGATED-TO=\"mailto:bob@elsewhere.example\"")
        self.assertHas(reply("bob@elsewhere.example", bob, "20270101T100000Z"), "PARTSTAT=ACCEPTED", "mailto:bob@")
        self.assertEqual(self.sent(), [])
        # both hear of a change, and of the end
        self.change(first, own, item, E("Calendar:Subject", "Planning 2"))
        self.assertEqual(self.told(), {("anne", "REQUEST"), ("bob", "REQUEST")})
        self.look(first, own)
        first.delete(own, item)
        self.assertEqual(self.told(), {("anne", "CANCEL"), ("bob", "CANCEL")})

    def test_forwarded(self):
        """Who got an invitation from somebody else answers the organiser, who does not know him; the one who
        forwarded it may go on doing so, nobody else."""
        device = self.ready_device("u33", "16.1")
        inbox, events, trash = self.folders(device)
        self.look(device, inbox)
        self.look(device, events)
        def forward(sender, sequence, **named):
            self.dovecot.deliver("u33", message(calendar("REQUEST", uid="forwarded", people=("eve@elsewhere.example",),
                                 sequence=sequence, stamp=f"202611{20 + sequence}T080000Z", **named), sender=sender))
            return self.look(device, events)[0]
        (item, data), = forward("friend@elsewhere.example", 0).items()
        (mail, _), = self.look(device, inbox)[0].items()
        self.assertEqual(self.sent(), [])
        send = E("MeetingResponse:SendResponse")
        answer = device.meeting_response(1, inbox.id, mail, send=send).document.find("Result")
        self.assertEqual((answer.get("Status"), answer.get("CalendarId")), ("1", item))
        (recipients, method, text), = self.sent()
        self.dovecot.smtp.clear()
        self.assertEqual((recipients, method), (["boss@elsewhere.example"], "REPLY"))
        self.assertHas(text, "PARTSTAT=ACCEPTED:mailto:u33@example.test", "!eve@", "!friend@")
        self.look(device, events)
        self.assertEqual(forward("stranger@elsewhere.example", 1, summary="Not so"), {})
        updated = forward("friend@elsewhere.example", 2, summary="Second")[item]
        # the answer stays
        self.assertEqual((updated.get("Calendar:Subject"), updated.get("Calendar:BusyStatus")), ("Second", "2"))
        self.assertEqual(forward("boss@elsewhere.example", 3, summary="Third")[item].get("Calendar:Subject"), "Third")
        self.assertEqual(self.sent(), [])

    def test_deleted_by_the_attendee(self):
        """Who has said that he comes says no by that, and from 16.0 on the server tells it; who has said nothing does not."""
        for organizer, attendee, version, accepts, told in (
                ("u15", "u16", "16.1", True, {("u15", "REPLY")}), ("u15", "u16", "16.1", False, set()),
                ("u17", "u18", "14.1", True, set())):
            with self.subTest(version=version, accepts=accepts):
                first, second, own, theirs = self.both(organizer, attendee, version)
                first.add(own, [self.meeting("16.1", f"{attendee}@example.test")])
                self.told()
                item, = self.look(second, theirs)[0]
                if accepts:
                    self.assertEqual(second.meeting_response(2, theirs.id, item).document.get("Result/Status"), "1")
                    self.look(second, theirs)
                second.delete(theirs, item)
                self.assertEqual(self.told(), told)
                if told:
                    self.look(first, own)
                    self.assertHas(self.event(organizer), "PARTSTAT=DECLINED")

    def test_deleted_by_one_who_was_not_asked(self):
        """An event that was imported has an organiser who knows nothing of the user."""
        path = self.dovecot.home("u23") / "talk.ics"
        path.write_text(calendar("PUBLISH", people=("eve@elsewhere.example",)))
        os.chown(path, self.dovecot.uid("u23"), self.dovecot.uid("u23"))
        self.dovecot.doveadm("roost", "import", "-u", "u23", str(self.dovecot.inside / "home" / "u23" / path.name))
        device = self.ready_device("u23", "16.1")
        events = device.folders_of_type(CALENDAR)[0]
        item, = self.look(device, events)[0]
        self.told()
        device.delete(events, item)
        self.assertEqual(self.events("u23"), [])
        self.assertEqual(self.told(), set())

    def test_one_who_is_refused(self):
        """The others get their invitation."""
        self.dovecot.expect_log("not sent: ")
        first, _, own, _ = self.both("u19", "u20")
        self.dovecot.smtp.hook = lambda stage, argument: \
            "550 5.1.1 Nobody" if stage == "RCPT" and "nobody" in argument else None
        self.addCleanup(setattr, self.dovecot.smtp, "hook", None)
        first.add(own, [self.meeting("16.1", "u20@example.test", "nobody@example.test", "x@elsewhere.example")])
        first.sync_one(own, get_changes=True)
        self.assertEqual(self.told(), {("u20", "REQUEST"), ("x", "REQUEST")})
        self.assertEqual(len(self.look(first, first.folders_of_type(SENT)[0])[0]), 1)

    def test_14_mails_itself(self):
        device = self.ready_device("u21", "14.1")
        events = device.folders_of_type(CALENDAR)[0]
        self.look(device, events)
        item = device.add(events, [self.meeting("14.1", "u22@example.test")]).get("Responses/Add/ServerId")
        device.change(events, item, *self.meeting("14.1", "u22@example.test", subject="Other"))
        device.delete(events, item)
        self.assertEqual(self.told(), set())
