"""Settings DevicePassword: the recovery password that a device leaves, what doveadm shows of it, and who can't read it."""
import os
import pathlib
import subprocess
import tempfile

from rig import Case, E
from rig.config import Settings

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="roost-recovery-"))
FOLDER.chmod(0o755)
KEY = FOLDER / "key"
POLICY = "userdb_roost_policy=PasswordRecoveryEnabled=1"
SETTINGS = Settings(users=12, extra=f"roost_recovery_key_file = {KEY}\n",
                    fields={f"u{number}": POLICY for number in range(1, 12)})
VERSIONS = ("12.0", "12.1", "14.0", "14.1", "16.0", "16.1")
SECRET = "pässword-which-nobody-sees"


def write_key(mode=0o600):
    """32 bytes, root's."""
    KEY.unlink(missing_ok=True)
    KEY.touch(mode)
    KEY.write_bytes(os.urandom(32))
    KEY.chmod(mode)


write_key()


def password(text):
    return E("Settings:DevicePassword", E("Set", E("Password", text)))


class Recovery(Case):
    def set(self, device, request):
        answer = device.settings(request)
        self.assertStatus(answer, 1)
        return answer.document.get("DevicePassword/Status")

    def shown(self, user, device):
        """What doveadm says, or None if it fails."""
        done = subprocess.run([str(self.dovecot.root / "doveadm"), "-f", "tab", "roost", "device", "password", "-u", user,
                               device.device_id], capture_output=True, text=True)
        if done.returncode != 0:
            self.assertNotIn(SECRET, done.stdout + done.stderr)
            return None
        lines = done.stdout.splitlines()
        self.assertEqual((lines[0], len(lines)), ("device\tpassword", 2))
        return lines[1].split("\t")[1]

    def policy_of(self, device):
        request = E("Provision:Provision", E("Policies", E("Policy", E("PolicyType", "MS-EAS-Provisioning-WBXML"))))
        document = device.command("Provision", request).document
        return document.get("Policies/Policy/Data/EASProvisionDoc/PasswordRecoveryEnabled")

    def test_set_replace_and_clear(self):
        for number, version in enumerate(VERSIONS, 1):
            with self.subTest(version=version):
                user = f"u{number}"
                device = self.ready_device(user, version)
                self.assertEqual(self.policy_of(device), "1")
                self.assertIsNone(self.shown(user, device))
                # the answer was lost: it comes again
                for text in (SECRET, SECRET, "1234", "ä" * 255):
                    self.assertEqual(self.set(device, password(text)), "1")
                    self.assertEqual(self.shown(user, device), text)
                for text, status in (("ä" * 256, "5"), ("x" * 5000, "5")):
                    self.assertEqual(self.set(device, password(text)), status)
                    self.assertEqual(self.shown(user, device), "ä" * 255)
                self.assertEqual(self.set(device, password("")), "1")
                self.assertIsNone(self.shown(user, device))
                self.assertEqual(self.set(device, password("")), "1")

    def test_bad_requests(self):
        device = self.ready_device("u7", "14.1")
        self.assertEqual(self.set(device, password(SECRET)), "1")
        for request in (E("Settings:DevicePassword"), E("Settings:DevicePassword", E("Set"))):
            self.assertEqual(self.set(device, request), "2")
            self.assertEqual(self.shown("u7", device), SECRET)

    def test_only_where_the_policy_wants_it(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.ready_device("u12", version)
                self.assertEqual(self.policy_of(device), "0")
                self.assertEqual(self.set(device, password(SECRET)), "7")
                self.assertIsNone(self.shown("u12", device))

    def test_nobody_reads_it(self):
        device, other = self.ready_device("u8", "16.1"), self.ready_device("u8", "16.1")
        self.assertEqual(self.set(device, password(SECRET)), "1")
        self.assertIsNone(self.shown("u8", other))
        files = [path for path in self.dovecot.home("u8").rglob("*") if path.is_file()]
        self.assertTrue([path for path in files if path.name == "roost.db"])
        for path in files:
            self.assertNotIn(SECRET.encode(), path.read_bytes(), path)
        self.assertNotIn(SECRET, self.dovecot.doveadm("roost", "device", "show", "-u", "u8", device.device_id))
        self.assertNotIn(SECRET, self.dovecot.log())
        # it goes with the device
        self.dovecot.doveadm("roost", "device", "remove", "-u", "u8", device.device_id)
        again = self.ready_device("u8", "16.1", device_id=device.device_id)
        self.assertIsNone(self.shown("u8", again))

    def test_killed_workers(self):
        device = self.ready_device("u9", "14.1")
        for number in range(6):
            self.assertEqual(self.set(device, password(f"{SECRET}{number}")), "1")
            self.dovecot.kill("roost-worker")
            # what was answered is there
            self.assertEqual(self.shown("u9", device), f"{SECRET}{number}")
        self.assertEqual(self.set(device, password("")), "1")
        self.dovecot.kill("roost-worker")
        self.assertIsNone(self.shown("u9", device))


class Keys(Case):
    """Other keys, and none. (after Recovery)"""

    def configured(self, text):
        before = self.dovecot.conf.read_text()
        self.addCleanup(self.dovecot.configure, before)
        self.dovecot.configure(before + text)

    def set(self, device):
        return device.settings(password(SECRET)).document.get("DevicePassword/Status")

    def refused(self):
        """A new worker has read the file, if there is one."""
        self.dovecot.expect_log("PasswordRecoveryEnabled needs roost_recovery_key_file")
        device = self.ready_device("u10", "14.1")
        self.assertEqual(Recovery.policy_of(self, device), "0")
        self.assertEqual(self.set(device), "7")

    def test_no_key(self):
        self.configured("roost_recovery_key_file =\n")
        self.refused()
        self.assertRaisesRegex(RuntimeError, "roost_recovery_key_file is not set", self.dovecot.doveadm, "roost",
                               "device", "password", "-u", "u10", "*")

    def test_no_file(self):
        self.dovecot.expect_log("roost_recovery_key_file: open")
        self.configured(f"roost_recovery_key_file = {FOLDER}/none\n")
        self.refused()

    def test_file_for_everybody(self):
        self.dovecot.expect_log("roost_recovery_key_file: .*may be read by everybody")
        open_key = FOLDER / "open"
        open_key.write_bytes(os.urandom(32))
        open_key.chmod(0o644)
        self.configured(f"roost_recovery_key_file = {open_key}\n")
        self.refused()

    def test_another_key(self):
        device = self.ready_device("u11", "14.1")
        self.assertEqual(self.set(device), "1")
        other = FOLDER / "other"
        other.touch(0o600)
        other.write_bytes(os.urandom(64))
        self.configured(f"roost_recovery_key_file = {other}\n")
        self.assertRaisesRegex(RuntimeError, "was kept with another key", self.dovecot.doveadm, "roost", "device",
                               "password", "-u", "u11", device.device_id)
        self.assertEqual(self.set(device), "1")
        self.assertEqual(Recovery.shown(self, "u11", device), SECRET)
