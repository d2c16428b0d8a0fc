"""Contacts ([MS-ASCNTC]): what devices of all versions see of each other's, of imported cards, and what is refused."""
import base64
import sqlite3

from rig import CONTACTS, PLAIN, Body, E, Settings, options
from rig.client import Folder
from rig.items import ItemsCase

SETTINGS = Settings(users=20)
USER_CONTACTS = 14
VERSIONS = ("2.5", "12.1", "14.1", "16.1")
CARD = """BEGIN:VCARD
VERSION:3.0
UID:%s
FN:%s
N:%s;;;;
EMAIL:%s@x.example
X-KEEP;PARAM=1:as it is
END:VCARD
"""


def contact(last, body=None, version="16.1", **fields):
    if body is not None:
        body = E("Contacts:Body", body) if version == "2.5" else E("AirSyncBase:Body", E("Type", PLAIN), E("Data", body))
    return [E("Contacts:LastName", last), *(E(f"Contacts:{name}", value) for name, value in fields.items()), body]


def body_of(data):
    return data.get("Contacts:Body") or data.get("AirSyncBase:Body/Data")


class Contacts(ItemsCase):
    folder_type = CONTACTS

    def cards(self, user):
        return self.dovecot.doveadm("roost", "export", "-u", user, "--folder", "Contacts", "-")


class Versions(Contacts):
    def test_a_contact_goes_from_each_version_to_each(self):
        devices = {version: self.start("u1", version) for version in VERSIONS}
        for number, (version, (device, folder)) in enumerate(devices.items()):
            status, server_id = self.add(device, folder, str(number), *contact(
                f"Käse {version}", "Note\r\ntwo", version, FirstName="Jo", Email1Address='"J; K" <jk@x.example>',
                HomeAddressStreet="a\r\nb", Birthday="1980-02-28T23:00:00.000Z", MobilePhoneNumber="1"))
            self.assertEqual(status, "1")
            for other, _ in devices.values():
                if other is device:
                    continue
                self.pull(other, folder)
                data = other.items[server_id]
                self.assertEqual([data.get(f"Contacts:{name}") for name in (
                    "LastName", "FirstName", "Email1Address", "HomeAddressStreet", "Birthday", "MobilePhoneNumber")], [
                    f"Käse {version}", "Jo", '"J; K" <jk@x.example>', "a\r\nb", "1980-02-29T11:59:00.000Z", "1"])
                self.assertEqual(body_of(data), "Note\r\ntwo")
            # a change, and what is absent is gone, the body apart
            for other, _ in devices.values():
                self.pull(other, folder)
            self.assertEqual(self.change(device, folder, server_id, *contact("New", FirstName="Jo")), "1")
            other = devices["14.1" if version != "14.1" else "2.5"][0]
            self.pull(other, folder)
            data = other.items[server_id]
            self.assertEqual((data.get("Contacts:LastName"), data.get("Contacts:MobilePhoneNumber"), body_of(data)),
                             ("New", None, "Note\r\ntwo"))

    def test_a_long_body_at_2_5_is_cut_and_stays(self):
        device, folder = self.start("u2", "2.5")
        _, server_id = self.add(device, folder, "1", *contact("Long", "0123456789" * 200, "2.5"))
        reader, _ = self.start("u2", "2.5", pull=False)
        self.pull(reader, folder, opts=E("Options", E("Truncation", 1)))
        data = reader.items[server_id]
        self.assertEqual((len(data.get("Contacts:Body")), data.get("Contacts:BodySize"), data.get("Contacts:BodyTruncated")),
                         (512, "2000", "1"))
        self.assertEqual(self.change(reader, folder, server_id, *contact("Longer", data.get("Contacts:Body"), "2.5")), "1")
        self.pull(device, folder)
        self.assertEqual(device.items[server_id].get("Contacts:LastName"), "Longer")
        self.assertEqual(len(device.items[server_id].get("Contacts:Body")), 2000)

    def test_rtf_of_old_clients_is_read(self):
        device, folder = self.start("u3", "2.5")
        rtf = bytes.fromhex("2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a"
                            "800fa0")
        _, server_id = self.add(device, folder, "1", *contact("R", CompressedRTF=base64.b64encode(rtf).decode()))
        reader, _ = self.start("u3", "16.1")
        self.assertEqual(body_of(reader.items[server_id]), "hello world")

    def test_ghosted_elements_stay(self):
        device, folder = self.start("u4")
        _, server_id = self.add(device, folder, "1", *contact("G", JobTitle="Boss", Department="D"))
        other, _ = self.start("u4", "14.1", pull=False)
        other.sync(other.collection(folder, key="0", supported=[E("Contacts:JobTitle")])).check()
        other.sync_keys.pop(folder.id, None)
        response = other.sync(other.collection(folder, key="0", supported=[E("Contacts:JobTitle"), E("Contacts:LastName")]))
        other.sync_keys[folder.id] = response.document.get("Collections/Collection/SyncKey")
        self.pull(other, folder)
        self.assertEqual(self.change(other, folder, server_id, *contact("H")), "1")
        self.pull(device, folder)
        data = device.items[server_id]
        self.assertEqual([data.get(f"Contacts:{name}") for name in ("LastName", "JobTitle", "Department")], ["H", None, "D"])


