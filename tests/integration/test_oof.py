"""Out-of-office replies: set on a device, kept as a Sieve script beside the user's own, sent by Pigeonhole."""
import email
import email.policy
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from rig import CONTACTS, Case, E, case, config
from rig.config import Settings
from rig.dovecot import Instance

NEW = config.dovecot_version() >= (2, 4)
VERSIONS = ("12.1", "14.1", "16.1")
INTERNAL, KNOWN, UNKNOWN = "AppliesToInternal", "AppliesToExternalKnown", "AppliesToExternalUnknown"
SCRIPT = "roost-out-of-office"
OWN = 'require "fileinto";\nif header :contains "subject" "file me" { fileinto "Archive"; stop; }\n'
REPLYING = 'require ["vacation", "fileinto"];\nvacation "my own reply";\n' \
           'if header :contains "subject" "file me" { fileinto "Archive"; }\n'
SIEVE = ("protocol lmtp {\n  mail_plugins {\n    sieve = yes\n  }\n}\n"
         "sieve_script personal {\n  driver = file\n  path = ~/sieve\n  active_path = ~/.dovecot.sieve\n}\n") if NEW else \
        "protocol lmtp {\n  mail_plugins = $mail_plugins sieve\n}\n"
ADDRESSES = "roost_addresses = " + ("%{user | username}@example.test %{user | username}@example.net\n" if NEW else
                                    "%n@example.test %n@example.net\n")
SETTINGS = Settings(users=24, extra=ADDRESSES + SIEVE)


def message(audience, text=None, enabled=True, kind="Text"):
    return E("OofMessage", E(audience), E("Enabled", int(enabled)),
             E("ReplyMessage", text) if text is not None else None,
             E("BodyType", kind) if text is not None else None)


def mail(user, subject="hello", sender="friend@example.com", more=""):
    return f"From: {sender}\nTo: {user}@example.test\nSubject: {subject}\nMessage-ID: <{time.monotonic()}@x>\n{more}\nHi.\n"


class Oof(Case):
    def set(self, device, *children):
        """The Status of an Oof Set."""
        answer = device.settings(E("Settings:Oof", E("Set", *children)))
        self.assertStatus(answer, 1)
        return answer.document.get("Oof/Status")

    def get(self, device, kind="Text"):
        """(state, start, end, {audience: (enabled, text)})"""
        answer = device.settings(E("Settings:Oof", E("Get", E("BodyType", kind))))
        self.assertStatus(answer, 1)
        self.assertEqual(answer.document.get("Oof/Status"), "1")
        get = answer.document.find("Oof/Get")
        messages = {}
        for node in get.findall("OofMessage"):
            self.assertEqual(node.get("BodyType"), kind)
            audience = next(name for name in (INTERNAL, KNOWN, UNKNOWN) if node.find(name) is not None)
            messages[audience] = (node.get("Enabled"), node.get("ReplyMessage") or "")
        self.assertEqual(list(messages), [INTERNAL, KNOWN, UNKNOWN])
        return get.get("OofState"), get.get("StartTime"), get.get("EndTime"), messages

    def state(self, device):
        return self.get(device)[0]

    def sieve(self, *arguments, user, text=None):
        command = [str(self.dovecot.root / "doveadm"), "sieve", arguments[0], "-u", user, *arguments[1:]]
        done = subprocess.run(command, capture_output=True, text=True, input=text)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.removeprefix("sieve script:\n")

    def active(self, user):
        listed = [line for line in self.sieve("list", user=user).splitlines() if line.endswith("ACTIVE")]
        return listed[0].rpartition(" ")[0].strip() if listed else None

    def replies(self, user, sender="friend@example.com", more="", subject="hello"):
        """The replies that a mail to the user brings its sender."""
        before = len(self.dovecot.smtp.messages)
        self.dovecot.deliver(user, mail(user, sender=sender, more=more, subject=subject), sender=sender)
        return [email.message_from_bytes(found.data, policy=email.policy.default)
                for found in self.dovecot.smtp.messages[before:] if found.recipients == [sender]]

    def in_folder(self, user, folder):
        imap = self.dovecot.imap(user, folder)
        found = imap.search(None, "ALL")[1][0].split()
        imap.logout()
        return len(found)


