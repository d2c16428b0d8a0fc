"""What stands around every command: the request line, versions, headers, who may come in, and what goes wrong."""
import base64
import struct
import threading
import urllib.parse

from rig import Case, E, Settings, encode

PATH = "/Microsoft-Server-ActiveSync"
SETTINGS = Settings(users=24, fields={
    "u2": "userdb_roost_enabled=no", "u3": "userdb_roost_eas_version_max=14.1", "u4": "userdb_roost_max_devices=2",
    "u5": "userdb_roost_quarantine=yes"})
FOLDER_SYNC = encode(E("FolderHierarchy:FolderSync", E("SyncKey", "0")))
ALL = "2.5,12.0,12.1,14.0,14.1,16.0,16.1"


class Protocol(Case):
    def ask(self, user, query, body=FOLDER_SYNC, method="POST", **headers):
        """A request with the query as it is."""
        device = self.device(user)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if body:
            fields.setdefault("Content-Type", "application/vnd.ms-sync.wbxml")
        return device.perform(device.request_bytes(method, PATH + (f"?{query}" if query else ""), fields, body))

    @staticmethod
    def plain(command="FolderSync", device="DEV1", kind="Test", user="u1"):
        return urllib.parse.urlencode({"Cmd": command, "User": user, "DeviceId": device, "DeviceType": kind})


class Options(Protocol):
    def test_offer(self):
        response = self.device("u1").options()
        self.assertEqual((response.code, response.body), (200, b""))
        self.assertEqual(response.headers["ms-asprotocolversions"], ALL)
        commands = response.headers["ms-asprotocolcommands"].split(",")
        self.assertLessEqual({"Sync", "FolderSync", "FolderCreate", "FolderDelete", "FolderUpdate", "GetItemEstimate",
                              "Ping", "Provision", "Settings", "MoveItems", "ItemOperations", "GetAttachment",
                              "GetHierarchy"}, set(commands))
        self.assertEqual(len(commands), len(set(commands)))
        self.assertRegex(response.headers["ms-server-activesync"], r"^\d+\.\d+$")
        self.assertEqual(response.headers["cache-control"], "private")

    def test_what_is_offered_is_known(self):
        device = self.ready_device("u1", "12.1")
        for command in device.options().headers["ms-asprotocolcommands"].split(","):
            with self.subTest(command=command):
                # with an element that no command has: refused, but not as unknown
                response = device.command(command, E("Email:Subject"))
                self.assertNotEqual(response.code, 501)

    def test_ceiling(self):
        headers = self.device("u3").options().headers
        self.assertEqual(headers["ms-asprotocolversions"], "2.5,12.0,12.1,14.0,14.1")
        self.assertStatus(self.device("u3", "14.1").folder_sync(), 1)
        response = self.device("u3", "16.0").folder_sync()
        self.assertEqual((response.code, response.headers["ms-asprotocolversions"]),
                         (501, "2.5,12.0,12.1,14.0,14.1"))


class RequestLine(Protocol):
    def test_order_and_encoding(self):
        for number, query in enumerate((
                "User=u1&DeviceId=QA{}&DeviceType=T&Cmd=FolderSync", "cmd=FolderSync&user=u1&deviceid=QA{}&devicetype=T",
                "Cmd=FolderSync&User=u1%40example.test&DeviceId=QA{}&DeviceType=Smart%50hone",
                "Cmd=FolderSync&User=u1@example.test&DeviceId=QA{}&DeviceType=T&Unknown=1",
                "Cmd=foldersync&User=DOMAIN%5Cu1&DeviceId=QA{}&DeviceType=T")):
            with self.subTest(query=query):
                response = self.ask("u1", query.format(number), MS_ASProtocolVersion="14.1")
                self.assertStatus(response, 1)

    def base64_query(self, version=161, code=9, device=b"BASE64DEV", key=b"", kind=b"Test", tail=b""):
        return struct.pack("<BBHB", version, code, 0x0409, len(device)) + device + bytes([len(key)]) + key + \
            bytes([len(kind)]) + kind + tail

    def test_base64(self):
        for version in (121, 140, 141, 160, 161):
            data = self.base64_query(version, tail=b"\x08\x02u1")
            for text in (base64.b64encode(data), base64.b64encode(data).rstrip(b"="),
                         base64.urlsafe_b64encode(data), base64.urlsafe_b64encode(data).rstrip(b"=")):
                with self.subTest(version=version, text=text):
                    self.assertStatus(self.ask("u1", text.decode()), 1)

    def test_base64_broken(self):
        good = self.base64_query()
        for data in (b"", good[:3], good[:10], self.base64_query(key=b"123"), good + b"\x08\xff1"):
            with self.subTest(data=data):
                self.assertEqual(self.ask("u1", base64.b64encode(data).decode() or "x").code, 400)

    def test_no_query_or_no_command(self):
        for query in ("", "User=u1&DeviceId=D1&DeviceType=T", "%", "Cmd", "Cmd=&DeviceId=D1&DeviceType=T", "\x80"):
            with self.subTest(query=query):
                self.assertIn(self.ask("u1", query, MS_ASProtocolVersion="14.1").code, (400, 501))

    def test_unknown_command(self):
        for command in ("NoSuch", "Find2", "CreateCollection", "x" * 5000):
            with self.subTest(command=command[:20]):
                self.assertIn(self.ask("u1", self.plain(command), MS_ASProtocolVersion="14.1").code, (400, 501))
        self.assertEqual(self.ask("u1", self.plain("NoSuch"), MS_ASProtocolVersion="14.1").code, 501)
        text = base64.b64encode(self.base64_query(code=99)).decode()
        self.assertEqual(self.ask("u1", text).code, 501)

    def test_commands_of_other_versions(self):
        for command in ("ItemOperations", "Settings"):
            self.assertEqual(self.ask("u1", self.plain(command), MS_ASProtocolVersion="2.5").code, 400)
        # it has no document that could carry the Status
        self.assertEqual(self.ask("u1", self.plain("GetHierarchy"), body=b"", MS_ASProtocolVersion="16.1").code, 400)

    def test_methods(self):
        for method in ("GET", "PUT", "DELETE", "PROPFIND", "X"):
            with self.subTest(method=method):
                self.assertEqual(self.ask("u1", self.plain(), b"", method, MS_ASProtocolVersion="14.1").code, 501)