class Cards(Contacts):
    def test_imported_cards_are_seen_and_patched(self):
        self.imported("u5", CARD % ("one", "One", "One", "one") + CARD % ("two", "Two", "Two", "two"))
        device, folder = self.start("u5", "14.1")
        names = {data.get("Contacts:LastName"): item for item, data in device.items.items()}
        self.assertEqual(set(names), {"One", "Two"})
        self.change(device, folder, names["One"], *contact("Uno", Email1Address="one@x.example", FileAs="One"))
        exported = self.cards("u5")
        self.assertIn("X-KEEP;PARAM=1:as it is", exported)
        self.assertIn("N:Uno;;;;", exported)
        self.assertIn("FN:Uno", exported)
        self.assertIn("EMAIL:two@x.example", exported)

    def test_a_fourth_address_that_takes_a_place_is_told(self):
        emails = "".join(f"EMAIL:{n}@x.example\n" for n in range(1, 5))
        self.imported("u6", (CARD % ("a", "A", "A", "x")).replace("EMAIL:x@x.example\n", emails))
        device, folder = self.start("u6", "14.1")
        (item, data), = device.items.items()
        self.assertEqual(data.get("Contacts:Email3Address"), "3@x.example")
        key = device.sync_keys[folder.id]
        change = contact("A", Email1Address="1@x.example", Email3Address="3@x.example", FileAs="A")
        for repeated in (False, True):      # the answer is lost, and the request comes again
            device.items.clear()
            self.assertEqual(self.change(device, folder, item, *change, key=key if repeated else None), "1")
            self.pull(device, folder)
            self.assertEqual([device.items[item].get(f"Contacts:Email{n}Address") for n in (1, 2, 3)],
                             ["1@x.example", "4@x.example", "3@x.example"])
        self.assertNotIn("2@x.example", self.cards("u6"))

    def test_a_card_that_is_none_is_left_out_and_the_rest_comes(self):
        device, folder = self.start("u7", "14.1")
        for n in range(3):
            self.add(device, folder, str(n), *contact(f"C{n}"))
        path, = self.dovecot.home("u7").rglob("roost.db")
        with sqlite3.connect(path) as db:
            db.execute("UPDATE item SET text = 'nonsense' WHERE id = (SELECT max(id) FROM item)")
        db.close()
        self.dovecot.expect_log("skipping it: There is no VCARD in it")
        other, _ = self.start("u7", "16.1")
        self.assertEqual({data.get("Contacts:LastName") for data in other.items.values()}, {"C0", "C1"})


