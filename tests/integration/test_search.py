"""Search ([MS-ASCMD] 2.2.1.16) in the mailbox, at all versions that have it."""
import base64
import contextlib
import datetime
import email.message
import email.utils
import fcntl
import os
import pathlib
import random
import threading
import time

from rig import CALENDAR, CONTACTS, HTML, INBOX, MIME, NOTES, OUTBOX, PLAIN, TASKS, Body, Case, E, Settings
from rig.client import HttpError
from rig.items import ItemsCase

VERSIONS = ("12.1", "14.1", "16.1")
START = datetime.datetime(2024, 3, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)


def message(subject, text="Nothing of interest.", number=0, **headers):
    mail = email.message.EmailMessage()
    mail["From"] = headers.pop("sender", "Ada <ada@example.test>")
    mail["To"] = headers.pop("to", "u1@example.test")
    mail["Subject"] = subject
    mail["Date"] = email.utils.format_datetime(START + datetime.timedelta(hours=number))
    mail["Message-ID"] = headers.pop("message_id", f"<{abs(hash((subject, text, number)))}@example.test>")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail.as_bytes()


def query(*elements, options=(), name="Mailbox"):
    return E("Search:Search", E("Store", E("Name", name), E("Query", E("And", *elements)),
                                E("Options", *options) if options else None))


def bound(kind, value):
    return E(kind, E("Email:DateReceived"), E("Value", value))


SETTINGS = Settings(users=14, fields={"u12": "userdb_roost_search_timeout=1s"})


class SearchCase(Case):
    def append(self, imap, mail, number=0, folder="INBOX"):
        when = (START + datetime.timedelta(hours=number)).timestamp()
        self.assertEqual(imap.append(folder, None, when, mail)[0], "OK")

    def search(self, device, *elements, options=(), **kwargs):
        """The store's answer."""
        answer = device.command("Search", query(*elements, options=options, **kwargs))
        self.assertEqual(answer.code, 200)
        self.assertEqual(answer.document.get("Status"), "1")
        return answer.document.find("Response/Store")

    def subjects(self, store, status="1"):
        self.assertEqual(store.get("Status"), status)
        return [result.get("Properties/Email:Subject") for result in store.findall("Result")
                if result.find("Properties") is not None]

    def found(self, device, *elements, options=(), status="1"):
        return self.subjects(self.search(device, *elements, options=options), status)

    def folder(self, device, name):
        return next(folder.id for folder in device.folders.values() if folder.name == name)


