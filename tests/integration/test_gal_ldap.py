"""The address book in a directory: OpenLDAP's slapd on a loopback port. Skipped, loudly, where there is none."""
import base64
import contextlib
import pathlib
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from rig import Case, E, config
from rig.config import Settings
from rig.dovecot import free_ports

SLAPD = shutil.which("slapd", path="/usr/sbin:/usr/local/sbin")
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="roost-ldap-"))
PORT, RELAY = free_ports(["ldap", "relay"]).values()
BASE, PASSWORD = "ou=people,dc=example,dc=test", "pass, word"
BOUND = "bindname=cn=roost%2cdc=example%2cdc=test,x-bindpw=pass%2c%20word"
PHOTO = bytes(range(256)) * 4
VERSIONS = ("2.5", "12.1", "14.1", "16.1")


def url(extensions="", query="", port=PORT):
    return f"ldap://127.0.0.1:{port}/{BASE}??sub?{query}" + (f"?{extensions}" if extensions else "")


def field(text):
    """In the passwd-file, whose fields Dovecot 2.3 expands."""
    return text if config.dovecot_version() >= (2, 4) else text.replace("%", "%%")


SETTINGS = Settings(users=8, extra=f"roost_gal = {url(BOUND)}\n", fields={
    "u2": f"userdb_roost_gal={url()}",
    "u3": f"userdb_roost_gal={field(url(BOUND.replace('pass', 'wrong')))}",
    "u4": f"userdb_roost_gal={field(url(BOUND, query='(o=Other)'))}",
    "u5": f"userdb_roost_gal={field(url(BOUND, port=1))}",
    "u6": f"userdb_roost_gal={field(url(BOUND, port=RELAY))}",
})
CONFIG = f"""include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix dc=example,dc=test
rootdn cn=roost,dc=example,dc=test
rootpw "{PASSWORD}"
directory {FOLDER}/db
access to * by users read by * auth
"""


def person(number, name, *lines):
    first, _, last = name.rpartition(" ")
    def value(attribute, text):
        return f"{attribute}:: {base64.b64encode(text.encode()).decode()}"
    return "\n".join((f"dn: employeeNumber={number},{BASE}", "objectClass: inetOrgPerson", f"employeeNumber: {number}",
                      value("cn", name), value("sn", last), value("givenName", first), *lines, "", ""))


LDIF = ("dn: dc=example,dc=test\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n"
        f"dn: {BASE}\nobjectClass: organizationalUnit\nou: people\n\n" +
        person(1, "Zoë Müller", "mail: zoe@example.test", "mail: zm@example.test", "uid: zoem", "title: Captain",
               "o: Acme, Inc.", "telephoneNumber: +1 555 1", "homePhone: +1 555 2", "mobile: +1 555 3", "roomNumber: Room 5",
               f"jpegPhoto:: {base64.b64encode(PHOTO).decode()}") +
        person(2, "Anne Alpha", "mail: anne@example.test") +
        person(3, "Bert (the *) Alpha", "mail: bert@example.test", "o: Other") +
        # nobody to write to
        person(4, "Cleo Alpha") +
        "".join(person(100 + number, f"Many {number:04}", f"mail: many{number}@example.test") for number in range(1200)))
ZOE = {"DisplayName": "Zoë Müller", "Phone": "+1 555 1", "Office": "Room 5", "Title": "Captain", "Company": "Acme, Inc.",
       "Alias": "zoem", "FirstName": "Zoë", "LastName": "Müller", "HomePhone": "+1 555 2", "MobilePhone": "+1 555 3",
       "EmailAddress": "zoe@example.test"}


class Directory:
    """slapd, a child of this process."""

    def __init__(self):
        self.process = None
        (FOLDER / "db").mkdir()
        (FOLDER / "slapd.conf").write_text(CONFIG)
        subprocess.run([SLAPD, "-T", "add", "-f", FOLDER / "slapd.conf"], input=LDIF, text=True, check=True,
                       capture_output=True)

    def start(self):
        self.process = subprocess.Popen([SLAPD, "-d", "0", "-f", FOLDER / "slapd.conf", "-h", f"ldap://127.0.0.1:{PORT}"],
                                        stderr=subprocess.DEVNULL)
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", PORT)):
                return
            time.sleep(0.02)
        raise RuntimeError("slapd does not start")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Relay(threading.Thread):
    """Stands before the directory for so many requests. With the next one it is gone."""

    def __init__(self, requests):
        super().__init__(daemon=True)
        self.requests, self.listener = requests, socket.create_server(("127.0.0.1", RELAY))
        self.start()

    def run(self):
        client = self.listener.accept()[0]
        with client, self.listener, socket.create_connection(("127.0.0.1", PORT)) as directory:
            while True:
                for ready in select.select((client, directory), (), ())[0]:
                    self.requests -= ready is client
                    if self.requests < 0:
                        return
                    (directory if ready is client else client).sendall(ready.recv(65536))


