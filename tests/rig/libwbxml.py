"""libwbxml as an independent codec: what we send was written by it, what the server sends is read by it as well.

Our own decoder (wbxml.py) gives the tests their tree; `compare` has libwbxml decode the same bytes and demands the
same tree, so that a mistake that the server and our tables share shows.  libwbxml 0.11.8 names some elements otherwise
than the published schemas, and does not know the Find page and three tokens of the versions 16.x: NAMES and UNKNOWN
are these differences, and a document with one of the latter is left to our own codec alone.

It is used on answers of our own server only: on hostile input it is not safe.
"""
import base64
import ctypes
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from . import wbxml
from .wbxml import Node

ACTIVESYNC, VERSION_1_3, CANONICAL = 2402, 3, 2
DOCTYPE = ('<?xml version="1.0"?><!DOCTYPE ActiveSync PUBLIC "-//MICROSOFT//DTD ActiveSync//EN" '
           '"http://www.microsoft.com/">')
RECURRENCE = "Type Start Until Occurrences Interval DayOfWeek DayOfMonth WeekOfMonth MonthOfYear Regenerate DeadOccur"
NAMES = {       # ours -> libwbxml's
    "Contacts:AssistantPhoneNumber": "AssistantTelephoneNumber",
    **{f"Contacts:{kind}Address{part}": kind + part for kind in ("Business", "Home", "Other")
       for part in ("City", "Country", "PostalCode", "State", "Street")},
    **{f"{page}:{name}": f"Recurrence_{name}" for page in ("Email", "Calendar", "Tasks")
       for name in RECURRENCE.split()},
    "Email:Att0Id": "AttOId", "Email:ReplyTo": "Reply-To", "Email:DtStamp": "DTStamp", "Email:Status": "FlagStatus",
    "AirNotify:Lifetime": "LifeTime",
    "Calendar:Timezone": "TimeZone", "Calendar:Email": "Attendee_Email", "Calendar:Name": "Attendee_Name",
    "Calendar:CompressedRTF": "Compressed_RTF", "Calendar:DtStamp": "DTStamp",
    "Calendar:Deleted": "Exception_Deleted", "Calendar:ExceptionStartTime": "Exception_StartTime",
    "Calendar:OrganizerEmail": "Organizer_Email", "Calendar:OrganizerName": "Organizer_Name",
    "Calendar:AttendeeStatus": "Attendee_Status", "Calendar:AttendeeType": "Attendee_Type",
    "Tasks:UtcDueDate": "UTCDueDate", "Tasks:UtcStartDate": "UTCStartDate",
    "ValidateCert:CheckCrl": "CheckCRL", "Provision:RequireStorageCardEncryption": "DeviceEncryptionEnabled",
    "Settings:SMTPAddress": "SmtpAddress", "Settings:RightsManagementInformation": "ihsManagementInformation",
    "ComposeMail:Mime": "MIME", "RightsManagement:Owner": "RMOwner",
    "RightsManagement:RemoveRightsManagementProtection": "RemoveRightsManagementDistribution",
}
SPACES = {"GAL": "Gal"}     # the same for pages
UNKNOWN = {"MeetingResponse:ProposedStartTime", "MeetingResponse:ProposedEndTime", "Provision:AccountOnlyRemoteWipe"}
# elements whose opaque content libwbxml writes and reads as base64; that of others is taken for text
BINARY = {"ComposeMail:Mime", "Email2:ConversationId", "Email2:ConversationIndex", "Search:ConversationId",
          "ItemOperations:ConversationId"}
# elements whose text is base64 in the schemas, and whatever it is becomes base64 once more in libwbxml
ENCODED = {"ResolveRecipients:Data", "GAL:Data"}
# what UTF-8 encodes but XML 1.0 cannot say: such a text is left to our own codec
NOT_XML = {*map(chr, range(32)), "\ufffe", "\uffff"} - set("\t\n\r")

try:
    _library = ctypes.CDLL("libwbxml2.so.1")
except OSError:
    _library = None


def available():
    return _library is not None


def known(node):
    """Whether libwbxml has a token for each element and can carry each text of the tree."""
    if node.namespace == "Find" or node.tag in UNKNOWN:
        return False
    if isinstance(node.text, str) and not NOT_XML.isdisjoint(node.text):
        return False
    return all(map(known, node.children))


