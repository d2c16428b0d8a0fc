"""ResolveRecipients: people of the address book and recent recipients, with certificates and photos."""
import base64
import pathlib
import sqlite3
import subprocess
import tempfile

from rig import CONTACTS, RECIPIENTS, Case, E, options
from rig.client import Folder
from rig.config import Settings
from rig.items import ItemsCase
from rig.send import SendCase, mail

WORK = pathlib.Path(tempfile.mkdtemp(prefix="roost-resolve-"))
WORK.chmod(0o755)
BOOK = WORK / "book.vcf"
VERSIONS = ("2.5", "12.1", "14.1", "16.1")
SETTINGS = Settings(users=20, extra=f"roost_gal = {BOOK}\n", fields={"u3": f"userdb_roost_gal={WORK}/none.vcf"})


def certificate(usage, days="30"):
    return subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                           "-nodes", "-keyout", "/dev/null", "-subj", "/CN=x", "-days", days, "-outform", "DER",
                           "-addext", f"keyUsage={usage}", "-addext", "extendedKeyUsage=emailProtection"],
                          check=True, capture_output=True).stdout


CERT = base64.b64encode(certificate("digitalSignature,keyAgreement,keyEncipherment")).decode()
SIGN_ONLY = base64.b64encode(certificate("nonRepudiation")).decode()
PHOTO = base64.b64encode(b"a photo").decode()


def card(name, *lines):
    return "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", f"FN:{name}") + lines + ("END:VCARD", ""))


BOOK.write_text(
    card("Anne Able", "EMAIL:anne@example.test", "EMAIL:able@example.test", f"KEY;ENCODING=b;TYPE=X509:{CERT}",
         f"PHOTO;ENCODING=b:{PHOTO}") +
    card("Anne Baker", "EMAIL:baker@example.test", f"KEY;ENCODING=b:{SIGN_ONLY}") +
    card("Anne Charlie", "EMAIL:charlie@example.test", f"KEY;ENCODING=b:{CERT}", f"KEY;ENCODING=b:{CERT}") +
    card("Book Three", "EMAIL:u3@example.test") +
    card("The Crew", "EMAIL:crew@example.test", "KIND:group",
         *[f"MEMBER:mailto:m{i}@example.test" for i in range(21)]))
BOOK.chmod(0o644)


class ResolveCase(Case):
    def resolve(self, device, *names, options=()):
        return device.command("ResolveRecipients", E("ResolveRecipients:ResolveRecipients",
                              [E("To", name) for name in names], E("Options", *options) if options else None))

    def responses(self, *arguments, **named):
        document = self.resolve(*arguments, **named).document
        self.assertEqual(document.get("Status"), "1")
        return document.findall("Response")

    def summary(self, response):
        return (response.get("Status"), response.get("RecipientCount"),
                [(node.get("Type"), node.get("EmailAddress")) for node in response.findall("Recipient")])

    def certificates(self, device, *names, options=()):
        found = []
        for response in self.responses(device, *names, options=options):
            node = response.find("Recipient/Certificates")
            found.append((node.get("Status"), node.get("CertificateCount"), node.get("RecipientCount"),
                          [item.text for item in node.findall("Certificate")]))
        return found


