"""What an operator has: the settings and their checks, userdb fields per user, doveadm roost, events and metrics."""
import json
import re
import subprocess
import threading
import time

from rig import INBOX, Case, E, Settings, config

NEW = config.dovecot_version() >= (2, 4)
# the metrics that doc/events.md shows, for 2.3 and for 2.4
METRICS = [block for block in re.findall(r"(?ms)^```\n(.*?)^```", (config.SOURCE / "doc/events.md").read_text())
           if block.startswith("metric ")][NEW]
SETTINGS = Settings(
    users=10, extra=METRICS,
    fields={"u2": "userdb_roost_enabled=no",
            "u3": "userdb_roost_quarantine=yes",
            "u4": "userdb_roost_eas_version_max=14.1 userdb_roost_max_devices=1",
            "u5": "userdb_roost_policy=DevicePasswordEnabled=1;MinDevicePasswordLength=6 "
                  "userdb_roost_provisioning=required",
            "u6": "userdb_roost_db_path=~/elsewhere/devices.db",
            "u7": "userdb_roost_heartbeat_max=4000secs"})
MESSAGE = "From: a@example.test\nSubject: operator\n\nHello\n"

# a line of configuration, and what the refusal says
WRONG = (
    ("roost_heartbeat_max = 60 mins", "roost_heartbeat_max must be between 1 and 3540, not 3600"),
    ("roost_heartbeat_min = 0", "roost_heartbeat_min must be between 1 and 3540, not 0"),
    ("roost_heartbeat_max = 30 secs", r"roost_heartbeat_min \(60 secs\) must not be longer than .* \(30 secs\)"),
    ("roost_window_max = 513", "roost_window_max must be between 1 and 512, not 513"),
    ("roost_ping_max_folders = 0", "roost_ping_max_folders must be between 1"),
    ("roost_max_request_size = 1k", "roost_max_request_size must be at least 64 kB"),
    ("roost_trusted_networks = 127.0.0.1 example.org", "roost_trusted_networks: 'example.org' is not an IP address"),
    ("roost_trusted_networks = 10.0.0.0/33", "roost_trusted_networks: '10.0.0.0/33'"),
    ("roost_spool_dir = tmp", "roost_spool_dir must be an absolute path"),
    ("roost_db_path =", "roost_db_path must not be empty"),
    ("roost_eas_version_max = 15.0", "Invalid value: 15.0"),
    ("roost_log_level = verbose", "Invalid value: verbose"),
    ("roost_provisioning = maybe", "Invalid value: maybe"),
    ("roost_timezone = Europe/Atlantis", "roost_timezone: 'Europe/Atlantis' is not a time zone"),
    ("roost_timezone = Europe", "roost_timezone: 'Europe' is not a time zone"),
    ("roost_timezone = ../../../etc/passwd", "roost_timezone: '../../../etc/passwd' is not a time zone"),
    ("roost_policy = DevicePasswordEnabled", "roost_policy: 'DevicePasswordEnabled' is not Name=value"),
    ("roost_autodiscover_host = https://mail.example.org/", "roost_autodiscover_host: 'https://mail.example.org/' is not"),
    ("roost_addresses = a@example.org, anne", "roost_addresses: 'anne' is not a mail address"),
    ("roost_warm_time = soon", "Invalid time interval: soon"),
    ("roost_no_such_setting = 1", "roost_no_such_setting"),
)


class Operator(Case):
    def run_inside(self, *command):
        """A program of Dovecot's that sees our modules."""
        pid = (self.dovecot.root / "run" / "master.pid").read_text().strip()
        return subprocess.run(["nsenter", "-t", pid, "-m", "--", *command], text=True, capture_output=True)

    def doveconf(self, extra="", *arguments):
        """doveconf on the instance's configuration with something added."""
        path = self.dovecot.root / "changed.conf"
        path.write_text(self.dovecot.conf.read_text() + "\n" + extra)
        return self.run_inside("doveconf", "-c", str(path), *arguments)


