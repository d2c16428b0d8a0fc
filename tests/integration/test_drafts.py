"""Drafts of 16.x: a device makes, edits, sends and removes mails in Drafts, beside other devices and IMAP clients."""
import base64
import email
import email.policy
import time
import uuid

from rig import DRAFTS, HTML, INBOX, MIME, Body, Case, E, Settings, wbxml
from rig.client import HttpError

SETTINGS = Settings(users=40, extra="roost_submit_max_size = 200k\n")
DRAFT = ("From: Anne <u{0}@example.test>\r\nTo: bob@example.test\r\nSubject: from IMAP\r\nMessage-ID: <imap@example.test>\r\n"
         "In-Reply-To: <parent@example.test>\r\nReferences: <root@example.test> <parent@example.test>\r\n"
         "X-Client: kept\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
         "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
         "--c\r\nContent-Type: text/plain\r\n\r\nplain text\r\n"
         "--c\r\nContent-Type: text/html\r\n\r\n<p>rich text</p>\r\n--c--\r\n"
         "--b\r\nContent-Type: application/pdf; name=one.pdf\r\nContent-Disposition: attachment; filename=one.pdf\r\n"
         "Content-Description: first\r\n\r\nONE\r\n"
         "--b\r\nContent-Type: application/x-two; name=two.bin\r\nContent-Disposition: attachment; filename=two.bin\r\n\r\n"
         "TWO\r\n--b--\r\n")


def body(kind, text):
    return E("AirSyncBase:Body", E("Type", kind), E("Data", text))


def attach(client_id, name, content, kind="application/octet-stream", inline=None, method=1):
    return E("AirSyncBase:Add", E("ClientId", client_id), E("Method", method), E("ContentType", kind),
             E("Content", base64.b64encode(content).decode()), E("DisplayName", name),
             E("ContentId", inline) if inline else None, E("IsInline") if inline else None)


def attachments(*nodes):
    return E("AirSyncBase:Attachments", *nodes)


class DraftCase(Case):
    numbers = iter(range(1, 40))

    def setUp(self):
        self.user = f"u{next(DraftCase.numbers)}"

    def drafts(self, version="16.1", **arguments):
        """A device that has synchronised Drafts, and the folder."""
        device = self.ready_device(self.user, version, **arguments)
        folder = device.folders_of_type(DRAFTS)[0]
        list(device.sync_all(folder, bodies=Body(HTML)))
        return device, folder

    def one_command(self, device, folder, *commands, key=None, **arguments):
        """The Collection of the answer."""
        answer, _ = device.sync_one(folder, commands=commands, key=key, **arguments)
        self.assertEqual(answer.get("Status"), "1")
        return answer

    def add_node(self, *data, client_id=None, send=False):
        return E("Add", E("ClientId", client_id or uuid.uuid4().hex[:20]), E("ApplicationData", *data),
                 E("Email2:Send") if send else None)

    def change_node(self, item, *data, send=False):
        return E("Change", E("ServerId", item), E("ApplicationData", *data), E("Email2:Send") if send else None)

    def added(self, device, folder, *data, **arguments):
        """Adds a draft: its ServerId."""
        answer = self.one_command(device, folder, self.add_node(*data, **arguments))
        self.assertIsNone(answer.find("Commands"))
        response = answer.find("Responses/Add")
        self.assertEqual(response.get("Status"), "1")
        return response.get("ServerId")

    def imap_box(self, box="Drafts"):
        imap = self.dovecot.imap(self.user, box)
        self.addCleanup(imap.logout)
        return imap

    def mails(self, box="Drafts"):
        """(flags, message) of each mail as IMAP has it."""
        imap, found = self.imap_box(box), []
        uids = imap.uid("SEARCH", "ALL")[1][0].split()
        data = imap.uid("FETCH", b",".join(uids), "(FLAGS BODY.PEEK[])")[1] if uids else []
        for item in data:
            if isinstance(item, tuple):
                found.append((item[0].decode(), email.message_from_bytes(item[1], policy=email.policy.default)))
        return found

    def one_mail(self, box="Drafts"):
        found = self.mails(box)
        self.assertEqual(len(found), 1, [str(mail["subject"]) for _, mail in found])
        return found[0][1]

    def items(self, device, folder):
        """What comes new: {ServerId: ApplicationData}."""
        found = {}
        for page in device.sync_all(folder):
            for command in page.findall("Commands/Add") + page.findall("Commands/Change"):
                found[command.get("ServerId")] = command.find("ApplicationData")
        return found


