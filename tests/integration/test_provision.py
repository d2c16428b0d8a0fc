"""Provision: policies in both phases, what is demanded of a device that has none, remote wipes."""
import json

from rig import Case, E, Settings, parse

WBXML, WAP = "MS-EAS-Provisioning-WBXML", "MS-WAP-Provisioning-XML"
VERSIONS = ("2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1")
REQUIRED = "userdb_roost_provisioning=required"
STRICT = REQUIRED + " userdb_roost_policy=DevicePasswordEnabled=1;MinDevicePasswordLength=6;" \
    "MaxInactivityTimeDeviceLock=300;AllowCamera=0;UnapprovedInROMApplicationList=a.exe,b.exe;" \
    "AlphanumericDevicePasswordRequired=1;MaxDevicePasswordFailedAttempts=8"
SETTINGS = Settings(users=32, fields={
    **{f"u{number}": REQUIRED for number in range(11, 16)},
    **{f"u{number}": STRICT for number in range(16, 21)},
    "u21": "userdb_roost_policy=AllowCamera=2;NoSuchPolicy=1;AllowBrowser=0"})


def policy(kind=WBXML, key=None, status=None):
    return E("Provision:Provision", E("Policies", E("Policy", E("PolicyType", kind),
             E("PolicyKey", key) if key is not None else None, E("Status", status) if status is not None else None)))


