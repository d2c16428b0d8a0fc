"""Free/busy times in ResolveRecipients: of the user himself, of other local users, of groups; who may see them."""
import os
import pathlib
import tempfile

from rig import Case, E
from rig.config import Settings

WORK = pathlib.Path(tempfile.mkdtemp(prefix="roost-freebusy-"))
WORK.chmod(0o755)
BOOK = WORK / "book.vcf"
VERSIONS = ("14.0", "14.1", "16.0", "16.1")
# u2 shows everybody, u3 his domain (nobody's login name has one here), u4 and u8 nobody, u5 has never used Roost; u6's
# database is damaged, u7 has no ActiveSync
SETTINGS = Settings(extra=f"roost_gal = {BOOK}\nroost_free_busy = yes\n", fields={
    "u3": "userdb_roost_free_busy=domain", "u4": "userdb_roost_free_busy=no", "u7": "userdb_roost_enabled=no",
    "u8": "userdb_roost_free_busy=no"})
START, END = "2026-11-28T08:00:00.000Z", "2026-11-28T12:00:00.000Z"


def card(name, *lines):
    return "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", f"FN:{name}") + lines + ("END:VCARD", ""))


BOOK.write_text("".join(card(f"User {n}", f"EMAIL:u{n}@example.test") for n in range(2, 8)) +
                card("Someone Else", "EMAIL:someone@elsewhere.test") +
                card("Odd", "EMAIL:../u2@example.test") +
                card("Team", "EMAIL:team@example.test", "KIND:group", *[
                    f"MEMBER:mailto:{name}" for name in ("u2@example.test", "u3@example.test", "u4@example.test",
                                                         "x@elsewhere.test")]) +
                card("Nobody", "EMAIL:nobody@example.test", "KIND:group", "MEMBER:mailto:u4@example.test",
                     "MEMBER:urn:uuid:1") +
                card("Crew", "EMAIL:crew@example.test", "KIND:group",
                     *[f"MEMBER:mailto:m{i}@example.test" for i in range(21)]))
BOOK.chmod(0o644)


def event(uid, *lines):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", "BEGIN:VEVENT", f"UID:{uid}",
                        "DTSTAMP:20260101T000000Z") + lines + ("END:VEVENT", "END:VCALENDAR", ""))