class Adding(DraftCase):
    def test_a_draft_is_at_once_in_imap(self):
        for version in ("16.0", "16.1"):
            with self.subTest(version):
                self.setUp()
                device, folder = self.drafts(version)
                answer = self.one_command(device, folder, self.add_node(
                    E("Email:To", '"Jürgen Groß" <j@example.test>, c@example.test'), E("Email:Cc", "d@example.test"),
                    E("Email2:Bcc", "e@example.test"), E("Email:Subject", "Grüße"), E("Email:Importance", 2),
                    E("Email:ReplyTo", "r@example.test"), body(HTML, "<p>Hällo <b>all</b></p>"),
                    attachments(attach("a1", "Übersicht.bin", b"\x00\x01ABC"),
                                attach("a2", "pic.png", b"PNG", "image/png", "pic@x")), client_id="c1"))
                response = answer.find("Responses/Add")
                self.assertEqual((response.get("Status"), response.get("ClientId")), ("1", "c1"))
                data = response.find("ApplicationData")
                self.assertIsNotNone(data.find("Email2:ConversationId"))
                references = {a.get("ClientId"): a.get("FileReference") for a in data.findall("AirSyncBase:Attachments/Attachment")}
                self.assertEqual(sorted(references), ["a1", "a2"])
                fetched = device.fetch_attachment(references["a1"]).document
                self.assertEqual(base64.b64decode(fetched.get("Response/Fetch/Properties/Data")), b"\x00\x01ABC")

                (flags, mail), = self.mails()
                self.assertIn("\\Draft", flags)
                self.assertIn("\\Seen", flags)
                self.assertEqual(mail["subject"], "Grüße")
                self.assertEqual([a.display_name for a in mail["to"].addresses], ["Jürgen Groß", ""])
                self.assertEqual((mail["bcc"], mail["cc"], mail["reply-to"], mail["importance"]),
                                 ("e@example.test", "d@example.test", "r@example.test", "high"))
                self.assertTrue(mail["message-id"] and mail["date"] and mail["from"])
                self.assertEqual(mail.get_body(("html",)).get_content().strip(), "<p>Hällo <b>all</b></p>")
                self.assertIn("Hällo all", mail.get_body(("plain",)).get_content())
                self.assertEqual(self.items(device, folder), {})
                # another device sees it
                other, _ = self.drafts("16.1")
                self.assertEqual(other.sync_keys.keys(), {folder.id})

    def test_a_repeated_add_is_the_same_draft(self):
        device, folder = self.drafts()
        key = device.sync_keys[folder.id]
        node = self.add_node(E("Email:Subject", "once"), body(1, "text"), attachments(attach("a", "a.bin", b"A")),
                             client_id="again")
        first = self.one_command(device, folder, node, key=key)
        again = self.one_command(device, folder, node, key=key)
        self.assertEqual(str(first.find("Responses")), str(again.find("Responses")))
        self.one_mail()
        # it comes with more text
        more = self.add_node(E("Email:Subject", "more"), body(1, "text and more"),
                             client_id="again")
        answer = self.one_command(device, folder, more, key=key)
        self.assertEqual(answer.get("Responses/Add/Status"), "1")
        self.assertEqual(self.one_mail()["subject"], "more")
        self.assertEqual(self.items(device, folder), {})

    def test_mime_as_body(self):
        device, folder = self.drafts()
        self.added(device, folder, E("Email:Importance", 0), body(MIME,
                   "To: a@example.test\r\nSubject: own MIME\r\nX-Own: yes\r\n\r\nText\r\n"),
                   attachments(attach("a", "a.bin", b"A")))
        mail = self.one_mail()
        self.assertEqual((mail["subject"], mail["x-own"], mail["importance"]), ("own MIME", "yes", "low"))
        self.assertEqual([part.get_filename() for part in mail.iter_attachments()], ["a.bin"])

    def test_attachments_as_text(self):
        """The other form of a byte array."""
        device, folder = self.drafts()
        device.encode = wbxml.encode
        self.added(device, folder, attachments(attach("a", "a.bin", bytes(range(256)) * 400)))
        self.assertEqual([part.get_content() for part in self.one_mail().iter_attachments()], [bytes(range(256)) * 400])

    def test_unfinished_drafts_are_kept(self):
        """Addresses that are none yet, and nothing at all."""
        device, folder = self.drafts()
        self.added(device, folder, E("Email:To", "joh"), E("Email:Subject", "half"))
        self.added(device, folder)
        self.assertEqual(sorted(str(mail["to"] or "") for _, mail in self.mails()), ["", "joh"])

    def test_what_is_refused(self):
        device, folder = self.drafts()
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        plain = [E("Email:Subject", "no")]
        for where, node, status in (
                (inbox, self.add_node(*plain), "6"),
                (folder, E("Add", E("ClientId", "x"), E("ApplicationData", E("Email:Importance", 7))), "6"),
                (folder, self.add_node(body(3, "rtf")), "6"),
                (folder, self.add_node(attachments(attach("a", "a", b"A", method=9))), "6"),
                (folder, self.change_node(f"{folder.id}:4711", *plain), "8")):
            answer = self.one_command(device, where, node)
            self.assertEqual([r.get("Status") for r in answer.find("Responses").children], [status], node)
        # libwbxml sends attachments as opaque data only
        device.encode = wbxml.encode
        answer = self.one_command(device, folder, self.add_node(attachments(E("AirSyncBase:Add", E("ClientId", "a"),
            E("Method", 1), E("ContentType", "x/y"), E("Content", "@@@"), E("DisplayName", "n")))))
        self.assertEqual(answer.get("Responses/Add/Status"), "6")
        self.assertEqual(self.mails(), [])
        for version in ("2.5", "12.1", "14.1"):
            old = self.ready_device(self.user, version)
            list(old.sync_all(folder))
            answer = self.one_command(old, folder, self.add_node(*plain))
            self.assertEqual(answer.get("Responses/Add/Status"), "6", version)
        self.assertEqual(self.mails(), [])


