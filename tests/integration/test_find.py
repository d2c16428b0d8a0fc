"""Find ([MS-ASCMD] 2.2.1.2), which only 16.1 has. Its queries are KQL; test-eas-kql.c has what they are parsed
to, here is what they find."""
import datetime
import email.message
import email.utils

from rig import DRAFTS, INBOX, OUTBOX, Case, E, Settings

NOW = datetime.datetime.now(datetime.timezone.utc)
SETTINGS = Settings(users=7)


def message(subject, text="Nothing of interest.", sender="Ada Lovelace <ada@example.test>", to="u1@example.test",
            attachment=None, **headers):
    mail = email.message.EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = email.utils.format_datetime(NOW)
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    if attachment:
        mail.add_attachment(b"content", maintype="application", subtype="pdf", filename=attachment)
    return mail.as_bytes()


def document(text, search_id="one", folder=None, item_range=None, deep=False, content_class="Email"):
    options = E("Options", E("Range", item_range) if item_range else None, E("DeepTraversal") if deep else None)
    return E("Find:Find", E("SearchId", search_id), E("ExecuteSearch", E("MailBoxSearchCriterion",
             E("Query", E("AirSync:Class", content_class) if content_class else None,
               E("AirSync:CollectionId", folder) if folder is not None else None, E("FreeText", text)),
             options if list(options) else None)))


class FindCase(Case):
    def append(self, imap, mail, days_ago=0.0, folder="INBOX", flags=None):
        when = (NOW - datetime.timedelta(days=days_ago)).timestamp()
        self.assertEqual(imap.append(folder, flags, when, mail)[0], "OK")

    def find(self, device, text, **kwargs):
        answer = device.command("Find", document(text, **kwargs))
        self.assertEqual(answer.code, 200, text)
        return answer.document

    def found(self, device, text, **kwargs):
        answer = self.find(device, text, **kwargs)
        self.assertEqual(answer.get("Status"), "1", text)
        self.assertEqual(answer.get("Response/Status"), "1")
        return [result.get("Properties/Email:Subject") for result in answer.findall("Response/Result")]


