"""Mails as items of the class Email: every fixture of tests/fixtures/mail is delivered by LMTP, and each element checked
at an old, a middle and the newest protocol versions."""
import base64
import email
import email.policy
import functools
import pathlib
import re
import subprocess

from rig import DRAFTS, HTML, INBOX, MIME, PLAIN, SENT, Body, Case, Device, E, options

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "mail"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.eml"))
VERSIONS = "2.5", "12.1", "14.1", "16.1"
FROM = '"Marta Kowalska" <marta@example.test>'
FLAG = "Flag for follow up"

# What the elements of a fixture say where it is not what most of them say (see Elements.common).
EXPECTED = {
    "plain": {"Cc": '"Novak, Jan" <jan@example.test>, zoe@example.test',
              "ReplyTo": 'desk@example.test; "Ops" <ops@example.test>', "Importance": "2", "InternetCPID": "65001"},
    "html": {"InternetCPID": "28592"},
    "alternative": {"InternetCPID": "65001"},
    "alternative-empty-plain": {"InternetCPID": "65001"},
    "related": {"InternetCPID": "65001"},
    "nested": {"InternetCPID": "65001", "ThreadTopic": "Inner"},
    "smime-signed": {"MessageClass": "IPM.Note.SMIME.MultipartSigned", "InternetCPID": "65001"},
    "smime-encrypted": {"MessageClass": "IPM.Note.SMIME"},
    "smime-opaque": {"MessageClass": "IPM.Note.SMIME"},
    "pgp-signed": {"InternetCPID": "65001"},
    "iso-2022-jp": {"From": '"田中" <tanaka@example.test>', "To": "u1@example.test", "DisplayTo": "u1@example.test",
                    "Subject": "会議のお知らせ", "InternetCPID": "50220"},
    "unknown-charset": {"InternetCPID": "65001"},
    "no-mime": {"From": "old@example.test", "To": "u1@example.test", "DisplayTo": "u1@example.test"},
    "broken-base64": {"InternetCPID": "65001"},
    "broken-qp": {"InternetCPID": "65001"},
    "headers-8bit": {"From": '"Jürgen Müller" <juergen@example.test>', "To": '"Zürich €" <zh@example.test>',
                     "DisplayTo": "Zürich €", "Subject": "Grüße und   mehr", "ThreadTopic": "Grüße und   mehr"},
    "headers-words": {"From": '"\\"Doe, Jane\\"" <jane@example.test>',
                      "To": '"café" <cafe@example.test>, a@example.test, "B" <b@example.test>', "Cc": None,
                      "DisplayTo": "café; a@example.test; B", "Subject": "Grüße😀 und über=?utf-8?Q?_broken"},
    "invitation": {"InternetCPID": "65001", "MessageClass": "IPM.Schedule.Meeting.Request"},
    "dsn": {"From": '"Mail Delivery System" <MAILER-DAEMON@example.test>', "MessageClass": "REPORT.IPM.Note.NDR"},
    "dsn-delayed": {"MessageClass": "REPORT.IPM.Note.DELAYED"},
    "read-receipt": {"MessageClass": "REPORT.IPM.Note.IPNRN"},
    "names": {"InternetCPID": "65001"},
    "empty": {"From": None, "To": None, "DisplayTo": None, "Subject": "", "ThreadTopic": ""},
    "undisclosed": {"To": None, "DisplayTo": None},
    "delegate": {"Importance": "0"},
    "cut": {"InternetCPID": "65001"},
    "controls": {"InternetCPID": "65001"},
    "nul": {"InternetCPID": "65001"},
    "utf-16": {"InternetCPID": "1200"},
    "no-charset": {}, "no-charset-utf8": {},
    "hebrew": {"From": "h@example.test", "To": "u1@example.test", "DisplayTo": "u1@example.test", "Subject": "שלום",
               "InternetCPID": "1255"},
    "thread-2": {"ThreadTopic": "Budget"},
    "thread-3": {"ThreadTopic": "Budget"},
    "tnef-html": {"InternetCPID": "1252"},
    "tnef-rtf": {"InternetCPID": "65001"},
    "calendar-only": {"InternetCPID": "65001"},
    "read": {},
}
# Fixtures with an HTML text.
# None of the user's addresses is in their To.
BLIND = {"undisclosed", "headers-8bit", "headers-words"}
HTML_NATIVE = {"html", "alternative", "alternative-empty-plain", "alternative-mixed", "related", "tnef-html", "tnef-rtf",
               "calendar-only"}