class Changing(DraftCase):
    def imap_draft(self, device, folder):
        """A draft of an IMAP client: (ServerId, ApplicationData)."""
        self.imap_box("INBOX").append("Drafts", r"(\Draft \Seen)", None, DRAFT.format(self.user[1:]).encode())
        (item, data), = self.items(device, folder).items()
        return item, data

    def test_editing_a_field_keeps_the_rest(self):
        device, folder = self.drafts()
        item, data = self.imap_draft(device, folder)
        self.assertEqual(data.get("Email2:IsDraft"), "1")
        answer = self.one_command(device, folder, self.change_node(item, E("Email:Subject", "edited")))
        self.assertIsNone(answer.find("Responses"))
        self.assertIsNone(answer.find("Commands"))
        mail = self.one_mail()
        self.assertEqual(mail["subject"], "edited")
        self.assertEqual((mail["in-reply-to"], mail["references"], mail["x-client"], mail["message-id"], mail["to"]),
                         ("<parent@example.test>", "<root@example.test> <parent@example.test>", "kept",
                          "<imap@example.test>", "bob@example.test"))
        self.assertEqual(mail.get_body(("plain",)).get_content().strip(), "plain text")
        self.assertEqual([part.get_content().strip() if part.get_content_maintype() == "text" else part.get_content()
                          for part in mail.iter_attachments()], [b"ONE", b"TWO"])
        self.assertEqual([part["content-description"] for part in mail.iter_attachments()], ["first", None])
        # the item's name is still the same, and other commands know it
        answer = self.one_command(device, folder, self.change_node(item, E("Email2:Bcc", "z@example.test")))
        self.assertEqual(self.one_mail()["bcc"], "z@example.test")
        fetched = device.fetch_item(folder.id, item).document
        self.assertEqual(fetched.get("Response/Fetch/Status"), "1")
        # an empty element removes
        self.one_command(device, folder, self.change_node(item, E("Email2:Bcc")))
        self.assertIsNone(self.one_mail()["bcc"])
        self.assertEqual(self.items(device, folder), {})
        answer = self.one_command(device, folder, E("Delete", E("ServerId", item)))
        self.assertEqual(self.mails(), [])
        self.assertEqual(self.one_mail("Trash")["subject"], "edited")

    def test_text_and_attachments(self):
        device, folder = self.drafts()
        item, data = self.imap_draft(device, folder)
        old = {a.get("DisplayName"): a.get("FileReference") for a in data.findall("AirSyncBase:Attachments/Attachment")}
        key = device.sync_keys[folder.id]
        data = [body(HTML, '<p>new</p><img src="cid:p@x">'), attachments(
            E("AirSyncBase:Delete", E("FileReference", old["one.pdf"])), attach("n", "new.bin", b"NEW"),
            attach("p", "p.png", b"PNG", "image/png", "p@x"))]
        node = self.change_node(item, *data)
        answer = self.one_command(device, folder, node, key=key)
        self.assertEqual(answer.get("Responses/Change/Status"), "1")
        change = answer.find("Commands/Change")
        self.assertEqual(change.get("ServerId"), item)
        now = {a.get("DisplayName"): a for a in change.findall("ApplicationData/AirSyncBase:Attachments/Attachment")}
        self.assertEqual(sorted(now), ["new.bin", "p.png", "two.bin"])
        self.assertEqual((now["new.bin"].get("ClientId"), now["p.png"].get("ClientId")), ("n", "p"))

        def check():
            mail = self.one_mail()
            self.assertEqual(mail.get_body(("html",)).get_content().strip(), '<p>new</p><img src="cid:p@x">')
            self.assertEqual(sorted(part.get_filename() for part in mail.walk() if part.get_filename()),
                             ["new.bin", "p.png", "two.bin"])
            self.assertEqual(mail["in-reply-to"], "<parent@example.test>")
        check()
        # the old names of attachments are still good
        for name, reference in (("two.bin", old["two.bin"]), ("new.bin", now["new.bin"].get("FileReference"))):
            fetched = device.fetch_attachment(reference).document
            self.assertEqual(fetched.get("Response/Fetch/Status"), "1", name)
        self.assertEqual(device.fetch_attachment(old["one.pdf"]).document.get("Response/Fetch/Status"), "15")
        # the answer was lost
        again = self.one_command(device, folder, node, key=key)
        self.assertEqual(str(again.find("Responses")), str(answer.find("Responses")))
        check()
        # and again with more text
        more = self.change_node(item, E("Email:Subject", "more"), *data)
        self.one_command(device, folder, more, key=key)
        check()
        self.assertEqual(self.one_mail()["subject"], "more")
        self.assertEqual(self.items(device, folder), {})

    def test_flags_are_kept_and_set(self):
        device, folder = self.drafts()
        item = self.added(device, folder, E("Email:Subject", "flags"), E("Email:Read", 1),
                          E("Email:Flag", E("Status", 2), E("FlagType", "later")))
        self.one_command(device, folder, self.change_node(item, E("Email:Subject", "flags 2"),
                         E("Email:Categories", E("Category", "Red"))))
        other, _ = self.drafts()
        (flags, mail), = self.mails()
        self.assertIn("\\Flagged", flags)
        self.assertIn("Red", flags)
        fetched = device.fetch_item(folder.id, item, body=Body(HTML)).document.find("Response/Fetch/Properties")
        self.assertEqual(fetched.get("Email:Flag/FlagType"), "later")
        # flags alone make no new mail
        uid = self.imap_box().uid("SEARCH", "ALL")[1]
        self.one_command(device, folder, self.change_node(item, E("Email:Read", 0)))
        self.assertEqual(self.imap_box().uid("SEARCH", "ALL")[1], uid)

    def test_two_devices(self):
        """The other device sees the edit as a change of the same item, and its own edit at the same time becomes a
        draft of its own."""
        one, folder = self.drafts("16.0")
        two, _ = self.drafts("16.1")
        item = self.added(one, folder, E("Email:Subject", "first"), body(1, "text"))
        self.assertEqual(list(self.items(two, folder)), [item])
        self.one_command(one, folder, self.change_node(item, E("Email:Subject", "second")))
        changes = self.items(two, folder)
        self.assertEqual({name: data.get("Email:Subject") for name, data in changes.items()}, {item: "second"})
        self.one_command(two, folder, self.change_node(item, E("Email:Subject", "third")))
        self.assertEqual({name: data.get("Email:Subject") for name, data in self.items(one, folder).items()}, {item: "third"})
        # both at once
        self.one_command(one, folder, self.change_node(item, body(1, "of one")))
        key = two.sync_keys[folder.id]
        node = self.change_node(item, body(1, "of two"))
        for _ in range(2):
            answer = self.one_command(two, folder, node, key=key)
            self.assertEqual(answer.get("Responses/Change/Status"), "7")
            self.assertEqual(sorted(mail.get_content().strip() for _, mail in self.mails()), ["of one", "of two"])
            self.assertEqual(answer.get("Commands/Change/ServerId"), item)
            self.assertIsNotNone(answer.find("Commands/Add"))
        self.assertEqual(len(self.items(one, folder)), 1)
        self.assertEqual(self.items(two, folder), {})

    def test_imap_takes_the_draft_away(self):
        """What was typed on the device is not lost."""
        device, folder = self.drafts()
        item = self.added(device, folder, E("Email:Subject", "first"), body(1, "text"))
        imap = self.imap_box()
        imap.store("1:*", "+FLAGS", r"(\Deleted)")
        imap.expunge()
        key = device.sync_keys[folder.id]
        node = self.change_node(item, E("Email:Subject", "typed"), body(1, "a lot"))
        for _ in range(2):
            answer = self.one_command(device, folder, node, key=key)
            self.assertEqual(answer.get("Responses/Change/Status"), "8")
            self.assertEqual(answer.get("Commands/Delete/ServerId"), item)
            self.assertEqual(answer.get("Commands/Add/ApplicationData/Email:Subject"), "typed")
            self.assertEqual(self.one_mail().get_content().strip(), "a lot")

    def test_old_versions_see_edits_as_new_mails(self):
        device, folder = self.drafts()
        old = self.ready_device(self.user, "14.1")
        item = self.added(device, folder, E("Email:Subject", "first"))
        self.assertEqual(list(self.items(old, folder)), [item])
        self.one_command(device, folder, self.change_node(item, E("Email:Subject", "second")))
        pages = list(old.sync_all(folder))
        self.assertEqual(pages[0].get("Commands/Delete/ServerId"), item)
        self.assertEqual(pages[0].get("Commands/Add/ApplicationData/Email:Subject"), "second")