class Mailbox(FindCase):
    def setUp(self):
        super().setUp()
        imap = self.dovecot.imap("u1")
        if imap.select("Work/Old")[0] != "OK":
            for folder in ("Work", "Work/Old"):
                self.assertEqual(imap.create(folder)[0], "OK")
            self.append(imap, message("budget", "The figures are blue."), 0, flags="\\Seen")
            self.append(imap, message("budget plan", "The figures are green.", sender="Bob <bob@example.test>",
                                      to="Carol <carol@example.test>, u1@example.test", Cc="Dan <dan@example.test>",
                                      Bcc="Eve <eve@example.test>", Importance="high"), 10)
            self.append(imap, message("holiday", "Ein schöner Urlaub.", attachment="Report.pdf"), 40,
                        flags="\\Flagged")
            self.append(imap, message("old budget", "The figures are grey."), 400, "Work/Old")
        self.u1 = self.ready_device("u1", "16.1")

    def folder(self, name):
        self.u1.folders_of_type(INBOX)
        return next(folder.id for folder in self.u1.folders.values() if folder.name == name)

    def test_queries(self):
        today = NOW.date()
        ago = [(today - datetime.timedelta(days=days)).isoformat() for days in (5, 20)]
        for text, result in (
                ("budget", ["budget", "budget plan", "old budget"]),
                ("figures", ["budget", "budget plan", "old budget"]),
                ("BUDGET figures", ["budget", "budget plan", "old budget"]),
                ('"budget plan"', ["budget plan"]),
                ('"plan budget"', []),
                ("from:bob", ["budget plan"]),
                ('from:"Ada Lovelace" subject:budget', ["budget", "old budget"]),
                ("from:ada@example.test AND NOT subject:old", ["budget", "holiday"]),
                ("to:carol", ["budget plan"]),
                ("to:dan", []),
                ("cc:dan", ["budget plan"]),
                ("bcc:eve", ["budget plan"]),
                ("participants:dan OR participants:eve", ["budget plan"]),
                ("recipients:bob", []),
                ("subject:(holiday OR plan)", ["budget plan", "holiday"]),
                ("subject:figures", []),
                ("body:figures", ["budget", "budget plan", "old budget"]),
                ("body:budget", []),
                ("blue OR green", ["budget", "budget plan"]),
                ("budget -figures", []),
                ("budget NOT blue", ["budget plan", "old budget"]),
                ("(blue OR grey) from:ada", ["budget", "old budget"]),
                ("schöner", ["holiday"]),
                ("SCHÖNER", ["holiday"]),
                ("hasattachment:true", ["holiday"]),
                ("hasattachment:false from:bob", ["budget plan"]),
                ("attachment:report", ["holiday"]),
                ("filename:.pdf", ["holiday"]),
                ("attachment:budget", []),
                ("isread:true", ["budget"]),
                ("isflagged:true", ["holiday"]),
                ("received:today", ["budget"]),
                ('received:"this year" isread:true', ["budget"]),
                (f"received>={ago[0]}", ["budget"]),
                (f"received<{ago[0]} received>={ago[1]}", ["budget plan"]),
                (f"received:{ago[1]}..{ago[0]}", ["budget plan"]),
                (f"received<={ago[1]} budget", ["old budget"]),
                ("zzz", []),
        ):
            self.assertEqual(self.found(self.u1, text), result, text)

    def test_an_answer(self):
        answer = self.find(self.u1, "green")
        self.assertEqual([child.name for child in answer], ["Status", "Response"])
        response = answer.find("Response")
        self.assertEqual([child.name for child in response], ["Store", "Status", "Result", "Range", "Total"])
        self.assertEqual(response.get("ItemOperations:Store"), "Mailbox")
        self.assertEqual((response.get("Range"), response.get("Total")), ("0-0", "1"))
        result = response.find("Result")
        inbox = self.u1.folders_of_type(INBOX)[0].id
        self.assertEqual(result.get("AirSync:Class"), "Email")
        self.assertEqual(result.get("AirSync:CollectionId"), inbox)
        self.assertTrue(result.get("AirSync:ServerId").startswith(inbox + ":"))
        self.assertEqual({child.name: child.text for child in result.find("Properties")}, {
            "Subject": "budget plan", "DisplayTo": "Carol; u1@example.test", "DisplayCc": "Dan", "DisplayBcc": "Eve",
            "Importance": "2", "Read": "0", "IsDraft": "0", "HasAttachments": "0", "From": '"Bob" <bob@example.test>',
            "Preview": "The figures are green.",
            "DateReceived": result.get("Properties/Email:DateReceived")})
        # the ServerId leads to the mail
        fetched = self.u1.item_operations(E("Fetch", E("Store", "Mailbox"), E("AirSync:CollectionId", inbox),
                                                E("AirSync:ServerId", result.get("AirSync:ServerId")))).document
        self.assertEqual(fetched.get("Response/Fetch/Properties/Email:Subject"), "budget plan")
        self.assertEqual(self.find(self.u1, "Urlaub").get("Response/Result/Properties/HasAttachments"), "1")

    def test_nothing_is_found(self):
        response = self.find(self.u1, "zzz").find("Response")
        self.assertEqual([child.name for child in response], ["Store", "Status", "Total"])
        self.assertEqual(response.get("Total"), "0")

    def test_folders(self):
        work = self.folder("Work")
        self.assertEqual(self.found(self.u1, "budget", folder=work), [])
        self.assertEqual(self.found(self.u1, "budget", folder=work, deep=True), ["old budget"])
        self.assertEqual(self.found(self.u1, "budget", folder=self.folder("Old")), ["old budget"])
        self.assertEqual(len(self.found(self.u1, "budget", deep=True)), 3)
        self.assertEqual(self.found(self.u1, "budget", folder=self.u1.folders_of_type(OUTBOX)[0].id), [])
        for folder in ("4711", "", "x"):
            self.assertEqual(self.find(self.u1, "budget", folder=folder).get("Status"), "3", folder)

    def test_bad_requests(self):
        for text in ("", "  ", "(", "budget)", '"budget', "from:", "NOT", "a OR", "received:soon", "hasattachment:x",
                     "(" * 20 + "a" + ")" * 20, "a " * 65, "x" * 5000, b"K\xf6ln"):
            self.assertEqual(self.find(self.u1, text).get("Status"), "2", text)
        for item_range in ("", "1", "5-1", "a-b", "1000-1001"):
            answer = self.u1.command("Find", E("Find:Find", E("SearchId", "x"), E("ExecuteSearch",
                E("MailBoxSearchCriterion", E("Query", E("FreeText", "budget")), E("Options", E("Range", item_range))))))
            self.assertEqual(answer.document.get("Status"), "2", item_range)
        self.assertEqual(self.find(self.u1, "budget", content_class="Calendar").get("Status"), "2")
        self.assertEqual(self.find(self.u1, "budget", search_id="").get("Status"), "2")
        criterion = E("MailBoxSearchCriterion", E("Query", E("FreeText", "budget")))
        for content in ([], [E("SearchId", "x")], [E("SearchId", "x"), E("ExecuteSearch")],
                        [E("ExecuteSearch", criterion)],
                        [E("SearchId", "x"), E("ExecuteSearch", criterion, criterion)],
                        [E("SearchId", "x"), E("ExecuteSearch", E("MailBoxSearchCriterion"))],
                        [E("SearchId", "x"), E("ExecuteSearch", E("MailBoxSearchCriterion", E("Query")))]):
            answer = self.u1.command("Find", E("Find:Find", *content))
            self.assertEqual(answer.document.get("Status"), "2", content)

    def test_other_versions_have_none(self):
        for version in ("14.1", "16.0"):
            device = self.ready_device("u1", version)
            self.assertEqual(device.command("Find", document("budget")).document.get("Status"), "138")
        self.assertEqual(self.ready_device("u1", "12.1").command("Find", document("budget")).code, 400)


