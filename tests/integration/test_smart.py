"""SmartReply and SmartForward: the original below the new mail, its pictures and attachments, threads, and marks; events."""
import base64
import email
import email.policy
import pathlib
import time

from rig import CALENDAR, INBOX, SENT, E
from rig.meeting import END, START, MeetingCase
from rig.send import SendCase, mail

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "mail"
VERSIONS = ("2.5", "12.1", "14.1", "16.1")
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PLAIN_MAIL = """From: Ada <ada@example.test>
To: u1@example.test
Subject: plain
Message-ID: <plain@example.test>
References: <root@example.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=iso-8859-15
Content-Transfer-Encoding: 8bit

Zehn \xa4 und Gr\xfc\xdfe & <mehr>.
"""
RICH_MAIL = f"""From: Ada <ada@example.test>
To: u1@example.test
Subject: rich
Message-ID: <rich@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html; charset=utf-8

<html><head><style>p {{color: red}}</style></head><body bgcolor="#eee"><p>Original text</p><img src="cid:pic@x"></body></html>
--r
Content-Type: image/png; name=pic.png
Content-ID: <pic@x>
Content-Disposition: inline
Content-Transfer-Encoding: base64

{PICTURE}
--r--
--m
Content-Type: application/pdf; name=report.pdf
Content-Disposition: attachment; filename=report.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--m--
"""
SIGNED_MAIL = """From: Ada <ada@example.test>
To: u1@example.test
Subject: signed
Message-ID: <signed@example.test>
MIME-Version: 1.0
Content-Type: multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"; boundary=s

--s
Content-Type: text/plain

Signed  text. 

--s
Content-Type: application/pkcs7-signature; name=smime.p7s
Content-Transfer-Encoding: base64

MIIBfake
--s--
"""
NESTED_MAIL = """From: Ada <ada@example.test>
To: u1@example.test
Subject: nested
Message-ID: <nested@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: text/plain

See the attached mail.
--m
Content-Type: message/rfc822
Content-Disposition: attachment

Subject: inner
From: bob@example.test
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=i

--i
Content-Type: text/plain; charset=koi8-r
Content-Transfer-Encoding: 8bit

\xf0\xd2\xc9\xd7\xc5\xd4
--i
Content-Type: application/pdf; name="=?utf-8?Q?=C3=9Cbersicht.pdf?="
Content-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht.pdf
Content-Transfer-Encoding: base64

JVBERi0xLjQK
--i--
--m
Content-Type: application/octet-stream; name="=?iso-8859-1?Q?Gr=F6=DFe.bin?="
Content-Disposition: attachment; filename*=iso-8859-1''Gr%F6%DFe.bin
Content-Transfer-Encoding: base64

AAEC
--m--
"""
HTML_TYPE = b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n"


def parts(data):
    return list(email.message_from_bytes(data, policy=email.policy.default).walk())


def part(data, kind):
    found = [item for item in parts(data) if item.get_content_type() == kind]
    return found[0] if found else None