# name, method, size, Content-ID, Content-Location, inline; None = no such element
ATTACHMENTS = {
    "alternative-mixed": [("between.pdf", "1", 16, None, None, None)],
    "related": [("one.png", "1", 70, "one@example.test", None, "1"),
                ("attachment-3.png", "1", 70, None, "pictures/two.png", "1")],
    "nested": [("Inner: Grüße.eml", "5", None, None, None, None)],
    "digest": [("First.eml", "5", None, None, None, None), ("Second.eml", "5", None, None, None, None)],
    "smime-signed": [("smime.p7s", "1", None, None, None, None)],
    "smime-encrypted": [("smime.p7m", "1", None, None, None, None)],
    "smime-opaque": [("smime.p7m", "1", None, None, None, None)],
    "pgp-encrypted": [("attachment-1.asc", "1", None, None, None, None),
                      ("encrypted.asc", "1", None, None, None, None)],
    "pgp-signed": [("signature.asc", "1", None, None, None, None)],
    "broken-base64": [("cut.bin", "1", 6, None, None, None)],
    "tnef": [("winmail.dat", "1", 44, None, None, None)],
    "tnef-html": [("Figures – 2024.pdf", "1", 69, None, None, None),
                  ("pixel.png", "1", 70, "pixel@fixture.example.test", None, "1"),
                  ("Minutes – draft.eml", "5", None, None, None, None)],
    "tnef-rtf": [("notes.txt", "1", 8, None, None, None)],
    "calendar-only": [("attachment-1.ics", "1", None, None, None, None)],
    "dsn": [("attachment-2.txt", "1", None, None, None, None), ("Hello.eml", "5", None, None, None, None)],
    "dsn-delayed": [("attachment-2.txt", "1", None, None, None, None)],
    "read-receipt": [("attachment-2.txt", "1", None, None, None, None)],
    "names": [("€ rates and more.pdf", "1", 6, None, None, None), ("Übersicht.bin", "1", 3, None, None, None),
              ("_.._etc_pa_sswd", "1", 3, None, None, None), ("attachment-5.jpg", "1", 3, None, None, None),
              ("notes.txt", "1", 21, None, None, None)],
    "cut": [("half.bin", "1", None, None, None, None)],
}
# The whole plain text; the unit tests of lib-pim have the rest.
TEXTS = {
    "plain": "Dear Ursula,\r\n\r\n  the total is 5 < 6 & 7 > 3, see https://example.test/?a=1&b=2.\r\n> quoted line\r\n"
             "Zażółć gęślą jaźń 😀\r\n\r\nMarta\r\n",
    "html": "Oferta\r\n\r\nDzień dobry,\r\ndrugi wiersz\r\n\r\n- pierwszy\r\n- drugi\r\n> cytat\r\nA\tB\r\n\r\n"
            "Word & link <https://example.test/?a=1&b=2>.\r\n",
    "alternative": "The plain version.",
    "iso-2022-jp": "来週の会議は火曜日です。\r\n",
    "cp1252-as-ascii": "The “new” price is €50 – naïve?\r\n",
    "no-charset": "Größe: 12 kB\r\n",
    "broken-base64": "The first half is readable.",
    "smime-encrypted": "",
    "empty": "",
    "tnef-html": "Dear Ursula,\r\n\r\nthe figures cost 7 EUR.",
    "tnef-rtf": "Rich text costs 7€ & is bold: łódź.\r\n",
    "calendar-only": "Bring your friends, it is open to all.\r\nSee you in Köln; Marta",
}


# users whose Inbox has the fixtures
_delivered = set()


def subject_of(name):
    head = (FIXTURES / f"{name}.eml").read_bytes().partition(b"\n\n")[0].decode("latin-1")
    found = re.search(r"^Subject: (.*)$", head, re.M)
    return found[1] if found else ""