@unittest.skipUnless(SLAPD, "slapd is not installed")
class Ldap(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = Directory()
        cls.directory.start()
        cls.addClassCleanup(shutil.rmtree, FOLDER, True)
        cls.addClassCleanup(cls.directory.stop)

    def search(self, device, query, **arguments):
        answer = device.search_gal(query, **arguments)
        self.assertEqual(answer.code, 200)
        return answer.document.find("Response/Store")

    def names(self, store):
        return [node.get("GAL:DisplayName") for node in store.findall("Result/Properties")]

    def test_all_elements(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                store = self.search(self.ready_device("u1", version), "mül")
                self.assertEqual((store.get("Status"), store.get("Range"), store.get("Total")), ("1", "0-0", "1"))
                self.assertEqual({node.name: node.text for node in store.find("Result/Properties").children}, ZOE)

    def test_words_and_order(self):
        device = self.ready_device("u1", "14.1")
        for query, names in (("alpha", ["Anne Alpha", "Bert (the *) Alpha"]), ("bert alp", ["Bert (the *) Alpha"]),
                             ("zm@", ["Zoë Müller"]), ("acme", ["Zoë Müller"]), ("nobody", []), ("lpha", []), ("", []),
                             # what is asked for is no filter
                             ("*", ["Bert (the *) Alpha"]), ("(mail=*)", []), (")(cn=*", []), ("\\2a", []), ("cleo", []),
                             ("a" * 200, [])):
            with self.subTest(query=query):
                store = self.search(device, query)
                self.assertEqual((self.names(store), store.get("Total"), store.get("Status")), (names, str(len(names)), "1"))

    def test_ranges(self):
        device = self.ready_device("u1", "12.1")
        store = self.search(device, "many", item_range="100-101")
        self.assertEqual(len(self.names(store)), 2)
        # more than a look-up takes
        self.assertLessEqual(int(store.get("Total")), 1000)
        self.assertEqual(self.names(self.search(device, "many 0007")), ["Many 0007"])

    def test_photo(self):
        device = self.ready_device("u1", "16.1")
        answer = device.command("Search", E("Search:Search", E("Store", E("Name", "GAL"), E("Query", "zoe"),
                                E("Options", E("Range", "0-9"), E("Picture")))))
        picture = answer.document.find("Response/Store/Result/Properties/GAL:Picture")
        self.assertEqual((picture.get("GAL:Status"), picture.get("GAL:Data")), ("1", base64.b64encode(PHOTO).decode()))

    def test_resolve_recipients(self):
        for name, number in (("zm@example.test", "1"), ("Anne Alpha", "1"), ("alph", "2"), ("nobody", "0")):
            with self.subTest(name):
                document = self.ready_device("u1", "14.1").resolve_recipients(name).document
                self.assertEqual(document.get("Response/RecipientCount"), number)

    def test_find(self):
        response = self.ready_device("u1", "16.1").find("alpha", gal=True).document.find("Response")
        self.assertEqual((response.get("Status"), response.get("Total")), ("1", "2"))

    def test_another_filter(self):
        self.assertEqual(self.names(self.search(self.ready_device("u4", "14.1"), "alpha")), ["Bert (the *) Alpha"])

    def test_not_logged_in(self):
        """The directory shows nothing to those whom it doesn't know."""
        self.dovecot.expect_log("roost_gal: .*Searching failed: Insufficient access")
        store = self.search(self.ready_device("u2", "14.1"), "alpha")
        self.assertEqual((self.names(store), store.get("Status")), ([], "3"))

    def failed(self, user):
        self.dovecot.expect_log(r"roost_gal: ldap://127\.0\.0\.1:\d+: Logging in failed")
        store = self.search(self.ready_device(user, "14.1"), "alpha")
        self.assertNotEqual(store.get("Status"), "1")
        self.assertEqual(self.names(store), [])
        self.dovecot.wait_log("roost_gal: .*Logging in failed")
        for word in ("pass, word", "pass%2c", "wrong"):
            self.assertNotIn(word, self.dovecot.log())

    def test_wrong_password(self):
        self.failed("u3")

    def test_nobody_there(self):
        self.failed("u5")

    def test_directory_goes_away_meanwhile(self):
        """It isn't waited for with each name and each entry anew."""
        device = self.ready_device("u6", "14.1")
        device.send_mail(b"From: u6@example.test\r\nTo: many@one.test, many@two.test\r\nSubject: x\r\n\r\nx\r\n").check()
        self.dovecot.expect_log(f"roost_gal: .*:{RELAY}: .* failed")
        relay = Relay(2)    # to log in, and to look names up
        self.assertEqual(self.names(self.search(device, "many")), [])
        relay.join(20)
        self.assertNotEqual(self.search(device, "many").get("Status"), "1")
        self.dovecot.wait_log(f"roost_gal: .*:{RELAY}: Logging in failed")
        lines = [line for line in self.dovecot.log().splitlines() if f":{RELAY}: " in line]
        # neither the other name, nor the entries, nor the second search
        self.assertEqual(len(lines), 1, lines)

    def test_directory_restarts(self):
        device = self.ready_device("u1", "14.1")
        self.assertEqual(len(self.names(self.search(device, "alpha"))), 2)
        self.directory.stop()
        self.dovecot.expect_log("roost_gal: .*failed: Can't contact LDAP server")
        for _ in range(5):
            self.assertNotEqual(self.search(device, "alpha").get("Status"), "1")
        self.dovecot.wait_log("roost_gal: .*failed: Can't contact LDAP server")
        self.directory.start()
        # it is asked again after a while, which is said then
        for _ in range(600):
            names = self.names(self.search(device, "alpha"))
            if names:
                break
            time.sleep(0.1)
        self.assertEqual(len(names), 2)
        self.dovecot.wait_log("roost_gal: The address book answers again after")
        self.assertEqual(len([line for line in self.dovecot.log().splitlines()
                              if f":{PORT}: " in line and "Can't contact" in line]), 1)
        # the connection was closed while nobody looked
        self.directory.stop()
        self.directory.start()
        self.assertEqual(len(self.names(self.search(device, "alpha"))), 2)