class Known(Oof):
    def test_contacts_and_recipients_are_known(self):
        device = self.ready_device("u24", "14.1")
        folder = device.folders_of_type(CONTACTS)[0]
        device.sync_start(folder)
        for _ in device.sync_all(folder):
            pass
        answer = device.add(folder, [[E("Contacts:LastName", "Friend"), E("Contacts:Email1Address", "x@example.com"),
                                      E("Contacts:Email2Address", '"My Friend" <Friend@example.com>')]])
        self.assertEqual(answer.get("Responses/Add/Status"), "1")
        device.send_mail(b"From: u24@example.test\r\nTo: pen@example.com\r\nSubject: hello\r\n\r\nHi.\r\n").check()
        self.assertEqual(self.set(device, E("OofState", 1), message(INTERNAL, "internal"), message(KNOWN, "for friends"),
                                  message(UNKNOWN, "for all")), "1")
        for sender, text in (("friend@example.com", "for friends"), ("pen@example.com", "for friends"),
                             ("stranger@example.com", "for all"), ("u2@example.test", "internal")):
            with self.subTest(sender=sender):
                reply, = self.replies("u24", sender)
                self.assertEqual(reply.get_content().strip(), text)


class State(Oof):
    def test_off_at_first(self):
        device = self.ready_device("u1", "14.1")
        self.assertEqual(self.get(device), ("0", None, None, dict.fromkeys((INTERNAL, KNOWN, UNKNOWN), ("0", ""))))
        # and asking leaves no trace
        self.assertFalse((self.dovecot.home("u1") / "sieve").exists())

    def test_set_and_get(self):
        texts = "I am away.\n\n.\n\"quoted\" \\ ${x} \u00e4\u20ac", "<p>Back <b>soon</b></p>"
        for user, version in zip(("u2", "u3", "u4"), VERSIONS):
            with self.subTest(version=version):
                device = self.ready_device(user, version)
                request = (E("OofState", 1), message(INTERNAL, texts[0]), message(KNOWN, "", False),
                           message(UNKNOWN, texts[1], kind="HTML"))
                # a lost answer: the request comes again
                for _ in range(2):
                    self.assertEqual(self.set(device, *request), "1")
                    state, start, end, messages = self.get(device)
                    self.assertEqual((state, start, end), ("1", None, None))
                    self.assertEqual(messages[INTERNAL], ("1", texts[0]))
                    self.assertEqual(messages[KNOWN], ("0", ""))
                    self.assertEqual(messages[UNKNOWN][1].strip(), "Back soon")
                    messages = self.get(device, "HTML")[3]
                    self.assertIn("I am away.", messages[INTERNAL][1])
                    self.assertIn("&quot;quoted&quot;", messages[INTERNAL][1].replace('"', "&quot;"))
                    self.assertEqual(messages[UNKNOWN][1], texts[1])
                    self.assertEqual(self.active(user), SCRIPT)
                # another device sees the same; what is not said stays
                other = self.ready_device(user, version)
                self.assertEqual(self.set(other, E("OofState", 0)), "1")
                state, start, end, messages = self.get(device)
                self.assertEqual((state, messages[INTERNAL]), ("0", ("1", texts[0])))
                self.assertIsNone(self.active(user))

    def test_time_span(self):
        device = self.ready_device("u5", "16.1")
        span = E("StartTime", "2030-01-01T08:00:00.000Z"), E("EndTime", "2030-02-01T08:00:00.000Z")
        self.assertEqual(self.set(device, E("OofState", 2), *span, message(INTERNAL, "away")), "1")
        self.assertEqual(self.get(device)[:3], ("2", "2030-01-01T08:00:00.000Z", "2030-02-01T08:00:00.000Z"))
        # the texts can be changed without the times
        self.assertEqual(self.set(device, E("OofState", 2), message(INTERNAL, "far away")), "1")
        self.assertEqual(self.get(device)[1], "2030-01-01T08:00:00.000Z")
        # times without time-based are not stored, and no error
        self.assertEqual(self.set(device, E("OofState", 1), *span), "1")
        self.assertEqual(self.get(device)[:3], ("1", None, None))

    def test_bad_requests(self):
        good = message(INTERNAL, "away")
        start, end = E("StartTime", "2030-01-01T08:00:00.000Z"), E("EndTime", "2030-02-01T08:00:00.000Z")
        early = E("EndTime", "2029-02-01T08:00:00.000Z")
        cases = ((2, E("OofState", 2), start, good), (2, E("OofState", 2), end, good), (5, E("OofState", 2), good),
                 (6, E("OofState", 2), start, early, good), (5, E("OofState", 3), good),
                 (5, E("OofState", 2), E("StartTime", "soon"), end, good), (5, E("OofState", "x"), good),
                 (6, E("OofState", 1), good, message(INTERNAL, "twice")),
                 (2, E("OofState", 1), E("OofMessage", E("Enabled", 1))),
                 (6, E("OofState", 1), E("OofMessage", E(INTERNAL), E(KNOWN), E("Enabled", 1))),
                 (2, E("OofState", 1), E("OofMessage", E(INTERNAL), E("ReplyMessage", "no type"))),
                 (5, E("OofState", 1), message(INTERNAL, "x", kind="RTF")),
                 (5, E("OofState", 1), E("OofMessage", E(INTERNAL), E("Enabled", "maybe"))),
                 (5, E("OofState", 1), message(INTERNAL, "x" * (64 * 1024 + 1))))
        for version in VERSIONS:
            device = self.ready_device("u6", version)
            for status, *children in cases:
                with self.subTest(version=version, children=str(children)[:300]):
                    self.assertEqual(self.set(device, *children), str(status))
            for status, get in ((2, E("Get")), (2, E("Get", E("BodyType"))), (5, E("Get", E("BodyType", "RTF")))):
                answer = device.settings(E("Settings:Oof", get))
                self.assertEqual(answer.document.get("Oof/Status"), str(status))
            self.assertEqual(device.settings(E("Settings:Oof")).document.get("Oof/Status"), "2")
            self.assertEqual(self.state(device), "0")
        self.assertEqual(self.sieve("list", user="u6"), "")

    def test_largest_message(self):
        device = self.ready_device("u7", "16.1")
        text = "\u00e4" * (32 * 1024)
        self.assertEqual(self.set(device, E("OofState", 1), message(INTERNAL, text), message(UNKNOWN, text)), "1")
        self.assertEqual(self.get(device)[3][UNKNOWN], ("1", text))
        found, = self.replies("u7")
        self.assertEqual("".join(found.get_content().split()), text)

    def test_version_2_5(self):
        self.assertEqual(self.device("u7", "2.5").command("Settings", E("Settings:Settings")).code, 400)