class ResolveRecipients(ResolveCase):
    def test_all_versions(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.ready_device("u1", version)
                responses = self.responses(device, "able", "Anne", "nobody", "anne able", "<able@example.test>",
                                           "able@example")
                self.assertEqual([node.get("To") for node in responses],
                                 ["able", "Anne", "nobody", "anne able", "<able@example.test>", "able@example"])
                able = ("1", "1", [("1", "anne@example.test")])
                self.assertEqual([self.summary(node) for node in responses],
                                 # "anne" is the alias of one: his address' local part
                                 [able, able, ("4", "0", []), able, able, ("4", "0", [])])

    def test_ambiguous(self):
        device = self.ready_device("u1", "14.1")
        everybody = [("1", "anne@example.test"), ("1", "baker@example.test"), ("1", "charlie@example.test")]
        for limit, status, people in ((None, "2", everybody), (3, "2", everybody), (2, "3", everybody[:2]), (0, "3", [])):
            options = [E("CertificateRetrieval", 2), E("MaxAmbiguousRecipients", limit)] if limit is not None else ()
            response, = self.responses(device, "ann", options=options)
            self.assertEqual(self.summary(response), (status, "3", people))
            self.assertEqual(response.findall("Recipient/Certificates"), [])

    def test_certificates(self):
        names = ("anne able", "baker", "charlie", "crew")
        one, none, two = ("1", "1", "1", [CERT]), ("7", "0", "1", []), ("1", "2", "1", [CERT, CERT])
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.ready_device("u1", version)
                self.assertEqual(self.certificates(device, *names, options=[E("CertificateRetrieval", 2)]),
                                 [one, none, two, ("7", "0", "21", [])])
                self.assertEqual(self.certificates(device, "able", "charlie", options=[
                    E("CertificateRetrieval", 2), E("MaxCertificates", 2)]), [one, ("8", "2", "1", [])])
                self.assertEqual(self.certificates(device, "able", options=[E("CertificateRetrieval", 3)]), [none])
        response, = self.responses(device, "able", options=[E("CertificateRetrieval", 1)])
        self.assertEqual(response.findall("Recipient/Certificates"), [])

    def test_photos(self):
        for version in ("14.1", "16.1"):
            device = self.ready_device("u1", version)
            for limits, status in (((), "1"), ((E("MaxSize", 6),), "174"), ((E("MaxPictures", 0),), "175")):
                able, baker = self.responses(device, "able", "baker", options=[E("Picture", *limits)])
                self.assertEqual(able.get("Recipient/Picture/Status"), status)
                self.assertEqual(able.get("Recipient/Picture/Data"), PHOTO if status == "1" else None)
                self.assertEqual(baker.get("Recipient/Picture/Status"), "173")

    def availability(self, start, end):
        return [E("Availability", E("StartTime", start), E("EndTime", end))]

    def test_availability_is_unknown(self):
        options = self.availability("2026-03-01T08:00:00.000Z", "2026-03-02T08:00:00.000Z")
        for version in ("14.1", "16.1"):
            able, crew = self.responses(self.ready_device("u1", version), "able", "crew", options=options)
            self.assertEqual(able.get("Recipient/Availability/Status"), "163")
            self.assertEqual(crew.get("Recipient/Availability/Status"), "161")

    def test_bad_requests(self):
        device = self.ready_device("u1", "14.1")
        day = "2026-03-01T08:00:00.000Z"
        for name, names, options in (
                ("nobody", [], ()), ("too many", ["a"] * 101, ()), ("too long", ["a" * 257], ()), ("empty", [""], ()),
                ("retrieval", ["a"], [E("CertificateRetrieval", 4)]),
                ("certificates", ["a"], [E("CertificateRetrieval", 2), E("MaxCertificates", 10000)]),
                ("suggestions", ["a"], [E("MaxAmbiguousRecipients", "x")]),
                ("start", ["a"], self.availability("yesterday", day)),
                ("short", ["a"], self.availability(day, "2026-03-01T08:29:59.000Z")),
                ("long", ["a"], self.availability(day, "2026-04-12T08:00:01.000Z"))):
            with self.subTest(name):
                self.assertEqual(self.resolve(device, *names, options=options).document.get("Status"), "5")
        self.assertEqual(len(self.responses(device, *["able"] * 100)), 100)

    def test_a_book_that_is_missing(self):
        self.assertEqual(self.resolve(self.ready_device("u3", "14.1"), "able").document.get("Status"), "6")
        self.dovecot.expect_log(r"roost_gal: open\(.*none\.vcf\) failed")


class Contacts(ResolveCase, ItemsCase):
    """The user's own contacts beside the address book."""
    user = "u9"

    def setUp(self):
        super().setUp()
        if "uid-anne" in self.dovecot.doveadm("roost", "export", "-u", self.user, "-"):
            return
        for uid, text in (
                ("uid-zoe", card("Zoé Zebra", "N:Zebra;Zoé;;;", "UID:uid-zoe", "EMAIL;TYPE=home:zoe@home.test",
                                 "EMAIL;TYPE=work,pref:zoe@work.test", f"KEY;ENCODING=b:{CERT}",
                                 f"PHOTO;ENCODING=b:{PHOTO}")),
                ("uid-zack", card("Zack Zebra", "N:Zebra;Zack;;;", "UID:uid-zack", "EMAIL:zack@home.test",
                                  f"KEY;ENCODING=b:{SIGN_ONLY}")),
                # in both books
                ("uid-able", card("My Anne", "UID:uid-able", "EMAIL:anne@example.test", "NICKNAME:zebrafriend")),
                ("uid-able2", card("Anne Able", "UID:uid-able2", "EMAIL:able@example.test")),
                # nobody can write to them
                ("uid-none", card("Zebra Nomail", "UID:uid-none", "TEL:1")),
                ("uid-bad", card("Zebra Bad", "UID:uid-bad", "EMAIL:/o=x/cn=zebra")),
                ("uid-anne", card("Anne Delta", "UID:uid-anne", "EMAIL:delta@home.test"))):
            self.imported(self.user, text)

    def test_contacts_are_found(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.ready_device(self.user, version)
                responses = self.responses(device, "zoe zebra", "zoe@home.test", "<ZOE@WORK.TEST>", "zeb", "nomail",
                                           "zebra bad", "zoe")
                one = lambda address: ("1", "1", [("2", address)])
                self.assertEqual([self.summary(node) for node in responses],
                                 [one("zoe@work.test"), one("zoe@home.test"), one("zoe@work.test"),
                                  ("2", "3", [("2", "anne@example.test"), ("2", "zack@home.test"), ("2", "zoe@work.test")]),
                                  ("4", "0", []), ("4", "0", []), one("zoe@work.test")])
                self.assertEqual(responses[0].get("Recipient/DisplayName"), "Zoé Zebra")

    def test_both_books(self):
        device = self.ready_device(self.user, "14.1")
        # the user knows a colleague by another name; as an address he is one person
        mine, address, other, ann = self.responses(device, "my anne", "anne@example.test", "anne able", "ann")
        self.assertEqual(self.summary(mine), ("1", "1", [("2", "anne@example.test")]))
        self.assertEqual(self.summary(address), ("1", "1", [("1", "anne@example.test")]))
        self.assertEqual(self.summary(other), ("1", "1", [("1", "anne@example.test")]))
        people = [("1", "anne@example.test"), ("1", "baker@example.test"), ("1", "charlie@example.test"),
                  ("2", "delta@home.test")]
        self.assertEqual(self.summary(ann), ("2", "4", people))
        for limit in (0, 3, 4):
            response, = self.responses(device, "ann", options=[E("MaxAmbiguousRecipients", limit)])
            self.assertEqual(self.summary(response), ("3" if limit < 4 else "2", "4", people[:limit]))

    def test_certificates_of_contacts(self):
        for version in VERSIONS:
            device = self.ready_device(self.user, version)
            self.assertEqual(self.certificates(device, "zoe@home.test", "zack", options=[E("CertificateRetrieval", 2)]),
                             [("1", "1", "1", [CERT]), ("7", "0", "1", [])])

    def test_certificates_of_whom_the_address_book_has_without(self):
        """Somebody in both books has a valid certificate if one of the two says so; the address book's come first."""
        self.imported(self.user, card("Ann B.", "UID:uid-b", "EMAIL:baker@example.test", f"KEY;ENCODING=b:{CERT}"))
        self.imported(self.user, card("Ann C.", "UID:uid-c", "EMAIL:charlie@example.test", f"KEY;ENCODING=b:{CERT}"))
        device = self.ready_device(self.user, "14.1")
        names = ("baker@example.test", "anne baker", "charlie@example.test", "crew@example.test")
        self.assertEqual(self.certificates(device, *names, options=[E("CertificateRetrieval", 2)]),
                         [("1", "1", "1", [CERT])] * 2 + [("1", "2", "1", [CERT, CERT]), ("7", "0", "21", [])])
        for name in names[:3]:
            response, = self.responses(device, name)
            self.assertEqual([node.get("Type") for node in response.findall("Recipient")], ["1"])
        # not if it is another one's
        response, = self.certificates(self.ready_device("u10", "14.1"), "anne baker", options=[E("CertificateRetrieval", 2)])
        self.assertEqual(response, ("7", "0", "1", []))

    def test_changes_are_seen_at_once(self):
        """The index follows whatever happens to contacts, and workers that die."""
        user, device = "u10", self.ready_device("u10", "14.1")
        one = lambda address: ("1", "1", [("2", address)])
        none = ("4", "0", [])

        def found(*names):
            return [self.summary(response) for response in self.responses(device, *names)]
        self.assertEqual(found("li", "x"), [none, none])
        self.imported(user, card("Li Xu", "UID:uid-li", "EMAIL:li@home.test"))
        # names of one and two letters, and their beginnings
        for _ in range(2):
            self.assertEqual(found("li", "x", "xu", "l", "z", "li@home.test"),
                             [one("li@home.test")] * 4 + [none, one("li@home.test")])
            self.dovecot.kill("roost-worker")
        self.imported(user, card("王芳", "UID:uid-li", "EMAIL:wang@home.test"))
        self.assertEqual(found("li", "xu", "li@home.test", "王", "王芳", "芳", "WANG@home.test"),
                         [none] * 3 + [one("wang@home.test")] * 2 + [none, one("wang@home.test")])
        folder = device.folders_of_type(CONTACTS)[0]
        device.sync_start(folder)
        server_id, = [add.get("ServerId") for page in device.sync_all(folder) for add in page.findall("Commands/Add")]
        device.sync_one(folder, commands=[E("AirSync:Delete", E("ServerId", server_id))])
        self.assertEqual(found("王芳", "wang@home.test"), [none, none])
        self.assertEqual(self.dovecot.doveadm("roost", "check", "-u", user).split(), ["problem", "state"])

    def test_photos_of_contacts(self):
        device = self.ready_device(self.user, "16.1")
        zoe, zack = self.responses(device, "zoe", "zack", options=[E("Picture")])
        self.assertEqual((zoe.get("Recipient/Picture/Status"), zoe.get("Recipient/Picture/Data")), ("1", PHOTO))
        self.assertEqual(zack.get("Recipient/Picture/Status"), "173")

    def test_the_address_book_alone_is_searched_otherwise(self):
        device = self.ready_device(self.user, "14.1")
        store = device.search_gal("zebra").document.find("Response/Store")
        self.assertEqual(store.findall("Result/Properties"), [])


class Recent(SendCase):
    """To whom the user writes."""
    def scores(self, user):
        database = sqlite3.connect(f"file:{self.dovecot.home(user)}/roost.db?mode=ro", uri=True)
        try:
            return dict(database.execute("SELECT shown, score FROM recipient"))
        finally:
            database.close()

    def people(self, device, name):
        document = device.resolve_recipients(name).document
        return [(node.get("Type"), node.get("DisplayName"), node.get("EmailAddress"))
                for node in document.findall("Response/Recipient")]

    def test_recipients_are_remembered(self):
        extra = (b'Cc: "Four, F." <u4@example.test>, =?utf-8?q?F=C3=BCnf?= <u5@example.test>\r\n'
                 b"Bcc: u6@example.test, u1@example.test\r\n")
        for user, version in (("u1", "2.5"), ("u2", "12.1"), ("u7", "14.1"), ("u8", "16.1")):
            with self.subTest(version=version):
                device = self.ready_device(user, version)
                self.assertEqual(self.people(device, "u4"), [])
                self.assertSent(device.send_mail(mail("remember" + version, extra)))
                own = f"{user}@example.test"
                self.assertNotIn(own, self.scores(user))
                self.assertLessEqual({"u4@example.test", "u5@example.test", "u6@example.test"}, set(self.scores(user)))
                for _ in range(2):
                    self.assertEqual(self.people(device, "four"), [("2", "Four, F.", "u4@example.test")])
                    self.assertEqual(self.people(device, "u5@example.test"), [("2", "Fünf", "u5@example.test")])
                    self.assertEqual(self.people(device, "funf"), [("2", "Fünf", "u5@example.test")])
                    self.dovecot.kill("roost-worker")
                store = device.search_gal("u6").document.find("Response/Store")
                self.assertEqual([node.get("GAL:EmailAddress") for node in store.findall("Result/Properties")],
                                 ["u6@example.test"])

    def test_each_mail_counts(self):
        device = self.ready_device("u4", "14.1")
        self.assertSent(device.send_mail(mail("once"), client_id="one"))
        first = self.scores("u4")
        self.assertSent(device.send_mail(mail("twice"), client_id="another"))
        self.assertEqual(set(first), {"u2@example.test"})
        self.assertGreater(self.scores("u4")["u2@example.test"], first["u2@example.test"])

    def test_a_repeat_changes_no_score(self):
        device = self.ready_device("u5", "16.1")
        self.assertSent(device.send_mail(mail("same"), client_id="x"))
        first = self.scores("u5")
        self.dovecot.kill("roost-worker")
        self.assertSent(device.send_mail(mail("same"), client_id="x"))
        self.assertEqual(self.scores("u5"), first)

    def test_the_book_comes_first(self):
        device = self.ready_device("u6", "14.1")
        self.assertSent(device.send_mail(mail("book", b"Cc: Wrong Name <u3@example.test>\r\n")))
        self.assertEqual(self.people(device, "u3@example.test"), [("1", "Book Three", "u3@example.test")])
        self.assertEqual(self.people(device, "wrong"), [])


class Cache(SendCase):
    """The recipient information cache, as a folder."""
    def write_to(self, device, *names):
        """One mail to users of this server, by whom is said how they are to be called."""
        self.sent = getattr(self, "sent", 0) + 1
        subject = f"{self.id()}-{self.sent}"
        text = b"".join(b"Cc: %s\r\n" % name.encode() for name in names)
        headers = b"From: u1@example.test\r\nSubject: %s\r\nMessage-ID: <%s@phone>\r\n" % ((subject.encode(),) * 2)
        self.assertSent(device.send_mail(headers + text + b"\r\nHi.\r\n", client_id=subject[-40:]))

    def start(self, user, version):
        device = self.ready_device(user, version)
        folder, = device.folders_of_type(RECIPIENTS)
        device.sync_start(folder)
        self.shown = {}
        return device, folder

    def pull(self, device, folder, opts=None):
        """What the device is told: ("Add", address), ..., in any order. Keeps what it shows."""
        told = []
        for answer in device.sync_all(folder, opts=opts or options()):
            for change in answer.find("Commands").children if answer.find("Commands") else ():
                server_id, data = change.get("ServerId"), change.find("ApplicationData")
                self.assertEqual(server_id in self.shown, change.name != "Add")
                if change.name == "Delete":
                    told.append(("Delete", self.shown.pop(server_id)[0]))
                    continue
                self.assertEqual([node.name for node in data.children], ["Email1Address", "FileAs", "WeightedRank"])
                self.shown[server_id] = (data.get("Contacts:Email1Address"), data.get("Contacts:FileAs"),
                                         int(data.get("Contacts:WeightedRank")))
                told.append((change.name, self.shown[server_id][0]))
        return sorted(told)

    def test_versions_that_know_it(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.ready_device("u11", version)
                known = [(folder.id, folder.name, folder.parent) for folder in device.folders_of_type(RECIPIENTS)]
                self.assertEqual(known, [("RI", "RecipientInfo", "0")] if float(version) >= 14 else [])
                if not known:
                    answer, _ = device.sync_start(Folder("RI", "", RECIPIENTS))
                    self.assertEqual(answer.get("Status"), "8" if version == "2.5" else "12")
        # a device that speaks another version then hears of it, and again that it is gone
        device.version = "12.1"
        self.assertEqual(device.folder_sync().document.get("Changes/Delete/ServerId"), "RI")
        device.version = "16.1"
        self.assertEqual(device.folder_sync().document.get("Changes/Add/ServerId"), "RI")

    def test_it_is_synchronised(self):
        for user, version in (("u11", "14.1"), ("u12", "16.1")):
            with self.subTest(version=version):
                device, folder = self.start(user, version)
                self.assertEqual(self.pull(device, folder), [])
                self.write_to(device, '"Four, F." <u4@example.test>', "u5@example.test")
                self.assertEqual(device.item_estimate(folder).document.get("Response/Collection/Estimate"), "2")
                self.assertEqual(self.pull(device, folder), [("Add", "u4@example.test"), ("Add", "u5@example.test")])
                self.assertEqual({(person[0], person[1]) for person in self.shown.values()},
                                 {("u4@example.test", "Four, F."), ("u5@example.test", "u5@example.test")})
                self.write_to(device, "U5 <u5@example.test>")
                before = device.sync_keys[folder.id]
                self.assertEqual(self.pull(device, folder), [("Change", "u5@example.test")])
                four, five = sorted(self.shown.values())
                self.assertEqual(five[:2], ("u5@example.test", "U5"))
                self.assertGreater(five[2], four[2])
                # the answer was lost, and the process is gone, too
                self.dovecot.kill("roost-worker")
                device.sync_keys[folder.id] = before
                self.assertEqual(self.pull(device, folder), [("Change", "u5@example.test")])
                self.assertEqual(self.pull(device, folder), [])

    def test_mails_that_change_nothing_are_not_told(self):
        device, folder = self.start("u13", "16.1")
        told = 0
        for _ in range(12):
            self.write_to(device, "u4@example.test")
            told += len(self.pull(device, folder))
        # an Add, and a Change for each quarter of a doubling
        self.assertIn(told, range(8, 12))
        # a Ping wakes nobody for a mail that changes nothing
        self.assertEqual(device.item_estimate(folder).document.get("Response/Collection/Estimate"), "0")

    def test_as_many_as_are_wanted(self):
        device, folder = self.start("u16", "14.1")
        few = options(max_items=2)
        self.write_to(device, "u2@example.test", "u3@example.test", "u4@example.test")
        self.assertEqual(device.item_estimate(folder, few).document.get("Response/Collection/Estimate"), "2")
        self.assertEqual(self.pull(device, folder, few), [("Add", "u3@example.test"), ("Add", "u4@example.test")])
        self.write_to(device, "u2@example.test")
        self.assertEqual(self.pull(device, folder, few), [("Add", "u2@example.test"), ("Delete", "u3@example.test")])
        self.assertEqual(self.pull(device, folder, options(max_items=1)), [("Delete", "u4@example.test")])
        self.assertEqual(self.pull(device, folder, options(max_items=3)),
                         [("Add", "u3@example.test"), ("Add", "u4@example.test")])
        estimate = device.item_estimate(device.folders_of_type(2)[0], few).document
        self.assertEqual(estimate.get("Response/Status"), "2")
        # what is not wanted is nothing that wakes a device
        self.assertEqual(self.pull(device, folder, options(max_items=1)),
                         [("Delete", "u3@example.test"), ("Delete", "u4@example.test")])
        self.write_to(device, "u5@example.test")
        self.assertEqual(device.item_estimate(folder).document.get("Response/Collection/Estimate"), "0")
        self.write_to(device, "u7@example.test", "u2@example.test")
        self.assertEqual(device.ping([folder]).document.get("Folders/Folder"), "RI")
        self.assertEqual(self.pull(device, folder, options(max_items=1)), [("Change", "u2@example.test")])

    def test_nobody_else_changes_it(self):
        data = E("ApplicationData", E("Contacts:Email1Address", "x@example.test"))
        for user, version in (("u17", "14.1"), ("u18", "16.1")):
            with self.subTest(version=version):
                device, folder = self.start(user, version)
                inbox, = device.folders_of_type(2)
                self.write_to(device, "u4@example.test")
                self.pull(device, folder)
                (item, person), = self.shown.items()
                for command in (E("Add", E("ClientId", "1"), data), E("Change", E("ServerId", item), data),
                                E("Delete", E("ServerId", item)), E("Fetch", E("ServerId", item))):
                    response = device.sync(device.collection(folder, commands=[command]))
                    self.assertEqual([(node.name, node.text) for node in response.document.children], [("Status", "4")])
                self.assertEqual(device.folder_delete("RI").status, "3")
                self.assertEqual(device.folder_update("RI", "Mine").status, "3")
                self.assertEqual(device.folder_update(device.folders_of_type(12)[0].id, "Moved", "RI").status, "3")
                for kind in (12, 14):
                    self.assertEqual(device.folder_create("Below", kind, "RI").status, "3")
                self.assertEqual(device.folder_create("Another", RECIPIENTS).status, "10")
                self.assertEqual(device.move_items((item, "RI", inbox.id)).document.get("Response/Status"), "1")
                self.assertEqual(device.move_items((f"{inbox.id}:1", inbox.id, "RI")).document.get("Response/Status"), "2")
                self.assertEqual(device.fetch_item("RI", item).document.get("Response/Fetch/Status"), "6")
                self.assertEqual(device.empty_folder("RI").document.get("Response/EmptyFolderContents/Status"), "16")
                self.assertEqual(device.item_operations(E("Move", E("ConversationId", bytes(16)), E("DstFldId", "RI"),
                    E("Options", E("MoveAlways")))).document.get("Response/Move/Status"), "105")
                self.assertEqual(self.pull(device, folder), [])
                self.assertEqual(device.item_estimate(folder).document.get("Response/Collection/Estimate"), "0")
