"""Meeting messages in the Inbox: the styles of several programs (tests/fixtures/meeting) at an old, a middle and the
newest protocol versions, and mails that only look like one."""
import base64
import pathlib
import struct

from rig import INBOX, PLAIN, SENT, Body, Case, options

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "meeting"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.eml"))
VERSIONS = "2.5", "12.1", "14.1", "16.1"
CLASS = "IPM.Schedule.Meeting."
ORGANIZER = '"Marta Kowalska" <marta@example.test>'
OUTLOOK_UID = ("040000008200E00074C5B7101A82E00800000000A0C8B6C4136FDA010000000000000000"
               "10000000AABBCCDDEEFF00112233445566778899")
BOARD = {"start": "2024-01-15T14:00:00.000Z", "end": "2024-01-15T15:00:00.000Z", "uid": "0a1b2c3d-board",
         "zone": (300, "Eastern Standard Time"), "Organizer": "<marta@example.test>"}
COFFEE = {"start": "2024-07-02T13:00:00.000Z", "end": "2024-07-02T13:30:00.000Z", "zone": (0, "UTC"),
          "stamp": "2024-03-06T08:30:00.000Z"}
REPLY = {**COFFEE, "uid": "own-meeting@example.test", "Organizer": "<u1@example.test>"}

# The class' end, and what the elements say; None = no meeting message, its calendar is attached
MEETINGS = {
    "outlook": ("Request", {
        "start": "2024-03-12T09:00:00.000Z", "end": "2024-03-12T10:30:00.000Z", "uid": OUTLOOK_UID,
        "zone": (-60, "W. Europe Standard Time"), "location": 'Room 4, "Köln"', "Organizer": ORGANIZER,
        "InstanceType": "1", "Reminder": "900", "ResponseRequested": "1", "Sensitivity": "2", "BusyStatus": "3",
        "disallow": "1", "type": "1",
        "recurrence": {"Type": "1", "Interval": "2", "Until": "20240625T080000Z", "DayOfWeek": "20",
                       "first": "1"}}),
    "google": ("Request", {
        **COFFEE, "stamp": "2024-03-05T08:30:00.000Z", "uid": "4gq1c2d3e4f5g6h7@google.com",
        # "cancel" is there as well
        "Organizer": '"Marta" <marta@example.test>', "ResponseRequested": "1", "type": "4"}),
    "apple-all-day": ("Request", {
        "start": "2024-03-29T00:00:00.000Z", "end": "2024-04-02T00:00:00.000Z", "AllDayEvent": "1",
        "uid": "7F0C1E5A-2F3B-4E55-9C7E-3A6D5B1F0001", "zone": (0, "UTC"), "location": "München",
        "Organizer": ORGANIZER, "ResponseRequested": "1", "BusyStatus": "0", "type": "1"}),
    "thunderbird": ("Request", {
        **BOARD, "InstanceType": "1", "type": "1",
        "recurrence": {"Type": "3", "Interval": "1", "Occurrences": "6", "WeekOfMonth": "3", "DayOfWeek": "2",
                       "first": "1"}}),
    # without CalendarType it would be another day
    "dangi": ("Request", {
        "start": "2024-02-10T09:00:00.000Z", "end": "2024-02-10T10:00:00.000Z", "uid": "seollal@example.test",
        "zone": (0, "UTC"), "Organizer": "<marta@example.test>", "InstanceType": "1", "type": "1", "since": 14,
        "recurrence": {"Type": "5", "Interval": "1", "DayOfMonth": "1", "MonthOfYear": "1", "first": "1",
                       "CalendarType": "20"}}),
    "exception": ("Request", {
        **BOARD, "start": "2024-03-19T14:00:00.000Z", "end": "2024-03-19T15:00:00.000Z",
        "stamp": "2024-03-06T08:30:00.000Z", "InstanceType": "3", "RecurrenceId": "2024-03-18T13:00:00.000Z",
        "ResponseRequested": "1", "type": "2", "instance": (2024, 3, 18)}),
    "cancel": ("Canceled", {**COFFEE, "uid": "4gq1c2d3e4f5g6h7@google.com", "Organizer": "<marta@example.test>"}),
    "reply-accept": ("Resp.Pos", REPLY),
    "reply-tentative": ("Resp.Tent", REPLY),
    "reply-decline": ("Resp.Neg", REPLY),
    "counter": ("Resp.Tent", {**REPLY, "proposed": ("20240703T140000Z", "20240703T143000Z")}),
    "unknown-zone": ("Request", {
        "start": "2024-07-02T11:30:00.000Z", "end": "2024-07-02T12:30:00.000Z", "uid": "office@example.test",
        "stamp": "2024-03-06T08:30:00.000Z", "zone": (-90, "Office clock"), "Organizer": "<marta@example.test>",
        "type": "1"}),
    "winmail": ("Request", {
        "start": "2024-03-12T09:00:00.000Z", "end": "2024-03-12T10:30:00.000Z", "uid": OUTLOOK_UID,
        "zone": (-60, "W. Europe Standard Time"), "location": "Köln", "Organizer": ORGANIZER,
        "InstanceType": "1", "Reminder": "1800", "ResponseRequested": "1", "Sensitivity": "2", "BusyStatus": "3",
        "type": "1",
        "recurrence": {"Type": "1", "Interval": "1", "Occurrences": "5", "DayOfWeek": "4", "first": "1"}}),
    "reply-delegated": None,
    "publish": None,
    "no-method": None,
    "broken": None,
}
# children of MeetingRequest in the order of the schema
ORDER = ["AllDayEvent", "StartTime", "DtStamp", "EndTime", "InstanceType", "Location", "AirSyncBase:Location",
         "Organizer", "RecurrenceId", "Reminder", "ResponseRequested", "Recurrences", "Sensitivity", "BusyStatus",
         "TimeZone", "GlobalObjId", "DisallowNewTimeProposal", "Email2:MeetingMessageType", "Calendar:UID",
         "MeetingResponse:ProposedStartTime", "MeetingResponse:ProposedEndTime"]