class OwnScript(Oof):
    """The user's own script stays in force, and his."""

    def own(self, user, text=OWN, name="mine"):
        self.sieve("put", name, user=user, text=text)
        self.sieve("activate", name, user=user)

    def check_own(self, user, number):
        self.dovecot.deliver(user, mail(user, subject="file me"))
        self.assertEqual(self.in_folder(user, "Archive"), number)

    def test_stays_in_force(self):
        self.own("u8")
        device = self.ready_device("u8", "14.1")
        self.check_own("u8", 1)
        for number in (2, 4):
            self.assertEqual(self.set(device, E("OofState", 1), message(UNKNOWN, "away")), "1")
            self.assertEqual(self.active("u8"), SCRIPT)
            self.assertEqual(self.sieve("get", "mine", user="u8"), OWN)
            self.check_own("u8", number)
            self.assertEqual(self.set(device, E("OofState", 0)), "1")
            self.assertEqual(self.active("u8"), "mine")
            self.check_own("u8", number + 1)
        # whoever's mail is filed by a script that stops then is answered all the same
        self.assertEqual(self.set(device, E("OofState", 1)), "1")
        self.assertEqual(len(self.replies("u8", subject="file me")), 1)

    def test_changed_meanwhile(self):
        self.own("u9")
        device = self.ready_device("u9", "14.1")
        self.assertEqual(self.set(device, E("OofState", 1), message(UNKNOWN, "away")), "1")
        # its text: seen at once
        self.sieve("put", "mine", user="u9", text=OWN.replace("file me", "FILE ME"))
        self.check_own("u9", 1)
        # another one is activated: the replies are off, and that one stays
        self.sieve("put", "other", user="u9", text="keep;\n")
        self.sieve("activate", "other", user="u9")
        self.assertEqual(self.state(device), "0")
        self.assertEqual(self.replies("u9"), [])
        self.assertEqual(self.set(device, E("OofState", 0)), "1")
        self.assertEqual(self.active("u9"), "other")
        # on again beside that one, which is deleted then
        self.assertEqual(self.set(device, E("OofState", 1)), "1")
        self.assertEqual(len(self.replies("u9")), 1)
        self.sieve("delete", "other", user="u9")
        # 2.4 can't go on without it (see ROOST_SIEVE_INCLUDE): the mail is there, but not the reply
        self.assertEqual(len(self.replies("u9", sender="second@example.com")), 0 if NEW else 1)
        self.assertEqual(self.set(device, E("OofState", 0)), "1")
        self.assertIsNone(self.active("u9"))

    def test_own_replies(self):
        """A second vacation command would end the user's script with an error."""
        self.own("u10", REPLYING)
        device = self.ready_device("u10", "14.1")
        self.assertEqual(self.set(device, E("OofState", 1), message(UNKNOWN, "from the phone")), "1")
        found, = self.replies("u10")
        self.assertIn("from the phone", found.get_content())
        self.check_own("u10", 1)
        self.assertEqual(self.sieve("get", "mine", user="u10"), REPLYING)
        self.assertEqual(self.set(device, E("OofState", 0)), "1")
        found, = self.replies("u10", sender="second@example.com")
        self.assertIn("my own reply", found.get_content())

    def test_plain_file(self):
        """Somebody wrote ~/.dovecot.sieve by hand."""
        path = self.dovecot.home("u11") / ".dovecot.sieve"
        path.write_text(OWN)
        shutil.chown(path, self.dovecot.uid("u11"), self.dovecot.uid("u11"))
        device = self.ready_device("u11", "14.1")
        self.check_own("u11", 1)
        self.assertEqual(self.state(device), "0")
        self.assertEqual(self.set(device, E("OofState", 1), message(UNKNOWN, "away")), "1")
        self.check_own("u11", 2)
        self.assertEqual(len(self.replies("u11")), 1)
        self.assertEqual(self.set(device, E("OofState", 0)), "1")
        self.check_own("u11", 3)
        self.assertEqual(path.read_text(), OWN)

    def test_script_of_that_name(self):
        """One that is not ours is not overwritten."""
        self.sieve("put", SCRIPT, user="u12", text="keep;\n")
        device = self.ready_device("u12", "14.1")
        self.assertEqual(self.state(device), "0")
        self.dovecot.expect_log("was not written by Roost")
        self.assertEqual(self.set(device, E("OofState", 1), message(UNKNOWN, "away")), "3")
        self.assertEqual(self.sieve("get", SCRIPT, user="u12"), "keep;\n")