def wire(name):
    return (FIXTURES / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


class MailCase(Case):
    def deliver_all(self, user, names=NAMES):
        """Delivers the fixtures into the user's empty Inbox, once: their UIDs are 1, 2, ..."""
        if user not in _delivered:
            for name in names:
                self.dovecot.deliver(user, wire(name))
            _delivered.add(user)

    def items(self, device, folder, opts, names=NAMES):
        """ApplicationData of each fixture by its name."""
        adds = [add for page in device.sync_all(folder, opts=opts, window=20) for add in page.findall("Commands/Add")]
        found = {int(add.get("ServerId").rpartition(":")[2]): add for add in adds}
        self.assertEqual(sorted(found), list(range(1, len(names) + 1)))
        return {name: found[number + 1] for number, name in enumerate(names)}

    def sync(self, version, opts, user="u1"):
        self.deliver_all(user)
        device = self.ready_device(user, version)
        return self.items(device, device.folders_of_type(INBOX)[0], opts)

    def one(self, user, version, message, opts=None, folder=INBOX):
        """Delivers one message to a device that knows the folder: its Add."""
        device = self.ready_device(user, version)
        inbox = device.folders_of_type(folder)[0]
        for _ in device.sync_all(inbox, opts=opts):
            pass
        self.dovecot.deliver(user, message)
        adds = [add for page in device.sync_all(inbox, opts=opts) for add in page.findall("Commands/Add")]
        self.assertEqual(len(adds), 1)
        return device, inbox, adds[0]


class Elements(MailCase):
    """Every fixture at every version."""

    def common(self, name):
        subject = subject_of(name)
        return {"From": FROM, "To": '"Ursula One" <u1@example.test>', "Cc": None, "ReplyTo": None, "Subject": subject,
                "DisplayTo": "Ursula One", "ThreadTopic": None, "Importance": "1", "Read": "0",
                "MessageClass": "IPM.Note", "InternetCPID": "20127", **EXPECTED.get(name, {})}

    def check(self, version):
        bodies = [Body(PLAIN)] if version != "2.5" else []
        items = self.sync(version, options(filter_type=0, bodies=bodies))
        for name, item in items.items():
            with self.subTest(mail=name, version=version):
                self.check_item(name, item.find("ApplicationData"), item.get("ServerId"), float(version))

    def check_item(self, name, data, server_id, version):
        for element, value in self.common(name).items():
            if element == "ThreadTopic" and value is None:
                continue
            self.assertEqual(data.get(f"Email:{element}"), value, element)
        self.assertRegex(data.get("Email:DateReceived"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$")
        self.check_attachments(name, data, server_id, version)
        if version == 2.5:
            self.assertEqual(data.get("Email:BodyTruncated"), "0")
            text = data.get("Email:Body")
            self.assertEqual(int(data.get("Email:BodySize")), len(text.encode()))
            self.assertEqual([node.tag for node in data.children if not node.tag.startswith("Email:")], [])
        else:
            body = data.find("AirSyncBase:Body")
            text = body.get("Data")
            self.assertEqual((body.get("Type"), body.get("Truncated")), ("1", None))
            self.assertEqual(int(body.get("EstimatedDataSize")), len(text.encode()))
            self.assertEqual(data.get("AirSyncBase:NativeBodyType"), "2" if name in HTML_NATIVE else "1")
            kind = "calendarmessage" if name == "invitation" else "message"
            self.assertEqual(data.get("Email:ContentClass"), f"urn:content-classes:{kind}")
            self.assertEqual(data.find("Email:Flag").children, [])
        if name in TEXTS:
            self.assertEqual(text, TEXTS[name])
        self.check_14(name, data, version)

    def check_attachments(self, name, data, server_id, version):
        container, size = ("Email:Attachments", "AttSize") if version == 2.5 else (
            "AirSyncBase:Attachments", "EstimatedDataSize")
        found = data.findall(f"{container}/Attachment")
        self.assertEqual(data.find(container) is None, not found)
        wanted = ATTACHMENTS.get(name, [])
        self.assertEqual([node.get("DisplayName") for node in found], [entry[0] for entry in wanted])
        for node, (_, method, length, content_id, location, inline) in zip(found, wanted):
            self.assertEqual(node.get("AttMethod" if version == 2.5 else "Method"), method)
            if length is not None:
                # by the encoded size, whose padding is not looked at
                self.assertAlmostEqual(int(node.get(size)), length, delta=2)
            self.assertGreater(int(node.get(size)), 0)
            reference = node.get("AttName" if version == 2.5 else "FileReference")
            self.assertTrue(reference.startswith(server_id + ":"), reference)
            if version > 2.5:
                self.assertEqual((node.get("ContentId"), node.get("ContentLocation"), node.get("IsInline")),
                                 (content_id, location, inline))

    def check_14(self, name, data, version):
        new = ("Email2:ConversationId", "Email2:ConversationIndex", "Email:Categories")
        self.assertEqual([data.find(tag) is not None for tag in new], [version >= 14] * 3)
        if version >= 14:
            self.assertEqual(len(data.find(new[0]).text), 16)
            self.assertGreaterEqual(len(data.find(new[1]).text), 5)
            self.assertEqual(data.find(new[2]).children, [])
        self.assertEqual(data.get("Email2:Sender"),
                         '"Secretary" <secretary@example.test>' if name == "delegate" and version >= 14 else None)
        self.assertEqual(data.get("Email2:ReceivedAsBcc"), "1" if name in BLIND and version >= 14 else None)
        self.assertEqual(data.get("Email2:IsDraft"), "0" if version >= 16 else None)
        self.assertIsNone(data.get("Email2:LastVerbExecuted"))

    def test_version_2_5(self):
        self.check("2.5")

    def test_version_12_1(self):
        self.check("12.1")

    def test_version_14_1(self):
        self.check("14.1")

    def test_version_16_1(self):
        self.check("16.1")

    def test_version_12_0(self):
        self.check("12.0")

    def test_version_14_0(self):
        self.check("14.0")

    def test_version_16_0(self):
        self.check("16.0")

    def test_every_fixture_has_expectations(self):
        for table in EXPECTED, ATTACHMENTS, TEXTS:
            self.assertEqual(set(table) - set(NAMES) - {"read"}, set())


class Conversations(MailCase):
    def test_threads(self):
        """One id for a thread whatever the mailers are, another for each other mail, the same for two users."""
        items = self.sync("16.1", options(filter_type=0, bodies=[Body(PLAIN, 10)]))
        ids = {name: item.find("ApplicationData/Email2:ConversationId").text for name, item in items.items()}
        self.assertEqual(len({ids["thread-1"], ids["thread-2"], ids["thread-3"]}), 1)
        others = [ids[name] for name in NAMES if not name.startswith("thread-")]
        self.assertEqual(len(set(others)), len(others))
        again = self.sync("14.1", options(filter_type=0, bodies=[Body(PLAIN, 10)]), "u2")
        self.assertEqual({name: item.find("ApplicationData/Email2:ConversationId").text
                          for name, item in again.items()}, ids)

    def test_index(self):
        items = self.sync("16.1", options(filter_type=0, bodies=[Body(PLAIN, 10)]))
        index = {name: item.find("ApplicationData/Email2:ConversationIndex").text for name, item in items.items()}
        # Thread-Index without its first byte and the GUID; and the time of the Date field, in steps of 6.5 ms
        self.assertEqual(index["thread-1"].hex(), "da6ee1a2b3")
        self.assertEqual(index["thread-3"].hex(), "da6ee1a2b3" "8000001234")
        filetime = int.from_bytes(b"\x01" + index["plain"] + b"\0\0", "big")
        self.assertAlmostEqual(filetime / 10 ** 7 - 11644473600, 1709627400, delta=0.01)


class Bodies(MailCase):
    """Which body comes for which preferences."""

    def body(self, name, bodies, version="16.1", **more):
        return self.sync(version, options(filter_type=0, bodies=bodies, **more))[name].find("ApplicationData")

    def test_native_type_is_preferred(self):
        items = self.sync("14.1", options(filter_type=0, bodies=[Body(PLAIN, 1000), Body(HTML, 1000)]))
        for name, item in items.items():
            self.assertEqual(item.get("ApplicationData/AirSyncBase:Body/Type"),
                             "2" if name in HTML_NATIVE else "1", name)

    def test_html_is_made_of_text(self):
        data = self.body("plain", [Body(HTML)])
        text = data.get("AirSyncBase:Body/Data")
        self.assertIn("the total is 5 &lt; 6 &amp; 7 &gt; 3, see https://example.test/?a=1&amp;b=2.<br>\r\n", text)
        self.assertEqual(data.get("AirSyncBase:NativeBodyType"), "1")

    def test_html_says_utf_8(self):
        text = self.body("html", [Body(HTML)]).get("AirSyncBase:Body/Data")
        self.assertIn('charset=utf-8">', text)
        self.assertIn("Dzień", text)

    def test_truncation(self):
        whole = self.body("plain", [Body(PLAIN)]).get("AirSyncBase:Body/Data").encode()
        for size in (0, 1, 100, 106, 107, 108, len(whole) - 1, len(whole), len(whole) + 1):
            body = self.body("plain", [Body(PLAIN, size)]).find("AirSyncBase:Body")
            text = body.get("Data", "").encode()
            self.assertTrue(whole.startswith(text) and len(text) <= size and len(text) > size - 4 or text == whole)
            self.assertEqual(body.get("Truncated"), "1" if size < len(whole) else None)
            self.assertGreaterEqual(int(body.get("EstimatedDataSize")), len(text))
            self.assertEqual(body.find("Data") is None, size == 0)

    def test_all_or_none(self):
        data = self.body("html", [Body(PLAIN, 5000), Body(HTML, 50, all_or_none=True)])
        self.assertEqual(data.get("AirSyncBase:Body/Type"), "1")
        data = self.body("html", [Body(HTML, 50, all_or_none=True)])
        self.assertEqual((data.get("AirSyncBase:Body/Type"), data.get("AirSyncBase:Body/Truncated"),
                          data.get("AirSyncBase:Body/Data")), ("2", "1", None))
        data = self.body("html", [Body(PLAIN, 5000), Body(HTML, 50000, all_or_none=True)])
        self.assertEqual(data.get("AirSyncBase:Body/Type"), "2")

    def test_preview(self):
        data = self.body("html", [Body(HTML, 0, preview=20)])
        self.assertTrue(0 < len(data.get("AirSyncBase:Body/Preview")) <= 20)
        self.assertTrue(data.get("AirSyncBase:Body/Preview").startswith("Oferta"))
        # not beside plain text
        self.assertIsNone(self.body("plain", [Body(PLAIN, 50, preview=20)]).get("AirSyncBase:Body/Preview"))

    def test_body_part(self):
        data = self.body("alternative", [Body(PLAIN)], body_part=12)
        part = data.find("AirSyncBase:BodyPart")
        self.assertEqual([(node.name, node.text) for node in part.children],
                         [("Status", "1"), ("Type", "2"), ("EstimatedDataSize", part.get("EstimatedDataSize")),
                          ("Truncated", "1"), ("Data", "<p>The <b>HT")])
        self.assertEqual(data.get("AirSyncBase:Body/Type"), "1")
        self.assertIsNone(self.body("alternative", [Body(PLAIN)], "14.0").find("AirSyncBase:BodyPart"))

    def test_rtf_alone_gets_the_native_type(self):
        self.assertEqual(self.body("html", [Body(3)], "12.1").get("AirSyncBase:Body/Type"), "2")


class Inside(MailCase):
    """What is in a winmail.dat, and a mail that is nothing but a calendar."""

    def test_html(self):
        items = self.sync("16.1", options(filter_type=0, bodies=[Body(HTML)]))
        for name, text in {"tnef-html": "<p>the <b>figures</b> cost 7 €.</p>", "tnef-rtf": "is <b>bold</b>: łódź.</p>",
                           "calendar-only": "<p>Bring your <b>friends</b>, it is open to all.</p>"}.items():
            body = items[name].find("ApplicationData/AirSyncBase:Body")
            self.assertEqual(body.get("Type"), "2", name)
            self.assertIn(text, body.get("Data"))
            self.assertNotIn("windows-1252", body.get("Data"))

    def test_preview(self):
        items = self.sync("16.1", options(filter_type=0, bodies=[Body(HTML, 0, preview=30)]))
        for name, text in {"tnef-html": "Dear Ursula,", "tnef-rtf": "Rich text costs 7€",
                           "calendar-only": "Bring your friends"}.items():
            preview = items[name].get("ApplicationData/AirSyncBase:Body/Preview")
            self.assertTrue(preview.startswith(text), preview)

    def contents(self, version, name, fetch):
        bodies = [Body(PLAIN, 10)] if version != "2.5" else []
        container, reference = ("Email:Attachments", "AttName") if version == "2.5" else (
            "AirSyncBase:Attachments", "FileReference")
        self.deliver_all("u1")
        device = self.ready_device("u1", version)
        item = self.items(device, device.folders_of_type(INBOX)[0], options(filter_type=0, bodies=bodies))[name]
        references = [node.get(reference) for node in item.findall(f"ApplicationData/{container}/Attachment")]
        return device, references, [fetch(device, reference) for reference in references]

    def check_contents(self, contents):
        self.assertTrue(contents[0].startswith(b"%PDF-1.4\n"))
        self.assertEqual((len(contents[0]), contents[1][:4], len(contents[1])), (69, b"\x89PNG", 70))
        inner = email.message_from_bytes(contents[2], policy=email.policy.default)
        self.assertEqual((inner["Subject"], inner["From"], inner["Message-ID"]),
                         ("Minutes – draft", "Marta Kowalska <marta@example.test>", "<inner@fixture.example.test>"))
        files = {part.get_filename(): part for part in inner.iter_attachments()}
        self.assertEqual(inner.get_body().get_content().strip(), "The minutes, as agreed: 5 € each.")
        self.assertEqual(files["plan.txt"].get_content(), "The plan.\r\n")
        self.assertEqual(files["winmail.dat"].get_content()[:4], b"\x78\x9f\x3e\x22")

    def test_attachments_by_get_attachment(self):
        for version in "2.5", "12.1":
            device, references, contents = self.contents(
                version, "tnef-html", lambda device, reference: device.get_attachment(reference).check().body)
            self.check_contents(contents)
            for wrong in "4", "0", "1.1", "99999999999":
                reference = references[0].rpartition(".")[0] + "." + wrong
                self.assertEqual(device.get_attachment(reference).code, 500, wrong)

    def test_attachments_by_fetch(self):
        def fetch(device, reference):
            answer = device.fetch_attachment(reference).check().document.find("Response/Fetch")
            self.assertEqual(answer.get("Status"), "1")
            return base64.b64decode(answer.get("Properties/Data"), validate=True)

        for version in "12.1", "14.1", "16.1":
            device, references, contents = self.contents(version, "tnef-html", fetch)
            self.check_contents(contents)
            answer = device.fetch_attachment(references[0], byte_range="5-7").check().document.find("Response/Fetch")
            self.assertEqual(base64.b64decode(answer.get("Properties/Data")), b"1.4")
            _, _, contents = self.contents(version, "tnef-rtf", fetch)
            self.assertEqual(contents, [b"Notes.\r\n"])


class Mime(MailCase):
    def original(self, user, number):
        imap = self.dovecot.imap(user)
        data = imap.uid("FETCH", str(number), "(BODY.PEEK[])")[1][0][1]
        imap.logout()
        return data

    @staticmethod
    def data(item):
        text = item.find("ApplicationData/AirSyncBase:Body/Data").text
        return text.encode() if isinstance(text, str) else text or b""

    def test_all_fixtures_byte_for_byte(self):
        for version in "12.1", "14.1", "16.1":
            items = self.sync(version, options(filter_type=0, mime_support=2, bodies=[Body(MIME)]), "u3")
            for number, name in enumerate(NAMES):
                with self.subTest(mail=name, version=version):
                    item = items[name]
                    self.assertEqual(item.get("ApplicationData/AirSyncBase:Body/Type"), "4")
                    original = self.original("u3", number + 1)
                    self.assertEqual(self.data(item), original)
                    self.assertEqual(int(item.get("ApplicationData/AirSyncBase:Body/EstimatedDataSize")),
                                     len(original))

    def test_2_5(self):
        items = self.sync("2.5", options(filter_type=0, mime_support=2), "u3")
        for number, name in enumerate(NAMES):
            data = items[name].find("ApplicationData")
            text = data.find("Email:MIMEData").text
            self.assertEqual(text.encode() if isinstance(text, str) else text, self.original("u3", number + 1))
            self.assertEqual(data.get("Email:MIMETruncated"), "0")
            self.assertIsNone(data.find("Email:Body"))

    def test_only_smime(self):
        items = self.sync("14.1", options(filter_type=0, mime_support=1, bodies=[Body(PLAIN), Body(MIME)]), "u3")
        smime = {name for name, item in items.items() if item.get("ApplicationData/AirSyncBase:Body/Type") == "4"}
        self.assertEqual(smime, {"smime-signed", "smime-encrypted", "smime-opaque"})

    def test_never(self):
        items = self.sync("14.1", options(filter_type=0, mime_support=0, bodies=[Body(PLAIN), Body(MIME)]), "u3")
        self.assertEqual({item.get("ApplicationData/AirSyncBase:Body/Type") for item in items.values()}, {"1"})

    def test_truncated(self):
        items = self.sync("14.1", options(filter_type=0, mime_support=2, bodies=[Body(MIME, 200)]), "u3")
        item = items["cp1252-as-ascii"]
        original = self.original("u3", NAMES.index("cp1252-as-ascii") + 1)
        self.assertEqual(self.data(item), original[:200])
        self.assertEqual(item.get("ApplicationData/AirSyncBase:Body/Truncated"), "1")
        self.assertEqual(int(item.get("ApplicationData/AirSyncBase:Body/EstimatedDataSize")), len(original))

    def test_signature_is_still_good(self):
        """What the device gets verifies, so nothing that is signed was touched."""
        items = self.sync("16.1", options(filter_type=0, mime_support=1, bodies=[Body(MIME)]), "u3")
        done = subprocess.run(["openssl", "cms", "-verify", "-noverify"], input=self.data(items["smime-signed"]),
                              capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"trailing blanks  \r\n", done.stdout)


class Large(MailCase):
    HEAD = "From: a@example.test\r\nTo: {to}\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n"

    def test_2000_recipients(self):
        to = ",\r\n ".join(f"Person {number} <person{number}@example.test>" for number in range(2000))
        message = self.HEAD.format(to=to, subject="many") + "\r\ntext\r\n"
        for version in VERSIONS:
            _, _, add = self.one("u4", version, message.encode())
            value = add.get("ApplicationData/Email:To")
            self.assertLessEqual(len(value), 32768)
            self.assertGreater(len(value), 32700)
            self.assertTrue(value.endswith("@example.test>"))
            self.assertTrue(add.get("ApplicationData/Email:DisplayTo").startswith("Person 0; Person 1; "))

    def test_100_levels(self):
        lines = [self.HEAD.format(to="u4@example.test", subject="deep").rstrip()]
        for level in range(100):
            lines += [f"Content-Type: multipart/mixed; boundary=level{level:03}", "", f"--level{level:03}"]
        lines += ["Content-Type: text/plain", "", "the text at the bottom"]
        lines += [f"--level{level:03}--" for level in reversed(range(100))]
        _, _, add = self.one("u4", "16.1", "\r\n".join([*lines, ""]).encode(), options(bodies=[Body(PLAIN)]))
        data = add.find("ApplicationData")
        text, files = data.get("AirSyncBase:Body/Data"), data.findall("AirSyncBase:Attachments/Attachment")
        # Dovecot takes apart no more than 100 levels: what is deeper is there as a file
        self.assertTrue("the text at the bottom" in text or len(files) == 1)

    def test_60_megabytes(self):
        """The text of a large mail comes without reading the rest into memory, and so does the whole of it."""
        size = 60 * 1024 * 1024
        block = base64.encodebytes(bytes(range(57)) * 3).decode().replace("\n", "\r\n")
        message = (self.HEAD.format(to="u4@example.test", subject="large") +
                   "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
                   "see the file\r\n--b\r\nContent-Type: application/octet-stream; name=large.bin\r\n"
                   "Content-Transfer-Encoding: base64\r\n\r\n" + block * (size // len(block)) + "--b--\r\n").encode()
        device, inbox, add = self.one("u4", "14.1", message, options(bodies=[Body(PLAIN, 5000)]))
        data = add.find("ApplicationData")
        self.assertEqual(data.get("AirSyncBase:Body/Data"), "see the file")
        estimated = int(data.get("AirSyncBase:Attachments/Attachment/EstimatedDataSize"))
        self.assertAlmostEqual(estimated, size * 57 // 78, delta=size // 100)
        # the second codec and the schemas take minutes for this one
        device.perform = functools.partial(Device.perform, device)
        answer = device.fetch(inbox, add.get("ServerId"), opts=options(mime_support=2, bodies=[Body(MIME)]))
        text = answer.find("Responses/Fetch/ApplicationData/AirSyncBase:Body/Data").text
        self.assertTrue(text.replace("\r\n", "").endswith(message.decode().replace("\r\n", "")[-1000:]))
        self.assertGreater(len(text), size)
        self.assertLess(self.dovecot.peak_memory("roost-worker"), 40 * 1024)


class Flags(MailCase):
    MESSAGE = "From: a@example.test\r\nTo: u5@example.test\r\nSubject: flags\r\n\r\ntext\r\n"

    def setUp(self):
        self.opts = options(bodies=[Body(PLAIN)])
        self.phone, self.inbox, self.item = self.one("u5", "16.1", self.MESSAGE.encode(), self.opts)
        self.uid = self.item.get("ServerId").rpartition(":")[2]
        self.other = self.ready_device("u5", "14.1")
        for _ in self.other.sync_all(self.inbox, opts=self.opts):
            pass
        self.box = self.dovecot.imap("u5")
        self.addCleanup(self.box.logout)

    def imap_flags(self):
        self.box.noop()
        answer = self.box.uid("FETCH", self.uid, "(FLAGS)")[1][0].decode()
        return {flag for flag in re.search(r"FLAGS \(([^)]*)\)", answer)[1].split() if flag != r"\Recent"}

    def change(self, *properties):
        answer = self.phone.change(self.inbox, self.item.get("ServerId"), *properties)
        status = answer.get("Responses/Change/Status", "1") if answer is not None else "1"
        return status

    def seen_by(self, device):
        """The ApplicationData of the only change that the device gets."""
        changes = [change for page in device.sync_all(self.inbox, opts=self.opts)
                   for change in page.findall("Commands/Change")]
        self.assertEqual(len(changes), 1)
        return changes[0].find("ApplicationData")

    def test_read(self):
        self.assertEqual(self.change(E("Email:Read", 1)), "1")
        self.assertEqual(self.imap_flags(), {r"\Seen"})
        self.assertEqual(self.seen_by(self.other).get("Email:Read"), "1")
        self.box.uid("STORE", self.uid, "-FLAGS", r"(\Seen)")
        self.assertEqual(self.seen_by(self.phone).get("Email:Read"), "0")

    def test_flag_by_device(self):
        fields = (E("Tasks:Subject", "flags"), E("Status", 2), E("FlagType", "Follow up"),
                  E("Tasks:StartDate", "2026-03-01T00:00:00.000Z"), E("Tasks:DueDate", "2026-03-02T00:00:00.000Z"),
                  E("Tasks:UtcStartDate", "2026-02-28T23:00:00.000Z"), E("Tasks:UtcDueDate", "2026-03-01T23:00:00.000Z"),
                  E("Tasks:ReminderSet", 1), E("Tasks:ReminderTime", "2026-03-02T07:00:00.000Z"),
                  E("Tasks:OrdinalDate", "2026-02-28T12:00:00.000Z"), E("Tasks:SubOrdinalDate", "555"))
        self.assertEqual(self.change(E("Email:Flag", *fields)), "1")
        self.assertEqual(self.imap_flags(), {r"\Flagged"})
        flag = self.seen_by(self.other).find("Email:Flag")
        wanted = {(field.name, field.text) for field in fields}
        self.assertEqual({(node.name, node.text) for node in flag.children}, wanted)
        # another due date alone reaches the other device as well
        fields = [E("Tasks:DueDate", "2026-03-05T00:00:00.000Z") if field.tag == "Tasks:DueDate" else field
                  for field in fields]
        self.assertEqual(self.change(E("Email:Flag", *fields)), "1")
        self.assertEqual(self.seen_by(self.other).get("Email:Flag/Tasks:DueDate"), "2026-03-05T00:00:00.000Z")
        # completed
        done = (E("Status", 1), E("FlagType", "Follow up"), E("CompleteTime", "2026-03-02T08:00:00.000Z"),
                E("Tasks:DateCompleted", "2026-03-02T08:00:00.000Z"))
        self.assertEqual(self.change(E("Email:Flag", *done)), "1")
        self.assertNotIn(r"\Flagged", self.imap_flags())
        flag = self.seen_by(self.other).find("Email:Flag")
        self.assertEqual({(node.name, node.text) for node in flag.children}, {(field.name, field.text) for field in done})
        # cleared
        self.assertEqual(self.change(E("Email:Flag")), "1")
        self.assertEqual(self.imap_flags(), set())
        self.assertEqual(self.seen_by(self.other).find("Email:Flag").children, [])

    def test_flag_by_imap(self):
        self.box.uid("STORE", self.uid, "+FLAGS", r"(\Flagged)")
        flag = self.seen_by(self.phone).find("Email:Flag")
        self.assertEqual((flag.get("Status"), flag.get("FlagType")), ("2", FLAG))
        self.box.uid("STORE", self.uid, "-FLAGS", r"(\Flagged)")
        self.assertEqual(self.seen_by(self.phone).find("Email:Flag").children, [])

    def test_malformed(self):
        start, due = "2026-03-02T00:00:00.000Z", "2026-03-01T00:00:00.000Z"
        for properties in (
                (E("Email:Read", 2),), (E("Email:Flag", E("Status", 3)),), (E("Email:Flag", E("Status", "x")),),
                (E("Email:Flag", E("Status", 2), E("Tasks:DueDate", due)),),
                (E("Email:Flag", E("Status", 2), E("Tasks:StartDate", start), E("Tasks:DueDate", due),
                   E("Tasks:UtcStartDate", start), E("Tasks:UtcDueDate", due)),),
                (E("Email:Flag", E("Status", 2), E("Tasks:ReminderSet", 1)),),
                (E("Email:Flag", E("Status", 2), E("CompleteTime", "yesterday")),),
                (E("Email2:ConversationId", b"0123456789abcdef"),), (E("Email2:Sender", "x@example.test"),)):
            with self.subTest(properties=properties):
                self.assertEqual(self.change(*properties), "6")
        self.assertEqual(self.imap_flags(), set())

    def test_categories(self):
        names = ["Work", "two words", "Größe (1)", "under_score", "Junk", "50%"]
        self.box.uid("STORE", self.uid, "+FLAGS", "($Internal NonJunk)")
        self.seen_by(self.phone), self.seen_by(self.other)
        self.assertEqual(self.change(E("Email:Categories", [E("Category", name) for name in names])), "1")
        self.assertEqual(self.imap_flags() - {"$Internal", "NonJunk"},
                         {"Work", "two_words", "Gr&APYA3w-e_=281=29", "under=5Fscore", "=4Aunk", "50=25"})
        data = self.seen_by(self.other)
        self.assertEqual(sorted(node.text for node in data.findall("Email:Categories/Category")), sorted(names))
        # a keyword of another client becomes a category, and the rest stays
        self.box.uid("STORE", self.uid, "+FLAGS", "(from_imap)")
        data = self.seen_by(self.phone)
        self.assertEqual(sorted(node.text for node in data.findall("Email:Categories/Category")),
                         sorted([*names, "from imap"]))
        self.assertEqual(self.change(E("Email:Categories", E("Category", "from imap"))), "1")
        self.assertEqual(self.imap_flags(), {"$Internal", "NonJunk", "from_imap"})
        self.assertEqual(self.change(E("Email:Categories")), "1")
        self.assertEqual(self.imap_flags(), {"$Internal", "NonJunk"})

    def test_last_verb(self):
        self.box.uid("STORE", self.uid, "+FLAGS", "($Forwarded)")
        self.assertEqual(self.seen_by(self.phone).get("Email2:LastVerbExecuted"), "3")
        self.box.uid("STORE", self.uid, "+FLAGS", r"(\Answered)")
        data = self.seen_by(self.phone)
        self.assertEqual(data.get("Email2:LastVerbExecuted"), "1")
        self.assertIsNotNone(data.get("Email2:LastVerbExecutionTime"))

    def test_nothing_new_below_14(self):
        old = self.ready_device("u5", "12.1")
        for _ in old.sync_all(self.inbox, opts=self.opts):
            pass
        self.box.uid("STORE", self.uid, "+FLAGS", r"(\Answered \Flagged Work)")
        self.assertEqual([node.tag for node in self.seen_by(old).children], ["Email:Read", "Email:Flag"])


class Drafts(MailCase):
    def test_draft_and_sent(self):
        message = (b"From: u6@example.test\r\nTo: a@example.test\r\nBcc: Hidden <hidden@example.test>\r\n"
                   b"Subject: draft\r\n\r\ntext\r\n")
        imap = self.dovecot.imap("u6")
        imap.append("Drafts", r"(\Draft \Seen)", None, message)
        imap.append("Sent", r"(\Seen)", None, message)
        imap.logout()
        for version, folder, draft in (("16.1", DRAFTS, "1"), ("16.1", SENT, "0"), ("14.1", SENT, None)):
            device = self.ready_device("u6", version)
            page = next(iter(device.sync_all(device.folders_of_type(folder)[0], bodies=Body(PLAIN))))
            data = page.find("Commands/Add/ApplicationData")
            self.assertEqual(data.get("Email2:IsDraft"), draft)
            self.assertEqual(data.get("Email2:Bcc"),
                             '"Hidden" <hidden@example.test>' if version == "16.1" else None)
            self.assertIsNone(data.get("Email2:ReceivedAsBcc"))
            self.assertEqual(data.get("Email:Read"), "1")


class Damaged(MailCase):
    def test_unreadable_and_vanished_mails(self):
        """A mail that cannot be read is skipped and logged, one that is gone is skipped; the others come."""
        for number in range(4):
            self.dovecot.deliver("u7", f"From: a@example.test\nSubject: mail {number}\n\ntext\n")
        imap = self.dovecot.imap("u7")
        imap.fetch("1:4", "(FLAGS)")
        imap.logout()
        device = self.ready_device("u7", "14.1")
        inbox = device.folders_of_type(INBOX)[0]
        # by time of delivery: <seconds>.M<microseconds>P...
        files = sorted((self.dovecot.home("u7") / "Maildir" / "cur").iterdir(),
                       key=lambda file: [int(n) for n in re.match(r"(\d+)\.M(\d+)", file.name).groups()])
        self.assertEqual(len(files), 4)
        files[1].chmod(0)
        self.dovecot.expect_log(r"Permission denied|can't be shown")
        subjects = [add.get("ApplicationData/Email:Subject")
                    for page in device.sync_all(inbox, bodies=Body(PLAIN)) for add in page.findall("Commands/Add")]
        self.assertEqual(sorted(subjects), ["mail 0", "mail 2", "mail 3"])
        self.dovecot.wait_log(r"INBOX: UID 2 can't be shown to devices, skipping it: The mail could not be read")
        files[1].chmod(0o600)
        files[2].unlink()
        again = self.ready_device("u7", "16.1")
        subjects = [add.get("ApplicationData/Email:Subject")
                    for page in again.sync_all(inbox, bodies=Body(PLAIN)) for add in page.findall("Commands/Add")]
        self.assertEqual(sorted(subjects), ["mail 0", "mail 1", "mail 3"])


class Voice(MailCase):
    """Voice mails as telephone systems send them."""
    number = 0

    def voice(self, headers, *names):
        Voice.number += 1
        parts = "".join(f"--x\nContent-Type: audio/wav; name=\"{name}\"\nContent-Disposition: attachment; "
                        f"filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\nUklGRg==\n" for name in names)
        return (f"From: pbx@example.test\nTo: u7@example.test\nSubject: voice {self.number}\nMIME-Version: 1.0\n{headers}"
                f"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nA message.\n{parts}--x--\n")

    def seen(self, user, version, message):
        self.dovecot.deliver(user, message)
        device = self.ready_device(user, version)
        bodies = () if version == "2.5" else Body(PLAIN)
        return next(data for page in device.sync_all(device.folders_of_type(INBOX)[0], bodies=bodies)
                    for data in page.findall("Commands/Add/ApplicationData")
                    if data.get("Email:Subject") == f"voice {self.number}")

    def orders(self, data):
        return [(node.get("DisplayName"), node.get("Email2:UmAttOrder"), node.get("Email2:UmAttDuration"))
                for node in data.findall("AirSyncBase:Attachments/Attachment")]

    def test_exchange_headers(self):
        headers = ("Content-Class: voice-ca\nX-CallingTelephoneNumber: +49 (30) 123-45\nX-VoiceMessageDuration: 17\n"
                   "X-AttachmentOrder: old.wav;new.wav\n")
        for version in ("2.5", "12.1", "14.1", "16.1"):
            with self.subTest(version=version):
                data = self.seen("u7", version, self.voice(headers, "new.wav", "old.wav", "third.wav"))
                self.assertEqual(data.get("Email:MessageClass"), "IPM.Note.Microsoft.Voicemail.UM.CA")
                new = float(version) >= 14
                self.assertEqual(data.get("Email2:UmCallerID"), "+493012345" if new else None)
                if version != "2.5":
                    self.assertEqual(self.orders(data), [("new.wav", "1", "17"), ("old.wav", "2", None),
                                                         ("third.wav", "5", None)] if new else
                                     [("new.wav", None, None), ("old.wav", None, None), ("third.wav", None, None)])

    def test_other_systems(self):
        for headers, kind, caller, duration in (
                ("Message-Context: voice-message\nX-CallingTelephoneNumber: sip:anne@example.test\n",
                 "IPM.Note.Microsoft.Voicemail", "sip:anne@example.test", None),
                ("Content-Class: \"voice\"\nX-CallingTelephoneNumber: anonymous\nX-VoiceMessageDuration: long\n",
                 "IPM.Note.Microsoft.Voicemail.UM", None, None),
                ("Content-Class: missedcall\n", "IPM.Note.Microsoft.Missed.Voice", None, None),
                # whatever it says: it is no voice mail
                ("Content-Class: voices\nX-CallingTelephoneNumber: 1\nX-VoiceMessageDuration: 1\n", "IPM.Note", None, None)):
            with self.subTest(headers):
                data = self.seen("u7", "16.1", self.voice(headers, "a.wav"))
                self.assertEqual((data.get("Email:MessageClass"), data.get("Email2:UmCallerID")), (kind, caller))
                self.assertEqual(self.orders(data), [("a.wav", None if kind == "IPM.Note" else "1", duration)])


class Blind(MailCase):
    """ReceivedAsBcc: the user is not among the recipients."""

    def test_who_is_named(self):
        for number, (headers, blind) in enumerate((("To: a@example.test\n", "1"), ("To: a@example.test\nCc: U8@Example.Test\n", None),
                               ("To: Team: a@example.test, u8@example.test;\n", None), ("", "1"),
                               ("To: list@example.test\nList-Id: <list.example.test>\n", None),
                               ("To: u8+detail@example.test\n", None))):
            with self.subTest(headers):
                self.dovecot.deliver("u8", f"From: x@example.test\n{headers}Subject: blind {number}\n\ntext\n")
                device = self.ready_device("u8", "14.1")
                data = next(data for page in device.sync_all(device.folders_of_type(INBOX)[0], bodies=Body(PLAIN))
                            for data in page.findall("Commands/Add/ApplicationData")
                            if data.get("Email:Subject") == f"blind {number}")
                self.assertEqual(data.get("Email2:ReceivedAsBcc"), blind)