def wire(name):
    return (FIXTURES / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


class Meetings(Case):
    delivered = False

    def items(self, version):
        if not Meetings.delivered:
            for name in NAMES:
                self.dovecot.deliver("u1", wire(name))
            Meetings.delivered = True
        device = self.ready_device("u1", version)
        bodies = [Body(PLAIN)] if version != "2.5" else []
        adds = [add for page in device.sync_all(device.folders_of_type(INBOX)[0],
                                                opts=options(filter_type=0, bodies=bodies), window=20)
                for add in page.findall("Commands/Add")]
        found = {int(add.get("ServerId").rpartition(":")[2]): add for add in adds}
        self.assertEqual(sorted(found), list(range(1, len(NAMES) + 1)))
        return device, {name: found[number + 1].find("ApplicationData") for number, name in enumerate(NAMES)}

    def attachments(self, data, version):
        container = "Email:Attachments" if version < 12 else "AirSyncBase:Attachments"
        return [node.get("DisplayName") for node in data.findall(f"{container}/Attachment")]

    def check(self, version):
        device, items = self.items(version)
        self.assertEqual(set(MEETINGS), set(NAMES))
        for name, data in items.items():
            with self.subTest(mail=name, version=version):
                if MEETINGS[name] is None:
                    self.check_note(data, float(version))
                else:
                    self.check_meeting(name, data, *MEETINGS[name], float(version))
        return device, items

    def check_note(self, data, version):
        self.assertEqual(data.get("Email:MessageClass"), "IPM.Note")
        self.assertIsNone(data.find("Email:MeetingRequest"))
        self.assertEqual(self.attachments(data, version), ["attachment-2.ics"])
        if version >= 12:
            self.assertEqual(data.get("Email:ContentClass"), "urn:content-classes:message")

    def check_meeting(self, name, data, kind, wanted, version):
        self.assertEqual(data.get("Email:MessageClass"), CLASS + kind)
        if version >= 12:
            self.assertEqual(data.get("Email:ContentClass"), "urn:content-classes:calendarmessage")
        self.assertEqual(self.attachments(data, version),
                         {"google": ["menu.pdf"]}.get(name, []))
        request = data.find("Email:MeetingRequest")
        if version < wanted.get("since", 0):
            wanted = {**wanted, "InstanceType": "0", "recurrence": None}
        tags = [node.tag.replace("Email:", "", 1) for node in request.children]
        self.assertEqual(tags, sorted(tags, key=ORDER.index))
        for element, value in {
                "AllDayEvent": "0", "StartTime": wanted["start"], "EndTime": wanted["end"],
                "DtStamp": wanted.get("stamp", "2024-03-05T08:30:00.000Z"), "InstanceType": "0",
                "Organizer": None, "RecurrenceId": None, "Reminder": None, "ResponseRequested": "0",
                "Sensitivity": "0", "BusyStatus": "2",
                **{key: value for key, value in wanted.items() if key[0].isupper()}}.items():
            self.assertEqual(request.get(f"Email:{element}"), value, element)
        self.check_zone(request.get("Email:TimeZone"), *wanted["zone"])
        self.check_id(request, wanted, version)
        self.check_recurrence(request, wanted.get("recurrence"), version)
        place = [request.get("Email:Location"), request.get("AirSyncBase:Location/DisplayName")]
        self.assertEqual(place[version >= 16], wanted.get("location"))
        self.assertIsNone(place[version < 16])
        self.assertEqual(request.get("Email:DisallowNewTimeProposal"),
                         wanted.get("disallow", "0") if version >= 14 else None)
        self.assertEqual(request.get("Email2:MeetingMessageType"),
                         wanted.get("type", "0") if version >= 14.1 else None)
        self.assertEqual((request.get("MeetingResponse:ProposedStartTime"),
                          request.get("MeetingResponse:ProposedEndTime")),
                         wanted.get("proposed", (None, None)) if version >= 16.1 else (None, None))

    def check_zone(self, blob, bias, zone):
        data = base64.b64decode(blob, validate=True)
        self.assertEqual(len(data), 172)
        self.assertEqual(struct.unpack_from("<i", data)[0], bias)
        self.assertEqual(data[4:68].decode("utf-16-le").rstrip("\0"), zone)
        months = struct.unpack_from("<H", data, 70)[0], struct.unpack_from("<H", data, 154)[0]
        self.assertEqual(months, {"W. Europe Standard Time": (10, 3), "Eastern Standard Time": (11, 3)}.get(
            zone, (0, 0)))

    def check_id(self, request, wanted, version):
        """The id leads back to the UID, by the process of [MS-ASEMAIL] 3.1.5.1 up to 14.1."""
        uid = wanted["uid"]
        if version >= 16:
            self.assertEqual((request.get("Calendar:UID"), request.get("Email:GlobalObjId")), (uid, None))
            return
        self.assertIsNone(request.get("Calendar:UID"))
        data = base64.b64decode(request.get("Email:GlobalObjId"), validate=True)
        year, month, day = wanted.get("instance", (0, 0, 0))
        self.assertEqual(data[16:20], struct.pack(">HBB", year, month, day))
        if data[40:48] != b"vCal-Uid":
            self.assertEqual(data.hex().upper(), uid)
            return
        length = struct.unpack_from("<i", data, 36)[0]
        self.assertEqual(length, len(data) - 40)
        self.assertEqual(data[52:52 + length - 13].decode(), uid)

    def check_recurrence(self, request, wanted, version):
        if wanted is None:
            self.assertIsNone(request.find("Email:Recurrences"))
            return
        found = {node.tag.partition(":")[2]: node.text
                 for node in request.find("Email:Recurrences/Recurrence").children}
        wanted = dict(wanted)
        first = wanted.pop("first")
        if version >= 14:
            wanted = {"CalendarType": "0", "IsLeapMonth": "0", **wanted}
        if version >= 14.1:
            wanted.update(FirstDayOfWeek=first)
        self.assertEqual(found, wanted)

    def test_meetings_at_2_5(self):
        self.check("2.5")

    def test_meetings_at_12_1(self):
        self.check("12.1")

    def test_meetings_at_14_1(self):
        self.check("14.1")

    def test_meetings_at_16_1(self):
        self.check("16.1")

    def test_a_broken_calendar_is_named_in_the_log(self):
        self.items("14.1")
        self.assertRegex(self.dovecot.log(), r"UID 2: The calendar in part 2 can't be read, so the mail is shown "
                                             r"without its meeting: The event has no valid DTSTART")

    def test_what_the_user_sent_is_no_invitation_of_the_user(self):
        imap = self.dovecot.imap("u2", None)
        imap.append("Sent", None, None, wire("google"))
        imap.logout()
        device = self.ready_device("u2", "14.1")
        sent = device.folders_of_type(SENT)[0]
        adds = [add for page in device.sync_all(sent, opts=options(filter_type=0, bodies=[Body(PLAIN)]))
                for add in page.findall("Commands/Add")]
        self.assertEqual([add.get("ApplicationData/Email:MessageClass") for add in adds], ["IPM.Note"])
        self.assertIsNone(adds[0].find("ApplicationData/Email:MeetingRequest"))