class Mailbox(SearchCase):
    """One user with the same mails for all versions; nobody changes them."""
    user = "u1"

    def setUp(self):
        super().setUp()
        imap = self.dovecot.imap(self.user)
        if imap.select("Work/Old")[0] == "OK":
            return
        for folder in ("Work", "Work/Old"):
            self.assertEqual(imap.create(folder)[0], "OK")
        for number in range(12):
            self.append(imap, message(f"report {number}", f"The figures of week {number}, quarterly.", number), number)
        self.append(imap, message("Grüße aus Köln", "Ein schöner Tag.", 20), 20)
        self.append(imap, message("work report", "quarterly again", 21), 21, "Work")
        self.append(imap, message("old report", "quarterly before", 22), 22, "Work/Old")
        self.append(imap, message("start", "Who comes?", 30, message_id="<root@example.test>"), 30)
        self.append(imap, message("Re: start", "I do.", 31, message_id="<answer@example.test>",
                                  in_reply_to="<root@example.test>", references="<root@example.test>"), 31, "Work")

    def each(self):
        for version in VERSIONS:
            yield version, self.ready_device(self.user, version)

    def test_words_are_found_anywhere_newest_first(self):
        for version, device in self.each():
            found = self.found(device, E("AirSync:Class", "Email"), E("FreeText", "quarterly"))
            self.assertEqual(found, ["old report", "work report"] + [f"report {n}" for n in range(11, -1, -1)])
            self.assertEqual(self.found(device, E("FreeText", "week figures 7,")), ["report 7"])
            self.assertEqual(self.found(device, E("FreeText", '"week 7"')), ["report 7"])
            self.assertEqual(self.found(device, E("FreeText", '"7 week"')), [])

    def test_a_result_is_the_mail(self):
        for version, device in self.each():
            store = self.search(device, E("FreeText", "gruesse"))
            self.assertEqual(self.subjects(store), [])
            self.assertEqual([child.name for child in store], ["Status", "Result", "Total"])
            store = self.search(device, E("FreeText", "grüße köln"), options=[Body(PLAIN, 2048).node()])
            result = store.find("Result")
            self.assertEqual(store.get("Range"), "0-0")
            self.assertEqual(store.get("Total"), "1")
            self.assertEqual(result.get("AirSync:Class"), "Email")
            self.assertEqual(result.get("AirSync:CollectionId"), device.folders_of_type(INBOX)[0].id)
            self.assertEqual(result.get("Properties/Email:Subject"), "Grüße aus Köln")
            self.assertIn("schöner Tag", result.get("Properties/AirSyncBase:Body/Data"))
            # the LongId leads to the same mail, though the device never synchronised its folder
            answer = device.item_operations(E("Fetch", E("Store", "Mailbox"),
                                              E("Search:LongId", result.get("LongId"))))
            self.assertEqual(answer.document.get("Response/Fetch/Status"), "1")
            self.assertEqual(answer.document.get("Response/Fetch/Properties/Email:Subject"), "Grüße aus Köln")

    def test_bodies(self):
        for version, device in self.each():
            def body(*options):
                store = self.search(device, E("FreeText", "schöner"), options=options)
                return store.find("Result/Properties/AirSyncBase:Body")
            self.assertIsNone(body().find("Data"), "nobody asked for text")
            self.assertEqual(body(Body(HTML, 2048).node()).get("Type"), "2")
            whole = body(E("AirSync:MIMESupport", "2"), Body(MIME, 99999).node())
            self.assertEqual(whole.get("Type"), "4")
            self.assertIn("Message-ID:", whole.get("Data"))
            self.assertEqual(body(E("AirSync:MIMESupport", "1"), Body(MIME, 99999).node(),
                                  Body(PLAIN, 5).node()).get("Type"), "1")

    def test_folders(self):
        for version, device in self.each():
            inbox, work = device.folders_of_type(INBOX)[0].id, self.folder(device, "Work")
            text, deep = E("FreeText", "quarterly"), [E("DeepTraversal")]
            self.assertEqual(self.found(device, E("AirSync:CollectionId", work), text), ["work report"])
            self.assertEqual(self.found(device, E("AirSync:CollectionId", work), text, options=deep),
                             ["old report", "work report"])
            self.assertEqual(len(self.found(device, E("AirSync:CollectionId", inbox),
                                            E("AirSync:CollectionId", work), text)), 13)
            self.assertEqual(len(self.found(device, E("AirSync:CollectionId", "0"), text, options=deep)), 14)
            # twice the same is once
            self.assertEqual(len(self.found(device, E("AirSync:CollectionId", work),
                                            E("AirSync:CollectionId", work), text)), 1)

    def test_unknown_folders(self):
        for version, device in self.each():
            for folder in ("4711", "", "x", "99999999999999999999", "01"):
                for options in ([], [E("DeepTraversal")]):
                    self.found(device, E("AirSync:CollectionId", folder), E("FreeText", "x"), options=options,
                               status="11")

    def test_a_folder_without_mailbox_is_empty(self):
        for version, device in self.each():
            self.assertEqual(self.found(device, E("AirSync:CollectionId", device.folders_of_type(OUTBOX)[0].id),
                                        E("FreeText", "quarterly")), [])

    def test_dates_are_exact(self):
        for version, device in self.each():
            text = E("FreeText", "quarterly")
            def time(number):
                return (START + datetime.timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            self.assertEqual(self.found(device, text, bound("GreaterThan", time(9)), bound("LessThan", time(12))),
                             ["report 11", "report 10"])
            self.assertEqual(self.found(device, text, bound("LessThan", time(1))), ["report 0"])
            self.assertEqual(self.found(device, bound("GreaterThan", time(30))), ["Re: start"])

    def test_conversations(self):
        for version, device in self.each():
            if version == "12.1":
                continue
            store = self.search(device, E("FreeText", "comes"))
            conversation = store.find("Result/Properties/Email2:ConversationId").text
            for form in (conversation, base64.b64encode(conversation).decode()):
                with self.subTest(version=version, form=form):
                    self.assertEqual(self.found(device, E("ConversationId", form)), ["Re: start", "start"])
            part = E("AirSyncBase:BodyPartPreference", E("Type", "2"), E("TruncationSize", "1000"))
            found = self.search(device, E("ConversationId", conversation), options=[part])
            self.assertIn("I do.", found.find("Result/Properties/AirSyncBase:BodyPart").get("Data"))
            self.assertEqual(self.found(device, E("ConversationId", conversation), E("FreeText", "I do.")),
                             ["Re: start"])
            self.assertEqual(self.found(device, E("ConversationId", bytes(16))), [])
            for bad in (bytes(5), "rubbish"):
                self.found(device, E("ConversationId", bad), status="2")
            self.found(device, E("ConversationId", conversation), E("ConversationId", conversation), status="2")
            # BodyPart is for conversations only
            self.found(device, E("FreeText", "comes"), options=[part], status="2")

    def test_classes(self):
        for version, device in self.each():
            text = E("FreeText", "quarterly")
            self.assertEqual(self.found(device, E("AirSync:Class", "Calendar"), text), [])
            self.assertEqual(len(self.found(device, E("AirSync:Class", "Calendar"), E("AirSync:Class", "Email"),
                                            text)), 14)
            self.found(device, E("AirSync:Class", "Rubbish"), text, status="2")
            self.found(device, E("AirSync:Class", "SMS"), text, status="2" if version == "12.1" else "1")
            for bad in (E("AirSync:Class"), E("AirSync:Class", " Email"), E("AirSync:Class", "Email,Calendar"),
                        E("AirSync:Class", b"\xff")):
                self.found(device, E("AirSync:Class", "Email"), bad, text, status="2")
            # in And and nowhere else
            email = E("AirSync:Class", "Email")
            for elements, options in (((text,), [email]), ((text,), [E("AirSyncBase:BodyPreference", email, E("Type", 1))]),
                                      ((text, E("LessThan", email, E("Value", "2024-01-01T00:00:00.000Z"))), ())):
                self.found(device, email, *elements, options=options, status="8")

    def test_ranges(self):
        for version, device in self.each():
            text = E("FreeText", "quarterly")
            def page(item_range):
                return self.search(device, text, options=[E("Range", item_range)])
            whole = self.subjects(page("0-99"))
            store = page("0-4")
            self.assertEqual((self.subjects(store), store.get("Range"), store.get("Total")), (whole[:5], "0-4", "14"))
            store = page("5-9")
            self.assertEqual((self.subjects(store), store.get("Range"), store.get("Total")), (whole[5:10], "5-9", "14"))
            store = page("10-19")
            self.assertEqual((self.subjects(store), store.get("Range"), store.get("Total")),
                             (whole[10:], "10-13", "14"))
            self.assertEqual(self.subjects(page("14-20"), status="12"), [])
            self.assertEqual(self.subjects(page("100-120"), status="12"), [])
            # more than there can be: what there is, with a warning
            self.assertEqual(self.subjects(page("0-100"), status="12"), whole)
            for bad in ("", "5", "5-", "-5", "a-b", "9-5", "0-4-5", "0 - 4", "99999999999-99999999999"):
                self.assertEqual(page(bad).get("Status"), "2", bad)
            self.assertEqual(self.search(device, text, options=[E("Range", "0-1"), E("Range", "2-3")]).get("Status"),
                             "2")

    def test_what_is_too_complex(self):
        for version, device in self.each():
            text, work = E("FreeText", "quarterly"), E("AirSync:CollectionId", self.folder(device, "Work"))
            for content in ([text], [work], [E("AirSync:Class", "Email")], [E("ConversationId", bytes(16))],
                            [bound("LessThan", "2024-01-01T00:00:00.000Z")], [E("Or", text)],
                            [E("And", text), E("And", text)], [E("And", text, E("Or", text))],
                            [E("And", E("And", text))], [E("And", text), text]):
                answer = device.command("Search", E("Search:Search", E("Store", E("Name", "Mailbox"),
                                                                       E("Query", *content))))
                self.assertEqual(answer.document.get("Response/Store/Status"), "8", content)

    def test_bad_queries(self):
        for version, device in self.each():
            text = E("FreeText", "x")
            for content in ([], [E("FreeText")], [E("FreeText", "  ")], [E("FreeText", '""')],
                            [text, E("Email:Subject", "x")], [E("AirSync:Class", "Email")],
                            [text, E("LessThan", E("Email:DateReceived"))],
                            [text, E("LessThan", E("Value", "2024-01-01T00:00:00.000Z"), E("Email:DateReceived"))],
                            [text, bound("LessThan", "yesterday")], [text, bound("LessThan", "")],
                            [text, bound("LessThan", "2024-01-01T00:00:00.000Z"),
                             bound("LessThan", "2024-01-01T00:00:00.000Z")]):
                self.found(device, *content, status="2")
            self.found(device, E("FreeText", "x" * 5000), status="8")
            self.found(device, *[text] * 9, status="8")
            self.found(device, *[E("AirSync:Class", "Email")] * 1000, text, status="8")
            self.found(device, *[text] * 8)
            self.found(device, text, options=[E("DeepTraversal", "x")], status="2")
            self.found(device, text, options=[E("AirSyncBase:BodyPreference", E("Type", "9"))], status="2")
            for document in (E("Search:Search"), E("Search:Search", E("Store"), E("Store"))):
                answer = device.command("Search", document)
                if version == "12.1":
                    self.assertEqual(answer.code, 400)
                else:
                    self.assertEqual(answer.document.get("Status"), "103")

    def test_other_stores(self):
        for version, device in self.each():
            link = E("EqualTo", E("DocumentLibrary:LinkId"), E("Value", "\\\\server\\share"))
            for name, content, status in (("DocumentLibrary", link, "13"), ("DocumentLibrary", None, "2"),
                                          ("Rubbish", link, "2"), ("", link, "2")):
                answer = device.command("Search", E("Search:Search", E("Store", E("Name", name),
                                                                       E("Query", content))))
                self.assertEqual(answer.document.get("Response/Store/Status"), status, name)

    def test_eight_bit_terms(self):
        for version, device in self.each():
            self.assertEqual(self.found(device, E("FreeText", "KÖLN")), ["Grüße aus Köln"])
            # not UTF-8: Dovecot itself would give up
            self.found(device, E("FreeText", b"K\xf6ln"), status="2")
            self.assertEqual(self.found(device, E("FreeText", "日本語")), [])
            self.assertEqual(self.found(device, E("FreeText", "%_\\*(")), [])


def vcalendar(component, uid, *lines):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", f"BEGIN:{component}", f"UID:{uid}",
                        "DTSTAMP:20260101T000000Z", *lines, f"END:{component}", "END:VCALENDAR", ""])


