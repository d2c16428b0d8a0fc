"""Bearer: tokens that Dovecot's auth verifies (passdb oauth2, JWTs signed with HS256), by each of the two mechanisms that
auth may have for them."""
import base64
import hashlib
import hmac
import json
import pathlib
import shutil
import tempfile
import threading
import time

from rig import INBOX, Body, Case, Settings, case, config, dovecot
from rig.rawhttp import PATH, Http, basic

NEW = config.dovecot_version() >= (2, 4)
KEY = b"a key that only the identity provider and Dovecot know"
CHALLENGES = ['Basic realm="Roost"', 'Bearer realm="Roost"']
INVALID_TOKEN = ['Basic realm="Roost"', 'Bearer realm="Roost", error="invalid_token"']
MESSAGE = "From: ada@example.test\nSubject: {0}\nMessage-ID: <{0}@example.test>\n\nHello\n"


def auth_2_3(mechanism, folder):
    (folder / "oauth2.conf.ext").write_text(f"""introspection_mode = local
local_validation_key_dict = fs:posix:prefix={folder}/keys/
username_attribute = email
username_format = %Ln
""")
    return f"""auth_mechanisms = plain {mechanism}
passdb {{
  driver = oauth2
  mechanisms = {mechanism}
  args = {folder}/oauth2.conf.ext
}}
"""


def auth_2_4(mechanism, folder):
    return f"""auth_mechanisms = plain {mechanism}
oauth2 {{
  introspection_mode = local
  username_attribute = email
  username_validation_format = %{{user | username | lower}}
  oauth2_local_validation {{
    dict fs {{
      fs posix {{
        prefix = {folder}/keys/
      }}
    }}
  }}
}}
passdb oauth2 {{
  mechanisms_filter = {mechanism}
}}
"""


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(user, seconds=3600, key=KEY, claims=None):
    """A signed JWT of `user` that is good for so many seconds; `claims` is the JSON text of its claims if that matters."""
    now = int(time.time())
    claims = claims or json.dumps({"sub": f"id of {user}", "email": f"{user}@example.test", "iat": now - 3600,
                                   "nbf": now - 3600, "exp": now + seconds})
    head = encode(b'{"typ":"JWT","alg":"HS256"}') + "." + encode(claims.encode())
    return head + "." + encode(hmac.new(key, head.encode(), hashlib.sha256).digest())


