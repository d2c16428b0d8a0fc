"""The shortest life of a device at every protocol version: OPTIONS, Provision, FolderSync,
Sync of the Inbox, and a Ping that a delivery wakes."""
import threading
import time

from rig import DRAFTS, HTML, INBOX, PLAIN, SENT, TRASH, Body, Case, E, options

MESSAGE = """From: Ada <ada@example.test>
To: u1@example.test
Subject: {subject}
Date: Mon, 1 Jan 2024 08:00:00 +0000
Message-ID: <{id}@example.test>

Hello from {subject}.
"""


class Life(Case):
    def live(self, version, user):
        inbox_name = f"smoke {version}"
        self.dovecot.deliver(user, MESSAGE.format(subject=inbox_name, id=f"first-{version}"))
        device = self.device(user, version)

        response = device.options()
        self.assertEqual(response.code, 200)
        self.assertIn(version, response.headers["ms-asprotocolversions"].split(","))
        self.assertIn("Sync", response.headers["ms-asprotocolcommands"].split(","))

        response = device.provision()
        self.assertEqual(response.code, 200)
        self.assertNotEqual(device.policy_key, "0")

        self.assertStatus(device.folder_sync(), 1)
        for kind in (INBOX, DRAFTS, SENT, TRASH):
            self.assertEqual(len(device.folders_of_type(kind)), 1, kind)
        inbox = device.folders_of_type(INBOX)[0]

        body = None if version == "2.5" else options(filter_type=0, bodies=[Body(PLAIN, 1024)])
        items = [add for page in device.sync_all(inbox, opts=body) for add in page.findall("Commands/Add")]
        subjects = [item.get("ApplicationData/Email:Subject") for item in items]
        self.assertEqual(subjects, [inbox_name])
        data = items[0].find("ApplicationData")
        text = data.get("Email:Body") if version == "2.5" else data.get("AirSyncBase:Body/Data")
        self.assertIn(f"Hello from {inbox_name}.", text)
        self.assertIn("ada@example.test", data.get("Email:From"))
        self.assertEqual(data.get("Email:Read"), "0")

        self.ping_wakes(device, inbox, user, version)

        new = [add.get("ApplicationData/Email:Subject") for page in device.sync_all(inbox, opts=body)
               for add in page.findall("Commands/Add")]
        self.assertEqual(new, ["new mail"])

    def ping_wakes(self, device, inbox, user, version):
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(device.ping([inbox], heartbeat=60)))
        waiting.start()
        time.sleep(0.5)
        self.assertEqual(answers, [], "the Ping was answered before there was anything new")
        self.dovecot.deliver(user, MESSAGE.format(subject="new mail", id=f"second-{version}"))
        waiting.join(10)
        self.assertEqual(len(answers), 1, "the Ping was not answered after a delivery")
        self.assertStatus(answers[0], 2)
        self.assertEqual([folder.text for folder in answers[0].document.findall("Folders/Folder")], [inbox.id])

    def test_version_2_5(self):
        self.live("2.5", "u1")

    def test_version_12_1(self):
        self.live("12.1", "u2")

    def test_version_14_1(self):
        self.live("14.1", "u3")

    def test_version_16_1(self):
        self.live("16.1", "u4")

    def test_version_12_0(self):
        self.live("12.0", "u6")

    def test_version_14_0(self):
        self.live("14.0", "u7")

    def test_version_16_0(self):
        self.live("16.0", "u8")


class BothWays(Case):
    """What the phone does is seen in IMAP, and the other way round."""

    def test_read_and_delete(self):
        self.dovecot.deliver("u5", MESSAGE.format(subject="both ways", id="both-ways"))
        device = self.ready_device("u5", "14.1")
        inbox = device.folders_of_type(INBOX)[0]
        items = {add.get("ApplicationData/Email:Subject"): add.get("ServerId")
                 for page in device.sync_all(inbox, bodies=Body(HTML, 1024)) for add in page.findall("Commands/Add")}
        item = items["both ways"]
        imap = self.dovecot.imap("u5")
        number = imap.search(None, "SUBJECT", '"both ways"')[1][0].decode()

        device.change(inbox, item, E("Email:Read", 1))
        imap.noop()
        self.assertIn(rb"\Seen", imap.fetch(number, "FLAGS")[1][0])

        imap.store(number, "-FLAGS", r"\Seen")
        changes = [change for page in device.sync_all(inbox) for change in page.findall("Commands/Change")]
        self.assertEqual([(change.get("ServerId"), change.get("ApplicationData/Email:Read")) for change in changes],
                         [(item, "0")])

        device.delete(inbox, item, as_moves=True)
        imap.noop()
        self.assertEqual(imap.search(None, "SUBJECT", '"both ways"')[1], [b""])
        imap.select("Trash")
        self.assertEqual(len(imap.search(None, "SUBJECT", '"both ways"')[1][0].split()), 1)
        imap.logout()