class Versions(Protocol):
    def test_header(self):
        for version, code in (("14.1", 200), ("2.5", 200), ("16.1", 200), ("1.0", 501), ("2.0", 501), ("12.2", 501),
                              ("17.0", 501), ("161", 400), ("", 400), ("x", 400), ("14.", 400), ("14.1.1", 400),
                              ("14.1, 16.1", 400)):
            with self.subTest(version=version):
                self.assertEqual(self.ask("u1", self.plain(), MS_ASProtocolVersion=version).code, code)
        self.assertEqual(self.ask("u1", self.plain()).code, 400)

    def test_unknown_in_base64(self):
        for version in (10, 99, 162, 255):
            with self.subTest(version=version):
                data = struct.pack("<BBHB", version, 9, 0x0409, 3) + b"DEV\0\x01T"
                self.assertEqual(self.ask("u1", base64.b64encode(data).decode()).code, 501)


class Documents(Protocol):
    def test_unparsable(self):
        for version in ("2.5", "12.1", "14.1", "16.1"):
            for body in (b"x", b"\3\1\x6a", b"\3\1\x6a\0", b"\3\1\x6a\0\x00\x07\x56", b"<xml/>", FOLDER_SYNC[:-1],
                         b"\3\1\x6a\0" + b"\x45" * 5000):
                with self.subTest(version=version, body=body[:10]):
                    self.assertEqual(self.ask("u1", self.plain(), body, MS_ASProtocolVersion=version).code, 400)

    def test_unknown_element(self):
        body = b"\3\1\x6a\0\x00\x07\x56\x7f\x03x\0\x01\x01"
        self.assertStatus(self.ask("u1", self.plain(), body, MS_ASProtocolVersion="14.1"), 102)
        self.assertEqual(self.ask("u1", self.plain(), body, MS_ASProtocolVersion="12.1").code, 400)

    def test_another_command_s_document(self):
        body = encode(E("Ping:Ping"))
        self.assertStatus(self.ask("u1", self.plain(), body, MS_ASProtocolVersion="16.1"), 103)
        self.assertEqual(self.ask("u1", self.plain(), body, MS_ASProtocolVersion="2.5").code, 400)

    def test_no_body(self):
        self.assertStatus(self.ask("u1", self.plain(), b"", MS_ASProtocolVersion="16.1"), 101)
        self.assertEqual(self.ask("u1", self.plain(), b"", MS_ASProtocolVersion="12.1").code, 400)

    def test_the_server_is_well_afterwards(self):
        self.test_unparsable()
        self.assertStatus(self.ready_device("u1").folder_sync(), 1)