class Policy(Case):
    def test_both_phases(self):
        for number, version in enumerate(VERSIONS, 1):
            with self.subTest(version=version):
                device = self.device(f"u{number}", version)
                kind = WAP if version == "2.5" else WBXML
                first = device.command("Provision", policy(kind)).document
                self.assertEqual((first.get("Status"), first.get("Policies/Policy/Status"),
                                  first.get("Policies/Policy/PolicyType")), ("1", "1", kind))
                self.assertIsNotNone(first.find("Policies/Policy/Data"))
                temporary = first.get("Policies/Policy/PolicyKey")
                second = device.command("Provision", policy(kind, temporary, 1)).document
                self.assertEqual((second.get("Status"), second.get("Policies/Policy/Status")), ("1", "1"))
                self.assertIsNone(second.find("Policies/Policy/Data"))
                final = second.get("Policies/Policy/PolicyKey")
                for key in (temporary, final):
                    self.assertTrue(0 < int(key) < 2**32)
                self.assertNotEqual(temporary, final)
                device.policy_key = final
                self.assertStatus(device.folder_sync(), 1)

    def test_the_default_policy_demands_nothing(self):
        for version, count in (("12.0", 11), ("12.1", 42), ("16.1", 42)):
            with self.subTest(version=version):
                document = self.device("u1", version).command("Provision", policy()).document
                fields = {child.name: child.text for child in
                          document.find("Policies/Policy/Data/EASProvisionDoc").children}
                self.assertEqual(len(fields), count)
                self.assertEqual({value for name, value in fields.items() if name.startswith("Require")} - {"0"}, set())
                self.assertEqual({value for name, value in fields.items() if name.startswith("Allow")} - {"1", "2"},
                                 set())
                self.assertEqual((fields["DevicePasswordEnabled"], fields["AttachmentsEnabled"]), ("0", "1"))

    def test_policy_of_the_setting(self):
        device = self.device("u16", "16.1")
        document = device.command("Provision", policy()).document.find("Policies/Policy/Data/EASProvisionDoc")
        self.assertEqual([document.get(name) for name in (
            "DevicePasswordEnabled", "MinDevicePasswordLength", "MaxInactivityTimeDeviceLock", "AllowCamera",
            "AllowBrowser")], ["1", "6", "300", "0", "1"])
        self.assertEqual([child.text for child in document.find("UnapprovedInROMApplicationList").children],
                         ["a.exe", "b.exe"])

    def test_policy_of_2_5(self):
        data = self.device("u16", "2.5").command("Provision", policy(WAP)).document.get("Policies/Policy/Data")
        for parameter in ('name="4131" value="0"', 'name="AEFrequencyType" value="1"',
                          'name="AEFrequencyValue" value="5"', 'name="DeviceWipeThreshold" value="8"',
                          'name="MinimumPasswordLength" value="6"', 'name="PasswordComplexity" value="0"'):
            self.assertIn(parameter, data)
        data = self.device("u1", "2.5").command("Provision", policy(WAP)).document.get("Policies/Policy/Data")
        self.assertIn('name="4131" value="1"', data)

    def test_bad_policy_settings_are_logged_and_left_out(self):
        self.dovecot.expect_log("roost_policy: ")
        document = self.device("u21").command("Provision", policy()).document.find("Policies/Policy/Data/EASProvisionDoc")
        self.assertEqual((document.get("AllowCamera"), document.get("AllowBrowser")), ("1", "0"))
        self.dovecot.wait_log("roost_policy: AllowCamera: '2' is not a number from 0 to 1")
        self.dovecot.wait_log("roost_policy: .*no policy 'NoSuchPolicy'")

    def test_unknown_policy_type(self):
        for version, kind in (("2.5", WBXML), ("12.1", WAP), ("16.1", WAP), ("16.1", "x"), ("16.1", "")):
            with self.subTest(version=version, kind=kind):
                document = self.device("u1", version).command("Provision", policy(kind)).document
                self.assertEqual((document.get("Status"), document.get("Policies/Policy/Status")), ("1", "3"))
                self.assertIsNone(document.get("Policies/Policy/PolicyKey"))

    def test_wrong_key_acknowledged(self):
        device = self.device("u1")
        temporary = device.command("Provision", policy()).document.get("Policies/Policy/PolicyKey")
        for key in ("0", "1", "", "x", "4294967296", "-1"):
            with self.subTest(key=key):
                document = device.command("Provision", policy(key=key, status=1)).document
                self.assertEqual(document.get("Policies/Policy/Status"), "5")
                self.assertIsNone(document.get("Policies/Policy/PolicyKey"))
        self.assertEqual(device.command("Provision", policy(key=temporary, status=1)).document
                         .get("Policies/Policy/Status"), "1")

    def test_lost_answers(self):
        device = self.device("u2")
        device.command("Provision", policy())
        temporary = device.command("Provision", policy()).document.get("Policies/Policy/PolicyKey")
        first = device.command("Provision", policy(key=temporary, status=1))
        second = device.command("Provision", policy(key=temporary, status=1))
        self.assertEqual(first.body, second.body)
        device.policy_key = second.document.get("Policies/Policy/PolicyKey")
        self.assertStatus(device.folder_sync(), 1)

    def test_the_old_key_lasts_until_the_new_one_is_acknowledged(self):
        device = self.ready_device("u11")
        device.command("Provision", policy())
        self.assertStatus(device.folder_sync(), 1)

    def test_empty_request(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.device("u1", version)
                for document in (E("Provision:Provision"), None):
                    response = device.command("Provision", document)
                    self.assertStatus(response, 1)
                    self.assertEqual([child.name for child in response.document.children], ["Status"])

    def test_malformed(self):
        device = self.device("u1")
        for text in ("<Policies/>", "<Policies><Policy/></Policies>",
                     f"<Policies><Policy><PolicyType>{WBXML}</PolicyType><Status>9</Status></Policy></Policies>",
                     f"<Policies><Policy><PolicyType>{WBXML}</PolicyType><Status>x</Status></Policy></Policies>",
                     "<RemoteWipe/>", "<RemoteWipe><Status>7</Status></RemoteWipe>"):
            with self.subTest(text=text):
                document = parse(f"<Provision xmlns='Provision'>{text}</Provision>")
                self.assertStatus(device.command("Provision", document), 2)

    def test_device_information(self):
        device = self.device("u3", "16.1")
        device.provision()
        shown = json.loads(self.dovecot.doveadm("-f", "json", "roost", "device", "show", "-u", "u3", device.device_id))
        self.assertIn("Roost test", json.dumps(shown))

    def test_a_new_policy_is_noticed(self):
        """Another policy than the one that was acknowledged is demanded by 143 or 449."""
        fields = self.dovecot.settings.fields
        devices = [self.ready_device("u20", version) for version in ("12.1", "16.1")]
        for device in devices:
            self.assertStatus(device.folder_sync(), 1)
        fields["u20"] = REQUIRED + " userdb_roost_policy=AllowWiFi=0"
        self.dovecot.restart()
        self.assertEqual(devices[0].folder_sync().code, 449)
        self.assertStatus(devices[1].folder_sync(), 143)
        for device in devices:
            device.policy_key = "0"
            device.provision()
            self.assertStatus(device.folder_sync(), 1)

    def test_a_version_with_a_larger_document_needs_it(self):
        device = self.ready_device("u18", "12.0")
        device.version = "16.1"
        self.assertStatus(device.folder_sync(), 143)
        device.provision()
        self.assertStatus(device.folder_sync(), 1)


class Demanded(Case):
    def test_optional(self):
        """By default a device that never provisions comes in; a key that is not ours does not."""
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.device("u4", version)
                self.assertStatus(device.folder_sync(), 1)
                device.policy_key = "12345"
                response = device.folder_sync()
                if float(version) < 14:
                    self.assertEqual(response.code, 449)
                else:
                    self.assertStatus(response, 144)

    def test_required(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.device("u12", version)

                def refused(status):
                    response = device.folder_sync()
                    if float(version) < 14:
                        self.assertEqual(response.code, 449)
                        self.assertIn("MS-Server-ActiveSync".lower(), response.headers)
                    else:
                        self.assertStatus(response, status)
                refused(142)
                device.policy_key = "12345"
                refused(144)
                device.policy_key = "0"
                device.provision()
                final = device.policy_key
                self.assertStatus(device.folder_sync(), 1)
                device.policy_key = "0"
                refused(142)
                device.policy_key = "garbage"
                refused(142)
                device.policy_key = final
                self.assertStatus(device.folder_sync(), 1)

    def test_base64_carries_the_key(self):
        device = self.device("u13", "14.1", query="base64")
        self.assertStatus(device.folder_sync(), 142)
        device.provision()
        self.assertStatus(device.folder_sync(), 1)

    def test_the_temporary_key_is_only_for_provision(self):
        device = self.device("u13")
        device.policy_key = device.command("Provision", policy()).document.get("Policies/Policy/PolicyKey")
        self.assertStatus(device.folder_sync(), 144)

    def test_compliance(self):
        for user, version, status, wanted in (
                ("u17", "16.1", 2, 139), ("u17", "16.1", 3, 139), ("u17", "14.0", 4, 145), ("u17", "16.1", 1, 1),
                ("u5", "16.1", 2, 1), ("u5", "16.1", 3, 1), ("u5", "16.1", 4, 1)):
            with self.subTest(user=user, status=status):
                device = self.device(user, version)
                key = device.command("Provision", policy()).document.get("Policies/Policy/PolicyKey")
                self.assertStatus(device.command("Provision", policy(key=key, status=status)), wanted)
        device = self.device("u17", "12.1")
        key = device.command("Provision", policy()).document.get("Policies/Policy/PolicyKey")
        self.assertEqual(device.command("Provision", policy(key=key, status=2)).code, 403)

    def test_ping_needs_no_key(self):
        device = self.ready_device("u14", "12.1")
        inbox = device.folders_of_type(2)
        for _ in device.sync_all(inbox[0]):
            pass
        self.dovecot.deliver("u14", "Subject: wake\n\n.\n")

        def without_key(data):
            return device.perform(b"\r\n".join(line for line in data.split(b"\r\n")
                                               if not line.startswith(b"X-MS-PolicyKey")))
        ping = without_key(device.command_bytes("Ping", device.ping_document(inbox)))
        self.assertEqual(ping.document.get("Status"), "2")
        sync = without_key(device.command_bytes("Sync", device.sync_document(device.collection(inbox[0]))))
        self.assertEqual(sync.code, 449)


class Wipe(Case):
    def order(self, user, device, *flags):
        self.dovecot.doveadm("roost", "device", "wipe", "-u", user, *flags, device.device_id)

    def assertRefused(self, device, status, code):
        response = device.folder_sync()
        if float(device.version) < 14:
            self.assertEqual(response.code, code)
        else:
            self.assertStatus(response, status)

    def test_remote_wipe(self):
        for number, version in enumerate(VERSIONS, 22):
            with self.subTest(version=version):
                user = f"u{number}"
                device = self.ready_device(user, version)
                self.order(user, device)
                self.assertRefused(device, 140, 449)
                for _ in range(2):      # the first answer may get lost
                    document = device.command("Provision", E("Provision:Provision")).document
                    self.assertEqual([child.name for child in document.children], ["Status", "RemoteWipe"])
                self.assertRefused(device, 140, 449)
                for _ in range(2):
                    response = device.acknowledge_wipe()
                    self.assertStatus(response, 1)
                    self.assertEqual([child.name for child in response.document.children], ["Status"])
                # never again: the device may be somebody else's now
                device.policy_key = "0"
                device.provision()
                self.assertNotEqual(device.policy_key, "0")
                self.assertStatus(device.folder_sync(), 1)

    def test_a_policy_request_is_answered_with_the_wipe(self):
        device = self.ready_device("u29", "16.1")
        self.order("u29", device)
        document = device.command("Provision", policy()).document
        self.assertIsNotNone(document.find("RemoteWipe"))
        self.assertIsNone(document.find("Policies"))

    def test_failed_wipe(self):
        device = self.ready_device("u30")
        self.order("u30", device)
        device.command("Provision", E("Provision:Provision"))
        document = device.command("Provision", E("Provision:Provision", E("RemoteWipe", E("Status", 2)))).document
        self.assertEqual([child.name for child in document.children], ["Status", "RemoteWipe"])
        self.assertEqual(document.get("Status"), "2")
        self.assertRefused(device, 140, 449)

    def test_a_confirmation_is_for_an_order_that_was_told(self):
        """The confirmation of the first order comes again, as its answer was lost, when there is a second order."""
        for number, version in enumerate(("2.5", "16.1")):
            with self.subTest(version=version):
                device = self.ready_device("u30", version, device_id=f"TWICE{number}")
                self.order("u30", device)
                device.command("Provision", E("Provision:Provision"))
                self.assertStatus(device.acknowledge_wipe(), 1)
                self.order("u30", device)
                document = device.acknowledge_wipe().document
                self.assertEqual([child.name for child in document.children], ["Status", "RemoteWipe"])
                self.assertRefused(device, 140, 449)
                document = device.acknowledge_wipe().document
                self.assertEqual([child.name for child in document.children], ["Status"])

    def test_a_device_that_does_not_comply_is_wiped(self):
        for version in ("12.1", "16.1"):
            with self.subTest(version=version):
                device = self.device("u17", version)
                key = device.command("Provision", policy()).document.get("Policies/Policy/PolicyKey")
                self.order("u17", device)
                document = device.command("Provision", policy(key=key, status=2)).document
                self.assertIsNotNone(document.find("RemoteWipe"))

    def test_account_only(self):
        device = self.ready_device("u31", "16.1")
        self.order("u31", device, "--account-only")
        self.assertRefused(device, 140, 449)
        document = device.command("Provision", E("Provision:Provision")).document
        self.assertEqual([child.name for child in document.children], ["Status", "AccountOnlyRemoteWipe"])
        # the acknowledgement of the wrong order is none
        response = device.acknowledge_wipe()
        self.assertStatus(response, 2)
        self.assertStatus(device.acknowledge_wipe(account_only=True), 1)
        device.policy_key = "0"
        device.provision()
        self.assertStatus(device.folder_sync(), 1)

    def test_account_only_never_becomes_a_full_wipe(self):
        """A version that cannot be told just gets nothing any more."""
        for version in ("2.5", "12.1", "14.1", "16.0"):
            with self.subTest(version=version):
                device = self.ready_device("u32", "16.1")
                self.order("u32", device, "--account-only")
                device.version = version
                self.assertRefused(device, 129, 403)
                for document in (E("Provision:Provision"), policy(WAP if version == "2.5" else WBXML)):
                    answer = device.command("Provision", document).document
                    self.assertIsNone(answer.find("RemoteWipe"))
                    self.assertIsNone(answer.find("AccountOnlyRemoteWipe"))

    def test_a_blocked_device_is_wiped(self):
        device = self.ready_device("u30", "14.1")
        self.dovecot.doveadm("roost", "device", "block", "-u", "u30", device.device_id)
        self.order("u30", device)
        self.assertRefused(device, 140, 449)
        self.assertIsNotNone(device.command("Provision", E("Provision:Provision")).document.find("RemoteWipe"))