def vcard(uid, *lines):
    return "\r\n".join(["BEGIN:VCARD", "VERSION:3.0", f"UID:{uid}", *lines, "END:VCARD", ""])


ITEMS = [
    vcalendar("VEVENT", "picnic", "SUMMARY:Picnic", "DTSTART:20260601T100000Z", "DTEND:20260601T110000Z",
              "LOCATION:Großer Teich", "DESCRIPTION:Bring a needle\\nand thread", "CATEGORIES:Fun",
              "ORGANIZER;CN=Olga:mailto:olga@example.test", "ATTENDEE;CN=Ada Able:mailto:ada@example.test"),
    vcalendar("VEVENT", "daily", "SUMMARY:Daily", "DTSTART:20260602T100000Z", "DTEND:20260602T110000Z",
              "RRULE:FREQ=DAILY;COUNT=3", "END:VEVENT", "BEGIN:VEVENT", "UID:daily", "DTSTAMP:20260101T000000Z",
              "RECURRENCE-ID:20260603T100000Z", "SUMMARY:Moved standup", "DTSTART:20260603T120000Z",
              "DTEND:20260603T130000Z"),
    vcalendar("VTODO", "buy", "SUMMARY:Buy a needle", "CATEGORIES:Home", "X-ROOST-ORDINAL-DATE:2026-01-01T00:00:00.000Z",
              "X-ROOST-SUB-ORDINAL-DATE:5"),
    vcalendar("VJOURNAL", "idea", "SUMMARY:Idea", "DESCRIPTION:thread the needle"),
    vcard("ned", "FN:Ned Needle", "N:Needle;Ned;;;", "EMAIL:ned@example.test", "TEL;TYPE=cell:+49 (170) 55-66",
          "ORG:Thread & Co", "ADR;TYPE=work:;;1 Haystack Road;Köln;;;", "NOTE:likes tea"),
]


