"""The benchmark's data: messages of about 8 KB, contacts and calendar events, the same in every run."""
import base64
import datetime
import email.utils
import random
import struct
import textwrap
import zoneinfo

from .wbxml import E

WORDS = ("the server keeps every message where it was filed and tells the phone about each change as soon as it happens "
         "meeting invoice budget quarterly report please review attached draft schedule project deadline customer "
         "delivery größe naïve façade smörgåsbord Zürich travel booking confirmed flight hotel receipt number order "
         "status update release notes build failed fixed tested merged reviewed thanks regards kind best team").split()
PEOPLE = [("Ada", "Lindqvist"), ("Bram", "de Vries"), ("Chloé", "Moreau"), ("Dimitri", "Ivanov"), ("Eva", "Müller"),
          ("Farid", "Haddad"), ("Grace", "O'Neill"), ("Hiro", "Tanaka"), ("Ines", "Sørensen"), ("Jan", "Kowalski")]
ZURICH = zoneinfo.ZoneInfo("Europe/Zurich")
EPOCH = datetime.datetime(2024, 1, 1, 8, tzinfo=datetime.timezone.utc)


def prose(rng, length):
    words, size = [], 0
    while size < length:
        word = rng.choice(WORDS)
        words.append(word)
        size += len(word.encode()) + 1
    return " ".join(words)


