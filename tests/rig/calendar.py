"""Calendars for tests: events as a device sends and shows them, at each version, and the .ics that doveadm exports."""
import base64
import re
import struct

from .client import CALENDAR, HTML, PLAIN
from .items import ItemsCase
from .wbxml import E

VERSIONS = ("2.5", "12.1", "14.1", "16.0", "16.1")


def zone(bias, daylight=None, standard=None, name="", daylight_bias=-60):
    """A TimeZone ([MS-ASDTYPE] 2.7.6): bias in minutes; edges are (month, week, weekday, hour)."""
    def edge(when):
        return struct.pack("<8H", 0, when[0], when[2], when[1], when[3], 0, 0, 0) if when else bytes(16)
    label = name.encode("utf-16-le")[:62].ljust(64, b"\0")
    return base64.b64encode(struct.pack("<i", bias) + label + edge(standard) + struct.pack("<i", 0) + label +
                            edge(daylight) + struct.pack("<i", daylight_bias if daylight else 0)).decode()


BERLIN = zone(-60, (3, 5, 0, 2), (10, 5, 0, 3), "W. Europe Standard Time")
NEW_YORK = zone(300, (3, 2, 0, 2), (11, 1, 0, 2), "Eastern Standard Time")
KOLKATA = zone(-330, name="India Standard Time")
UTC = zone(0, name="UTC")


def unfold(text):
    return re.sub("\r?\n[ \t]", "", text).replace("\r\n", "\n")


class CalendarCase(ItemsCase):
    folder_type = CALENDAR

    def add(self, *arguments, **named):
        """(Status, ServerId, the answer's node)"""
        answer = self.add_answer(*arguments, **named)
        return answer.get("Status"), answer.get("ServerId"), answer

    def ics(self, user, *extra):
        """What is exported, unfolded."""
        return unfold(self.dovecot.doveadm("roost", "export", "-u", user, *extra, "-"))

    def lines(self, user):
        return [line for line in self.ics(user).split("\n") if not line.startswith(("DTSTAMP", "LAST-MODIFIED"))]


def event(start="20261201T110000Z", end="20261201T120000Z", subject="Lunch", timezone=BERLIN, version="14.1", uid=None,
          all_day=None, location=None, reminder=None, busy=None, sensitivity=None, categories=None, body=None,
          body_type=PLAIN, attendees=None, recurrence=None, exceptions=None, extra=()):
    """ApplicationData's children as a device of that version would send them."""
    new = float(version) >= 16
    place = None
    if location is not None:
        place = E("AirSyncBase:Location", E("DisplayName", location)) if new else E("Calendar:Location", location)
    text = None
    if body is not None:
        text = (E("Calendar:Body", body) if version == "2.5" else
                E("AirSyncBase:Body", E("Type", body_type), E("Data", body)))
    return [E("Calendar:Timezone", timezone) if timezone and not (new and all_day) else None,
            E("Calendar:AllDayEvent", int(all_day)) if all_day is not None else None,
            E("Calendar:StartTime", start) if start else None,
            E("Calendar:EndTime", end) if end else None,
            E("Calendar:Subject", subject) if subject is not None else None,
            E("Calendar:UID", uid) if uid and not new else None,
            E("Calendar:ClientUid", uid) if uid and new else None,
            place,
            E("Calendar:Reminder", reminder) if reminder is not None else None,
            E("Calendar:BusyStatus", busy) if busy is not None else None,
            E("Calendar:Sensitivity", sensitivity) if sensitivity is not None else None,
            E("Calendar:Categories", [E("Category", name) for name in categories]) if categories is not None else None,
            E("Calendar:Attendees", [E("Attendee", E("Email", mail), E("Name", name)) for mail, name in attendees])
            if attendees is not None else None,
            recurrence, exceptions, text, *extra]


def recurrence(**elements):
    return E("Calendar:Recurrence", [E(f"Calendar:{name}", value) for name, value in elements.items()])


def seen(data, *names):
    return tuple(data.get(name if ":" in name else f"Calendar:{name}") for name in names)
