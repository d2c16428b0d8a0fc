"""The operator's address book: Search and Find of the store GAL, with photos and ranges."""
import base64
import os
import pathlib
import tempfile
import time

from rig import Case, E
from rig.config import Settings, dovecot_version

BOOKS = pathlib.Path(tempfile.mkdtemp(prefix="roost-gal-"))
BOOKS.chmod(0o755)
BOOK = BOOKS / "book.vcf"
FOLDER = BOOKS / "folder"
EMPTY = BOOKS / "empty"
VERSIONS = ("2.5", "12.1", "14.1", "16.1")
PHOTO = bytes(range(256)) * 4
DICT = BOOKS / "book.dict"
DICT_SOCKET = BOOKS / "dict"
# the service dict reads a file: any driver serves
if dovecot_version() >= (2, 4):
    DICT_SETTINGS = f"""dict_server {{
  dict gal {{
    dict_driver = file
    dict_file_path = {DICT}
  }}
}}
roost_gal_dict {{
  dict proxy {{
    dict_proxy_name = gal
    dict_proxy_socket_path = {DICT_SOCKET}
  }}
}}
"""
    DICT_BOOK, DICT_FOLDER = "dict:example", "example/"
else:
    DICT_SETTINGS = f"dict {{\n  gal = file:{DICT}\n}}\n"
    DICT_BOOK, DICT_FOLDER = f"dict:proxy:{DICT_SOCKET}:gal", ""
DICT_SETTINGS += "service dict {\n  unix_listener dict {\n    mode = 0666\n  }\n}\n"
SETTINGS = Settings(extra=f"roost_gal = {BOOK}\n{DICT_SETTINGS}", fields={
    "u5": f"userdb_roost_gal={DICT_BOOK}",
    "u2": f"userdb_roost_gal={EMPTY}",
    "u3": f"userdb_roost_gal={BOOKS}/none.vcf",
    "u4": f"userdb_roost_gal={FOLDER}",
})


def card(name, *lines):
    return "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", f"FN:{name}") + lines + ("END:VCARD", ""))


def photo(data):
    return "PHOTO;ENCODING=b;TYPE=JPEG:" + base64.b64encode(data).decode()


CARDS = (
    card("Zoë Müller", "N:Müller;Zoë;;;", "EMAIL:zm@example.test", "EMAIL;TYPE=pref:zoe@example.test", "NICKNAME:zoem",
         "TITLE:Captain", "ORG:Acme\\, Inc.;Sales", "TEL;TYPE=work:1", "TEL;TYPE=home:2", "TEL;TYPE=cell:3",
         "ADR;TYPE=work:;Room 5;;;;;", photo(PHOTO)) +
    card("Anne Alpha", "EMAIL:anne@example.test", photo(PHOTO[:100])) +
    card("Bert Alpha", "EMAIL:bert@example.test", photo(PHOTO[:100])) +
    card("Cleo Alpha", "EMAIL:cleo@example.test"))
ZOE = {"DisplayName": "Zoë Müller", "Phone": "1", "Office": "Room 5", "Title": "Captain", "Company": "Acme, Inc.",
       "Alias": "zoem", "FirstName": "Zoë", "LastName": "Müller", "HomePhone": "2", "MobilePhone": "3",
       "EmailAddress": "zoe@example.test"}


def write_book(text):
    """As an operator should: in one step."""
    new = BOOKS / "new"
    new.write_text(text, "utf-8", newline="")
    new.chmod(0o644)
    os.rename(new, BOOK)


def write_dict(cards):
    """In the form of the driver "file": keys and values as lines, escaped."""
    def escaped(text):
        return text.replace("\1", "\0011").replace("\t", "\1t").replace("\r", "\1r").replace("\n", "\1n")
    new = BOOKS / "new"
    new.write_text("".join(f"shared/roost/gal/{DICT_FOLDER}{key}\n{escaped(value)}\n" for key, value in cards.items()) +
                   f"shared/else/x\n{escaped(card('Alpha Else'))}\n", "utf-8", newline="")
    new.chmod(0o644)
    os.rename(new, DICT)