class Replies(Oof):
    def test_audiences(self):
        device = self.ready_device("u13", "16.1")
        self.assertEqual(self.set(device, E("OofState", 1), message(INTERNAL, "to a colleague"),
                                  message(UNKNOWN, "to a \"stranger\"\n.\nend")), "1")
        for sender, text in (("u24@example.test", "to a colleague"), ("boss@EXAMPLE.net", "to a colleague"),
                             ("a@sub.example.test", "to a \"stranger\"\n.\nend"), ("b@example.com", "to a \"stranger\"\n.\nend")):
            with self.subTest(sender):
                found, = self.replies("u13", sender=sender)
                self.assertEqual(found.get_content().replace("\r\n", "\n").strip(), text)
                self.assertEqual(found["From"], "u13@example.test")
                self.assertIn("auto-replied", found["Auto-Submitted"])
                # each sender once
                self.assertEqual(self.replies("u13", sender=sender), [])
        # not for lists, spam and other programs' mails
        for number, more in enumerate(("List-Id: <l.example.com>\n", "X-Spam-Flag: YES\n", "Auto-Submitted: auto-replied\n")):
            self.assertEqual(self.replies("u13", sender=f"x{number}@example.com", more=more), [])
        # an alias of the user
        text = mail("u13", sender="alias@example.com").replace("To: u13@example.test", "To: u13@example.net")
        before = len(self.dovecot.smtp.messages)
        self.dovecot.deliver("u13", text, sender="alias@example.com")
        self.assertEqual(len(self.dovecot.smtp.messages), before + 1)

    def test_audience_that_is_off(self):
        device = self.ready_device("u14", "14.1")
        self.assertEqual(self.set(device, E("OofState", 1), message(INTERNAL, "in"), message(UNKNOWN, "out", False)), "1")
        self.assertEqual(self.replies("u14"), [])
        self.assertEqual(len(self.replies("u14", sender="u24@example.test")), 1)

    def test_html(self):
        device = self.ready_device("u15", "14.1")
        html = "<html><body><p>I am <b>away</b> \u00e4 \"\\</p></body></html>"
        self.assertEqual(self.set(device, E("OofState", 1), message(UNKNOWN, html, kind="HTML")), "1")
        found, = self.replies("u15")
        self.assertEqual(found.get_content_type(), "multipart/alternative")
        self.assertEqual(found.get_body(("html",)).get_content().strip(), html)
        self.assertIn("I am away \u00e4", found.get_body(("plain",)).get_content())

    def test_time_span(self):
        device = self.ready_device("u16", "14.1")

        def moment(seconds):
            return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))
        for number, (start, end, count) in enumerate(((-3600, 3600, 1), (3600, 7200, 0), (-7200, -3600, 0))):
            self.assertEqual(self.set(device, E("OofState", 2), E("StartTime", moment(start)), E("EndTime", moment(end)),
                                      message(UNKNOWN, "away")), "1")
            self.assertEqual(len(self.replies("u16", sender=f"t{number}@example.com")), count)


