"""What the log tells the operator of each request, and what it never tells, at the highest debug level."""
import base64
import re
import time

from rig import INBOX, MIME, PASSWORD, PLAIN, TRASH, Body, Case, E, Settings, config, options

OLD = config.dovecot_version() < (2, 4)
SETTINGS = Settings(users=8, extra="log_debug = category=*\n" + (
    "auth_debug = yes\nmail_debug = yes\nverbose_ssl = yes\n" if OLD else ""))
MESSAGE = ("From: ada@example.test\nTo: u1@example.test\nSubject: subject-in-no-log\nMessage-ID: <{}@example.test>\n"
           "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nbody-in-no-log\n--b\n"
           "Content-Type: application/octet-stream; name=file-in-no-log\n\ncontent-in-no-log\n--b--\n")


class Log(Case):
    def lines(self, device):
        """(command, version, status, http) of each request of the device, by the log."""
        return re.findall(rf"Info: ([^ ]+): version=([^,]+), device={device.device_id}, status=([^,]+), http=(\d+), "
                          r"\d+ ms, in=\d+, out=\d+", self.dovecot.log())

    def wait_lines(self, device, count):
        """The same when there are that many: the log is another process."""
        deadline = time.monotonic() + 5
        while len(self.lines(device)) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.lines(device)

    def test_the_status_is_the_one_that_the_device_got(self):
        device = self.device("u1", "16.1", device_id="STATUS")
        device.provision()
        device.folder_sync()
        device.folder_sync()
        inbox = device.folders_of_type(INBOX)[0]
        device.sync_start(inbox)
        device.sync(device.collection(inbox, key="4711"))
        device.sync(device.collection(inbox))
        device.sync(device.collection(inbox, commands=[E("Change", E("ServerId", f"{inbox.id}:99"), E(
            "ApplicationData", E("Email:Read", 1)))]))
        device.command("FolderSync", E("FolderHierarchy:FolderSync", E("SyncKey", "4711")))
        device.ping([inbox], heartbeat=1)
        self.dovecot.deliver("u1", MESSAGE.format("status"))
        item = [add.get("ServerId") for page in device.sync_all(inbox) for add in page.findall("Commands/Add")][0]
        device.move_items((item, inbox.id, "4711"))
        device.move_items((item, inbox.id, device.folders_of_type(TRASH)[0].id))
        device.command("NoSuch")
        device.item_estimate(inbox)
        self.assertEqual(self.wait_lines(device, 15), [
            ("Provision", "16.1", "1", "200"), ("Provision", "16.1", "1", "200"),
            ("FolderSync", "16.1", "1", "200"), ("FolderSync", "16.1", "1", "200"),
            ("Sync", "16.1", "1", "200"),
            ("Sync", "16.1", "3", "200"),
            # an empty answer
            ("Sync", "16.1", "-", "200"),
            # the item's
            ("Sync", "16.1", "8", "200"),
            ("FolderSync", "16.1", "9", "200"), ("Ping", "16.1", "5", "200"),
            ("Sync", "16.1", "1", "200"),
            ("MoveItems", "16.1", "2", "200"), ("MoveItems", "16.1", "3", "200"),
            ("-", "-", "-", "501"), ("GetItemEstimate", "16.1", "1", "200")])

    def test_options_is_named(self):
        self.device("u8", "16.1", device_id="ASKED").options()
        deadline = time.monotonic() + 5
        while "Info: OPTIONS: version=-, " not in self.dovecot.log() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertIn("Info: OPTIONS: version=-, ", self.dovecot.log())

    def test_common_statuses(self):
        for version, http in (("12.1", "403"), ("14.1", "200")):
            device = self.ready_device("u2", version, device_id=f"COMMON{version}")
            self.dovecot.doveadm("roost", "device", "block", "-u", "u2", device.device_id)
            device.folder_sync()
            self.assertEqual(self.wait_lines(device, 4)[3:], [("FolderSync", version, "129", http)])

    def test_bad_input_names_user_and_device(self):
        for number, (document, said) in enumerate(((b"garbage", "Malformed request: "),
                                                   (b"\3\1\x6a\0\x00\x07\x56\x7f\x03x\0\x01\x01",
                                                    "Cannot understand request: "))):
            device = self.device("u3", device_id=f"BAD{number}")
            device.perform(device.command_bytes("FolderSync", document))
            self.assertEqual(len(self.wait_lines(device, 1)), 1)
            self.assertRegex(self.dovecot.log(), rf"roost\(u3\)<\d+><[^>]+>: Info: {said}")

    def test_no_secrets(self):
        """The password, subjects, bodies, attachments, tickets: nothing of them, whatever is debugged."""
        for version in ("2.5", "12.1", "14.1", "16.1"):
            device = self.ready_device("u4", version, tls=True)
            inbox = device.folders_of_type(INBOX)[0]
            self.dovecot.deliver("u4", MESSAGE.format(version))
            opts = options(mime_support=2, bodies=[Body(PLAIN), Body(MIME)]) if version != "2.5" else None
            item = [add for page in device.sync_all(inbox, opts=opts) for add in page.findall("Commands/Add")][0]
            device.change(inbox, item.get("ServerId"), E("Email:Flag", E("Status", 2), E("FlagType", "flag-in-no-log")))
            device.change(inbox, item.get("ServerId"), E("Email:Read", "value-in-no-log"))
            if version == "16.1":
                device.fetch_item(inbox.id, item.get("ServerId"))
            device.delete(inbox, item.get("ServerId"))
        self.device("u4", password="wrong-password-in-no-log").folder_sync()
        self.autodiscover(self.device("u4"), "u4@example.test")
        self.dovecot.wait_log("Autodiscover: ")
        # the name of a file of Dovecot's
        log = re.sub("auth.token.secret", "", self.dovecot.log())
        self.assertIn("Debug: ", log)
        secrets = [base64.b64encode(f"{user}:{PASSWORD}".encode()).decode() for user in ("u1", "u4")]
        found = [line for line in log.splitlines() if any(secret in line for secret in secrets) or re.search(
            rf"in-no-log|\b{PASSWORD}\b|ticket=[A-Za-z0-9_-]{{20}}", line)]
        self.assertEqual(found, [])