class Configuration(Operator):
    def test_wrong_values_are_refused(self):
        for line, error in WRONG:
            with self.subTest(line):
                done = self.doveconf(line + "\n", "-n")
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stderr, error)

    def test_banner(self):
        done = self.doveconf("", "-n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^# Roost \d")

    def defaults(self):
        text = self.run_inside("doveconf", "-d", *(["-a"] if NEW else [])).stdout
        found = dict(re.findall(r"(?m)^(roost_\w+) = ?(.*)$", text))
        self.assertGreater(len(found), 20)
        return found

    def test_every_setting_is_documented(self):
        """The settings that doveconf knows, those of the conf.d files and those of doc/settings.md are the same."""
        wanted = sorted(self.defaults())
        for name in ("conf.d/90-roost.conf", "conf.d/2.4/90-roost.conf"):
            text = (config.SOURCE / name).read_text()
            self.assertEqual(sorted(re.findall(r"(?m)^#(roost_\w+) =", text)), wanted, name)
        text = (config.SOURCE / "doc/settings.md").read_text()
        headings = re.findall(r"(?m)^### (.*)$", text)
        self.assertEqual(sorted(name for heading in headings for name in heading.split(", ")), wanted)

    def test_conf_d_shows_the_defaults(self):
        """Uncommenting a line of the conf.d file changes nothing."""
        for name, default in self.defaults().items():
            line = re.search(rf"(?m)^#({name} =.*)$", config.include_path().read_text()).group(1)
            shown = self.doveconf(line + "\n", name).stdout.strip()
            with self.subTest(name):
                self.assertEqual(seconds(shown.partition(" =")[2].strip()), seconds(default))


def seconds(value):
    """A time's seconds; anything else as it is."""
    match = re.fullmatch(r"(\d+) (s|m|h|d)\w*", value)
    return int(match.group(1)) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match.group(2)] if match else value


class PerUser(Operator):
    """userdb fields override the settings of one user."""

    def test_disabled(self):
        self.assertStatus(self.device("u2", "14.1").command("FolderSync", folder_sync()), 126)
        self.assertEqual(self.device("u2", "12.1").command("FolderSync", folder_sync()).code, 403)

    def test_version_ceiling_and_device_limit(self):
        device = self.device("u4", "14.1")
        self.assertTrue(device.options().headers["ms-asprotocolversions"].endswith(",14.1"))
        device.provision()
        self.assertStatus(device.folder_sync(), 1)
        self.assertStatus(self.device("u4", "14.1").command("FolderSync", folder_sync()), 177)

    def test_policy(self):
        device = self.device("u5")
        self.assertStatus(device.command("FolderSync", folder_sync()), 142)
        response = device.command("Provision", E("Provision:Provision", device.device_information(), E(
            "Provision:Policies", E("Policy", E("PolicyType", "MS-EAS-Provisioning-WBXML"))))).check()
        document = "Policies/Policy/Data/EASProvisionDoc/"
        self.assertEqual(response.document.get(document + "DevicePasswordEnabled"), "1")
        self.assertEqual(response.document.get(document + "MinDevicePasswordLength"), "6")
        device.provision()
        self.assertStatus(device.folder_sync(), 1)

    def test_db_path(self):
        device = self.ready_device("u6")
        self.assertTrue((self.dovecot.home("u6") / "elsewhere" / "devices.db").exists())
        self.assertFalse((self.dovecot.home("u6") / "roost.db").exists())
        self.assertIn(device.device_id, self.dovecot.doveadm("roost", "device", "list", "-u", "u6"))

    def test_invalid_field(self):
        self.dovecot.expect_log("u7.*roost_heartbeat_max")
        response = self.device("u7").command("FolderSync", folder_sync())
        self.assertEqual(response.code, 503)
        self.dovecot.wait_log("roost_heartbeat_max must be between 1 and 3540, not 4000")


def folder_sync():
    return E("FolderHierarchy:FolderSync", E("SyncKey", 0))


