"""The Settings command: the user's addresses and names."""
from rig import Case, E, config
from rig.config import Settings

NEW = config.dovecot_version() >= (2, 4)
SETTINGS = Settings(users=12, fields={
    "u2": "userdb_roost_addresses=u2@example.test,info@example.net userdb_roost_display_name=Bert",
    "u4": "userdb_roost_display_name=" + "\u00e4" * 600,
    "u3": "userdb_roost_addresses=" + ("%{user}@example.net" if NEW else "%n@example.net"),
})
VERSIONS = ("12.0", "12.1", "14.0", "14.1", "16.0", "16.1")


def addresses(get, version):
    """The addresses in the <Get> of an answer, and the primary one."""
    place = get if float(version) < 14.1 else get.find("Accounts/Account")
    found = [node.text for node in place.findall("EmailAddresses/SMTPAddress")]
    return found, place.get("EmailAddresses/PrimarySmtpAddress")


class UserInformation(Case):
    def get(self, user, version):
        answer = self.ready_device(user, version).settings(E("Settings:UserInformation", E("Get")))
        self.assertStatus(answer, 1)
        self.assertEqual(answer.document.get("UserInformation/Status"), "1")
        return answer.document.find("UserInformation/Get")

    def test_all_addresses(self):
        for user, wanted in (("u1", ["u1@example.test"]), ("u2", ["u2@example.test", "info@example.net"]),
                             ("u3", ["u3@example.net"])):
            for version in VERSIONS:
                with self.subTest(user=user, version=version):
                    found, primary = addresses(self.get(user, version), version)
                    self.assertEqual(found, wanted)
                    self.assertEqual(primary, wanted[0] if float(version) >= 14.1 else None)

    def test_the_account(self):
        for user, address, name in (("u1", "u1@example.test", None), ("u2", "u2@example.test", "Bert"),
                                    # 512 characters at most
                                    ("u4", "u4@example.test", "\u00e4" * 512)):
            for version in ("14.1", "16.0", "16.1"):
                with self.subTest(user=user, version=version):
                    accounts = self.get(user, version).find("Accounts").findall("Account")
                    self.assertEqual(len(accounts), 1)
                    self.assertEqual((accounts[0].get("AccountName"), accounts[0].get("UserDisplayName")),
                                     (address, name))
                    # the primary account
                    self.assertIsNone(accounts[0].find("AccountId"))
                    offered = self.device(user, version).options().headers["ms-asprotocolcommands"].split(",")
                    self.assertEqual(accounts[0].get("SendDisabled"), "0" if "SendMail" in offered else "1")

    def test_no_account_in_older_versions(self):
        for version in ("12.0", "12.1", "14.0"):
            with self.subTest(version=version):
                self.assertEqual([node.name.rpartition(":")[2] for node in self.get("u2", version).children],
                                 ["EmailAddresses"])

    def test_without_get(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                answer = self.ready_device("u1", version).settings(E("Settings:UserInformation"))
                self.assertStatus(answer, 1)
                self.assertEqual(answer.document.get("UserInformation/Status"), "2")
