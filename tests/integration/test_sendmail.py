"""SendMail: what goes over the wire, what is kept in Sent Items, what a device is told."""
import base64
import threading
import time

from rig import INBOX, SENT, Case, E, Settings, smtp
from rig.send import SendCase, mail

VERSIONS = ("2.5", "12.1", "14.1", "16.1")
SETTINGS = Settings(extra="service roost-worker {\n  process_min_avail = 2\n}\n", fields={
    "u3": "userdb_roost_submit_from=refuse",
    "u4": "userdb_roost_addresses=u4@example.test,four@example.test",
    "u5": "userdb_roost_submit_max_recipients=3 userdb_roost_submit_max_size=20k"})


class Sending(SendCase):
    def test_every_version(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.dovecot.smtp.clear()
                subject = f"v{version}"
                device = self.ready_device("u1", version)
                self.assertSent(device.send_mail(mail(subject)))
                message, = self.dovecot.smtp.messages
                self.assertEqual((message.sender, message.recipients), ("u1@example.test", ["u2@example.test"]))
                self.assertEqual(message.body, b"Hello.\r\n")
                self.assertEqual(len(self.stored("u2", "INBOX", subject)), 1)
                (info, data), = self.stored("u1", "Sent", subject)
                self.assertIn(rb"\Seen", info)
                self.assertEqual(data, mail(subject))

    def test_not_saved_unless_wanted(self):
        for version in VERSIONS:
            device = self.ready_device("u1", version)
            self.assertSent(device.send_mail(mail(f"unsaved{version}"), save=False))
            self.assertEqual(self.stored("u1", "Sent", f"unsaved{version}"), [])
            self.assertEqual(len(self.stored("u2", "INBOX", f"unsaved{version}")), 1)

    def test_bcc_is_kept_in_the_copy_only(self):
        device = self.ready_device("u1", "14.1")
        self.assertSent(device.send_mail(mail("secret", b"Cc: u3@example.test\r\nBcc: U Four\r\n <u4@example.test>\r\n")))
        message, = self.dovecot.smtp.messages
        self.assertEqual(message.recipients, ["u2@example.test", "u3@example.test", "u4@example.test"])
        self.assertNotIn(b"u4@example.test", message.data)
        self.assertIn(b"Bcc: U Four\r\n <u4@example.test>\r\n", self.stored("u1", "Sent", "secret")[0][1])
        self.assertEqual(len(self.stored("u4", "INBOX", "secret")), 1)

    def test_signed_mail_is_untouched(self):
        body = (b"This is an S/MIME message\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
                b"Content-Transfer-Encoding: 8bit\r\n\r\n \tGr\xfc\xdfe  \r\n.dot\r\n..dots\r\nFrom here\r\n\r\n--b\r\n"
                b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                b"MIIBfake\r\n--b--\r\n")
        kind = (b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; micalg=sha-256;\r\n"
                b"\tprotocol=\"application/pkcs7-signature\"; boundary=b\r\n")
        for version in VERSIONS:
            with self.subTest(version=version):
                self.dovecot.smtp.clear()
                data = mail(f"signed{version}", kind, body)
                self.assertSent(self.ready_device("u1", version).send_mail(data))
                message, = self.dovecot.smtp.messages
                self.assertEqual(message.body, body)
                self.assertTrue(message.data.endswith(data), message.data[:400])
                self.assertEqual(self.stored("u1", "Sent", f"signed{version}")[0][1], data)

    def test_what_is_missing_is_added(self):
        device = self.ready_device("u1", "16.1")
        data = b"To: u2@example.test\nSubject: bare\n\nHello.\n"
        for _ in range(2):
            self.assertSent(device.send_mail(data, client_id="bare"))
        message, = self.dovecot.smtp.messages
        for field in (b"Message-ID: <", b"Date: ", b"From: u1@example.test", b"Received: by "):
            self.assertIn(field, message.header)
        self.assertNotIn(b"127.0.0.1", message.header)
        self.assertNotIn(b"Received", self.stored("u1", "Sent", "bare")[0][1])

    def test_big_mail(self):
        body = base64.encodebytes(bytes(range(256)) * 4096 * 12).replace(b"\n", b"\r\n")
        for version in ("12.1", "16.1"):
            self.dovecot.smtp.clear()
            device = self.ready_device("u1", version)
            self.assertSent(device.send_mail(mail(f"big{version}", b"Content-Transfer-Encoding: base64\r\n", body)))
            self.assertEqual(self.dovecot.smtp.messages[0].body, body)
        self.assertLess(self.dovecot.peak_memory("roost-worker"), 100_000)

    def test_many_recipients(self):
        device = self.ready_device("u1", "14.1")
        names = b",\r\n ".join(b"Recipient %d <r%d@elsewhere.example>" % (n, n) for n in range(1998))
        self.assertSent(device.send_mail(mail("many", b"Cc: " + names + b", U2@example.test\r\nBcc: u3@example.test\r\n")))
        message, = self.dovecot.smtp.messages
        self.assertEqual(len(message.recipients), 2000)
        self.assertEqual(len(set(message.recipients)), 2000)

    def test_the_other_device_is_woken(self):
        waiting, sender = self.ready_device("u6", "16.1"), self.ready_device("u7", "16.1")
        inbox = waiting.folders_of_type(INBOX)[0]
        list(waiting.sync_all(inbox))
        sent = sender.folders_of_type(SENT)[0]
        list(sender.sync_all(sent))
        self.assertSent(sender.send_mail(mail("wake").replace(b"u1@", b"u7@").replace(b"u2@", b"u6@")))
        self.assertEqual(waiting.ping([inbox], heartbeat=60).status, "2")
        subjects = [add.get("ApplicationData/Email:Subject") for page in sender.sync_all(sent)
                    for add in page.findall("Commands/Add")]
        self.assertEqual(subjects, ["wake"])


class From(SendCase):
    def send(self, user, sender, extra=b""):
        self.dovecot.smtp.clear()
        data = mail("from", extra).replace(b"From: u1@example.test\r\n", sender)
        response = self.ready_device(user, "14.1").send_mail(data)
        return response, self.dovecot.smtp.messages and self.dovecot.smtp.messages[0]

    def test_a_stranger_is_corrected(self):
        response, message = self.send("u1", b"From: \"The Boss\" <boss@example.test>\r\n")
        self.assertSent(response)
        self.assertEqual(message.sender, "u1@example.test")
        self.assertIn(b"From: \"The Boss\" <u1@example.test>\r\n", message.header)
        self.assertIn(b"\r\nSender: u1@example.test\r\n", message.header)
        self.assertNotIn(b"boss@", message.data)

    def test_a_stranger_is_refused(self):
        response, message = self.send("u3", b"From: boss@example.test\r\n")
        self.assertStatus(response, 120)
        self.assertFalse(message)
        self.assertEqual(self.stored("u3", "Sent", "from"), [])
        self.dovecot.wait_log("From is '.*boss@example.test.*roost_submit_from")

    def test_all_own_addresses(self):
        for address in (b"FOUR@example.test", b"u4@example.test", b"u4+list@example.test"):
            response, message = self.send("u4", b"From: Me <%s>\r\n" % address, b"Sender: boss@example.test\r\n")
            self.assertSent(response)
            self.assertEqual(message.sender.lower(), address.decode().lower())
            self.assertIn(b"From: Me <%s>\r\n" % address, message.header)
            self.assertNotIn(b"Sender", message.header)

    def test_one_stranger_among_them(self):
        response, message = self.send("u4", b"From: u4@example.test, boss@example.test\r\n")
        self.assertSent(response)
        self.assertNotIn(b"boss@", message.data)

    def test_odd_names(self):
        for name in (b"=?utf-8?Q?J=C3=B6rg?=", b"J\xc3\xb6rg", b"\"A \\\"b\\\" <c>\""):
            response, message = self.send("u1", b"From: %s <other@example.test>\r\n" % name)
            self.assertSent(response)
            message.header.decode("ascii")
            self.assertIn(b"<u1@example.test>\r\n", message.header)


class Refused(SendCase):
    def test_bad_requests(self):
        device = self.ready_device("u1", "16.1")
        mime = E("Mime", mail("bad"))
        for status, fields in ((103, [mime]), (103, [E("ClientId", "x")]), (103, [E("ClientId", ""), mime]),
                               (107, [E("ClientId", "y"), E("Mime", b"")]), (107, [E("ClientId", "z"), E("Mime", b"\r\n\r\nx")]),
                               (166, [E("ClientId", "x"), E("AccountId", "7"), mime])):
            response = device.command("SendMail", E("ComposeMail:SendMail", *fields))
            self.assertStatus(response, status)
        self.assertEqual(self.dovecot.smtp.messages, [])

    def test_recipients(self):
        cases = ((b"To: undisclosed-recipients:;\r\n", 119), (b"", 119), (b"To: u2\r\n", 116),
                 (b"To: u2@example.test, j\xc3\xb6rg@example.test\r\n", 116), (b"To: u2@\r\n", 116))
        for number, (header, status) in enumerate(cases):
            for version in VERSIONS:
                data = mail(f"rcpt{number}").replace(b"To: U Two <u2@example.test>\r\n", header)
                response = self.ready_device("u1", version).send_mail(data)
                if float(version) < 14:
                    self.assertEqual(response.code, 500)
                else:
                    self.assertStatus(response, status)
        self.assertEqual(self.dovecot.smtp.messages, [])

    def test_limits(self):
        device = self.ready_device("u5", "14.1")
        few = b"Cc: a@elsewhere.example, b@elsewhere.example\r\n"
        self.assertSent(device.send_mail(mail("few", few)))
        self.assertStatus(device.send_mail(mail("more", few + b"Bcc: c@elsewhere.example\r\n")), 115)
        self.assertStatus(device.send_mail(mail("large", body=b"0123456789\r\n" * 3000)), 122)
        self.assertEqual(len(self.dovecot.smtp.messages), 1)

    def test_wrong_body(self):
        device = self.ready_device("u1", "14.1")
        device.version = "12.1"
        wbxml = device.encode(E("ComposeMail:SendMail", E("ClientId", "1"), E("Mime", mail("x"))))
        self.assertEqual(device.command("SendMail", wbxml).code, 400)
        self.assertEqual(self.dovecot.smtp.messages, [])

    def test_failures_save_nothing(self):
        hooks = {"mail": lambda stage, _: "450 4.1.0 Later" if stage == "MAIL" else None,
                 "rcpt": lambda stage, word: "550 5.1.1 Nobody" if stage == "RCPT" and "u3@" in word else None,
                 "data": lambda stage, _: "554 5.6.0 No" if stage == "DATA" else None,
                 "taken": lambda stage, _: "451 4.3.0 Full" if stage == "CONNECT" else None,
                 "drop": lambda stage, _: smtp.DROP if stage == "RCPT" else None}
        for name, hook in hooks.items():
            for version in ("12.1", "14.1"):
                with self.subTest(failure=name, version=version):
                    self.dovecot.smtp.clear()
                    self.dovecot.smtp.hook = hook
                    subject = f"fails-{name}-{version}"
                    device = self.ready_device("u1", version)
                    data = mail(subject, b"Cc: u3@example.test\r\n")
                    response = device.send_mail(data, client_id="once" + name)
                    if version == "12.1":
                        self.assertEqual(response.code, 500)
                    else:
                        self.assertStatus(response, 120)
                    self.assertEqual(self.dovecot.smtp.messages, [])
                    self.assertEqual(self.stored("u1", "Sent", subject), [])
                    # and the same request goes when the server is well again
                    self.dovecot.smtp.hook = None
                    self.assertSent(device.send_mail(data, client_id="once" + name))
                    self.assertEqual(len(self.stored("u2", "INBOX", subject)), 1)
                    self.assertEqual(len(self.stored("u1", "Sent", subject)), 1)


class Repeats(SendCase):
    def test_by_client_id(self):
        device = self.ready_device("u1", "16.1")
        for _ in range(3):
            self.assertSent(device.send_mail(mail("again"), client_id="A1"))
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(len(self.stored("u1", "Sent", "again")), 1)
        # the same text under another name is another mail
        self.assertSent(device.send_mail(mail("again"), client_id="A2"))
        self.assertEqual(len(self.dovecot.smtp.messages), 2)
        # another mail under a used name is refused, not lost in silence
        self.assertStatus(device.send_mail(mail("other"), client_id="A1"), 118)
        # and another device has names of its own
        self.assertSent(self.ready_device("u1", "14.0").send_mail(mail("other"), client_id="A1"))
        self.assertEqual(len(self.dovecot.smtp.messages), 3)

    def test_without_client_id(self):
        for version in ("2.5", "12.1"):
            self.dovecot.smtp.clear()
            device = self.ready_device("u1", version)
            for _ in range(2):
                self.assertSent(device.send_mail(mail("old" + version)))
            # other boundaries, other dates: the Message-ID tells
            self.assertSent(device.send_mail(mail("old" + version).replace(b"10:00", b"10:01")))
            self.assertSent(device.send_mail(mail("new" + version)))
            no_id = b"From: u1@example.test\r\nTo: u2@example.test\r\nSubject: %d\r\n\r\nHello.\r\n"
            for number in (1, 1, 2):
                self.assertSent(device.send_mail(no_id % number))
            self.assertEqual(len(self.dovecot.smtp.messages), 4)

    def test_two_requests_at_once(self):
        """The device gives up waiting and comes again while the worker is still at it."""
        device = self.ready_device("u1", "16.1")
        other = self.device("u1", "16.1", device_id=device.device_id)
        other.policy_key = device.policy_key
        reached, go = threading.Event(), threading.Event()

        def hook(stage, _):
            if stage == "DATA":
                reached.set()
                go.wait(20)
        self.dovecot.smtp.hook = hook
        answers = []
        first = threading.Thread(target=lambda: answers.append(device.send_mail(mail("slow"), client_id="slow")))
        first.start()
        self.assertTrue(reached.wait(20))
        self.assertStatus(other.send_mail(mail("slow"), client_id="slow"), 111)
        go.set()
        first.join()
        self.assertSent(answers[0])
        self.assertSent(other.send_mail(mail("slow"), client_id="slow"))
        self.assertEqual(len(self.dovecot.smtp.messages), 1)
        self.assertEqual(len(self.stored("u1", "Sent", "slow")), 1)

    def kill_at(self, stage, subject):
        """The worker dies when the server has come to that stage; the device repeats."""
        device = self.ready_device("u1", "16.1")
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")

        def hook(reached, _):
            if reached == stage:
                self.dovecot.smtp.hook = None
                self.dovecot.kill("roost-worker")
        self.dovecot.smtp.hook = hook
        answer = device.send_mail(mail(subject), client_id=subject)
        self.assertEqual(answer.code, 503)
        deadline = time.monotonic() + 30
        while answer.code != 200 and time.monotonic() < deadline:
            time.sleep(0.2)
            answer = device.send_mail(mail(subject), client_id=subject)
        self.assertSent(answer)
        self.assertSent(device.send_mail(mail(subject), client_id=subject))
        self.assertEqual(len(self.stored("u1", "Sent", subject)), 1)
        return [message for message in self.dovecot.smtp.messages if subject.encode() in message.header]

    def test_killed_before_the_server_has_it(self):
        self.assertEqual(len(self.kill_at("RCPT", "killed-rcpt")), 1)

    def test_killed_before_the_server_said_so(self):
        """The one place where a mail can come twice: both have one Message-ID."""
        self.assertEqual(len(self.kill_at("TAKEN", "killed-taken")), 2)


class Names(Case):
    def test_commands_are_announced(self):
        commands = self.device().options().headers["ms-asprotocolcommands"].split(",")
        for name in ("SendMail", "SmartReply", "SmartForward"):
            self.assertIn(name, commands)