def _convert(direction, configure, data):
    handle, out, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint32()
    if getattr(_library, f"wbxml_conv_{direction}_create")(ctypes.byref(handle)) != 0:
        raise MemoryError("libwbxml")
    try:
        configure(handle)
        error = getattr(_library, f"wbxml_conv_{direction}_run")(handle, data, len(data), ctypes.byref(out),
                                                                  ctypes.byref(size))
        if error != 0:
            raise wbxml.WbxmlError(f"libwbxml: {direction} failed with error {error}")
        result = ctypes.string_at(out, size.value)
        ctypes.CDLL(None).free(out)
        return result
    finally:
        getattr(_library, f"wbxml_conv_{direction}_destroy")(handle)


def _to_xml(data):
    def configure(handle):
        _library.wbxml_conv_wbxml2xml_set_language(handle, ACTIVESYNC)
        _library.wbxml_conv_wbxml2xml_set_gen_type(handle, CANONICAL)
        _library.wbxml_conv_wbxml2xml_enable_preserve_whitespaces(handle)
    return _convert("wbxml2xml", configure, data)


def _from_xml(data):
    def configure(handle):
        _library.wbxml_conv_xml2wbxml_set_version(handle, VERSION_1_3)
        _library.wbxml_conv_xml2wbxml_enable_preserve_whitespaces(handle)
        _library.wbxml_conv_xml2wbxml_disable_string_table(handle)
        _library.wbxml_conv_xml2wbxml_disable_public_id(handle)
    return _convert("xml2wbxml", configure, data)


def _name(node):
    return NAMES.get(node.tag, node.name)


def _qualify(node, namespace="AirSync"):
    """A copy of the tree in which every tag has its namespace."""
    tag = node.tag if ":" in node.tag else f"{namespace}:{node.tag}"
    return Node(tag, node.text, [_qualify(child, tag.partition(":")[0]) for child in node.children])


def _xml(node):
    if isinstance(node.text, bytes):
        text = base64.b64encode(node.text).decode()
    else:
        text = escape(node.text or "", {"\r": "&#13;", "\n": "&#10;"})
    inner = text + "".join(map(_xml, node.children))
    name = _name(node)
    space = f' xmlns="{SPACES.get(node.namespace, node.namespace)}:"'
    return f"<{name}{space}>{inner}</{name}>" if inner else f"<{name}{space}/>"


def _bytes_are_binary(node):
    return (not isinstance(node.text, bytes) or node.tag in BINARY) and all(map(_bytes_are_binary, node.children))


def encode(node):
    """The document's bytes, by libwbxml where it can, else by our own codec."""
    node = _qualify(node)
    if not available() or not known(node) or not _bytes_are_binary(node):
        return wbxml.encode(node)
    return _from_xml((DOCTYPE + _xml(node)).encode())


def _differences(ours, theirs, path):
    space, _, name = theirs.tag[1:].partition("}")
    path = f"{path}/{ours.name}"
    if (space.rstrip(":"), name) != (SPACES.get(ours.namespace, ours.namespace), _name(ours)):
        return f"{path}: libwbxml reads {space}{name}"
    if len(ours.children) != len(theirs):
        return f"{path}: libwbxml reads {len(theirs)} elements, not {len(ours.children)}"
    text = theirs.text or ""
    if isinstance(ours.text, bytes):
        try:
            same = len(base64.b64decode(text) if ours.tag in BINARY else text) == len(ours.text)
        except ValueError:
            same = False
    elif ours.tag in ENCODED and ours.text:
        same = text == base64.b64encode(ours.text.encode()).decode()
    else:
        same = bool(ours.children) or text == (ours.text or "")
    if not same:
        return f"{path}: libwbxml reads {text[:200]!r}, not {ours.text!r:.200}"
    for child, other in zip(ours.children, theirs):
        if difference := _differences(child, other, path):
            return difference
    return None


def compare(data, node, opaque):
    """Raises WbxmlError unless libwbxml reads the same tree from `data` as our own decoder did (`node`; `opaque` are
    the spans of the opaque blocks, of which only the lengths are compared: they are no XML)."""
    if not available() or not known(node):
        return
    masked = bytearray(data)
    for start, end in opaque:
        masked[start:end] = b"x" * (end - start)
    difference = _differences(node, ElementTree.fromstring(_to_xml(bytes(masked))), "")
    if difference:
        raise wbxml.WbxmlError(difference)