class Refused(Contacts):
    def test_what_is_wrong_is_refused_and_the_rest_is_done(self):
        device, folder = self.start("u8")
        photo = base64.b64encode(b"\xff\xd8\xff" + bytes(30000)).decode()
        large = base64.b64encode(b"\xff\xd8\xff" + bytes(40000)).decode()
        bad = [contact("a", Birthday="yesterday"), contact("b", Picture="not base64!"), contact("c", Picture=large),
               contact("d", Picture=photo)]
        collection = self.push(device, folder, *(
            E("AirSync:Add", E("ClientId", str(n)), E("ApplicationData", *data)) for n, data in enumerate(bad)))
        self.assertEqual([add.get("Status") for add in collection.findall("Responses/Add")], ["6", "6", "6", "1"])
        other, _ = self.start("u8", "2.5")
        data, = other.items.values()
        self.assertEqual((data.get("Contacts:LastName"), data.get("Contacts:Picture")), ("d", photo))

    def test_what_is_no_utf_8_is_read_as_latin_1(self):
        """Of a device and of a file that have it in their own character set."""
        device, folder = self.start("u12", "2.5")
        encode = device.encode
        device.encode = lambda document: encode(document).replace("ü".encode(), b"\xfc")
        status, server_id = self.add(device, folder, "1", *contact(
            "Müller", "für alle", "2.5", Categories=E("Category", "süß".replace("ß", "s")), FirstName="Jörg"))
        self.assertEqual(status, "1")
        path = self.dovecot.root / "latin1.vcf"
        path.write_bytes((CARD % ("j", "J", "Jürgens", "j")).encode("latin-1"))
        self.dovecot.doveadm("roost", "import", "-u", "u12", str(path))
        other, _ = self.start("u12", "14.1")
        data = other.items[server_id]
        self.assertEqual((data.get("Contacts:LastName"), data.get("Contacts:FirstName"), body_of(data),
                          data.get("Contacts:Categories/Category")), ("Müller", "Jörg", "für alle", "süs"))
        self.assertEqual({data.get("Contacts:LastName") for data in other.items.values()}, {"Müller", "Jürgens"})

    def test_a_body_of_megabytes(self):
        device, folder = self.start("u9", "14.1")
        status, server_id = self.add(device, folder, "1", *contact("large", "0123456789" * 300_000))
        self.assertEqual(status, "1")
        other, _ = self.start("u9", "16.1", pull=False)
        self.pull(other, folder, opts=options(bodies=[Body(PLAIN, 100)]))
        self.assertEqual(len(body_of(other.items[server_id])), 100)
        whole = other.fetch_item(folder.id, server_id, Body(PLAIN)).document
        self.assertEqual(len(whole.get("Response/Fetch/Properties/AirSyncBase:Body/Data")), 3_000_000)


class Folders(Contacts):
    def test_folders_moves_estimates_and_fetches(self):
        device, folder = self.start("u10", "14.1")
        created = device.folder_create("Club", USER_CONTACTS)
        self.assertEqual(created.status, "1")
        club = Folder(created.document.get("ServerId"), "Club", USER_CONTACTS)
        _, server_id = self.add(device, folder, "1", *contact("Mover", JobTitle="T"))
        device.sync_start(club)
        moved = device.move_items((server_id, folder.id, club.id)).document.find("Response")
        self.assertEqual(moved.get("Status"), "3")
        self.assertEqual(device.item_estimate(club).document.get("Response/Collection/Estimate"), "1")
        fetch = device.fetch_item(club.id, moved.get("DstMsgId"), Body(PLAIN)).document.find("Response/Fetch")
        self.assertEqual((fetch.get("AirSync:Class"), fetch.get("Properties/Contacts:JobTitle")), ("Contacts", "T"))
        self.assertEqual(device.folder_update(club.id, "Team").status, "1")
        self.assertEqual(device.folder_delete(club.id).status, "1")
        self.assertEqual(device.folder_delete(folder.id).status, "3")

    def test_conflicts_and_repeats(self):
        first, folder = self.start("u11", "16.1", conflict=1)
        second, _ = self.start("u11", "2.5", conflict=1)
        key = first.sync_keys[folder.id]
        added = self.add(first, folder, "1", *contact("base"))
        self.assertEqual(self.add(first, folder, "1", *contact("base"), key=key), added)
        self.dovecot.kill("roost-worker")
        self.assertEqual(self.add(first, folder, "1", *contact("base"), key=key), added)
        self.pull(second, folder)
        self.assertEqual(len(second.items), 1)
        self.change(first, folder, added[1], *contact("of the first"))
        self.assertEqual(self.change(second, folder, added[1], *contact("of the second")), "7")
        self.assertEqual(second.items[added[1]].get("Contacts:LastName"), "of the first")
        self.assertIn("of the second", self.dovecot.doveadm("roost", "conflict", "show", "-u", "u11", "1"))
