"""Two users of one server meet: the organiser's device at 14.1 mails itself, at 16.1 the server does."""
import contextlib
import os
import sqlite3

from rig import CALENDAR, INBOX, SENT, E, Settings
from rig.meeting import MeetingCase, calendar, message

SETTINGS = Settings(users=30)


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

    def test_deleted_by_the_attendee(self):
        """That is a no: from 16.0 on the server says it."""
        for organizer, attendee, version, told in (("u15", "u16", "16.1", {("u15", "REPLY")}), ("u17", "u18", "14.1", set())):
            with self.subTest(version=version):
                first, second, own, theirs = self.both(organizer, attendee, version)
                first.add(own, [self.meeting("16.1", f"{attendee}@example.test")])
                self.told()
                item, = self.look(second, theirs)[0]
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