class Devices(Protocol):
    def test_missing_or_invalid_id(self):
        for device in (None, "", "a b", "a,b", "a" * 300, "dév", "a\tb"):
            with self.subTest(device=device):
                query = self.plain(device=device) if device is not None else "Cmd=FolderSync&User=u1&DeviceType=T"
                self.assertStatus(self.ask("u1", query, MS_ASProtocolVersion="14.0"), 108)
                self.assertEqual(self.ask("u1", query, MS_ASProtocolVersion="12.1").code, 400)

    def test_missing_or_invalid_type(self):
        for kind in (None, "", "a" * 300, "a\tb"):
            with self.subTest(kind=kind):
                query = self.plain(kind=kind) if kind is not None else "Cmd=FolderSync&User=u1&DeviceId=D1"
                self.assertStatus(self.ask("u1", query, MS_ASProtocolVersion="16.1"), 109)
                self.assertEqual(self.ask("u1", query, MS_ASProtocolVersion="2.5").code, 400)

    def test_a_new_device_is_recorded_once(self):
        device = self.ready_device("u6", "16.1", device_id="NEWDEVICE", device_type="Phone")
        device.folder_sync()
        added = [line for line in self.dovecot.log().splitlines() if "New device NEWDEVICE" in line]
        self.assertEqual(len(added), 1)
        self.assertIn("NEWDEVICE", self.dovecot.doveadm("roost", "device", "list", "-u", "u6"))

    def test_max_devices(self):
        first, second = self.ready_device("u4", "14.1"), self.ready_device("u4", "12.1")
        self.assertStatus(self.device("u4", "14.1").folder_sync(), 177)
        self.assertEqual(self.device("u4", "12.1").folder_sync().code, 403)
        self.assertStatus(first.folder_sync(), 1)
        self.dovecot.doveadm("roost", "device", "remove", "-u", "u4", second.device_id)
        self.assertStatus(self.device("u4", "16.1").folder_sync(), 1)

    def test_quarantine(self):
        for version in ("12.1", "16.1"):
            with self.subTest(version=version):
                device = self.device("u5", version)
                device.provision()
                response = device.folder_sync()
                if version == "12.1":
                    self.assertEqual(response.code, 403)
                else:
                    self.assertStatus(response, 129)
                self.dovecot.doveadm("roost", "device", "allow", "-u", "u5", device.device_id)
                self.assertStatus(device.folder_sync(), 1)

    def test_block(self):
        for version in ("2.5", "14.0"):
            with self.subTest(version=version):
                device = self.ready_device("u7", version)
                self.dovecot.doveadm("roost", "device", "block", "-u", "u7", device.device_id)
                response = device.folder_sync()
                if version == "2.5":
                    self.assertEqual(response.code, 403)
                else:
                    self.assertStatus(response, 129)
                # others of this user are not touched
                self.assertStatus(self.device("u7", version).folder_sync(), 1)

    def test_removed_device_starts_anew(self):
        device = self.ready_device("u8")
        self.dovecot.doveadm("roost", "device", "remove", "-u", "u8", device.device_id)
        device.policy_key = "0"
        self.assertStatus(device.folder_sync(), 9)
        device.folder_key = "0"
        self.assertStatus(device.folder_sync(), 1)

    def test_disabled_user(self):
        self.assertEqual(self.device("u2").options().code, 403)
        for version in ("2.5", "12.1"):
            self.assertEqual(self.device("u2", version).folder_sync().code, 403)
        for version in ("14.0", "16.1"):
            self.assertStatus(self.device("u2", version).folder_sync(), 126)

    def test_two_first_requests_at_once(self):
        devices = [self.device("u9", device_id="SAMEDEVICE") for _ in range(6)]
        answers = []
        threads = [threading.Thread(target=lambda d=d: answers.append(d.folder_sync().status)) for d in devices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(answers), {"1"})
        self.assertEqual(self.dovecot.doveadm("roost", "device", "list", "-u", "u9").count("SAMEDEVICE"), 1)


class SettingsCommand(Protocol):
    def test_user_information(self):
        for version in ("12.0", "12.1", "14.0", "14.1", "16.1"):
            with self.subTest(version=version):
                document = self.ready_device("u10", version).settings(
                    E("Settings:UserInformation", E("Get"))).document
                self.assertEqual((document.get("Status"), document.get("UserInformation/Status")), ("1", "1"))
                get = document.find("UserInformation/Get")
                address = get.get("EmailAddresses/SMTPAddress") if float(version) < 14.1 else \
                    get.get("Accounts/Account/EmailAddresses/PrimarySmtpAddress")
                self.assertRegex(address, r"^u10@[a-z.]+$")

    def test_device_information(self):
        for version in ("12.1", "14.0", "16.1"):
            with self.subTest(version=version):
                device = self.ready_device("u11", version)
                document = device.settings(device.device_information()).document
                self.assertEqual(document.get("DeviceInformation/Status"), "1")
                self.assertIn("Roost test", self.dovecot.doveadm("roost", "device", "show", "-u", "u11",
                                                                 device.device_id))
                document = device.settings(E("Settings:DeviceInformation", E("Set", E("Model", "x" * 1025)))).document
                self.assertEqual(document.get("DeviceInformation/Status"), "5")
                document = device.settings(E("Settings:DeviceInformation")).document
                self.assertEqual(document.get("DeviceInformation/Status"), "2")

    def test_several_parts(self):
        device = self.ready_device("u12", "14.1")
        document = device.settings(E("Settings:Oof", E("Get", E("BodyType", "Text"))),
                                   E("DevicePassword", E("Set", E("Password", "x"))),
                                   E("UserInformation", E("Get")),
                                   E("RightsManagementInformation", E("Get"))).document
        self.assertEqual([document.get(f"{part}/Status") for part in (
            "Oof", "DevicePassword", "UserInformation", "RightsManagementInformation")], ["1", "7", "1", "1"])
        self.assertStatus(device.settings(), 2)
