"""ValidateCert: S/MIME certificates against the operator's authorities and revocation lists."""
import base64
import pathlib
import subprocess
import tempfile

from rig import Case, E
from rig.config import Settings

WORK = pathlib.Path(tempfile.mkdtemp(prefix="roost-cert-"))
WORK.chmod(0o755)
VERSIONS = ("2.5", "12.1", "14.1", "16.1")
SETTINGS = Settings(extra=f"roost_smime_ca = {WORK}/root.pem\nroost_smime_crl = {WORK}/crl.pem\n", fields={
    "u2": f"userdb_roost_smime_crl={WORK}/none.d",
    "u3": f"userdb_roost_smime_ca={WORK}/none.pem",
    "u4": f"userdb_roost_smime_ca={WORK}/other.pem",
    "u5": f"userdb_roost_smime_crl={WORK}/old.crl",
})
AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign"
# one more than the longest chain has
LONG = [f"long{number}" for number in range(11)]
MAIL = "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=emailProtection"
CONFIG = """
[ca]
default_ca = x
[x]
dir = %(dir)s
database = %(dir)s/index.txt
serial = %(dir)s/serial
new_certs_dir = %(dir)s
default_md = sha256
default_days = 30
default_crl_days = 30
policy = p
unique_subject = no
[p]
commonName = supplied
[req]
distinguished_name = n
prompt = no
[n]
CN = x
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, cwd=WORK, capture_output=True)


def key(name, subject):
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key",
            "-subj", f"/CN={subject}", "-out", f"{name}.csr", "-config", "ca.cnf")


def issue(name, ca, extensions, days=("20200101000000Z", "20491231235959Z")):
    key(name, name)
    (WORK / f"{name}.ext").write_text(extensions + "\n")
    openssl("ca", "-batch", "-config", f"{ca}.cnf", "-cert", f"{ca}.pem", "-keyfile", f"{ca}.key", "-in", f"{name}.csr",
            "-out", f"{name}.pem", "-notext", "-startdate", days[0], "-enddate", days[1], "-extfile", f"{name}.ext")


def authority(name):
    directory = WORK / f"{name}.d"
    directory.mkdir()
    (directory / "index.txt").write_text("")
    (directory / "serial").write_text("1000\n")
    (WORK / f"{name}.cnf").write_text(CONFIG % {"dir": directory})


def make_certificates():
    (WORK / "ca.cnf").write_text(CONFIG % {"dir": WORK})
    for name in ("root", "middle", "other", "ended", "narrow", "gone", *LONG):
        authority(name)
    for name in ("root", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                f"{name}.key", "-subj", f"/CN={name}", "-days", "3650", "-out", f"{name}.pem", "-config", "ca.cnf",
                "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign,cRLSign")
    issue("middle", "root", AUTHORITY)
    issue("ended", "root", AUTHORITY, ("20200101000000Z", "20210101000000Z"))
    issue("narrow", "root", AUTHORITY + "\nextendedKeyUsage=serverAuth")
    issue("gone", "root", AUTHORITY)
    for ca, name in zip(["root", *LONG], LONG):
        issue(name, ca, AUTHORITY)
    for ca in ("ended", "narrow", "gone", LONG[-2], LONG[-1]):
        issue(f"{ca}-leaf", ca, MAIL)
    issue("good", "middle", MAIL)
    issue("direct", "root", MAIL)
    issue("expired", "root", MAIL, ("20200101000000Z", "20210101000000Z"))
    issue("future", "root", MAIL, ("20480101000000Z", "20490101000000Z"))
    issue("web", "root", "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth")
    issue("revoked", "root", MAIL)
    issue("stranger", "other", MAIL)
    # signed by somebody who may not
    (WORK / "direct.cnf").write_text((WORK / "root.cnf").read_text())
    issue("below", "direct", MAIL)
    for name in ("revoked", "gone"):
        openssl("ca", "-config", "root.cnf", "-cert", "root.pem", "-keyfile", "root.key", "-revoke", f"{name}.pem")
    openssl("ca", "-config", "root.cnf", "-cert", "root.pem", "-keyfile", "root.key", "-gencrl", "-crl_lastupdate",
            "20200101000000Z", "-crl_nextupdate", "20200201000000Z", "-out", "old.crl")
    for name in ("root", "middle"):
        openssl("ca", "-config", f"{name}.cnf", "-cert", f"{name}.pem", "-keyfile", f"{name}.key", "-gencrl",
                "-out", f"{name}.crl")
    (WORK / "crl.pem").write_text((WORK / "root.crl").read_text())
    (WORK / "none.d").mkdir()
    for name in ("root.pem", "crl.pem", "old.crl", "other.pem"):
        (WORK / name).chmod(0o644)


def cert(name):
    der = subprocess.run(["openssl", "x509", "-in", WORK / f"{name}.pem", "-outform", "DER"], check=True,
                         capture_output=True).stdout
    return base64.b64encode(der).decode()


make_certificates()


class ValidateCert(Case):
    def validate(self, device, certificates, chain=(), crl=None):
        return device.command("ValidateCert", E("ValidateCert:ValidateCert",
            E("CertificateChain", *[E("Certificate", text) for text in chain]) if chain else None,
            E("Certificates", *[E("Certificate", text) for text in certificates]),
            E("CheckCrl", crl) if crl is not None else None))

    def statuses(self, *arguments, **named):
        document = self.validate(*arguments, **named).document
        self.assertEqual(document.get("Status"), "1")
        return [node.get("Status") for node in document.findall("Certificate")]

    def test_all_versions(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                device = self.ready_device("u1", version)
                for _ in range(2):
                    self.assertEqual(self.statuses(device, [cert("direct"), cert("good")], [cert("middle")]),
                                     ["1", "1"])

    def test_what_is_wrong(self):
        device = self.ready_device("u1", "14.1")
        broken = base64.b64decode(cert("direct"))
        broken = base64.b64encode(broken[:-1] + bytes([broken[-1] ^ 1])).decode()
        for name, text, status in (("no chain", cert("good"), "4"), ("expired", cert("expired"), "7"),
                                   ("future", cert("future"), "7"), ("web server", cert("web"), "6"),
                                   ("revoked", cert("revoked"), "13"), ("stranger", cert("stranger"), "4"),
                                   ("signature", broken, "3"), ("garbage", "AAAA", "10"), ("no base64", "-", "10"),
                                   ("nothing", "", "10"), ("too large", "A" * 200000, "10")):
            with self.subTest(name):
                self.assertEqual(self.statuses(device, [text]), [status])
        self.assertEqual(self.statuses(device, [cert("below")], [cert("direct")]), ["11"])

    def test_what_is_wrong_above(self):
        device = self.ready_device("u1", "16.1")
        for name, status in (("ended", "8"), ("narrow", "9"), ("gone", "15")):
            with self.subTest(name):
                self.assertEqual(self.statuses(device, [cert(f"{name}-leaf")], [cert(name)]), [status])
        chain = [cert(name) for name in LONG]
        self.assertEqual(self.statuses(device, [cert(f"{LONG[-2]}-leaf"), cert(f"{LONG[-1]}-leaf")], chain), ["1", "5"])

    def test_old_list(self):
        """A list that is out of date says nothing of today; whom it names is revoked all the same."""
        device = self.ready_device("u5", "14.1")
        self.assertEqual(self.statuses(device, [cert("direct"), cert("revoked")], crl=1), ["14", "14"])
        self.assertEqual(self.statuses(device, [cert("direct"), cert("revoked")]), ["1", "13"])

    def test_unknown_revocation(self):
        """There is no list of the authority in the middle."""
        device = self.ready_device("u1", "16.1")
        self.assertEqual(self.statuses(device, [cert("good")], [cert("middle")], crl=0), ["1"])
        self.assertEqual(self.statuses(device, [cert("good")], [cert("middle")], crl=1), ["16"])
        self.assertEqual(self.statuses(device, [cert("direct")], crl=1), ["1"])
        other = self.ready_device("u2", "16.1")
        self.assertEqual(self.statuses(other, [cert("revoked")]), ["1"])
        self.assertEqual(self.statuses(other, [cert("revoked")], crl=1), ["16"])

    def test_other_authorities(self):
        self.assertEqual(self.statuses(self.ready_device("u4", "12.1"), [cert("direct")]), ["4"])
        self.assertEqual(self.statuses(self.ready_device("u3", "12.1"), [cert("direct")]), ["17"])
        self.dovecot.expect_log(r"ValidateCert: roost_smime_ca: stat\(.*none\.pem\) failed")

    def test_bad_requests(self):
        device = self.ready_device("u1", "14.1")
        for name, answer in (("none", self.validate(device, [])), ("too many", self.validate(device, ["AAAA"] * 101)),
                             ("crl", self.validate(device, ["AAAA"], crl="maybe"))):
            with self.subTest(name):
                self.assertEqual(answer.document.get("Status"), "2")