class Pages(FindCase):
    def fill(self, user, count=9):
        imap = self.dovecot.imap(user)
        for number in range(count):
            self.append(imap, message(f"mail {number}", "needle"), count - number)
        return imap, self.ready_device(user, "16.1")

    def page(self, device, item_range, search_id="one", text="needle"):
        return self.find(device, text, item_range=item_range, search_id=search_id)

    def subjects(self, answer):
        self.assertEqual((answer.get("Status"), answer.get("Response/Status")), ("1", "1"))
        return [result.get("Properties/Email:Subject") for result in answer.findall("Response/Result")]

    def test_pages_are_those_of_one_search(self):
        imap, device = self.fill("u2")
        answer = self.page(device, "0-2")
        self.assertEqual(self.subjects(answer), ["mail 8", "mail 7", "mail 6"])
        self.assertEqual((answer.get("Response/Range"), answer.get("Response/Total")), ("0-2", "9"))
        self.append(imap, message("mail 9", "needle"))
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 4", "mail 3"])
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 4", "mail 3"])
        answer = self.page(device, "6-99")
        self.assertEqual(self.subjects(answer), ["mail 2", "mail 1", "mail 0"])
        self.assertEqual(answer.get("Response/Range"), "6-8")
        answer = self.page(device, "9-99")
        self.assertEqual((self.subjects(answer), answer.get("Response/Total")), ([], "9"))
        # another search
        self.assertEqual(self.subjects(self.page(device, "0-0", search_id="two")), ["mail 9"])
        # so the pages of the first are gone
        answer = self.page(device, "3-5")
        self.assertEqual((answer.get("Status"), answer.get("Response/Status")), ("1", "4"))
        self.assertEqual(self.page(device, "1-5", search_id="two", text="mail").get("Response/Status"), "4")

    def test_deleted_mails_are_left_out(self):
        imap, device = self.fill("u3")
        self.assertEqual(self.subjects(self.page(device, "0-2")), ["mail 8", "mail 7", "mail 6"])
        imap.select("INBOX")
        imap.store("5", "+FLAGS", "\\Deleted")
        imap.expunge()
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 3"])

    def test_killed_workers_lose_no_page(self):
        imap, device = self.fill("u4")
        self.assertEqual(self.subjects(self.page(device, "0-2")), ["mail 8", "mail 7", "mail 6"])
        self.dovecot.kill("roost-worker")
        self.dovecot.expect_log(r"killed with signal 9")
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 4", "mail 3"])

    def test_drafts_say_so(self):
        imap, device = self.fill("u5", count=0)
        device.folder_sync()
        imap.create("Drafts")
        self.append(imap, message("unfinished", "needle"), 0, "Drafts", flags="\\Draft")
        answer = self.page(device, "0-9")
        self.assertEqual(self.subjects(answer), ["unfinished"])
        self.assertEqual(answer.get("Response/Result/Properties/Email2:IsDraft"), "1")
        self.assertEqual(answer.get("Response/Result/AirSync:CollectionId"), device.folders_of_type(DRAFTS)[0].id)

    def test_devices_have_sets_of_their_own(self):
        imap, device = self.fill("u6", count=3)
        other = self.ready_device("u6", "16.1", device_id="another")
        self.assertEqual(self.subjects(self.page(device, "0-0")), ["mail 2"])
        self.assertEqual(self.page(other, "1-1").get("Response/Status"), "4")
        self.assertEqual(self.subjects(self.page(other, "0-0", text="mail")), ["mail 2"])
        self.assertEqual(self.subjects(self.page(device, "1-1")), ["mail 1"])
