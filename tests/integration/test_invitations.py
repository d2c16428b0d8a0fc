"""Invitations on arrival: they come into the calendar, with updates, cancellations and answers, and wake who waits."""
import contextlib
import pathlib
import re
import sqlite3
import threading
import time

from rig import CALENDAR, INBOX, E, Settings
from rig.meeting import MeetingCase, calendar, message

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "meeting"
VERSIONS = "2.5", "12.1", "14.1", "16.1"
SETTINGS = Settings(users=20, fields={"u19": "userdb_roost_invitations=no"})


class Invitations(MeetingCase):
    def test_every_version(self):
        for number, version in enumerate(VERSIONS, 1):
            with self.subTest(version=version):
                user = f"u{number}"
                device = self.ready_device(user, version)
                inbox, events, _ = self.folders(device)
                self.look(device, inbox)
                self.assertEqual(self.look(device, events)[0], {})
                people = f"{user}@example.test", "eve@elsewhere.example"
                self.invite(user, people=people)
                (item, data), = self.look(device, events)[0].items()
                self.assertEqual((data.get("Calendar:Subject"), data.get("Calendar:MeetingStatus"), data.get("Calendar:BusyStatus")),
                                 ("Talk", "3", "1"))
                if float(version) >= 14:
                    self.assertEqual(data.get("Calendar:ResponseType"), "5")
                # the same again, an older one
                self.invite(user, people=people)
                self.assertEqual(self.look(device, events), ({}, []))
                self.invite(user, people=people, sequence=2, stamp="20261122T080000Z", summary="Later")
                self.assertEqual(self.look(device, events)[0][item].get("Calendar:Subject"), "Later")
                self.invite(user, people=people, sequence=1, stamp="20261121T080000Z", summary="Older")
                self.assertEqual(self.look(device, events), ({}, []))
                # cancelled: it does not come back
                self.dovecot.deliver(user, message(calendar("CANCEL", "STATUS:CANCELLED", sequence=3,
                                                            stamp="20261123T080000Z", people=people)))
                self.assertEqual(self.look(device, events), ({}, [item]))
                self.invite(user, people=people, sequence=2, stamp="20261122T080000Z")
                self.assertEqual(self.look(device, events), ({}, []))
                self.assertEqual(self.events(user), [])

    def test_strangers(self):
        device = self.ready_device("u5", "14.1")
        _, events, _ = self.folders(device)
        self.invite("u5")
        (item, _), = self.look(device, events)[0].items()
        before = self.event("u5")
        for text in (calendar("CANCEL", "STATUS:CANCELLED", sequence=9, stamp="20261129T080000Z"),
                     calendar("REQUEST", sequence=9, stamp="20261129T080000Z", summary="Mine"),
                     calendar("REQUEST", sequence=9, stamp="20261129T080000Z", organizer="eve@elsewhere.example"),
                     calendar("REPLY", sequence=9, people=("ATTENDEE;PARTSTAT=DECLINED:mailto:u5@example.test",))):
            self.dovecot.deliver("u5", message(text, sender="eve@elsewhere.example"))
        self.assertEqual(self.look(device, events), ({}, []))
        self.assertEqual(self.event("u5"), before)
        self.assertIn("It is not from the meeting's organizer", self.dovecot.log())

    def test_mail_before_the_first_look(self):
        """A new device finds what was asked for before it, but not what is over."""
        self.invite("u6", uid="new")
        self.invite("u6", uid="over", start="20200106T100000Z", end="20200106T110000Z")
        device = self.ready_device("u6", "16.1")
        items, _ = self.look(device, device.folders_of_type(CALENDAR)[0])
        self.assertEqual(len(items), 1)
        self.assertHas(self.event("u6"), "UID:new")

    def seen(self, user, statement="SELECT uidvalidity, uidnext, uidold, trying, tries, since FROM mail_seen"):
        with contextlib.closing(sqlite3.connect(self.dovecot.home(user) / "roost.db", timeout=30)) as db, db:
            return db.execute(statement).fetchall()

    def test_a_mail_that_nobody_survives(self):
        """It is tried again, but not forever; what comes behind it is applied."""
        device = self.ready_device("u15", "16.1")
        _, events, _ = self.folders(device)
        self.look(device, events)
        for number, (since, applied) in enumerate(((1000, False), (0, True), (1000, True))):
            uid = self.seen("u15")[0][1]
            self.invite("u15", uid=f"bad-{number}")
            self.invite("u15", uid=f"good-{number}")
            # what three requests leave behind that died; too fast to be sure; and one of another mail
            self.seen("u15", f"UPDATE mail_seen SET trying={uid + number // 2}, tries=3, since={int(time.time()) - since}")
            items, _ = self.look(device, events)
            self.assertEqual(len(items), 2 if applied else 1)
            self.assertHas("\n".join(self.events("u15")), f"UID:good-{number}", *[f"UID:bad-{number}"] if applied else [])
            row, = self.seen("u15")
            self.assertEqual((row[1], row[3], row[4]), (uid + 2, 0, 0))
        self.assertHas("\n".join(self.events("u15")), "!UID:bad-0")
        self.dovecot.expect_log("The calendar isn't applied: 3 requests have begun with it")

    def test_killed_at_the_first_look(self):
        """What was there before stays old mail: meetings that are over don't come by it."""
        self.invite("u16", uid="over", start="20200106T100000Z", end="20200106T110000Z")
        self.invite("u16", uid="new")
        device = self.ready_device("u16", "16.1")
        _, events, _ = self.folders(device)
        self.look(device, events)
        self.assertEqual([row[1:3] for row in self.seen("u16")], [(3, 3)])
        self.assertEqual(len(self.events("u16")), 1)
        # as if the worker had died with the first mail
        self.seen("u16", "UPDATE mail_seen SET uidnext=1, trying=1, tries=1")
        self.invite("u16", uid="over2", start="20200106T100000Z", end="20200106T110000Z")
        self.look(device, events)
        self.assertEqual(sorted(re.findall(r"UID:(\S+)", "\n".join(self.events("u16")))), ["new", "over2"])

    def test_cancelled_before_it_is_known(self):
        """Mails may overtake each other; who has cancelled must be the one who invites."""
        device = self.ready_device("u17", "16.1")
        inbox, events, _ = self.folders(device)
        self.look(device, inbox)
        self.look(device, events)
        people = "u17@example.test", "eve@elsewhere.example"
        for sender, organizer in (("eve@elsewhere.example", "boss@elsewhere.example"), ("eve@elsewhere.example", ) * 2):
            self.dovecot.deliver("u17", message(calendar("CANCEL", "STATUS:CANCELLED", sequence=7, people=people,
                                                         organizer=organizer), sender=sender))
        self.look(device, events)
        self.invite("u17", people=people)
        item, = self.look(device, events)[0]
        cancel = calendar("CANCEL", "STATUS:CANCELLED", uid="early", sequence=1, stamp="20261121T080000Z", people=people)
        self.dovecot.deliver("u17", message(cancel))
        self.look(device, events)
        self.invite("u17", uid="early", people=people)
        self.assertEqual(self.look(device, events), ({}, []))
        # but what is asked for anew comes
        self.invite("u17", uid="early", people=people, sequence=2, stamp="20261122T080000Z")
        self.assertEqual(len(self.look(device, events)[0]), 1)

    def test_what_a_message_is(self):
        """MeetingMessageType says what an invitation is now, from 14.1 on."""
        for user, version in (("u18", "14.1"), ("u20", "16.1"), ("u14", "14.0")):
            with self.subTest(version=version):
                device = self.ready_device(user, version)
                inbox, events, _ = self.folders(device)
                self.look(device, inbox)
                self.look(device, events)
                people = (f"{user}@example.test", )

                def types():
                    """Of all mails in their order."""
                    device.sync_start(inbox)
                    items = sorted(self.look(device, inbox)[0].items(), key=lambda item: int(item[0].split(":")[1]))
                    return [data.get("Email:MeetingRequest/Email2:MeetingMessageType") for _, data in items]

                def check(*wanted):
                    self.assertEqual(types(), list(wanted) if version != "14.0" else [None] * len(wanted))
                self.invite(user, people=people)
                check("1")
                self.invite(user, people=people, stamp="20261121T080000Z", summary="Other")
                check("4", "2")
                item, = self.look(device, events)[0]
                if version != "14.0":
                    device.meeting_response(1, events.id, item)
                    # he has answered what was there
                    check("4", "2")
                self.invite(user, people=people, stamp="20281122T080000Z", summary="Third", sequence=1)
                check("4", "4", "3")
                self.invite(user, people=people, stamp="20281123T080000Z", sequence=2, start="20270105T100000Z",
                            end="20270105T110000Z")
                check("4", "4", "4", "2")
                self.dovecot.deliver(user, message(calendar("CANCEL", "STATUS:CANCELLED", sequence=3, people=people,
                                                            stamp="20281124T080000Z")))
                check("4", "4", "4", "4", "0")

    def test_this_and_all_that_follow(self):
        """An update, a cancellation: devices see each occurrence; the answer is one to all of them."""
        device = self.ready_device("u13", "16.1")
        inbox, events, _ = self.folders(device)
        self.look(device, inbox)
        self.look(device, events)
        people = ("u13@example.test",)
        self.invite("u13", "RRULE:FREQ=DAILY;COUNT=6", people=people)
        (item, _), = self.look(device, events)[0].items()
        self.look(device, inbox)

        def shown():
            data = self.look(device, events)[0][item]
            return data, {node.get("AirSyncBase:InstanceId")[6:8]: node.get("StartTime")[6:11]
                          for node in data.findall("Calendar:Exceptions/Exception")}
        self.invite("u13", "RECURRENCE-ID;RANGE=THISANDFUTURE:20270107T100000Z", people=people, sequence=1,
                    stamp="20261121T080000Z", start="20270107T130000Z", end="20270107T140000Z")
        self.assertEqual(shown()[1], {f"{day:02}": f"{day:02}T13" for day in (7, 8, 9)})
        (mail, data), = self.look(device, inbox)[0].items()
        self.assertEqual((data.get("Email:MeetingRequest/Email:InstanceType"),
                          data.get("Email:MeetingRequest/Email2:MeetingMessageType")), ("3", "2"))
        answer = device.meeting_response(1, inbox.id, mail, send=E("MeetingResponse:SendResponse")).document.find("Result")
        self.assertEqual(answer.get("Status"), "1")
        (_, _, text), = [sent for sent in self.sent() if sent[0] == ["boss@elsewhere.example"]]
        self.assertHas(text, "RECURRENCE-ID;RANGE=THISANDFUTURE:20270107T100000Z", "PARTSTAT=ACCEPTED:mailto:u13@")
        self.assertEqual(sum("PARTSTAT=ACCEPTED" in event for event in self.events("u13")), 3)
        self.look(device, events)
        self.dovecot.deliver("u13", message(calendar(
            "CANCEL", "RECURRENCE-ID;RANGE=THISANDFUTURE:20270108T100000Z", "STATUS:CANCELLED", sequence=2, people=people,
            stamp="20261122T080000Z")))
        data, exceptions = shown()
        self.assertEqual(exceptions, {"07": "07T13"})
        self.assertEqual(data.get("Calendar:Recurrence/Until"), "20270107T100000Z")

    def test_styles(self):
        """The mails of several programs, as they are."""
        device = self.ready_device("u7", "16.1")
        _, events, _ = self.folders(device)
        self.look(device, events)
        for name in ("outlook", "google", "apple-all-day", "thunderbird", "exception", "unknown-zone", "broken",
                     "publish", "no-method"):
            self.dovecot.deliver("u7", (FIXTURES / f"{name}.eml").read_bytes())
        items, _ = self.look(device, events)
        # an exception of the thunderbird's series is in its item
        self.assertEqual(len(items), 5, self.events("u7"))
        texts = "\n".join(self.events("u7"))
        self.assertHas(texts, "4gq1c2d3e4f5g6h7@google.com", "RECURRENCE-ID", "!METHOD")

    def test_winmail(self):
        """Outlook's own form is an invitation as any other."""
        device = self.ready_device("u12", "16.1")
        inbox, events, _ = self.folders(device)
        self.look(device, inbox)
        self.look(device, events)
        self.dovecot.deliver("u12", (FIXTURES / "winmail.eml").read_bytes())
        (item, data), = self.look(device, events)[0].items()
        self.assertEqual([data.get(f"Calendar:{name}") for name in ("Subject", "StartTime", "MeetingStatus", "BusyStatus")],
                         ["Quarterly figures", "20240312T090000Z", "3", "1"])
        self.assertHas(self.event("u12"), "RRULE:FREQ=WEEKLY;BYDAY=TU;WKST=MO;COUNT=5", "TZID=Europe/Berlin", "!METHOD",
                       "mailto:marta@example.test", "LOCATION:Köln")
        mail, = self.look(device, inbox)[0]
        result = device.meeting_response(1, inbox.id, mail).check().document.find("Result")
        self.assertEqual((result.get("Status"), result.get("CalendarId")), ("1", item))
        self.assertHas(self.event("u12"), "PARTSTAT=ACCEPTED")

    def test_wakes_who_waits(self):
        device = self.ready_device("u8", "14.1")
        inbox, events, _ = self.folders(device)
        self.look(device, inbox)
        self.look(device, events)
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(device.ping([events], heartbeat=60)))
        waiting.start()
        time.sleep(1)
        self.invite("u8")
        waiting.join(40)
        self.assertFalse(waiting.is_alive())
        self.assertStatus(answers[0], 2)
        self.assertEqual(len(self.look(device, events)[0]), 1)

    def test_answers_come_in(self):
        """An organiser sees who comes, and nobody else decides that."""
        device = self.ready_device("u9", "14.1")
        _, events, _ = self.folders(device)
        self.look(device, events)
        answer = device.add(events, [self.meeting("14.1", "anne@elsewhere.example", "bob@elsewhere.example")])
        item = answer.get("Responses/Add/ServerId")
        self.assertEqual(self.sent(), [], "a 14.1 device mails itself")
        uid = self.event("u9").split("UID:")[1].split("\n")[0]

        def reply(address, partstat, sender=None, stamp="20261129T080000Z"):
            text = calendar("REPLY", uid=uid, organizer="u9@example.test", stamp=stamp,
                            people=(f"ATTENDEE;PARTSTAT={partstat}:mailto:{address}",))
            self.dovecot.deliver("u9", message(text, sender=sender or address))

        reply("anne@elsewhere.example", "ACCEPTED")
        reply("bob@elsewhere.example", "DECLINED", sender="eve@elsewhere.example")
        reply("eve@elsewhere.example", "ACCEPTED")
        data = self.look(device, events)[0][item]
        states = {node.get("Email"): node.get("AttendeeStatus") for node in data.findall("Calendar:Attendees/Attendee")}
        self.assertEqual(states["anne@elsewhere.example"], "3")
        self.assertNotIn(states["bob@elsewhere.example"], ("3", "4"))
        self.assertNotIn("eve@elsewhere.example", states)
        reply("anne@elsewhere.example", "DECLINED", stamp="20261128T080000Z")
        self.assertEqual(self.look(device, events), ({}, []))

    def test_killed(self):
        """Whatever is done twice or by halves: one event, and none is missing."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        device = self.ready_device("u10", "16.1")
        _, events, _ = self.folders(device)
        self.look(device, events)
        for number in range(4):
            for part in range(10):
                self.invite("u10", uid=f"m{number}-{part}")
            killer = threading.Timer(0.01 + number * 0.012, self.dovecot.kill, ["roost-worker"])
            killer.start()
            try:
                device.sync_one(events, get_changes=True)
            except OSError:
                pass
            except Exception as error:      # 503 of a listener that has no worker just now
                self.assertIn("HTTP 50", str(error))
            killer.join()
        for _ in range(20):
            try:
                fresh = self.ready_device("u10", "16.1")
                items, _ = self.look(fresh, fresh.folders_of_type(CALENDAR)[0])
                break
            except Exception:
                time.sleep(0.5)
        self.assertEqual(len(items), 40)
        self.assertEqual(len(self.events("u10")), 40)

    def test_switched_off(self):
        device = self.ready_device("u19", "16.1")
        inbox, events, _ = self.folders(device)
        self.look(device, events)
        self.invite("u19")
        self.look(device, inbox)
        self.assertEqual(self.look(device, events), ({}, []))

    def test_own_things_stay(self):
        device = self.ready_device("u11", "16.1")
        _, events, _ = self.folders(device)
        people = "u11@example.test",
        self.invite("u11", people=people)
        (item, _), = self.look(device, events)[0].items()
        device.change(events, item, E("Calendar:Reminder", 30),
                      E("Calendar:Categories", E("Calendar:Category", "Mine")))
        self.invite("u11", people=people, sequence=1, stamp="20261122T080000Z", start="20270104T120000Z",
                    end="20270104T130000Z")
        data = self.look(device, events)[0][item]
        self.assertEqual((data.get("Calendar:StartTime"), data.get("Calendar:Reminder"), data.get("Calendar:Categories/Category")),
                         ("20270104T120000Z", "30", "Mine"))
        self.assertEqual(self.sent(), [], "an attendee's own change is nobody's business")
