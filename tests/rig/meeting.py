"""What the tests of meetings have in common."""
import email
import email.policy
import re
import time

from .client import CALENDAR, INBOX, PLAIN, TRASH, Body, options
from .send import SendCase
from .wbxml import E

START, END = "20270104T100000Z", "20270104T110000Z"


def calendar(method, *lines, uid="meeting-1@example.test", organizer="boss@elsewhere.example", start=START, end=END,
             sequence=0, stamp="20261120T080000Z", people=("u1@example.test", "eve@elsewhere.example"), summary="Talk"):
    """A calendar object of one event."""
    out = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", f"METHOD:{method}", "BEGIN:VEVENT", f"UID:{uid}",
           f"DTSTAMP:{stamp}", f"DTSTART:{start}", f"DTEND:{end}", f"SEQUENCE:{sequence}", f"SUMMARY:{summary}"]
    if organizer:
        out.append(f"ORGANIZER;CN=Boss:mailto:{organizer}")
    out += [person if ":" in person else f"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{person}" for person in people]
    return "\n".join([*out, *lines, "END:VEVENT", "END:VCALENDAR", ""])


def message(text, sender="boss@elsewhere.example", extra="", to="u1@example.test", subject="Talk"):
    """A mail that carries a calendar object."""
    method = re.search(r"METHOD:(\w+)", text).group(1)
    return (f"From: Boss <{sender}>\nTo: {to}\nSubject: {subject}\nMessage-ID: <{time.time_ns()}@elsewhere.example>\n{extra}"
            "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
            f"Come!\n--b\nContent-Type: text/calendar; charset=utf-8; method={method}\n\n{text}--b--\n")


class MeetingCase(SendCase):
    def events(self, user):
        """The texts of the user's events, unfolded."""
        found = self.dovecot.doveadm("roost", "export", "-u", user, "--kind", "calendar", "-")
        text = found.replace("\r\n", "\n").replace("\n ", "")
        return re.findall(r"(?s)BEGIN:VEVENT.*?END:VEVENT", text)

    def event(self, user):
        events = self.events(user)
        self.assertEqual(len(events), 1, events)
        return events[0]

    def assertHas(self, text, *words):
        for word in words:
            if word.startswith("!"):
                self.assertNotIn(word[1:], text)
            else:
                self.assertIn(word, text)

    def folders(self, device):
        return device.folders_of_type(INBOX)[0], device.folders_of_type(CALENDAR)[0], device.folders_of_type(TRASH)[0]

    def look(self, device, folder):
        """What a Sync brings: {ServerId: ApplicationData}, and those that went."""
        opts = options(bodies=[Body(PLAIN, 1024)]) if float(device.version) >= 12 else None
        items, gone = {}, []
        for page in device.sync_all(folder, opts=opts):
            for name in ("Add", "Change"):
                for node in page.findall(f"Commands/{name}"):
                    items[node.get("ServerId")] = node.find("ApplicationData")
            gone += [node.get("ServerId") for node in page.findall("Commands/Delete")]
        return items, gone

    def invite(self, user, *arguments, **named):
        self.dovecot.deliver(user, message(calendar("REQUEST", *arguments, **named)))

    def sent(self):
        """The meeting mails that went out: (recipients, method, the object)."""
        out = []
        for mail in self.dovecot.smtp.messages:
            parsed = email.message_from_bytes(mail.data, policy=email.policy.default)
            for part in parsed.walk():
                if part.get_content_type() == "text/calendar":
                    text = part.get_content().replace("\r\n", "\n").replace("\n ", "")
                    out.append((sorted(mail.recipients), part.get_param("method"), text))
        return out

    @staticmethod
    def meeting(version, *people, subject="Planning", start=START, end=END, extra=()):
        """ApplicationData of a meeting that a device makes."""
        attendees = E("Calendar:Attendees", [E("Calendar:Attendee", E("Calendar:Email", address),
                      E("Calendar:Name", address.partition("@")[0]),
                      E("Calendar:AttendeeType", 1) if float(version) >= 12 else None) for address in people])
        return [E("Calendar:Subject", subject), E("Calendar:StartTime", start), E("Calendar:EndTime", end),
                E("Calendar:DtStamp", START) if float(version) < 16 else None,
                E("Calendar:UID", f"{subject}-{time.time_ns()}") if float(version) < 16 else None,
                E("Calendar:MeetingStatus", 1), attendees, *extra]