write_book(CARDS)
FOLDER.mkdir()
EMPTY.mkdir()
(FOLDER / "a.vcf").write_text(card("In Folder", "EMAIL:f@example.test"))
(FOLDER / "broken.vcf").write_text("BEGIN:VCARD\nFN:never ended\n")


class Gal(Case):
    def store(self, answer):
        self.assertEqual(answer.code, 200)
        return answer.document.find("Response/Store")

    def names(self, store):
        return [node.get("GAL:DisplayName") for node in store.findall("Result/Properties")]

    def search(self, device, *query, **arguments):
        return self.store(device.search_gal(*query, **arguments))

    def test_all_elements(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                store = self.search(self.ready_device("u1", version), "mull")
                self.assertEqual(store.get("Status"), "1")
                self.assertEqual((store.get("Range"), store.get("Total")), ("0-0", "1"))
                properties = store.find("Result/Properties")
                self.assertEqual({node.name: node.text for node in properties.children}, ZOE)

    def test_words_and_order(self):
        device = self.ready_device("u1", "14.1")
        for query, names in (("alpha", ["Anne Alpha", "Bert Alpha", "Cleo Alpha"]), ("Bert A.", ["Bert Alpha"]),
                             ("zm@", ["Zoë Müller"]), ("acme", ["Zoë Müller"]), ("nobody", []), ("lpha", []),
                             ("", [])):
            with self.subTest(query=query):
                store = self.search(device, query)
                self.assertEqual(self.names(store), names)
                self.assertEqual(store.get("Total"), str(len(names)))
                self.assertEqual(store.get("Status"), "1")

    def test_ranges(self):
        device = self.ready_device("u1", "12.1")
        store = self.search(device, "alpha", item_range="1-1")
        self.assertEqual((self.names(store), store.get("Range"), store.get("Total")), (["Bert Alpha"], "1-1", "3"))
        store = self.search(device, "alpha", item_range="2-9")
        self.assertEqual((self.names(store), store.get("Range")), (["Cleo Alpha"], "2-2"))
        self.assertEqual(self.search(device, "alpha", item_range="3-9").get("Status"), "12")
        self.assertEqual(self.search(device, "alpha", item_range="9-3").get("Status"), "2")

    def pictures(self, device, **limits):
        fields = [E(name, value) for name, value in limits.items()]
        answer = device.command("Search", E("Search:Search", E("Store", E("Name", "GAL"), E("Query", "a"),
                                E("Options", E("Range", "0-9"), E("Picture", *fields)))))
        return [(node.get("GAL:Status"), node.get("GAL:Data"))
                for node in self.store(answer).findall("Result/Properties/GAL:Picture")]

    def test_photos(self):
        small = base64.b64encode(PHOTO[:100]).decode()
        large = base64.b64encode(PHOTO).decode()
        for version in ("14.1", "16.1"):
            device = self.ready_device("u1", version)
            with self.subTest(version=version):
                self.assertEqual(self.pictures(device),
                                 [("1", small), ("1", small), ("173", None), ("1", large)])
                self.assertEqual(self.pictures(device, MaxSize=100, MaxPictures=1),
                                 [("1", small), ("175", None), ("173", None), ("174", None)])
        self.assertEqual(self.pictures(self.ready_device("u1", "12.1")), [])

    def test_find(self):
        device = self.ready_device("u1", "16.1")
        response = device.find("alpha", gal=True, item_range="0-1").document.find("Response")
        self.assertEqual((response.get("Status"), response.get("Range"), response.get("Total")), ("1", "0-1", "3"))
        self.assertEqual(self.names(response), ["Anne Alpha", "Bert Alpha"])
        response = device.find("zoe", gal=True).document.find("Response")
        self.assertEqual({node.name: node.text for node in response.find("Result/Properties").children}, ZOE)
        response = device.find("nobody", gal=True).document.find("Response")
        self.assertEqual((response.get("Status"), response.get("Total")), ("1", "0"))

    def test_other_books(self):
        store = self.search(self.ready_device("u2", "14.1"), "alpha")
        self.assertEqual((store.get("Status"), store.get("Total")), ("1", "0"))
        self.assertEqual(self.search(self.ready_device("u3", "14.1"), "alpha").get("Status"), "3")
        self.dovecot.expect_log(r"roost_gal: open\(.*none\.vcf\) failed: No such file")
        self.assertEqual(self.names(self.search(self.ready_device("u4", "14.1"), "folder")), ["In Folder"])
        self.dovecot.expect_log(r"Left out 1 cards and files")

    def serve_dict(self):
        DICT_SOCKET.unlink(missing_ok=True)
        DICT_SOCKET.symlink_to(self.dovecot.root / "run" / "dict")

    def test_a_dict(self):
        self.serve_dict()
        zoe, *others = [part + "END:VCARD\r\n" for part in CARDS.split("END:VCARD\r\n")[:-1]]
        write_dict({"7": zoe, "below/8": others[0], "9": others[1], "bad": "no card"})
        device = self.ready_device("u5", "14.1")
        self.assertEqual(self.names(self.search(device, "alpha")), ["Anne Alpha", "Bert Alpha"])
        self.dovecot.expect_log("dict:.*Left out 1 cards and files")
        properties = self.search(device, "zoe").find("Result/Properties")
        self.assertEqual({node.name: node.text for node in properties.children}, ZOE)
        self.assertEqual([status for status, _ in self.pictures(device)], ["1", "1", "1"])
        # one that is gone is left out at once, what is new comes when the book is read again
        write_dict({"7": zoe, "9": others[1], "10": card("Dora Alpha", "EMAIL:dora@example.test")})
        self.assertEqual(self.names(self.search(device, "alpha")), ["Bert Alpha"])
        self.dovecot.kill("roost-worker")
        self.assertEqual(self.names(self.search(device, "alpha")), ["Bert Alpha", "Dora Alpha"])

    def test_a_dict_that_fails(self):
        """It is said once, and when it is over."""
        def lines():
            return [line for line in self.dovecot.log().splitlines() if "roost_gal: dict:" in line]
        write_dict({"1": card("Ed Alpha", "EMAIL:ed@example.test")})
        self.dovecot.kill("roost-worker")
        DICT_SOCKET.unlink(missing_ok=True)
        device, before = self.ready_device("u5", "14.1"), len(lines())
        self.dovecot.expect_log(r"roost_gal: dict:.*/dict\) failed: No such file")
        for _ in range(5):
            self.assertEqual(self.search(device, "alpha").get("Status"), "3")
        self.dovecot.wait_log("roost_gal: dict:")
        self.assertEqual(len(lines()) - before, 1)
        self.serve_dict()
        for _ in range(600):
            store = self.search(device, "alpha")
            if store.get("Status") == "1":
                break
            time.sleep(0.1)
        self.assertEqual(self.names(store), ["Ed Alpha"])
        self.dovecot.wait_log("roost_gal: The address book answers again")

    def test_a_changed_book_is_read_anew(self):
        device = self.ready_device("u1", "14.1")
        self.search(device, "alpha")
        write_book(card("Somebody New", "EMAIL:new@example.test"))
        try:
            self.assertEqual(self.names(self.search(device, "somebody")), ["Somebody New"])
            self.assertEqual(self.names(self.search(device, "alpha")), [])
        finally:
            write_book(CARDS)

    def test_a_book_of_100000(self):
        """What the first look-up pays for the index, no later one does."""
        device = self.ready_device("u1", "14.1")
        write_book("".join(card(f"Person N{i:06}", f"EMAIL:p{i:06}@example.test") for i in range(100000)))
        try:
            seconds = []
            for i in (0, 31415, 99999, 31415):
                start = time.monotonic()
                store = self.search(device, f"p{i:06}@")
                seconds.append(time.monotonic() - start)
                self.assertEqual(self.names(store), [f"Person N{i:06}"])
            store = self.search(device, "person", item_range="0-4")
            self.assertEqual((store.get("Total"), len(self.names(store))), ("100000", 5))
            self.assertLess(min(seconds[1:]), seconds[0])
        finally:
            write_book(CARDS)