class Devices(Operator):
    """doveadm roost device, on devices that came by themselves."""

    def devices(self, user):
        return {row["device"]: row for row in
                json.loads(self.dovecot.doveadm("-f", "json", "roost", "device", "list", "-u", user))}

    def show(self, user, device):
        rows = json.loads(self.dovecot.doveadm("-f", "json", "roost", "device", "show", "-u", user, device.device_id))
        self.assertEqual(len(rows), 1)
        return rows[0]

    def exit_code(self, *arguments):
        return subprocess.run([str(self.dovecot.root / "doveadm"), "roost", *arguments], capture_output=True,
                              text=True).returncode

    def folder_sync(self, device, key=0):
        return device.command("FolderSync", E("FolderHierarchy:FolderSync", E("SyncKey", key)))

    def test_list_and_show(self):
        device = self.ready_device("u1")
        inbox = device.folders_of_type(INBOX)[0]
        self.dovecot.deliver("u1", MESSAGE)
        list(device.sync_all(inbox))
        row = self.devices("u1")[device.device_id]
        self.assertEqual((row["type"], row["version"], row["access"], row["wipe"]),
                         ("RoostTest", "16.1", "allowed", "none"))
        row = self.show("u1", device)
        self.assertEqual((row["model"], row["os"], row["user_agent"]), ("Roost test", "Linux", "RoostTest/1.0"))
        self.assertNotEqual(row["policy_key"], "0")
        self.assertRegex(row["collections"], r"\(INBOX\) key=\d+\.\d+ repeats=0 bytes=\d+")
        everybody = json.loads(self.dovecot.doveadm("-f", "json", "roost", "device", "list", "-A"))
        self.assertIn(("u1", device.device_id), [(row["username"], row["device"]) for row in everybody])

    def test_looking_creates_nothing(self):
        self.assertEqual(self.devices("u8"), {})
        self.assertFalse((self.dovecot.home("u8") / "roost.db").exists())

    def test_exit_codes(self):
        self.ready_device("u1")
        self.assertEqual(self.exit_code("device", "list", "-u", "nobody"), 67)
        self.assertEqual(self.exit_code("device", "show", "-u", "u1", "unknown"), 68)
        self.assertEqual(self.exit_code("device", "remove", "-u", "u1"), 64)
        self.assertEqual(self.exit_code("device", "remove", "-A", "unknown"), 0)

    def test_quarantine(self):
        device = self.device("u3")
        self.assertStatus(self.folder_sync(device), 129)
        self.assertEqual(self.devices("u3")[device.device_id]["access"], "quarantined")
        self.dovecot.doveadm("roost", "device", "allow", "-u", "u3", device.device_id)
        self.assertStatus(self.folder_sync(device), 1)

    def test_block_and_allow_wake(self):
        """A blocked device is told at once, though it is waiting."""
        device = self.ready_device("u9")
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(device.ping([inbox], heartbeat=60)))
        waiting.start()
        self.wait_parked("u9", device)
        self.dovecot.doveadm("roost", "device", "block", "-u", "u9", device.device_id)
        waiting.join(5)
        self.assertEqual(len(answers), 1, "the waiting device was not told")
        self.assertStatus(answers[0], 129)
        self.assertStatus(self.folder_sync(device), 129)
        self.dovecot.doveadm("roost", "device", "allow", "-u", "u9", device.device_id)
        self.assertStatus(self.folder_sync(device), 1)

    def wait_parked(self, user, device):
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            rows = [row for row in json.loads(self.dovecot.doveadm("-f", "json", "roost", "who", user))
                    if row["device"] == device.device_id]
            if rows:
                return rows[0]
            time.sleep(0.05)
        self.fail("not parked")

    def test_who(self):
        device = self.ready_device("u10", "14.1")
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        waiting = threading.Thread(target=lambda: device.ping([inbox], heartbeat=100))
        waiting.start()
        row = self.wait_parked("u10", device)
        self.assertEqual((row["username"], row["command"], row["version"], row["ip"]),
                         ("u10", "Ping", "14.1", "127.0.0.1"))
        self.assertLessEqual(int(row["parked"]) + int(row["remaining"]), 100)
        self.assertGreater(int(row["remaining"]), 60)
        self.assertEqual(json.loads(self.dovecot.doveadm("-f", "json", "roost", "who", "nobody*")), [])
        self.assertIn(device.device_id, self.dovecot.doveadm("roost", "who", "u1*"))
        self.dovecot.deliver("u10", MESSAGE)
        waiting.join(5)
        self.assertNotIn(device.device_id, self.dovecot.doveadm("roost", "who"))

    def test_remove_and_resync(self):
        device = self.ready_device("u1")
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        self.dovecot.doveadm("roost", "device", "resync", "-u", "u1", device.device_id)
        self.assertEqual(self.show("u1", device)["collections"], "")
        self.assertStatus(self.folder_sync(device, device.folder_key), 9)
        self.dovecot.doveadm("roost", "device", "remove", "-u", "u1", device.device_id)
        self.assertNotIn(device.device_id, self.devices("u1"))

    def test_ceiling(self):
        """One device is held at an older version, also if it is refused first: others of the user are not."""
        device, other = self.ready_device("u1", "16.1"), self.ready_device("u1", "16.1")
        self.dovecot.doveadm("roost", "device", "ceiling", "-u", "u1", device.device_id, "14.1")
        self.assertEqual(self.show("u1", device)["version_max"], "14.1")
        for query in ("plain", "base64"):
            device.query = query
            response = self.folder_sync(device)
            self.assertEqual((response.code, response.headers["ms-asprotocolversions"], response.headers["x-ms-rp"]),
                             (501, "2.5,12.0,12.1,14.0,14.1", "2.5,12.0,12.1,14.0,14.1"))
        device.query = "plain"
        self.assertStatus(self.folder_sync(other), 1)
        for version in ("2.5", "12.0", "14.1"):
            device.version = version
            self.assertStatus(self.folder_sync(device), 1)
        # by a mask, and away again
        self.dovecot.doveadm("roost", "device", "ceiling", "-u", "u1", "*", "2.5")
        self.assertEqual(self.folder_sync(other).code, 501)
        self.dovecot.doveadm("roost", "device", "ceiling", "-u", "u1", "*", "none")
        self.assertEqual(self.show("u1", device)["version_max"], "")
        device.version = "16.1"
        self.assertStatus(self.folder_sync(device), 1)
        self.assertStatus(self.folder_sync(other), 1)
        for version in ("3.0", "161", "", "16.1 "):
            self.assertEqual(self.exit_code("device", "ceiling", "-u", "u1", device.device_id, version), 64)
        self.assertEqual(self.exit_code("device", "ceiling", "-u", "u1", device.device_id), 64)

    def test_wipe_order_and_cancel(self):
        old, new = self.ready_device("u1", "14.1"), self.ready_device("u1", "16.1")
        self.assertEqual(self.exit_code("device", "wipe", "-u", "u1", "--account-only", old.device_id), 65)
        self.dovecot.doveadm("roost", "device", "wipe", "-u", "u1", old.device_id)
        self.dovecot.doveadm("roost", "device", "wipe", "-u", "u1", "--account-only", new.device_id)
        self.assertEqual(self.devices("u1")[old.device_id]["wipe"], "ordered")
        self.assertEqual(self.devices("u1")[new.device_id]["wipe"], "ordered (account only)")
        self.assertStatus(self.folder_sync(old), 140)
        self.dovecot.doveadm("roost", "device", "wipe", "-u", "u1", "--cancel", old.device_id)
        self.dovecot.doveadm("roost", "device", "wipe", "-u", "u1", "-c", new.device_id)
        self.assertEqual({self.devices("u1")[device.device_id]["wipe"] for device in (old, new)}, {"none"})
        self.assertStatus(self.folder_sync(old), 1)


class Metrics(Operator):
    def counts(self):
        """How often each metric and group counted."""
        return {row["metric_name"]: int(row["count"]) for row in
                json.loads(self.dovecot.doveadm("-f", "json", "stats", "dump")) if row["field"] == "duration"}

    def test_documented_metrics_count(self):
        device = self.ready_device("u1")
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        before = self.counts()
        self.assertGreaterEqual(before["roost_devices"], 1)
        self.assertGreaterEqual(before["roost_requests_FolderSync"], 1)
        self.assertGreaterEqual(before["roost_sync"], 2)
        waiting = threading.Thread(target=lambda: device.ping([inbox], heartbeat=60))
        waiting.start()
        time.sleep(0.5)
        self.dovecot.deliver("u1", MESSAGE)
        waiting.join(5)
        deadline = time.monotonic() + 5
        wanted = {"roost_pings": 1, "roost_requests_Ping": 1}
        counted = None
        while counted != wanted and time.monotonic() < deadline:
            after = self.counts()
            counted = {name: after.get(name, 0) - before.get(name, 0) for name in wanted}
        self.assertEqual(counted, wanted)