class Bearer:
    """The tests, for a class with `mechanism`."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-keys-"))
        cls.folder.chmod(0o755)
        (cls.folder / "keys/default/HS256").mkdir(parents=True)
        (cls.folder / "keys/default/HS256/default").write_bytes(base64.b64encode(KEY))
        write = auth_2_4 if NEW else auth_2_3
        settings = Settings(extra=write(cls.mechanism, cls.folder) + "auth_debug = yes\nroost_heartbeat_min = 1s\n")
        cls.instance = dovecot.Instance(case.installed, settings).start()

    @classmethod
    def tearDownClass(cls):
        problems = cls.instance.stop()
        shutil.rmtree(cls.folder)
        if problems:
            raise AssertionError("\n".join(problems))

    @property
    def dovecot(self):
        return self.instance

    def logins(self):
        """How often auth was asked with the mechanism so far."""
        return self.dovecot.log().count(f"\t{self.mechanism.upper()}\t")

    def ask(self, value, query="", method="OPTIONS"):
        """The answer's code and its challenges."""
        http = Http(self.dovecot)
        self.addCleanup(http.close)
        http.send(http.request(method, path=PATH + query, auth=value and f"Bearer {value}"))
        head = http._until(b"\r\n\r\n").decode().split("\r\n")
        fields = [line.partition(": ")[2] for line in head if line.lower().startswith("www-authenticate:")]
        return int(head[0].split()[1]), fields

    def device_with(self, value, user="u1", **arguments):
        return self.ready_device(user, password=None, token=value, **arguments)

    def test_challenges_name_both_schemes(self):
        self.assertEqual(self.ask(None), (401, CHALLENGES))
        self.assertEqual(self.ask(None, method="POST"), (401, CHALLENGES))

    def test_a_good_token(self):
        before = self.logins()
        self.assertEqual(self.ask(token("u1"), "?User=u1%40example.test"), (200, []))
        self.assertEqual(self.logins(), before + 1)
        self.dovecot.wait_log(r"roost\(u1\)<\d+><\S+>: Info: ")

    def test_the_token_names_the_user_if_the_query_does_not(self):
        self.assertEqual(self.ask(token("u2")), (200, []))
        self.assertEqual(self.ask(token("u2"), "?User="), (200, []))
        self.dovecot.wait_log(r"roost\(u2\)<\d+><\S+>: Info: ")

    def test_the_query_names_the_user_if_the_token_cannot_be_read(self):
        claims = json.dumps({"sub": "x", "email": "u3@example.test", "exp": int(time.time()) + 60})
        hidden = token("u3", claims=claims.replace("u3@", r"\u00753@").replace('"x"', r'"\u0078"'))
        self.assertEqual(self.ask(hidden), (401, INVALID_TOKEN))
        self.assertEqual(self.ask(hidden, "?User=u3"), (200, []))

    def test_bad_tokens(self):
        good = token("u1")
        bad = {"expired": token("u1", -10), "of another provider": token("u1", key=b"another key"),
               "unsigned": good.rpartition(".")[0] + ".", "cut": good[:-3], "no JWT": "0123456789abcdef",
               "garbage": "abc.def.ghi", "changed": token("u2").rsplit(".", 1)[0] + "." + good.rsplit(".", 1)[1],
               "no signature wanted": encode(b'{"typ":"JWT","alg":"none"}') + "." + good.split(".")[1] + "."}
        for what, value in bad.items():
            with self.subTest(what):
                self.assertEqual(self.ask(value, "?User=u1"), (401, INVALID_TOKEN))
        self.dovecot.wait_log(rf"Login failed: user=<u1>, method={self.mechanism.upper()}, rip=127\.0\.0\.1")
        self.assertNotIn(token("u1", -10), "".join(line for line in self.dovecot.log().splitlines() if "Info:" in line))
        self.assertEqual(self.ask(good, "?User=u1"), (200, []))

    def test_a_token_of_somebody_else(self):
        self.assertEqual(self.ask(token("u1"), "?User=u2"), (401, INVALID_TOKEN))
        self.assertEqual(self.ask(token("u1"), "?User=u1"), (200, []))
        # also not after a success that is remembered
        self.assertEqual(self.ask(token("u1"), "?User=u2"), (401, INVALID_TOKEN))

    def test_a_user_whom_nobody_knows(self):
        self.dovecot.expect_log("user not found from (?:any )?userdb")
        self.assertEqual(self.ask(token("nobody")), (503, []))

    def test_a_success_is_remembered(self):
        value = token("u4")
        device = self.device_with(value, "u4")
        before = self.logins()
        self.assertGreater(before, 0)
        for _ in range(5):
            self.assertStatus(device.folder_sync(), 1)
        self.assertEqual(self.ask(value, "?User=u4"), (200, []))
        self.assertEqual(self.logins(), before)

    def test_basic_is_as_good_as_before(self):
        self.assertEqual(Http(self.dovecot).ask("OPTIONS", path=PATH, auth=basic("u1")).code, 200)
        self.assertEqual(Http(self.dovecot).ask("OPTIONS", path=PATH, auth=basic("u1", "wrong")).code, 401)

    def test_sync(self):
        for user, query, version in (("u5", "plain", "16.1"), ("u6", "base64", "14.1")):
            self.dovecot.deliver(user, MESSAGE.format("hello"))
            device = self.device_with(token(user), user, query=query, version=version)
            pages = device.sync_all(device.folders_of_type(INBOX)[0], bodies=Body(1, 100))
            self.assertEqual([add.get("ApplicationData/Email:Subject") for page in pages
                              for add in page.findall("Commands/Add")], ["hello"])

    def test_a_ping_outlives_its_token(self):
        device = self.device_with(token("u7", 3), "u7")
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        answers = []
        thread = threading.Thread(target=lambda: answers.append(device.ping([inbox], 60)))
        thread.start()
        time.sleep(4.5)
        self.assertEqual(answers, [])
        self.assertEqual(self.dovecot.doveadm("-f", "tab", "roost", "who").count("u7\t"), 1)
        before = self.logins()
        self.dovecot.deliver("u7", MESSAGE.format("wakes"))
        thread.join(10)
        self.assertEqual(len(answers), 1)
        self.assertStatus(answers[0], 2)
        self.assertEqual([folder.text for folder in answers[0].document.findall("Folders/Folder")], [inbox.id])
        self.assertEqual(self.logins(), before)


class OAuthBearer(Bearer, Case):
    mechanism = "oauthbearer"


class XOAuth2(Bearer, Case):
    mechanism = "xoauth2"