def paragraphs(rng, length):
    return [prose(rng, 400) for _ in range(max(1, length // 400))]


def message(number, recipient="u1@example.test", size=8000):
    """(the RFC 5322 message with CRLF, its date): of ten, four plain, four plain with HTML, two with an attachment."""
    rng = random.Random(number)
    first, last = PEOPLE[number % len(PEOPLE)]
    date = EPOCH + datetime.timedelta(minutes=7 * number)
    head = [f"From: =?utf-8?b?{base64.b64encode(f'{first} {last}'.encode()).decode()}?= <p{number % 10}@example.test>",
            f"To: <{recipient}>", f"Cc: Team <team{number % 7}@example.test>",
            f"Subject: {'Re: ' if number % 3 else ''}{prose(rng, 40).encode('ascii', 'ignore').decode()} {number}",
            f"Date: {email.utils.format_datetime(date)}", f"Message-ID: <bench-{number}@example.test>",
            f"References: <bench-{number // 5}@example.test>", "MIME-Version: 1.0"]
    kind, boundary = number % 10, f"=_bench_{number}"

    def text(length):
        body = "\r\n\r\n".join("\r\n".join(textwrap.wrap(p, 72)) for p in paragraphs(rng, length))
        return ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", body]

    def html(length):
        body = "\r\n".join(f'<p style="margin:0 0 1em">{"<br>".join(textwrap.wrap(p, 72))}</p>'
                           for p in paragraphs(rng, length))
        encoded = base64.encodebytes(f'<html><head><meta charset="utf-8"><title>{number}</title></head><body>'
                                     f"{body}</body></html>".encode()).decode().replace("\n", "\r\n").rstrip()
        return ["Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64", "", encoded]

    def joined(subtype, mark, parts):
        lines = [f'Content-Type: multipart/{subtype}; boundary="{mark}"', ""]
        for part in parts:
            lines += [f"--{mark}", *part]
        return [*lines, f"--{mark}--", ""]

    if kind < 4:
        lines = text(size - 500)
    elif kind < 8:
        lines = joined("alternative", boundary, [text(size * 2 // 5), html(size * 2 // 5 - 200)])
    else:
        data = base64.encodebytes(rng.randbytes(size * 3 // 10)).decode().replace("\n", "\r\n").rstrip()
        attachment = [f'Content-Type: application/pdf; name="report-{number}.pdf"', "Content-Transfer-Encoding: base64",
                      f'Content-Disposition: attachment; filename="report-{number}.pdf"', "", data]
        lines = joined("mixed", boundary, [joined("alternative", boundary + "a", [text(size // 5), html(size // 4)]),
                                           attachment])
    return "\r\n".join(head + lines).encode() + b"\r\n", date


def contact(number):
    """The ApplicationData of a contact."""
    rng = random.Random(f"contact {number}")
    first, last = PEOPLE[number % len(PEOPLE)]
    last = f"{last} {number}"
    fields = {"BusinessAddressCity": "Zürich", "BusinessAddressCountry": "Switzerland",
              "BusinessAddressPostalCode": f"{8000 + number % 90}", "BusinessAddressStreet": f"Bahnhofstrasse {number}",
              "BusinessPhoneNumber": f"+41 44 555 {number:04d}", "CompanyName": f"Company {number % 40}",
              "Department": "Research", "Email1Address": f"contact{number}@example.test",
              "Email2Address": f"home{number}@example.test", "FileAs": f"{last}, {first}", "FirstName": first,
              "HomePhoneNumber": f"+41 43 555 {number:04d}", "JobTitle": "Engineer", "LastName": last,
              "MobilePhoneNumber": f"+41 79 555 {number:04d}", "WebPage": f"https://example.test/{number}"}
    return [*(E(f"Contacts:{name}", value) for name, value in sorted(fields.items())),
            E("AirSyncBase:Body", E("Type", 1), E("Data", prose(rng, 200)))]


def timezone(bias=-60):
    """Central European Time as the 172-byte structure of [MS-ASDTYPE] 2.7.6."""
    def name(text):
        return text.encode("utf-16-le").ljust(64, b"\0")

    def change(month, hour):
        return struct.pack("<8H", 0, month, 0, 5, hour, 0, 0, 0)
    return base64.b64encode(struct.pack("<l", bias) + name("W. Europe") + change(10, 3) + struct.pack("<l", 0) +
                            name("W. Europe") + change(3, 2) + struct.pack("<l", -60)).decode()


def event(number):
    """The ApplicationData of a calendar event: one in five recurs, with an occurrence that is deleted and one that is
    moved, one in three has attendees."""
    rng = random.Random(f"event {number}")

    def stamp(value):
        return value.strftime("%Y%m%dT%H%M%SZ")
    start = EPOCH + datetime.timedelta(hours=9 * number)
    attendees = [E("Attendee", E("Email", f"p{n}@example.test"), E("Name", " ".join(PEOPLE[n])), E("AttendeeType", 1))
                 for n in range(3)] if number % 3 == 0 else []
    recurring = []
    if number % 5 == 0:
        local = start.astimezone(ZURICH)
        deleted, moved = ((local + datetime.timedelta(weeks=n)).astimezone(datetime.timezone.utc) for n in (1, 2))
        recurring = [
            E("Calendar:Recurrence", E("Type", 1), E("Interval", 1), E("Occurrences", 20),
              E("DayOfWeek", 1 << (local.weekday() + 1) % 7)),
            E("Calendar:Exceptions", E("Exception", E("Deleted", 1), E("ExceptionStartTime", stamp(deleted))),
              E("Exception", E("ExceptionStartTime", stamp(moved)), E("StartTime", stamp(moved + datetime.timedelta(hours=1))),
                E("EndTime", stamp(moved + datetime.timedelta(hours=2))), E("Subject", f"Event {number}, later")))]
    return [E("Calendar:Timezone", timezone()), E("Calendar:DtStamp", stamp(EPOCH)), E("Calendar:StartTime", stamp(start)),
            E("Calendar:Subject", f"Event {number}: {prose(rng, 30)}"), E("Calendar:UID", f"bench-event-{number}"),
            E("Calendar:OrganizerName", "Bench"), E("Calendar:OrganizerEmail", "bench@example.test"),
            *([E("Calendar:Attendees", attendees)] if attendees else []), E("Calendar:Location", f"Room {number % 12}"),
            E("Calendar:EndTime", stamp(start + datetime.timedelta(minutes=45))),
            *recurring,
            E("AirSyncBase:Body", E("Type", 1), E("Data", prose(rng, 300))), E("Calendar:Sensitivity", 0),
            E("Calendar:BusyStatus", 2), E("Calendar:AllDayEvent", 0), E("Calendar:Reminder", 15),
            E("Calendar:MeetingStatus", 1 if attendees else 0)]