class Smart(SendCase):
    def original(self, text, subject, version="16.1", user="u1"):
        """Delivers it; a device and the mail's ids."""
        self.dovecot.deliver(user, text.encode("latin-1").replace(b"\n", b"\r\n"))
        device = self.ready_device(user, version)
        inbox = device.folders_of_type(INBOX)[0]
        found = [add for page in device.sync_all(inbox) for add in page.findall("Commands/Add")
                 if add.get("ApplicationData/Email:Subject") == subject]
        newest = max(found, key=lambda add: int(add.get("ServerId").rpartition(":")[2]))
        return device, inbox.id, newest.get("ServerId")

    def sent(self):
        return self.dovecot.smtp.messages[-1].data

    def marks(self, subject, user="u1"):
        return self.stored(user, "INBOX", subject)[-1][0]

    def test_reply_in_every_version(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device, folder, item = self.original(PLAIN_MAIL, "plain", version)
                self.assertSent(device.smart_reply(mail(f"re{version}"), folder, item))
                data = self.sent()
                text = part(data, "text/plain").get_content()
                self.assertTrue(text.startswith("Hello."), text)
                self.assertIn("From: \"Ada\" <ada@example.test>", text)
                self.assertIn("Zehn \u20ac und Gr\u00fc\u00dfe & <mehr>.", text)
                whole = parts(data)[0]
                self.assertEqual(whole["In-Reply-To"], "<plain@example.test>")
                self.assertEqual(whole["References"].split(), ["<root@example.test>", "<plain@example.test>"])
                self.assertIn(rb"\Answered", self.marks("plain"))
                (_, copy), = self.stored("u1", "Sent", f"re{version}")
                self.assertTrue(data.endswith(copy), data[:300])

    def test_threads_of_the_client_are_kept(self):
        device, folder, item = self.original(PLAIN_MAIL, "plain")
        self.assertSent(device.smart_reply(mail("own", b"In-Reply-To: <a@b>\r\nReferences: <c@d>\r\n"), folder, item))
        whole = parts(self.sent())[0]
        self.assertEqual((whole["In-Reply-To"], whole["References"]), ("<a@b>", "<c@d>"))

    def test_forward_with_everything(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device, folder, item = self.original(RICH_MAIL, "rich", version)
                self.assertSent(device.smart_forward(
                    mail(f"fw{version}", HTML_TYPE, b"<html><body><b>See</b></body></html>\r\n"), folder, item))
                data = self.sent()
                html = part(data, "text/html").get_content()
                self.assertLess(html.index("<b>See</b>"), html.index("<p>Original text</p>"))
                self.assertIn("cid:pic@x", html)
                self.assertIn("color: red", html)
                self.assertIn('bgcolor="#eee"', html)
                self.assertEqual(html.count("</body>"), 1)
                self.assertIsNone(part(data, "text/plain"))
                picture, report = part(data, "image/png"), part(data, "application/pdf")
                self.assertEqual(picture["Content-ID"], "<pic@x>")
                self.assertIsNotNone(part(data, "multipart/related"))
                self.assertEqual(picture.get_payload().strip(), PICTURE)
                self.assertEqual(report.get_filename(), "report.pdf")
                self.assertEqual(report.get_content(), b"%PDF-1.4\n")
                self.assertIn(b"$Forwarded", self.marks("rich"))
                self.assertNotIn(rb"\Answered", self.marks("rich"))

    def test_plain_forward_of_html_has_both(self):
        device, folder, item = self.original(RICH_MAIL, "rich")
        self.assertSent(device.smart_forward(mail("both"), folder, item))
        data = self.sent()
        self.assertIn("Original text", part(data, "text/plain").get_content())
        html = part(data, "text/html").get_content()
        self.assertLess(html.index("Hello."), html.index("<p>Original text</p>"))
        self.assertIsNotNone(part(data, "multipart/alternative"))
        self.assertIsNotNone(part(data, "application/pdf"))

    def test_winmail(self):
        """What is in it goes along as what it is."""
        text = (FIXTURES / "tnef-html.eml").read_bytes().decode()
        device, folder, item = self.original(text, "Figures from Outlook")
        self.assertSent(device.smart_forward(mail("winmail"), folder, item))
        data = self.sent()
        self.assertIn("the <b>figures</b> cost 7 €.", part(data, "text/html").get_content())
        self.assertEqual(part(data, "application/pdf").get_filename(), "Figures – 2024.pdf")
        self.assertEqual(part(data, "image/png")["Content-ID"], "<pixel@fixture.example.test>")
        inner = part(data, "message/rfc822")
        self.assertEqual(inner.get_filename(), "Minutes – draft.eml")
        self.assertEqual(inner.get_content()["Subject"], "Minutes – draft")
        self.assertNotIn("winmail.dat", [item.get_filename() for item in parts(data)[0].iter_attachments()])
        self.assertSent(device.smart_reply(mail("winmail-reply"), folder, item))
        data = self.sent()
        self.assertIn("the <b>figures</b> cost 7 €.", part(data, "text/html").get_content())
        self.assertIsNone(part(data, "application/pdf"))

    def test_meeting_in_winmail_goes_along(self):
        text = (FIXTURES.parent / "meeting" / "winmail.eml").read_bytes().decode()
        device, folder, item = self.original(text, "Quarterly figures")
        self.assertSent(device.smart_forward(mail("winmail-meeting"), folder, item))
        self.assertIsNotNone(part(self.sent(), "application/ms-tnef"))

    def test_calendar_alone(self):
        """Its description is quoted, and it goes along once."""
        text = (FIXTURES / "calendar-only.eml").read_bytes().decode("latin-1")
        device, folder, item = self.original(text, "Open day")
        self.assertSent(device.smart_forward(mail("calendar"), folder, item))
        data = self.sent()
        self.assertIn("See you in Köln; Marta", part(data, "text/plain").get_content())
        self.assertEqual([item.get_content_type() for item in parts(data)].count("text/calendar"), 1)

    def test_attached_mails_go_along_as_they_are(self):
        """With what is in them, which is not attached a second time; names of files stay."""
        device, folder, item = self.original(NESTED_MAIL, "nested")
        self.assertSent(device.smart_forward(mail("nested-fw"), folder, item))
        data = self.sent()
        self.assertIn(NESTED_MAIL.partition("attachment\n\n")[2].partition("--i--")[0].replace("\n", "\r\n").encode("latin-1"),
                      data)
        outer = [(item.get_content_type(), item.get_filename()) for item in parts(data)[0].iter_attachments()]
        self.assertEqual(outer, [("message/rfc822", None), ("application/octet-stream", "Gr\u00f6\u00dfe.bin")])
        self.assertEqual([item.get_filename() for item in parts(data)].count("\u00dcbersicht.pdf"), 1)

    def test_character_sets(self):
        """The two may have different ones, and clients that say nothing, or something else in their HTML."""
        device, folder, item = self.original(PLAIN_MAIL, "plain")
        meta = b'<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1"></head><body>'
        cases = ((b"text/html; charset=iso-8859-1", meta + b"Sch\xf6n</body></html>\r\n", "Sch\u00f6n"),
                 (b"text/plain; charset=koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4\r\n", "\u041f\u0440\u0438\u0432\u0435\u0442"),
                 (b"text/plain", "Sch\u00f6n \u2026\r\n".encode(), "Sch\u00f6n \u2026"),
                 (b"text/plain; charset=x-unknown", b"Sch\xf6n\r\n", "Sch\u00f6n"))
        for number, (kind, body, text) in enumerate(cases):
            with self.subTest(kind):
                header = b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: %s\r\n" % kind
                self.assertSent(device.smart_reply(mail(f"charset{number}", header, body), folder, item))
                shown = part(self.sent(), kind.split(b";")[0].decode())
                self.assertEqual(shown.get_content_charset(), "utf-8")
                content = shown.get_content()
                self.assertIn(text, content)
                self.assertIn("Zehn \u20ac und Gr\u00fc\u00dfe", content)
                self.assertNotIn("charset=iso", content)

    def test_large_originals(self):
        """They go through the worker, not into its memory."""
        report = base64.encodebytes(bytes(range(256)) * 4096 * 12).decode()
        device, folder, item = self.original(RICH_MAIL.replace("JVBERi0xLjQK\n", report), "rich", user="u5")
        before = self.dovecot.peak_memory("roost-worker")
        self.assertSent(device.smart_forward(mail("large").replace(b"u1@", b"u5@"), folder, item))
        self.assertIn(report.replace("\n", "\r\n").rstrip().encode(), self.sent())
        self.assertLess(self.dovecot.peak_memory("roost-worker") - before, 10_000)

    def test_reply_leaves_attachments_out(self):
        device, folder, item = self.original(RICH_MAIL, "rich")
        own = (b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n")
        body = (b"--q\r\nContent-Type: text/html\r\n\r\n<p>See</p>\r\n--q\r\nContent-Type: text/csv; name=own.csv\r\n"
                b"Content-Disposition: attachment; filename=own.csv\r\n\r\na,b\r\n--q--\r\n")
        self.assertSent(device.smart_reply(mail("files", own, body), folder, item))
        data = self.sent()
        self.assertIsNone(part(data, "application/pdf"))
        self.assertIsNotNone(part(data, "image/png"))
        self.assertEqual(part(data, "text/csv").get_filename(), "own.csv")
        self.assertIn("Original text", part(data, "text/html").get_content())

    def test_signed_original_is_attached_untouched(self):
        for forward in (False, True):
            device, folder, item = self.original(SIGNED_MAIL, "signed")
            send = device.smart_forward if forward else device.smart_reply
            self.assertSent(send(mail(f"sig{forward}"), folder, item))
            data = self.sent()
            self.assertIsNotNone(part(data, "message/rfc822"))
            signed = SIGNED_MAIL.partition("\n\n")[2].encode().replace(b"\n", b"\r\n")
            self.assertIn(signed.rstrip(b"\r\n"), data)

    def test_signed_mail_of_the_device(self):
        kind = (b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; micalg=sha-256; boundary=s;\r\n"
                b" protocol=\"application/pkcs7-signature\"\r\n")
        body = SIGNED_MAIL.partition("\n\n")[2].encode().replace(b"\n", b"\r\n")
        device, folder, item = self.original(PLAIN_MAIL, "plain")
        self.assertSent(device.smart_reply(mail("sr", kind, body), folder, item))
        self.assertEqual(self.dovecot.smtp.messages[-1].body, body)
        self.assertSent(device.smart_forward(mail("sf", kind, body), folder, item))
        self.assertIn(body.rstrip(b"\r\n"), self.sent())
        self.assertIsNotNone(part(self.sent(), "message/rfc822"))
        secret = b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n"
        self.assertSent(device.smart_forward(mail("enc", secret, b"MIIfake\r\n"), folder, item))
        self.assertEqual(self.dovecot.smtp.messages[-1].body, b"MIIfake\r\n")
        self.assertNotIn(b"Zehn", self.sent())

    def test_replace_mime(self):
        device, folder, item = self.original(RICH_MAIL, "rich", "14.1")
        for send, mark in ((device.smart_reply, rb"\Answered"), (device.smart_forward, b"$Forwarded")):
            self.assertSent(send(mail("edited"), folder, item, replace_mime=True))
            self.assertEqual(self.dovecot.smtp.messages[-1].body, b"Hello.\r\n")
            self.assertIn(mark, self.marks("rich"))

    def test_repeats(self):
        device, folder, item = self.original(PLAIN_MAIL, "plain")
        for _ in range(2):
            self.assertSent(device.smart_reply(mail("rr"), folder, item, client_id="rr"))
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(len(self.stored("u1", "Sent", "rr")), 1)

    def test_bad_sources(self):
        device, folder, item = self.original(PLAIN_MAIL, "plain")
        number = item.partition(":")[0]
        for status, *fields in (
                (103,), (105, E("Source")), (105, E("Source", E("FolderId", folder))),
                (105, E("Source", E("FolderId", folder), E("LongId", "1:1:1"))),
                (106, E("Source", E("FolderId", folder), E("ItemId", "nonsense"))),
                (106, E("Source", E("LongId", "nonsense"))),
                (150, E("Source", E("FolderId", folder), E("ItemId", f"{number}:99999"))),
                (150, E("Source", E("FolderId", "99"), E("ItemId", "99:1"))),
                (104, E("Source", E("FolderId", folder), E("ItemId", item), E("InstanceId", "yesterday")))):
            for command in ("SmartReply", "SmartForward"):
                response = device.command(command, E(f"ComposeMail:{command}", E("ClientId", f"b{status}{len(fields)}{command}"),
                                                     *fields, E("Mime", mail("bad"))))
                self.assertStatus(response, status)
        forwardees = E("Forwardees", E("Forwardee", E("ForwardeeEmail", "u2@example.test")))
        source = E("Source", E("FolderId", folder), E("ItemId", item))
        for status, fields in ((178, [forwardees, E("Mime", mail("bad"))]), (150, [forwardees])):
            self.assertStatus(device.command("SmartForward", E("ComposeMail:SmartForward", E("ClientId", "f"), source,
                                                               *fields)), status)
        self.assertEqual(self.dovecot.smtp.messages, [])
        old, folder, item = self.original(PLAIN_MAIL, "plain", "12.1")
        self.assertEqual(old.smart_reply(mail("bad"), folder, f"{number}:99999").code, 500)
        self.assertEqual(old.command("SmartReply", mail("bad")).code, 400)


class Events(MeetingCase):
    """The original is in a calendar: what the user was invited to, or has for himself."""
    def event_of(self, version, *lines, user="u3", subject="Talk", organizer="boss@elsewhere.example"):
        """An invitation, seen in the calendar: a device, the folder, the event's ServerId, and the occurrence's name."""
        self.invite(user, "LOCATION:Room 7", "DESCRIPTION:Bring\\, please\\, figures.", "CATEGORIES:Mine", *lines,
                    uid=f"{subject}@elsewhere.example", organizer=organizer, people=(f"{user}@example.test",), summary=subject)
        device = self.ready_device(user, version)
        self.look(device, device.folders_of_type(INBOX)[0])
        folder = device.folders_of_type(CALENDAR)[0]
        item, = (item for item, data in self.look(device, folder)[0].items() if data.get("Calendar:Subject") == subject)
        return device, folder.id, item

    def only(self):
        """The mail that was sent, and the calendar object in it with how it is called."""
        sent, = self.dovecot.smtp.messages
        (_, method, text), = self.sent()
        self.dovecot.smtp.clear()
        return sent, method, text

    def smart(self, device, folder, item, *elements, instance=None, command="SmartForward", client_id="c"):
        return device.command(command, E(f"ComposeMail:{command}", E("ClientId", client_id), E("Source", E("FolderId", folder),
            E("ItemId", item), E("InstanceId", instance) if instance is not None else None), *elements))

    @staticmethod
    def forwardees(*people):
        return E("Forwardees", [E("Forwardee", E("ForwardeeName", name) if name else None, E("ForwardeeEmail", address))
                                for name, address in people])

    def test_forward_and_reply_in_every_version(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                subject = f"Talk {version}"
                device, folder, item = self.event_of(version, subject=subject)
                self.assertSent(device.smart_forward(mail(f"fwd{version}"), folder, item))
                sent, method, text = self.only()
                self.assertEqual(method, "REQUEST")
                self.assertHas(text, "METHOD:REQUEST", f"UID:{subject}@elsewhere.example", "mailto:boss@elsewhere.example",
                               "DTSTAMP:20261120T080000Z", "LOCATION:Room 7", "!X-ROOST", "!CATEGORIES")
                shown = part(sent.data, "text/plain").get_content()
                self.assertHas(shown, "Hello.", 'From: "Boss" <boss@elsewhere.example>', "Bring, please, figures.", f"What: {subject}",
                               "When: Monday, 2027-01-04 10:00 - 11:00", "Where: Room 7")
                self.assertEqual(len(self.stored("u3", "Sent", f"fwd{version}")), 1)
                self.assertSent(device.smart_reply(mail(f"answer{version}"), folder, item))
                data = self.dovecot.smtp.messages[-1].data
                self.assertIsNone(part(data, "text/calendar"))
                self.assertHas(part(data, "text/plain").get_content(), "Hello.", "Bring, please, figures.")
                self.dovecot.smtp.clear()
        # the one who got it is invited
        other = self.ready_device("u2", "16.1")
        shown = self.look(other, other.folders_of_type(INBOX)[0])[0]
        found = [data for data in shown.values() if data.get("Email:Subject") == "fwd16.1"]
        self.assertEqual([data.get("Email:MessageClass") for data in found], ["IPM.Schedule.Meeting.Request"])
        events = self.look(other, other.folders_of_type(CALENDAR)[0])[0]
        self.assertIn(("Talk 16.1", "boss@elsewhere.example"),
                      [(data.get("Calendar:Subject"), data.get("Calendar:OrganizerEmail")) for data in events.values()])

    def test_occurrences(self):
        device, folder, item = self.event_of("14.1", "RRULE:FREQ=DAILY;COUNT=5", subject="Daily")
        self.assertSent(self.smart(device, folder, item, E("Mime", mail("one")), instance="2027-01-06T10:00:00.000Z"))
        self.assertHas(self.only()[2], "RECURRENCE-ID:20270106T100000Z", "DTSTART:20270106T100000Z", "!RRULE")
        self.assertSent(self.smart(device, folder, item, E("Mime", mail("all")), client_id="all"))
        self.assertHas(self.only()[2], "RRULE:FREQ=DAILY;COUNT=5", "!RECURRENCE-ID")
        # as Search calls it
        found = device.command("Search", E("Search:Search", E("Store", E("Name", "Mailbox"), E("Query", E(
            "And", E("AirSync:Class", "Calendar"), E("FreeText", "Daily")))))).document.find("Response/Store/Result")
        self.assertSent(device.command("SmartForward", E("ComposeMail:SmartForward", E("ClientId", "long"), E(
            "Source", E("LongId", found.get("LongId"))), E("Mime", mail("long")))))
        self.assertHas(self.only()[2], "UID:Daily@elsewhere.example")
        single = self.event_of("14.1", subject="Single")[2]
        for number, (wanted, status, instance) in enumerate((
                (item, 104, "tomorrow"), (item, 104, ""), (item, 150, "2027-01-06T10:30:00.000Z"),
                (single, 146, "2027-01-04T10:00:00.000Z"), (f"{folder}:9999", 150, None))):
            self.assertStatus(self.smart(device, folder, wanted, E("Mime", mail("bad")), instance=instance,
                                         client_id=f"bad{number}"), status)
        self.assertEqual(self.dovecot.smtp.messages, [])
        old, folder, item = self.event_of("12.1", "RRULE:FREQ=DAILY;COUNT=5", subject="Old")
        self.assertSent(old.command("SmartForward", mail("old"), {
            "CollectionId": folder, "ItemId": item, "Occurrence": "2027-01-05T10:00:00.000Z"}, 1))
        self.assertHas(self.only()[2], "RECURRENCE-ID:20270105T100000Z")

    def test_what_is_no_meeting(self):
        device = self.ready_device("u4", "16.1")
        folder = device.folders_of_type(CALENDAR)[0]
        self.look(device, folder)
        item = device.add(folder, [[E("Calendar:Subject", "Dentist"), E("Calendar:StartTime", START),
                                    E("Calendar:EndTime", END)]]).get("Responses/Add/ServerId")
        self.assertSent(device.smart_forward(mail("dentist"), folder.id, item))
        _, method, text = self.only()
        self.assertEqual(method, "PUBLISH")
        self.assertHas(text, "SUMMARY:Dentist", "mailto:u4@example.test")

    def test_forwardees(self):
        """The server writes the mail, and once."""
        device, folder, item = self.event_of("16.1", subject="Z\u00fcrich")
        people = self.forwardees(("Two, U.", "u2@example.test"), (None, "eve@elsewhere.example"))
        words = E("AirSyncBase:Body", E("Type", 2), E("Data", "<p>Go <b>there</b></p>"))
        for _ in range(2):
            self.assertSent(self.smart(device, folder, item, people, words))
        sent, method, text = self.only()
        self.assertEqual(method, "REQUEST")
        self.assertHas(text, "SUMMARY:Z\u00fcrich", "mailto:boss@elsewhere.example")
        self.assertEqual(sorted(sent.recipients), ["eve@elsewhere.example", "u2@example.test"])
        whole = parts(sent.data)[0]
        self.assertEqual((whole["From"], whole["To"], whole["Subject"]),
                         ("u3@example.test", '"Two, U." <u2@example.test>, eve@elsewhere.example', "FW: Z\u00fcrich"))
        html = part(sent.data, "text/html").get_content()
        self.assertLess(html.index("<b>there</b>"), html.index("Bring, please, figures."))
        device.folder_sync()
        copies = self.look(device, device.folders_of_type(SENT)[0])[0]
        self.assertEqual([data.get("Email:Subject") for data in copies.values()].count("FW: Z\u00fcrich"), 1)
        # its answer was lost, and the event is gone meanwhile
        device.delete(device.folders_of_type(CALENDAR)[0], item)
        self.dovecot.smtp.clear()
        self.assertSent(self.smart(device, folder, item, people, words))
        self.assertStatus(self.smart(device, folder, item, people, words, client_id="new"), 150)
        self.assertEqual(self.dovecot.smtp.messages, [])

    def test_bad_forwardees(self):
        device, folder, item = self.event_of("16.1", subject="Bad")
        good = self.forwardees((None, "u2@example.test"))
        words = E("AirSyncBase:Body", E("Type", 1), E("Data", "See"))
        for number, (status, *elements) in enumerate((
                (178, good, E("Mime", mail("bad"))), (178, good, E("SaveInSentItems")), (178, good, E("ReplaceMime")),
                (178, words, E("Mime", mail("bad"))), (179, words), (179, E("Forwardees")),
                (179, self.forwardees((None, "nobody"))), (179, E("Forwardees", E("Forwardee", E("ForwardeeName", "Two")))),
                (179, good, E("AirSyncBase:Body", E("Type", 4), E("Data", "See"))))):
            with self.subTest(number):
                self.assertStatus(self.smart(device, folder, item, *elements, client_id=f"bad{number}"), status)
        self.assertEqual(self.dovecot.smtp.messages, [])
        # older versions do not know them
        old, folder, item = self.event_of("14.1", subject="Older")
        self.assertSent(self.smart(old, folder, item, good, E("Mime", mail("older"))))

    def test_killed(self):
        """The server has the mail, the worker dies before it hears of it: the repeat has the same Message-ID."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        device, folder, item = self.event_of("16.1", subject="Killed")
        people = self.forwardees((None, "eve@elsewhere.example"))

        def hook(stage, _):
            if stage == "TAKEN":
                self.dovecot.smtp.hook = None
                self.dovecot.kill("roost-worker")
        self.dovecot.smtp.hook = hook
        answer = self.smart(device, folder, item, people)
        self.assertEqual(answer.code, 503)
        deadline = time.monotonic() + 30
        while answer.code == 503 and time.monotonic() < deadline:
            time.sleep(0.2)
            answer = self.smart(device, folder, item, people)
        self.assertSent(answer)
        first, second = self.dovecot.smtp.messages
        self.assertEqual(parts(first.data)[0]["Message-ID"], parts(second.data)[0]["Message-ID"])
        self.assertEqual(len(self.stored("u3", "Sent", "FW: Killed")), 1)