class Killed(Oof):
    def test_kill_while_switching(self):
        """Whenever the worker dies the user's script is in force, and the device gets there in the end."""
        self.sieve("put", "mine", user="u17", text=OWN)
        self.sieve("activate", "mine", user="u17")
        device = self.ready_device("u17", "14.1")
        self.dovecot.expect_log("Worker is gone during a request of user u17")
        self.dovecot.expect_log("command startup failed, throttling")
        for turn in range(8):
            request = E("OofState", 1 - turn % 2), message(UNKNOWN, f"away {turn // 2}")
            self.state(device)      # so that there is a worker
            killer = threading.Timer(0.003 * (turn // 2), lambda: self.dovecot.kill("roost-worker"))
            killer.start()
            answer = device.settings(E("Settings:Oof", E("Set", *request)))
            killer.join()
            self.assertIn(self.active("u17"), ("mine", SCRIPT))
            if answer.code != 200:
                self.assertEqual(self.set(device, *request), "1")
            self.assertEqual(self.active("u17"), "mine" if turn % 2 else SCRIPT)
        self.dovecot.deliver("u17", mail("u17", subject="file me"))
        self.assertEqual(self.in_folder("u17", "Archive"), 1)


class Without(unittest.TestCase):
    """A Dovecot without Pigeonhole."""

    def test_reported_off(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder, "tree")
            subprocess.run(["cp", "-a", str(case.installed), str(tree)], check=True)
            for path in [*tree.rglob("*sieve*"), *tree.rglob("*pigeonhole*")]:
                if "roost" not in path.name and not path.is_dir():
                    path.unlink()
            with Instance(tree, Settings(users=1)) as dovecot:
                device = case.CheckedDevice(dovecot.url(), "u1", "secret", version="14.1")
                device.provision()
                answer = device.settings(E("Settings:Oof", E("Get", E("BodyType", "Text")))).document
                self.assertEqual((answer.get("Oof/Status"), answer.get("Oof/Get/OofState")), ("1", "0"))
                answer = device.settings(E("Settings:Oof", E("Set", E("OofState", 1), message(INTERNAL, "away"))),
                                         E("UserInformation", E("Get"))).document
                self.assertEqual((answer.get("Oof/Status"), answer.get("UserInformation/Status")), ("3", "1"))
                dovecot.wait_log("There are no out-of-office replies")
                device.connection.close()
                self.assertEqual(dovecot.problems(), [])