class Items(SearchCase, ItemsCase):
    """What is found in calendars, contacts, tasks and notes, beside mails."""
    user = "u10"

    def setUp(self):
        super().setUp()
        imap = self.dovecot.imap(self.user)
        if imap.select("Marker")[0] == "OK":
            return
        self.append(imap, message("mail", "a needle in a mail"))
        for item in ITEMS:
            self.imported(self.user, item)
        imap.create("Marker")

    def each(self):
        for version in VERSIONS:
            yield version, self.ready_device(self.user, version)

    def names(self, store, status="1"):
        """(Class, what it is called) of each result, in the order of the names."""
        self.assertEqual(store.get("Status"), status)
        tags = {"Email": "Email:Subject", "Calendar": "Calendar:Subject", "Tasks": "Tasks:Subject",
                "Notes": "Notes:Subject", "Contacts": "Contacts:FileAs"}
        return sorted((node.get("AirSync:Class"), node.get("Properties/" + tags[node.get("AirSync:Class")]))
                      for node in store.findall("Result") if node.find("Properties") is not None)

    def found(self, device, *elements, options=(), status="1"):
        return self.names(self.search(device, *elements, options=options), status)

    def test_no_class_is_all(self):
        for version, device in self.each():
            everything = [("Calendar", "Picnic"), ("Contacts", "Ned Needle"), ("Email", "mail"),
                          ("Notes", "Idea"), ("Tasks", "Buy a needle")]
            if version == "12.1":
                everything.remove(("Notes", "Idea"))
            self.assertEqual(self.found(device, E("FreeText", "needle")), everything)
            self.assertEqual(self.found(device, E("AirSync:CollectionId", "0"), E("FreeText", "needle"),
                                        options=[E("DeepTraversal")]), everything)

    def test_classes(self):
        for version, device in self.each():
            def classes(*names):
                return self.found(device, *[E("AirSync:Class", name) for name in names], E("FreeText", "needle"))
            self.assertEqual(classes("Calendar"), [("Calendar", "Picnic")])
            self.assertEqual(classes("Contacts"), [("Contacts", "Ned Needle")])
            self.assertEqual(classes("Tasks"), [("Tasks", "Buy a needle")])
            self.assertEqual(classes("Email"), [("Email", "mail")])
            self.assertEqual(classes("email", "TASKS"), [("Email", "mail"), ("Tasks", "Buy a needle")])
            if version == "12.1":
                self.assertEqual(self.search(device, E("AirSync:Class", "Notes"), E("FreeText", "needle")).get("Status"), "2")
            else:
                self.assertEqual(classes("Notes"), [("Notes", "Idea")])
                self.assertEqual(classes("SMS"), [])

    def test_folders(self):
        for version, device in self.each():
            for kind, name in ((CALENDAR, ("Calendar", "Picnic")), (CONTACTS, ("Contacts", "Ned Needle")),
                               (TASKS, ("Tasks", "Buy a needle")), (NOTES, ("Notes", "Idea"))):
                if version == "12.1" and kind == NOTES:
                    continue
                folder = E("AirSync:CollectionId", device.folders_of_type(kind)[0].id)
                self.assertEqual(self.found(device, folder, E("FreeText", "needle")), [name])
                # the folder has none of this class
                self.assertEqual(self.found(device, folder, E("AirSync:Class", "Email"), E("FreeText", "needle")), [])
            both = [E("AirSync:CollectionId", device.folders_of_type(kind)[0].id) for kind in (CALENDAR, INBOX)]
            self.assertEqual(self.found(device, *both, E("FreeText", "needle")), [("Calendar", "Picnic"), ("Email", "mail")])

    def test_what_is_searched(self):
        for version, device in self.each():
            for text, name in (("großer teich", "Picnic"), ("grosser", None), ("olga", "Picnic"),
                               ("ada able", "Picnic"), ("ada@example.test", "Picnic"), ('"needle and thread"', "Picnic"),
                               ("standup", "Daily"), ("fun", "Picnic"), ("haystack  koln", "Ned Needle"),
                               ("KÖLN", "Ned Needle"), ("1705566", "Ned Needle"), ("thread co", "Ned Needle"),
                               ("tea", "Ned Needle"), ("PRODID", None), ("VEVENT", None),
                               ("20260601", None)):
                with self.subTest(version=version, text=text):
                    self.assertEqual([found for kind, found in self.found(device, E("FreeText", text))
                                      if kind in ("Calendar", "Contacts")], [name] if name else [])
            # all words have to be there
            self.assertEqual(self.found(device, E("AirSync:Class", "Tasks"), E("FreeText", "needle buy home")),
                             [("Tasks", "Buy a needle")])
            self.assertEqual(self.found(device, E("AirSync:Class", "Tasks"), E("FreeText", "needle picnic")), [])

    def test_dates_are_those_of_changes(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        hour = datetime.timedelta(hours=1)
        def time(value):
            return value.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for version, device in self.each():
            tasks = E("AirSync:Class", "Tasks")
            recent = bound("GreaterThan", time(now - hour)), bound("LessThan", time(now + hour))
            self.assertEqual(self.found(device, tasks, *recent), [("Tasks", "Buy a needle")])
            self.assertEqual(self.found(device, tasks, *recent, E("FreeText", "picnic")), [])
            self.assertEqual(self.found(device, tasks, bound("LessThan", time(now - hour))), [])
            self.assertEqual(self.found(device, tasks, bound("GreaterThan", time(now + hour))), [])

    def test_conversations_have_mails_only(self):
        for version, device in self.each():
            if version != "12.1":
                self.assertEqual(self.found(device, E("ConversationId", bytes(16))), [])

    def test_properties_and_long_ids(self):
        for version, device in self.each():
            def one(text):
                return self.search(device, E("AirSync:Class", "Calendar"), E("FreeText", text),
                                   options=[Body(PLAIN, 6).node()]).find("Result")
            result = one("picnic")
            self.assertEqual(result.get("AirSync:CollectionId"), device.folders_of_type(CALENDAR)[0].id)
            self.assertEqual(result.get("Properties/Calendar:StartTime"), "20260601T100000Z")
            self.assertEqual(result.get("Properties/AirSyncBase:Body/Data"), "Bring ")
            # what the schema of Search's answer has not is there for who fetches it
            self.assertIsNone(result.find("Properties/Calendar:Categories"))
            answer = device.item_operations(E("Fetch", E("Store", "Mailbox"), E("Search:LongId", result.get("LongId"))))
            fetched = answer.document.find("Response/Fetch")
            self.assertEqual((fetched.get("Status"), fetched.get("AirSync:Class")), ("1", "Calendar"))
            self.assertEqual(fetched.get("Properties/Calendar:Subject"), "Picnic")
            self.assertEqual(fetched.get("Properties/Calendar:Categories/Category"), "Fun")
            bodiless = self.search(device, E("AirSync:Class", "Calendar"), E("FreeText", "picnic"))
            self.assertIsNone(bodiless.find("Result/Properties/AirSyncBase:Body/Data"))
            self.assertIsNotNone(one("daily").find("Properties/Calendar:Exceptions"))

    def test_pages(self):
        user = "u11"
        for number in range(5):
            self.imported(user, vcalendar("VTODO", f"t{number}", f"SUMMARY:needle {number}"))
        self.append(self.dovecot.imap(user), message("needle mail"))
        device = self.ready_device(user, "16.1")
        def page(item_range, *options):
            return self.search(device, E("FreeText", "needle"), options=[E("Range", item_range), *options])
        store = page("0-1")
        self.assertEqual((store.get("Range"), store.get("Total")), ("0-1", "6"))
        pages = [self.names(store), self.names(page("2-3")), self.names(page("4-9"))]
        # the mail is of 2024, and so the oldest
        self.assertIn(("Email", "needle mail"), pages[2])
        self.assertEqual(sorted(sum(pages, [])), [("Email", "needle mail")] + [("Tasks", f"needle {n}") for n in range(5)])
        # one more changes nothing, and one that is gone leaves a gap, whoever shows the page
        self.imported(user, vcalendar("VTODO", "t5", "SUMMARY:needle 5"))
        self.delete_task(device, pages[1][0][1])
        self.dovecot.kill("roost-worker")
        store = page("2-3")
        self.assertEqual((self.names(store), store.get("Range")), (pages[1][1:], "2-3"))
        self.assertEqual(self.names(page("4-9")), pages[2])
        self.assertEqual(page("0-1", E("RebuildResults")).get("Total"), "6")
        self.dovecot.expect_log(r"killed with signal 9")

    def test_changes_are_found_at_once(self):
        """The index of words follows whatever happens to items."""
        user = "u13"
        device = self.ready_device(user, "16.1")
        tasks = device.folders_of_type(TASKS)[0]
        def found(text):
            return [name for _, name in self.found(device, E("AirSync:Class", "Tasks"), E("FreeText", text),
                                                   options=[E("RebuildResults")])]
        self.imported(user, vcalendar("VTODO", "a", "SUMMARY:Übermorgen \"gehen\"", "DESCRIPTION:" + "long " * 20000 + "end"))
        self.imported(user, vcalendar("VTODO", "b", "SUMMARY:買い物", "DESCRIPTION:b"))
        names = ['Übermorgen "gehen"', "買い物"]
        # parts of words of any length, quotes, and a text that is too large for the index
        for text, wanted in (("ubermorgen", names[:1]), ("rmor", names[:1]), ("買い", names[1:]), ("買", names[1:]),
                             ("買い物", names[1:]), ("b", names), ("be", names[:1]), ('gehen', names[:1]), ("end", names[:1]),
                             ("long end", names[:1]), ("ends", [])):
            with self.subTest(text=text):
                self.assertEqual(found(text), wanted)
        device.items, device.opts = {}, None
        device.sync_start(tasks)
        self.pull(device, tasks)
        server_id, = [key for key, item in device.items.items() if item.get("Tasks:Subject") == names[0]]
        device.sync_one(tasks, commands=[E("AirSync:Change", E("ServerId", server_id), E(
            "ApplicationData", E("Tasks:Subject", "heute")))])
        self.assertEqual([found("morgen"), found("eut")], [[], ["heute"]])
        self.assertEqual(self.delete(device, tasks, server_id), "1")
        self.assertEqual([found("heute"), found("買い物")], [[], names[1:]])
        self.assertEqual(self.dovecot.doveadm("roost", "check", "-u", user).split(), ["problem", "state"])

    def test_workers_die_while_the_index_is_made(self):
        user, count, chance = "u14", 400, random.Random(14)
        self.imported(user, "".join(vcalendar("VTODO", f"t{number}", f"SUMMARY:needle {number}")
                                    for number in range(count)))
        device = self.ready_device(user, "16.1")
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")

        def total(text):
            with contextlib.suppress(OSError, HttpError):
                answer = device.command("Search", query(E("AirSync:Class", "Tasks"), E("FreeText", text),
                                                        options=[E("RebuildResults")]))
                return answer.code == 200 and answer.document.get("Response/Store/Total")
        for _ in range(4):
            killer = threading.Timer(chance.uniform(0, 0.2), self.dovecot.kill, ["roost-worker"])
            killer.start()
            total("needle")
            killer.join()
        deadline = time.monotonic() + 60
        while total("needle") != str(count) and time.monotonic() < deadline:
            pass
        self.assertEqual([total("needle"), total("needle 399")], [str(count), "1"])
        self.assertEqual(self.dovecot.doveadm("roost", "check", "-u", user).split(), ["problem", "state"])

    def delete_task(self, device, name):
        folder = device.folders_of_type(TASKS)[0]
        device.items, device.opts = {}, None
        self.pull(device, folder)
        server_id, = [key for key, item in device.items.items() if item.get("Tasks:Subject") == name]
        self.assertEqual(self.delete(device, folder, server_id), "1")


class OldVersions(SearchCase):
    def test_2_5_has_no_mailbox(self):
        device = self.ready_device("u2", "2.5")
        self.assertEqual(self.search(device, E("FreeText", "x")).get("Status"), "2")

    def test_12_0(self):
        self.append(self.dovecot.imap("u2"), message("only one", "needle"))
        device = self.ready_device("u2", "12.0")
        self.assertEqual(self.found(device, E("FreeText", "needle")), ["only one"])


class Pages(SearchCase):
    """What is between two pages."""
    def fill(self, user, version="14.1", count=9):
        imap = self.dovecot.imap(user)
        for number in range(count):
            self.append(imap, message(f"mail {number}", "needle", number), number)
        return imap, self.ready_device(user, version)

    def page(self, device, item_range, *options):
        return self.search(device, E("FreeText", "needle"), options=[*options, E("Range", item_range)])

    def test_pages_are_those_of_one_search(self):
        imap, device = self.fill("u3")
        self.assertEqual(self.subjects(self.page(device, "0-2")), ["mail 8", "mail 7", "mail 6"])
        # newer, and would move all others by one
        self.append(imap, message("mail 9", "needle", 9), 9)
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 4", "mail 3"])
        # the same again, as after a lost answer
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 4", "mail 3"])
        self.assertEqual(self.subjects(self.page(device, "0-2")), ["mail 8", "mail 7", "mail 6"])
        store = self.page(device, "0-2", E("RebuildResults"))
        self.assertEqual(self.subjects(store), ["mail 9", "mail 8", "mail 7"])
        self.assertEqual(store.get("Total"), "10")
        # another query takes its place
        self.assertEqual(self.found(device, E("FreeText", 'needle "mail 4"'), options=[E("Range", "0-0")]), ["mail 4"])

    def test_deleted_mails_are_left_out(self):
        imap, device = self.fill("u4")
        self.assertEqual(self.subjects(self.page(device, "0-2")), ["mail 8", "mail 7", "mail 6"])
        imap.select("INBOX")
        imap.store("5", "+FLAGS", "\\Deleted")    # mail 4
        imap.expunge()
        store = self.page(device, "3-5")
        self.assertEqual(self.subjects(store), ["mail 5", "mail 3"])
        self.assertEqual(store.get("Range"), "3-5")
        self.assertEqual(self.subjects(self.page(device, "6-8")), ["mail 2", "mail 1", "mail 0"])

    def test_a_deleted_folder_has_no_results(self):
        imap, device = self.fill("u5", count=2)
        imap.create("Gone")
        self.append(imap, message("gone", "needle", 20), 20, "Gone")
        device.folder_sync()
        self.assertEqual(self.subjects(self.page(device, "0-0")), ["gone"])
        imap.delete("Gone")
        self.assertEqual(self.subjects(self.page(device, "0-0")), [])
        self.assertEqual(self.subjects(self.page(device, "1-2")), ["mail 1", "mail 0"])
        # another one of that name is not it
        imap.create("Gone")
        self.append(imap, message("new", "nothing", 20), 20, "Gone")
        self.assertEqual(self.subjects(self.page(device, "0-1")), ["mail 1"])

    def test_killed_workers_lose_no_page(self):
        imap, device = self.fill("u6")
        self.assertEqual(self.subjects(self.page(device, "0-2")), ["mail 8", "mail 7", "mail 6"])
        self.append(imap, message("mail 9", "needle", 9), 9)
        self.dovecot.kill("roost-worker")
        self.dovecot.expect_log(r"killed with signal 9")
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 4", "mail 3"])

    def test_without_its_set_a_page_is_searched(self):
        imap, device = self.fill("u7")
        self.assertEqual(self.subjects(self.page(device, "3-5")), ["mail 5", "mail 4", "mail 3"])

    def test_at_most_100(self):
        imap, device = self.fill("u8", count=103)
        store = self.page(device, "0-99")
        self.assertEqual(self.subjects(store), [f"mail {n}" for n in range(102, 2, -1)])
        self.assertEqual((store.get("Range"), store.get("Total")), ("0-99", "103"))

    def test_many_folders_take_turns(self):
        imap = self.dovecot.imap("u9")
        for number in range(36):
            folder = f"F{number % 12}"
            if number < 12:
                imap.create(folder)
            self.append(imap, message(f"mail {number}", "needle", number), number, folder)
        device = self.ready_device("u9", "16.1")
        self.assertEqual(self.subjects(self.page(device, "0-99")), [f"mail {n}" for n in range(35, -1, -1)])


class Timeout(SearchCase, ItemsCase):
    """A search that may take a second comes to a mailbox whose index somebody else has locked."""
    user = "u12"

    def search_locked(self, device, text, hold):
        """The answer of a search while the lock is held for so long."""
        maildir = pathlib.Path(self.dovecot.home(self.user)) / "Maildir"
        # what came in has to be written into the index
        mail = maildir / "new" / f"1.{text}{hold}.host"
        mail.write_bytes(message("new", "nothing"))
        os.chown(mail, maildir.stat().st_uid, maildir.stat().st_gid)
        answer = []
        with open(maildir / "dovecot.index.log", "r+b") as log:
            fcntl.lockf(log, fcntl.LOCK_EX)
            thread = threading.Thread(target=lambda: answer.append(self.search(device, E("FreeText", text))))
            thread.start()
            thread.join(hold)
        thread.join()
        return answer[0]

    def timed_out(self, text, wanted):
        """Tries until the lock was held for long enough: a slow machine comes to the search late."""
        device = self.ready_device(self.user, "16.1")
        for hold in (1.5, 3, 6, 12, 24):
            store = self.search_locked(device, text, hold)
            if wanted(store):
                return store
        self.fail(f"The search never timed out: {store}")

    def setUp(self):
        super().setUp()
        imap = self.dovecot.imap(self.user)
        if imap.create("Behind")[0] == "OK":
            self.append(imap, message("needle mail"), folder="Behind")
            self.imported(self.user, vcalendar("VTODO", "needle", "SUMMARY:needle task"))

    def test_nothing_was_found_in_time(self):
        store = self.timed_out("nowhere", lambda store: store.get("Status") == "10")
        self.assertEqual([child.name for child in store], ["Status"])

    def test_what_was_found_in_time_is_the_answer(self):
        store = self.timed_out("needle", lambda store: store.get("Total") == "1")
        self.assertEqual(store.get("Status"), "1")
        self.assertEqual([node.get("Properties/Tasks:Subject") for node in store.findall("Result")], ["needle task"])
        # and all of it when there is time
        store = self.search(self.ready_device(self.user, "16.1"), E("FreeText", "needle"))
        self.assertEqual(store.get("Total"), "2")