class FreeBusy(Case):
    @classmethod
    def setUpClass(cls):
        # the base class starts the instance when it is first asked for
        case = cls("test_versions")
        case.put("u1", event("own", "DTSTART:20261128T083000Z", "DURATION:PT1H"))
        case.put("u2", event("weekly", "DTSTART;TZID=Europe/Berlin:20261003T090000", "DURATION:PT30M",
                             "RRULE:FREQ=WEEKLY", "TRANSP:OPAQUE"),
                 # the 20th of the 10th Korean month, the 78th day of the Hebrew year
                 event("lunar", "DTSTART:20251209T103000Z", "DURATION:PT30M",
                       "RRULE:RSCALE=DANGI;FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=20"),
                 event("year-day", "DTSTART:20251209T113000Z", "DURATION:PT30M",
                       "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYYEARDAY=78"),
                 event("away", "DTSTART:20261128T110000Z", "DURATION:PT30M", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"),
                 event("declined", "DTSTART:20261128T093000Z", "DURATION:PT30M", "ORGANIZER:mailto:u1@example.test",
                       "ATTENDEE;PARTSTAT=DECLINED:mailto:u2@example.test"),
                 event("asked", "DTSTART:20261128T100000Z", "DURATION:PT30M", "ORGANIZER:mailto:u1@example.test",
                       "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:u2@example.test"))
        case.put("u3", event("busy", "DTSTART:20261128T090000Z", "DURATION:PT30M"))
        case.put("u4", event("secret", "DTSTART:20261128T090000Z", "DURATION:PT30M"))
        case.put("u6", event("x", "DTSTART:20261128T090000Z", "DURATION:PT30M"))
        case.put("u7", event("x", "DTSTART:20261128T090000Z", "DURATION:PT30M"))

    def put(self, user, *events):
        path = self.dovecot.home(user) / "events.ics"
        path.write_text("".join(events))
        os.chown(path, self.dovecot.uid(user), self.dovecot.uid(user))
        self.dovecot.doveadm("roost", "import", "-u", user, str(self.dovecot.inside / "home" / user / path.name))

    def responses(self, device, *names, start=START, end=END):
        times = [E("StartTime", start), E("EndTime", end) if end else None]
        document = device.command("ResolveRecipients", E("ResolveRecipients:ResolveRecipients",
                                  [E("To", name) for name in names], E("Options", E("Availability", *times)))).document
        if document.get("Status") != "1":
            return document.get("Status")
        return [(node.get("Recipient/Availability/Status"), node.get("Recipient/Availability/MergedFreeBusy"))
                for node in document.findall("Response")]

    def test_versions(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.ready_device("u1", version)
                self.assertEqual(self.responses(device, "u1@example.test", "u2@example.test", "user 3"), [
                    ("1", "02200000"), ("1", "20001232"), ("1", "00200000")])
        # there is no such element below
        device = self.ready_device("u1", "12.1")
        self.assertEqual(self.responses(device, "u1@example.test"), [(None, None)])

    def test_who_may_see(self):
        device = self.ready_device("u1", "16.1")
        names = [f"u{n}@example.test" for n in (4, 5, 7)] + ["someone@elsewhere.test", "../u2@example.test"]
        self.assertEqual(self.responses(device, *names), [("163", None)] * 5)
        self.assertFalse((pathlib.Path(self.dovecot.home("u5")) / "roost.db").exists())
        # himself he sees, whatever he shows
        device = self.ready_device("u4", "16.1")
        self.assertEqual(self.responses(device, "u4@example.test", "U4@EXAMPLE.test"), [("1", "00200000")] * 2)
        device = self.ready_device("u8", "14.1")
        self.assertEqual(self.responses(device, "u8@example.test", "u2@example.test"),
                         [("1", "00000000"), ("1", "20001232")])

    def test_groups(self):
        device = self.ready_device("u1", "14.1")
        self.assertEqual(self.responses(device, "team", "nobody", "crew"),
                         [("1", "20201232"), ("163", None), ("161", None)])

    def test_ambiguous_names_have_none(self):
        device = self.ready_device("u1", "16.1")
        self.assertEqual(self.responses(device, "user", "who?"), [(None, None), (None, None)])

    def test_times(self):
        device = self.ready_device("u1", "16.1")
        me = "u1@example.test"
        for start, end, digits in (("2026-11-28T08:29:59.000Z", "2026-11-28T09:00:00.000Z", "22"),
                                   ("2026-11-28T09:30:00.000Z", "2026-11-28T10:00:00.000Z", "0"),
                                   ("2026-11-28T09:29:59.000Z", "2026-11-28T10:00:00.000Z", "20")):
            self.assertEqual(self.responses(device, me, start=start, end=end), [("1", digits)])
        # seven days if no end is given; 42 are the most
        (status, digits), = self.responses(device, me, end=None)
        self.assertEqual((status, len(digits), digits.count("2")), ("1", 7 * 48, 2))
        (status, digits), = self.responses(device, me, end="2027-01-09T08:00:00.000Z")
        self.assertEqual((status, len(digits)), ("1", 42 * 48))
        for start, end in ((START, "2027-01-09T08:00:01.000Z"), (START, "2026-11-28T08:29:59.000Z"), (END, START),
                           ("today", END), (START, "tomorrow")):
            self.assertEqual(self.responses(device, me, start=start, end=end), "5")

    def test_many_recipients(self):
        device = self.ready_device("u1", "14.1")
        found = self.responses(device, *["u2@example.test"] * 100)
        self.assertEqual(found, [("1", "20001232")] * 99 + [("160", None)])

    def test_a_broken_database(self):
        path = pathlib.Path(self.dovecot.home("u6")) / "roost.db"
        for name in path.parent.glob("roost.db-*"):
            name.unlink()
        with open(path, "r+b") as file:
            file.write(b"no database" * 100)
        device = self.ready_device("u1", "16.1")
        self.assertEqual(self.responses(device, "u6@example.test", "u2@example.test"),
                         [("162", None), ("1", "20001232")])
        self.dovecot.expect_log(r"u6.*roost\.db")

    def test_the_request_goes_on_as_its_user(self):
        """Files that a worker makes after it looked at others are still the user's."""
        device = self.ready_device("u8", "16.1")
        for _ in range(3):
            self.responses(device, "u2@example.test", "u3@example.test", "u8@example.test")
            device.folder_sync().check()
        for user in ("u2", "u3", "u8"):
            home = pathlib.Path(self.dovecot.home(user))
            owners = {os.stat(path).st_uid for path in home.rglob("*")}
            self.assertEqual(owners, {self.dovecot.uid(user)}, user)