class Sending(DraftCase):
    """Email2:Send, to another user for real."""

    def setUp(self):
        super().setUp()
        self.other = "u40"
        self.dovecot.smtp.clear()
        self.addCleanup(self.dovecot.smtp.clear)

    def written(self, subject, *data):
        return [E("Email:To", f"{self.other}@example.test"), E("Email2:Bcc", "hidden@elsewhere.example"),
                E("Email:Subject", subject), body(1, "text of " + subject), *data]

    def sent(self, subject):
        """The mail that was sent with this subject, which must be one."""
        found = [email.message_from_bytes(m.data, policy=email.policy.default) for m in self.dovecot.smtp.messages]
        found = [mail for mail in found if mail["subject"] == subject]
        self.assertEqual(len(found), 1, subject)
        self.assertEqual(self.received(subject), 1)
        self.assertIsNone(found[0]["bcc"])
        self.assertIsNone(found[0]["x-roost-draft"])
        (flags, copy), = [(flags, mail) for flags, mail in self.mails("Sent") if mail["subject"] == subject]
        self.assertIn("\\Seen", flags)
        self.assertNotIn("\\Draft", flags)
        self.assertNotIn("\\Flagged", flags)
        self.assertEqual(copy["message-id"], found[0]["message-id"])
        return found[0], copy

    def received(self, subject):
        imap = self.dovecot.imap(self.other, "INBOX")
        self.addCleanup(imap.logout)
        return len(imap.uid("SEARCH", "SUBJECT", f'"{subject}"')[1][0].split())

    def assertGone(self, device, folder, item):
        """The draft is nowhere any more."""
        self.assertEqual(self.mails(), [])
        self.assertEqual(device.fetch_item(folder.id, item).document.get("Response/Fetch/Status"), "6")
        self.assertEqual(self.items(device, folder), {})

    def test_add(self):
        for version in ("16.0", "16.1"):
            super().setUp()
            device, folder = self.drafts(version)
            subject, key = "add" + version, device.sync_keys[folder.id]
            node = self.add_node(*self.written(subject, E("Email:Flag", E("Status", 2), E("FlagType", "later")),
                                               attachments(attach("a", "a.bin", b"A"))), client_id="s1", send=True)
            # the answer is lost once
            for _ in range(2):
                answer = self.one_command(device, folder, node, key=key)
                self.assertEqual((answer.get("Responses/Add/Status"), answer.get("Responses/Add/ClientId")), ("1", "s1"))
                self.assertIsNone(answer.find("Responses/Add/ServerId"))
                mail, copy = self.sent(subject)
                self.assertEqual(copy["bcc"], "hidden@elsewhere.example")
                self.assertEqual(self.mails(), [])
            self.assertEqual([part.get_content() for part in mail.iter_attachments()], [b"A"])
            self.assertIn("text of " + subject, mail.get_body().get_content())
            # the same name with another text is another mail: nothing is lost in silence
            node = self.add_node(*self.written("other"), client_id="s1", send=True)
            answer = self.one_command(device, folder, node, key=key)
            self.assertEqual(answer.get("Responses/Add/Status"), "118")
            self.sent(subject)

    def test_change(self):
        device, folder = self.drafts()
        item = self.added(device, folder, *self.written("draft", E("Email:Flag", E("Status", 2), E("FlagType", "later")),
                                                        attachments(attach("a", "a.bin", b"A"))))
        key = device.sync_keys[folder.id]
        node = self.change_node(item, E("Email:Subject", "changed"), send=True)
        for _ in range(2):
            answer = self.one_command(device, folder, node, key=key)
            self.assertIsNone(answer.find("Responses"))
            self.assertEqual(answer.get("Commands/Delete/ServerId"), item)
            mail, copy = self.sent("changed")
            self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual([part.get_filename() for part in mail.iter_attachments()], ["a.bin"])
        self.assertEqual(copy["bcc"], "hidden@elsewhere.example")
        self.assertGone(device, folder, item)

    def test_a_draft_of_an_imap_client(self):
        """Nothing but Send: as it was written, with its threading, without the client's notes and without a Message-ID
        at first."""
        device, folder = self.drafts()
        draft = DRAFT.format(self.user[1:]).replace("bob@", self.other + "@").replace("from IMAP", "imap draft")
        draft = draft.replace("Message-ID: <imap@example.test>", "X-Mozilla-Draft-Info: internal/draft; vcard=0")
        self.imap_box("INBOX").append("Drafts", r"(\Draft \Flagged)", None, draft.encode())
        (item, _), = self.items(device, folder).items()
        self.one_command(device, folder, E("Change", E("ServerId", item), E("Email2:Send")))
        mail, _ = self.sent("imap draft")
        self.assertEqual((mail["in-reply-to"], mail["x-client"]), ("<parent@example.test>", "kept"))
        self.assertTrue(mail["message-id"])
        self.assertIsNone(mail["x-mozilla-draft-info"])
        self.assertEqual([part.get_filename() for part in mail.iter_attachments()], ["one.pdf", "two.bin"])
        self.assertGone(device, folder, item)

    def test_what_cannot_be_sent(self):
        device, folder = self.drafts()
        for status, to in (("183", ""), ("183", "joh")):
            answer = self.one_command(device, folder, self.add_node(E("Email:To", to), E("Email:Subject", "no"), send=True))
            self.assertEqual(answer.get("Responses/Add/Status"), status)
        answer = self.one_command(device, folder, self.change_node(f"{folder.id}:4711", *self.written("no"), send=True))
        self.assertEqual(answer.get("Responses/Change/Status"), "8")
        self.assertEqual((self.dovecot.smtp.messages, self.mails(), self.mails("Sent")), ([], [], []))

    def test_failure_keeps_the_draft(self):
        device, folder = self.drafts()
        node = self.add_node(*self.written("refused"), client_id="r1", send=True)
        self.dovecot.smtp.hook = lambda stage, _: "554 5.6.0 No" if stage == "DATA" else None
        answer = self.one_command(device, folder, node)
        self.assertEqual(answer.get("Responses/Add/Status"), "120")
        item = self.added(device, folder, *self.written("kept"))
        key = device.sync_keys[folder.id]
        node = self.change_node(item, body(1, "typed last"), attachments(attach("a", "a.bin", b"A")), send=True)
        for _ in range(2):
            answer = self.one_command(device, folder, node, key=key)
            self.assertEqual(answer.get("Responses/Change/Status"), "120")
            mail = self.one_mail()
            self.assertEqual(mail.get_body().get_content().strip(), "typed last")
            self.assertEqual([part.get_filename() for part in mail.iter_attachments()], ["a.bin"])
        self.assertEqual((self.dovecot.smtp.messages, self.mails("Sent")), ([], []))
        list(device.sync_all(folder))
        # the server is well again
        self.dovecot.smtp.hook = None
        self.one_command(device, folder, E("Change", E("ServerId", item), E("Email2:Send")))
        mail, _ = self.sent("kept")
        self.assertEqual(mail.get_body().get_content().strip(), "typed last")
        self.assertEqual([part.get_filename() for part in mail.iter_attachments()], ["a.bin"])
        self.assertGone(device, folder, item)

    def test_another_device_has_edited_it(self):
        """What the user has not seen is not sent."""
        one, folder = self.drafts()
        two, _ = self.drafts()
        item = self.added(one, folder, *self.written("shared"))
        self.assertEqual(list(self.items(two, folder)), [item])
        self.one_command(one, folder, self.change_node(item, body(1, "of one")))
        answer = self.one_command(two, folder, E("Change", E("ServerId", item), E("Email2:Send")))
        self.assertEqual(answer.get("Responses/Change/Status"), "7")
        self.assertEqual(self.dovecot.smtp.messages, [])
        list(two.sync_all(folder))
        self.one_command(two, folder, E("Change", E("ServerId", item), E("Email2:Send")))
        self.assertEqual(self.sent("shared")[0].get_content().strip(), "of one")
        self.assertEqual(self.mails(), [])

    def killed_at(self, stage, node, device, folder, subject):
        """The worker dies during the request, which the device repeats: how often the mail was sent."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        key = device.sync_keys[folder.id]

        def hook(reached, _):
            if reached == stage:
                self.dovecot.smtp.hook = None
                self.dovecot.kill("roost-worker")
        self.dovecot.smtp.hook = hook
        for _ in range(50):
            try:
                self.one_command(device, folder, node, key=key)
                break
            except HttpError:
                time.sleep(0.3)
        self.assertIsNone(self.dovecot.smtp.hook)
        answer = self.one_command(device, folder, node, key=key)
        self.assertEqual(self.mails(), [])
        self.assertEqual([mail["subject"] for _, mail in self.mails("Sent")], [subject])
        ids = [email.message_from_bytes(m.data)["message-id"] for m in self.dovecot.smtp.messages]
        self.assertEqual(len(set(ids)), 1)
        return answer, len(ids)

    def test_too_large(self):
        """What is larger than the user may send is a draft all the same; sending it fails without harm, each time."""
        device, folder = self.drafts()
        large = attachments(attach("a", "large.bin", bytes(range(256)) * 700))
        node = self.add_node(*self.written("large add"), large, client_id="l1", send=True)
        for _ in range(2):
            answer = self.one_command(device, folder, node)
            self.assertEqual(answer.get("Responses/Add/Status"), "122")
        self.assertEqual((self.dovecot.smtp.messages, self.mails()), ([], []))
        item = self.added(device, folder, *self.written("large change"))
        key = device.sync_keys[folder.id]
        node = self.change_node(item, large, send=True)
        for _ in range(2):
            answer = self.one_command(device, folder, node, key=key)
            self.assertEqual(answer.get("Responses/Change/Status"), "122")
            self.assertEqual([part.get_filename() for part in self.one_mail().iter_attachments()], ["large.bin"])
        list(device.sync_all(folder))
        # without what is too much it goes out
        reference = next(a.get("FileReference") for a in device.fetch_item(folder.id, item).document.findall(
            "Response/Fetch/Properties/AirSyncBase:Attachments/Attachment"))
        node = self.change_node(item, attachments(E("AirSyncBase:Delete", E("FileReference", reference))), send=True)
        self.one_command(device, folder, node)
        mail, _ = self.sent("large change")
        self.assertEqual(list(mail.iter_attachments()), [])
        self.assertGone(device, folder, item)

    def test_killed_during_an_add(self):
        device, folder = self.drafts()
        node = self.add_node(*self.written("killed add"), client_id="k1", send=True)
        answer, count = self.killed_at("RCPT", node, device, folder, "killed add")
        self.assertEqual((answer.get("Responses/Add/Status"), count), ("1", 1))

    def test_killed_before_the_server_said_so(self):
        """As with SendMail it may come twice here, with one Message-ID, though the request makes a new one."""
        device, folder = self.drafts()
        node = self.add_node(*self.written("killed late"), client_id="k2", send=True)
        answer, count = self.killed_at("TAKEN", node, device, folder, "killed late")
        self.assertEqual((answer.get("Responses/Add/Status"), count), ("1", 2))

    def test_killed_during_a_change(self):
        device, folder = self.drafts()
        item = self.added(device, folder, *self.written("first"))
        node = self.change_node(item, E("Email:Subject", "killed change"), send=True)
        answer, count = self.killed_at("RCPT", node, device, folder, "killed change")
        self.assertEqual((answer.get("Commands/Delete/ServerId"), count), (item, 1))
        self.assertGone(device, folder, item)
