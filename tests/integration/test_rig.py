"""The rig's own codec against libwbxml, and the checks that every answer goes through: they must be able to fail."""
import unittest
from xml.etree import ElementTree

from rig import E, decode, encode, fixtures, libwbxml, parse, schema, wbxml


def oracle_names(page, tokens):
    """libwbxml's names of the tokens of a code page."""
    switch = bytes((wbxml.SWITCH_PAGE, page)) if page else b""
    document = wbxml.HEADER + b"\x45" + switch + bytes(tokens) + b"\x01"
    return [element.tag.rpartition("}")[2] for element in ElementTree.fromstring(libwbxml._to_xml(document))]


@unittest.skipUnless(libwbxml.available(), "libwbxml is not installed")
class Libwbxml(unittest.TestCase):
    def test_every_token(self):
        for page, tags in enumerate(wbxml.TOKEN_TAG[:25]):
            known = {token: tag for token, tag in tags.items() if tag not in libwbxml.UNKNOWN}
            expected = [libwbxml.NAMES.get(tag, tag.partition(":")[2]) for tag in known.values()]
            with self.subTest(page=page):
                self.assertEqual(oracle_names(page, list(known)), expected)

    def test_requests_are_the_same_from_both(self):
        document = parse('<Sync xmlns="AirSync"><Collections><Collection><SyncKey>0</SyncKey><CollectionId> ä&lt;&#13;\n'
                         '</CollectionId><Options><BodyPreference xmlns="AirSyncBase"><Type>2</Type></BodyPreference>'
                         '</Options></Collection></Collections><Partial/></Sync>')
        self.assertEqual(libwbxml.encode(document), encode(document))
        document = E("ComposeMail:SendMail", E("ClientId", "1"), E("SaveInSentItems"), E("Mime", bytes(range(256))))
        self.assertEqual(libwbxml.encode(document), encode(document))

    def test_a_difference_is_found(self):
        document = E("AirSync:Sync", E("AirSync:Status", "1"), E("AirSync:Limit", "2"))
        data = encode(document)
        libwbxml.compare(data, document, [])
        for wrong in (E("AirSync:Sync", E("AirSync:Status", "1")),
                      E("AirSync:Sync", E("AirSync:Status", "1"), E("AirSync:Limit", "3")),
                      E("AirSync:Sync", E("AirSync:Status", "1"), E("AirSync:Wait", "2"))):
            with self.assertRaises(wbxml.WbxmlError):
                libwbxml.compare(data, wrong, [])


@unittest.skipUnless(schema.available(), "no schemas")
class Schema(unittest.TestCase):
    GOOD = '<Ping xmlns="Ping"><Status>2</Status><Folders><Folder>1</Folder></Folders></Ping>'

    def test_good(self):
        schema.validate(parse(self.GOOD))

    def test_bad(self):
        for bad in (self.GOOD.replace("Status", "Id"), self.GOOD.replace(">2<", ">x<"),
                    '<Sync xmlns="AirSync"><Collections><Collection><CollectionId>1</CollectionId></Collection>'
                    '<Collection><Class>Email</Class></Collection></Collections></Sync>'):
            with self.assertRaises(schema.SchemaError, msg=bad):
                schema.validate(parse(bad))


class Codec(unittest.TestCase):
    def test_opaque_and_text(self):
        mime = bytes(range(256)) * 600
        spans = []
        decoded = decode(encode(E("ComposeMail:SendMail", E("ClientId", "ä<&"), E("SaveInSentItems"), E("Mime", mime))),
                         spans)
        self.assertEqual((decoded.get("ClientId"), decoded.get("SaveInSentItems"), decoded.get("Mime")),
                         ("ä<&", "", mime))
        self.assertEqual([end - start for start, end in spans], [len(mime)])

    def test_malformed(self):
        good = encode(E("Ping:Ping", E("HeartbeatInterval", 60), E("Folders", E("Folder", E("Id", "1")))))
        for data in [good[:n] for n in range(len(good))] + [
                good + b"\x01", b"\x03\x01\x6a\x00\x3f", b"\x03\x01\x04\x00\x45", b"\x03\x01\x6a\x00\x00\x1a\x05",
                b"\x03\x01\x6a\x00\x4b\xc3\xff\xff\xff\xff\x7f\x01", b"\x03\x01\x6a\x00" + b"\x45" * 100 + b"\x01" * 100,
                b"\x03\x01\x6a\x00\x4b\x03\xff\x00\x01"]:
            with self.assertRaises(wbxml.WbxmlError, msg=data.hex()):
                decode(data)


class Fixtures(unittest.TestCase):
    def test_ids_are_unique(self):
        ids = [line for _, data in fixtures.mailbox() for line in data.split(b"\r\n")
               if line.startswith(b"Message-ID:") and b"-inner" not in line]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(len(ids), len(fixtures.mailbox()))
