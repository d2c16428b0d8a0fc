"""doveadm roost trace: what it shows of a device's requests and answers, and what it never shows."""
import base64
import subprocess
import threading
import time

from rig import INBOX, Case, Settings, options
from rig.client import PLAIN, Body
from rig.dovecot import PASSWORD
from rig.replica import Replica

SETTINGS = Settings(users=5)
SECRET = "the-secret-of-the-body"
MESSAGE = "From: ada@example.test\nSubject: subject-{0}\nMessage-ID: <{0}@example.test>\n\n" + f"{SECRET} here\n" * 100


class Trace(Case):
    def trace(self, user, device=None):
        """A running trace: call what is returned to wait for a text, and to get all that was written."""
        arguments = [str(self.dovecot.root / "doveadm"), "roost", "trace", "-u", user]
        process = subprocess.Popen(arguments + (["--device", device] if device else []), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")), daemon=True)

        def end():
            process.terminate()
            process.wait(10)
            reader.join(10)
            process.stdout.close()
            process.stderr.close()
        self.addCleanup(end)
        self.assertIn("Tracing", process.stderr.readline())
        # extend() adds as the lines come
        reader.start()

        def wait(text):
            until = time.monotonic() + 20
            while text not in "".join(lines) and time.monotonic() < until:
                time.sleep(0.05)
            self.assertIn(text, "".join(lines))
            return "".join(lines)
        return wait

    def assertNoSecrets(self, text, user):
        for secret in (SECRET, PASSWORD, "Authorization", base64.b64encode(f"{user}:{PASSWORD}".encode()).decode()):
            self.assertNotIn(secret, text)

    def check(self, version, user):
        self.dovecot.deliver(user, MESSAGE.format(version))
        device, other = self.ready_device(user, version), self.ready_device(user, version)
        folder = device.folders_of_type(INBOX)[0]
        wait = self.trace(user, device.device_id)
        other.folder_sync().check()
        opts = options(truncation=7) if version == "2.5" else options(bodies=[Body(PLAIN)])
        replica = Replica(device, folder, opts=opts)
        replica.sync()
        text = wait(f"subject-{version}")
        self.assertIn('<Sync xmlns="AirSync">', text)
        self.assertIn("Query: Sync, device " + device.device_id, text)
        self.assertRegex(text, r"<Body>?[^/]*<!-- \d+ bytes -->" if version == "2.5" else r"<Data><!-- \d+ bytes -->")
        self.assertNotIn(other.device_id, text)

        thread = threading.Thread(target=lambda: device.ping([folder], 60))
        thread.start()
        wait(" PARK ")
        self.dovecot.deliver(user, MESSAGE.format("woken"))
        thread.join(15)
        self.assertFalse(thread.is_alive())
        text = wait("<Status>2</Status>")
        self.assertIn('<Ping xmlns="Ping">', text)
        self.assertNoSecrets(text, user)

    def test_2_5(self):
        self.check("2.5", "u1")

    def test_12_1(self):
        self.check("12.1", "u2")

    def test_14_1(self):
        self.check("14.1", "u3")

    def test_16_1(self):
        self.check("16.1", "u4")
