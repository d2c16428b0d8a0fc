"""The Settings command: the user's addresses, the device's description and its recovery password."""
from rig import Case, E, config
from rig.config import Settings

NEW = config.dovecot_version() >= (2, 4)
SETTINGS = Settings(users=12, fields={
    "u2": "userdb_roost_addresses=u2@example.test,info@example.net userdb_roost_display_name=Bert",
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
        for user, wanted in (("u1", ["u1@mail.example.test"]), ("u2", ["u2@example.test", "info@example.net"]),
                             ("u3", ["u3@example.net"])):
            for version in VERSIONS:
                with self.subTest(user=user, version=version):
                    found, primary = addresses(self.get(user, version), version)
                    self.assertEqual(found, wanted)
                    self.assertEqual(primary, wanted[0] if float(version) >= 14.1 else None)
