"""MeetingResponse: from the mail and from the calendar, at all versions; repeats; what the organiser hears."""
import threading

from rig import SENT, TRASH, E, Settings
from rig.meeting import MeetingCase, calendar, message

VERSIONS = "2.5", "12.1", "14.1", "16.1"
SETTINGS = Settings(users=30)
DAILY = "RRULE:FREQ=DAILY;COUNT=5"


class MeetingResponse(MeetingCase):
    def invited(self, user, version, *lines, **named):
        """A device of one who has an invitation: (device, folders, the mail's id, the event's id)."""
        device = self.ready_device(user, version)
        folders = self.folders(device)
        self.look(device, folders[0])
        self.look(device, folders[1])
        self.invite(user, *lines, people=(f"{user}@example.test", "eve@elsewhere.example"), **named)
        mail, = self.look(device, folders[0])[0]
        item, = self.look(device, folders[1])[0]
        return device, folders, mail, item

    def result(self, response):
        self.assertEqual(response.code, 200)
        return response.document.find("Result")

    def test_accept_from_the_mail(self):
        for number, version in enumerate(VERSIONS, 1):
            with self.subTest(version=version):
                user = f"u{number}"
                device, (inbox, events, trash), mail, item = self.invited(user, version)
                result = self.result(device.meeting_response(1, inbox.id, mail))
                self.assertEqual((result.get("Status"), result.get("RequestId"), result.get("CalendarId")),
                                 ("1", mail, item))
                data = self.look(device, events)[0][item]
                self.assertEqual((data.get("Calendar:BusyStatus"), data.get("Calendar:MeetingStatus")), ("2", "3"))
                if float(version) >= 14:
                    self.assertEqual(data.get("Calendar:ResponseType"), "3")
                    self.assertIsNotNone(data.get("Calendar:AppointmentReplyTime"))
                self.assertEqual(self.look(device, inbox)[1], [mail], "the invitation goes to Deleted Items")
                self.assertEqual(len(self.look(device, trash)[0]), 1)
                # the answer was lost
                again = self.result(device.meeting_response(1, inbox.id, mail))
                self.assertEqual((again.get("Status"), again.get("CalendarId")), ("1", item))
                self.assertEqual(self.sent(), [])
                self.assertEqual(self.look(device, events), ({}, []))

    def test_what_a_search_found(self):
        """A LongId names the mail, without its folder; the same answer twice is one answer."""
        for number, version in enumerate(("12.1", "14.1", "16.1"), 20):
            with self.subTest(version=version):
                user = f"u{number}"
                device, (inbox, events, trash), mail, item = self.invited(user, version)
                found = device.search_mailbox("Talk").document.find("Response/Store/Result")
                long_id = E("Search:LongId", found.get("LongId"))
                send = E("MeetingResponse:SendResponse") if version == "16.1" else None

                def answer(*ids):
                    return self.result(device.command("MeetingResponse", E("MeetingResponse:MeetingResponse", E("Request",
                                       E("UserResponse", 1), *ids, send))))
                self.dovecot.smtp.clear()
                folder, validity, uid = found.get("LongId").split(":")
                for ids in ((E("CollectionId", inbox.id), E("RequestId", mail), long_id), (E("Search:LongId", "nonsense"),),
                            (E("Search:LongId", f"{folder}:{int(validity) + 1}:{uid}"),),
                            (E("Search:LongId", f"{folder}:{validity}:999"),)):
                    self.assertEqual(answer(*ids).get("Status"), "2")
                self.assertHas(self.event(user), "!ACCEPTED")
                for _ in range(2):
                    result = answer(long_id)
                    self.assertEqual((result.get("Status"), result.get("RequestId"), result.get("CalendarId")),
                                     ("1", None, item))
                self.assertEqual(self.look(device, inbox)[1], [mail])
                self.assertEqual(len(self.look(device, trash)[0]), 1)
                self.assertHas(self.event(user), "PARTSTAT=ACCEPTED")
                self.assertEqual([method for _, method, _ in self.sent()], ["REPLY"] if send else [])

    def test_decline_and_tentative(self):
        for number, version in enumerate(VERSIONS, 5):
            with self.subTest(version=version):
                user = f"u{number}"
                device, (inbox, events, _), mail, item = self.invited(user, version)
                result = self.result(device.meeting_response(3, inbox.id, mail))
                self.assertEqual((result.get("Status"), result.get("CalendarId")), ("1", None))
                self.assertEqual(self.look(device, events), ({}, [item]))
                # what comes again does not bring it back, but what is new does
                self.invite(user, people=(f"{user}@example.test",))
                self.assertEqual(self.look(device, events), ({}, []))
                self.invite(user, people=(f"{user}@example.test",), sequence=1, stamp="20261125T080000Z")
                item, = self.look(device, events)[0]
                mails, _ = self.look(device, inbox)
                newest = max(mails, key=lambda mail: int(mail.split(":")[1]))
                result = self.result(device.meeting_response(2, inbox.id, newest))
                self.assertEqual((result.get("Status"), result.get("CalendarId")), ("1", item))
                self.assertHas(self.event(user), "PARTSTAT=TENTATIVE", "BUSYSTATUS:TENTATIVE")

    def test_the_server_answers_for_16(self):
        device, (inbox, events, _), mail, item = self.invited("u9", "16.1", summary="Grüße, alle")
        body = E("AirSyncBase:Body", E("AirSyncBase:Type", 1), E("AirSyncBase:Data", "See you, there"))
        send = E("MeetingResponse:SendResponse", body)
        for _ in range(2):
            self.assertEqual(self.result(device.meeting_response(1, inbox.id, mail, send=send)).get("Status"), "1")
        (recipients, method, text), = self.sent()
        self.assertEqual((recipients, method), (["boss@elsewhere.example"], "REPLY"))
        self.assertHas(text, "PARTSTAT=ACCEPTED", "mailto:u9@example.test", "!eve@", "COMMENT:See you\\, there",
                       "SEQUENCE:0", "UID:meeting-1@example.test")
        mail = self.dovecot.smtp.messages[0]
        self.assertHas(mail.header.decode(), "Subject: =?utf-8?", "From: u9@example.test", "To: boss@elsewhere.example")
        sent = device.folders_of_type(SENT)[0]
        self.assertEqual(len(self.look(device, sent)[0]), 1)

    def test_another_time(self):
        device, (inbox, _, _), mail, _ = self.invited("u10", "16.1")
        times = (E("MeetingResponse:ProposedStartTime", "20270104T140000Z"),
                 E("MeetingResponse:ProposedEndTime", "20270104T150000Z"))
        bad = self.result(device.meeting_response(2, inbox.id, mail, send=E("MeetingResponse:SendResponse", times[0])))
        self.assertEqual(bad.get("Status"), "2")
        self.assertEqual(self.sent(), [])
        good = self.result(device.meeting_response(2, inbox.id, mail, send=E("MeetingResponse:SendResponse", *times)))
        self.assertEqual(good.get("Status"), "1")
        (_, method, text), = self.sent()
        self.assertEqual(method, "COUNTER")
        self.assertHas(text, "DTSTART:20270104T140000Z", "X-MS-OLK-ORIGINALSTART:20270104T100000Z")
        self.assertHas(self.event("u10"), "DTSTART:20270104T100000Z", "PARTSTAT=TENTATIVE")

    def test_from_the_calendar(self):
        for user, version, status in (("u11", "12.1", "2"), ("u12", "14.1", "1"), ("u13", "16.1", "1")):
            with self.subTest(version=version):
                device, (_, events, _), _, item = self.invited(user, version)
                result = self.result(device.meeting_response(1, events.id, item))
                self.assertEqual(result.get("Status"), status)
                if status == "1":
                    self.assertEqual(result.get("CalendarId"), item)
                    # yes, no doubt, yes again
                    for answer, partstat in ((2, "TENTATIVE"), (1, "ACCEPTED")):
                        self.result(device.meeting_response(answer, events.id, item))
                        self.assertHas(self.event(user), f"PARTSTAT={partstat}")

    def test_one_occurrence(self):
        device, (inbox, events, _), mail, item = self.invited("u14", "16.1", DAILY)
        send = E("MeetingResponse:SendResponse")
        answer = lambda status, folder, request, instance: self.assertEqual(self.result(
            device.meeting_response(3, folder, request, instance=instance, send=send)).get("Status"), status)
        answer("2", inbox.id, mail, "2027-01-06T10:00:00.000Z")
        answer("104", events.id, item, "yesterday-at-ten-in-town")
        answer("2", events.id, item, "2027-01-06T10:30:00.000Z")
        answer("2", events.id, item, "2028-01-06T10:00:00.000Z")
        self.assertEqual(self.sent(), [])
        answer("1", events.id, item, "2027-01-06T10:00:00.000Z")
        (_, method, text), = self.sent()
        self.assertHas(text, "RECURRENCE-ID:20270106T100000Z", "PARTSTAT=DECLINED", "!RRULE")
        self.assertHas(self.event("u14"), "EXDATE:20270106T100000Z", "PARTSTAT=NEEDS-ACTION")
        device, (_, events, _), _, item = self.invited("u15", "14.1")
        result = self.result(device.meeting_response(1, events.id, item, instance="2027-01-04T10:00:00.000Z"))
        self.assertEqual(result.get("Status"), "146")
        device, (_, events, _), _, item = self.invited("u16", "14.0")
        self.assertEqual(self.result(device.meeting_response(1, events.id, item,
                         instance="2027-01-04T10:00:00.000Z")).get("Status"), "2")

    def test_an_invitation_to_one_occurrence(self):
        """A yes to it is none to the series; a no can be taken back."""
        user = "u24"
        device, (inbox, events, _), mail, item = self.invited(user, "16.1", DAILY)
        self.invite(user, "RECURRENCE-ID:20270106T100000Z", start="20270106T150000Z", end="20270106T160000Z", sequence=1,
                    people=(f"{user}@example.test",), stamp="20261122T080000Z")
        self.dovecot.smtp.clear()
        self.look(device, events)
        (one, _), = self.look(device, inbox)[0].items()
        send = E("MeetingResponse:SendResponse")
        for answer, words in ((1, ("RECURRENCE-ID", "PARTSTAT=ACCEPTED")), (3, ("EXDATE:20270106T100000Z", "!RECURRENCE-ID"))):
            # the mail is in Deleted Items after the first answer
            folder = inbox if answer == 1 else device.folders_of_type(TRASH)[0]
            if answer == 3:
                one, = self.look(device, folder)[0]
            self.assertEqual(self.result(device.meeting_response(answer, folder.id, one, send=send)).get("Status"), "1")
            text = "\n".join(self.events(user))
            self.assertHas(text, *words)
            self.assertHas(text.split("END:VEVENT")[0], "RRULE", "PARTSTAT=NEEDS-ACTION")
            _, method, reply = self.sent()[-1]
            self.assertHas(reply, "RECURRENCE-ID:20270106T100000Z", "!RRULE")
        trash = device.folders_of_type(TRASH)[0]
        self.assertEqual(self.result(device.meeting_response(1, trash.id, one, send=send)).get("Status"), "1")
        text = "\n".join(self.events(user))
        self.assertHas(text, "RECURRENCE-ID", "PARTSTAT=ACCEPTED", "!EXDATE", "DTSTART:20270106T150000Z")
        self.assertEqual(len(self.sent()), 3)

    def test_an_invitation_to_several_occurrences(self):
        """One mail moves two days of a series: the answer is for these two, and the reply names both."""
        for user, version, answer in (("u28", "16.1", 1), ("u29", "14.1", 3)):
            with self.subTest(version=version):
                device, (inbox, events, trash), _, item = self.invited(user, version, DAILY)
                days = [calendar("REQUEST", f"RECURRENCE-ID:{day}T100000Z", start=f"{day}T150000Z", end=f"{day}T160000Z",
                                 sequence=1, people=(f"{user}@example.test",), stamp="20261122T080000Z")
                        for day in ("20270107", "20270105")]
                both = days[0].replace("END:VCALENDAR\n", "") + days[1][days[1].index("BEGIN:VEVENT"):]
                self.dovecot.deliver(user, message(both))
                self.dovecot.smtp.clear()
                self.look(device, events)
                (mail, data), = self.look(device, inbox)[0].items()
                request = data.find("Email:MeetingRequest")
                self.assertEqual([request.get(name) for name in ("InstanceType", "StartTime", "RecurrenceId")],
                                 ["3", "2027-01-05T15:00:00.000Z", "2027-01-05T10:00:00.000Z"])
                self.assertEqual(request.get("Email2:MeetingMessageType"), "2")
                send = E("MeetingResponse:SendResponse") if version == "16.1" else None
                for _ in range(2):
                    result = self.result(device.meeting_response(answer, inbox.id, mail, send=send))
                    self.assertEqual((result.get("Status"), result.get("CalendarId")), ("1", item if answer == 1 else None))
                series, *others = self.events(user)
                self.assertHas(series, "RRULE", "PARTSTAT=NEEDS-ACTION", "!ACCEPTED")
                if answer == 3:
                    self.assertHas(series, "EXDATE:20270107T100000Z", "EXDATE:20270105T100000Z")
                    self.assertEqual(others, [])
                    self.assertEqual(self.sent(), [])
                    continue
                self.assertEqual(len(others), 2)
                for text, day in zip(others, ("20270107", "20270105")):
                    self.assertHas(text, f"RECURRENCE-ID:{day}T100000Z", "PARTSTAT=ACCEPTED", f"DTSTART:{day}T150000Z")
                (recipients, method, reply), = self.sent()
                self.assertEqual((recipients, method, reply.count("BEGIN:VEVENT")), (["boss@elsewhere.example"], "REPLY", 2))
                self.assertHas(reply, "RECURRENCE-ID:20270107T100000Z", "RECURRENCE-ID:20270105T100000Z", "!RRULE")
                self.assertEqual(reply.count("PARTSTAT=ACCEPTED"), 2)

    def test_what_was_cancelled_stays_away(self):
        """The old invitation is answered after it was called off: nothing is put back, and nobody is told."""
        for number, (user, version, decline) in enumerate((("u25", "14.1", False), ("u26", "16.1", True))):
            with self.subTest(version=version):
                device, (inbox, events, trash), mail, item = self.invited(user, version)
                send = E("MeetingResponse:SendResponse") if version == "16.1" else None
                if decline:
                    # with no event there is still something to be cancelled
                    self.result(device.meeting_response(3, inbox.id, mail))
                    mail, = self.look(device, trash)[0]
                    inbox = trash
                self.dovecot.deliver(user, message(calendar(
                    "CANCEL", "STATUS:CANCELLED", sequence=1, stamp="20261123T080000Z", people=(f"{user}@example.test",))))
                self.look(device, events)
                self.assertEqual(self.events(user), [])
                self.dovecot.smtp.clear()
                for _ in range(2):
                    self.assertEqual(self.result(device.meeting_response(1, inbox.id, mail, send=send)).get("Status"), "2")
                self.assertEqual((self.events(user), self.sent()), ([], []))
                # it takes place after all
                self.invite(user, people=(f"{user}@example.test",), sequence=2, stamp="20261124T080000Z")
                self.assertEqual(len(self.look(device, events)[0]), 1)

    def test_another_mail_with_the_same_id(self):
        """After a change of UIDVALIDITY a RequestId is another mail's: its answer is no repeat."""
        user = "u27"
        device, (inbox, events, trash), mail, item = self.invited(user, "16.1")
        self.dovecot.doveadm("move", "-u", user, "Trash", "mailbox", "INBOX", "all")
        self.look(device, inbox)
        mail, = self.look(device, trash)[0]
        for number in range(2):
            self.assertEqual(self.result(device.meeting_response(1, trash.id, mail)).get("Status"), "1")
            self.assertHas(self.event(user), "PARTSTAT=ACCEPTED")
            item, = self.look(device, events)[0]
            self.assertEqual(self.result(device.meeting_response(3, events.id, item)).get("Status"), "1")
            self.assertEqual(self.events(user), [])
            self.dovecot.doveadm("mailbox", "update", "-u", user, "--uid-validity", str(1900000000 + number), "Trash")
            # Dovecot's index of mailboxes hears of it when the mailbox is opened
            self.dovecot.doveadm("mailbox", "status", "-u", user, "uidvalidity", "Trash")
            self.look(device, events)
            device.sync_start(trash)
            again, = self.look(device, trash)[0]
            self.assertEqual(again, mail)

    def test_what_is_no_invitation(self):
        device = self.ready_device("u17", "16.1")
        inbox, events, _ = self.folders(device)
        self.look(device, inbox)
        self.look(device, events)
        self.dovecot.deliver("u17", "From: a@example.test\nSubject: plain\n\nHello\n")
        self.dovecot.deliver("u17", message(calendar("CANCEL", uid="other")))
        for mail in self.look(device, inbox)[0]:
            self.assertEqual(self.result(device.meeting_response(1, inbox.id, mail)).get("Status"), "2")
        own = device.add(events, [self.meeting("16.1", "anne@elsewhere.example")]).get("Responses/Add/ServerId")
        self.dovecot.smtp.clear()
        for folder, request in ((events, own), (inbox, f"{inbox.id}:999"), (inbox, "nonsense"), (events, f"{inbox.id}:1")):
            self.assertEqual(self.result(device.meeting_response(1, folder.id, request)).get("Status"), "2")
        self.assertEqual(self.result(device.meeting_response(4, events.id, own)).get("Status"), "2")
        self.assertEqual(self.sent(), [])
        many = [E("Request", E("UserResponse", 1), E("CollectionId", inbox.id), E("RequestId", f"{inbox.id}:9"))] * 101
        response = device.command("MeetingResponse", E("MeetingResponse:MeetingResponse", many))
        self.assertEqual([node.get("Status") for node in response.document.findall("Result")], ["103"])

    def test_killed(self):
        """One answer, one event, one mail gone to Deleted Items, whenever the worker dies."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        device, (inbox, events, trash), mail, item = self.invited("u18", "16.1")
        send = E("MeetingResponse:SendResponse")

        def hook(stage, _):
            if stage == "MAIL":
                self.dovecot.smtp.hook = None
                self.dovecot.kill("roost-worker")
        self.dovecot.smtp.hook = hook
        try:
            device.meeting_response(1, inbox.id, mail, send=send)
        except OSError:
            pass
        result = None
        for _ in range(40):
            response = device.meeting_response(1, inbox.id, mail, send=send)
            if response.code == 200:
                result = self.result(response)
                break
            threading.Event().wait(0.5)
        self.assertEqual((result.get("Status"), result.get("CalendarId")), ("1", item))
        self.assertEqual(len(self.sent()), 1)
        self.assertEqual(len(self.look(device, trash)[0]), 1)
        self.assertHas(self.event("u18"), "PARTSTAT=ACCEPTED")

    def test_no_way_to_send(self):
        """The answer counts, the mail goes with a later request."""
        device, (inbox, events, _), mail, item = self.invited("u19", "16.1")
        self.dovecot.smtp.hook = lambda stage, _: "451 4.3.0 Later" if stage == "MAIL" else None
        self.addCleanup(setattr, self.dovecot.smtp, "hook", None)
        result = self.result(device.meeting_response(1, inbox.id, mail, send=E("MeetingResponse:SendResponse")))
        self.assertEqual(result.get("Status"), "1")
        self.assertEqual(self.sent(), [])
        self.dovecot.smtp.hook = None
        # it is not tried again at once
        self.look(device, events)
        self.assertEqual(self.sent(), [])
        self.dovecot.expect_log("not sent yet")
