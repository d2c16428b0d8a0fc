"""The worker against a listener that nobody trusts: only what auth confirmed counts, and nothing that the listener sends
harms another user, another request or the process.  And what the worker owes a good one: users of different uids in one
process, userdb's overrides, compression, large bodies by file."""
import gzip
import os
import pathlib
import re
import signal
import socket
import tempfile
import time
import xml.etree.ElementTree

from rig import INBOX, MIME, PASSWORD, PLAIN, Body, Case, Device, E, Instance, Settings, case, config, libwbxml, options
from rig.listener import Auth, Closed, Worker, wait_until

XML, JSON = "/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.json"
SPACE = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
QUERY = (f'<Autodiscover xmlns="{SPACE}requestschema/2006"><Request><EMailAddress>who@ever.test</EMailAddress>'
         f"<AcceptableResponseSchema>{SPACE}responseschema/2006</AcceptableResponseSchema></Request>"
         "</Autodiscover>").encode()
LIFE = 5
NEW = config.dovecot_version() >= (2, 4)

SETTINGS = Settings(
    fields={"u5": "userdb_roost_enabled=no", "u6": "nologin=y", "u7": "proxy=y host=127.0.0.1",
            "u8": "userdb_roost_autodiscover_host=eight.example.test"},
    extra=f"""roost_ticket_lifetime = {LIFE} secs
roost_warm_users = 3
roost_warm_time = 2 secs
verbose_proctitle = yes
metric finished {{
  filter = event=roost_request_finished AND cmd=Sync AND device_type=iPhone AND http_status=200
  {"fields {" if NEW else "fields = bytes_out"}
  {"  bytes_out = yes" if NEW else ""}
  {"}" if NEW else ""}
}}
metric pings {{
  filter = event=roost_ping_finished
}}
""")


class WorkerCase(Case):
    def setUp(self):
        self.auth = Auth(self.dovecot)
        self.addCleanup(self.auth.close)
        self.worker = self.connect()

    def connect(self, **arguments):
        worker = Worker(self.dovecot, **arguments)
        self.addCleanup(worker.close)
        return worker

    def ask(self, proof, user="u1", worker=None, **keys):
        """A request whose answer says for whom it was."""
        return (worker or self.worker).request(proof, XML, user=user, body=QUERY, **keys)

    def ticket(self, user="u1"):
        answer = self.ask(self.auth.login(user), user)
        self.assert_for(answer, user)
        return "ticket=" + answer.keys["ticket"]

    def assert_for(self, answer, user):
        self.assertEqual((answer.kind, getattr(answer, "status", None)), ("ANSWER", 200))
        names = {element.tag.partition("}")[2]: element.text
                 for element in xml.etree.ElementTree.fromstring(answer.body).iter()}
        # the rig's user names have no domain, so the address asked for comes back; who it was is in the log
        self.assertEqual(names["EMailAddress"], "who@ever.test")
        self.assertIn(user, answer.users)

    def assert_refused(self, answer, reason):
        self.assertEqual((answer.kind, answer.fields), ("REFUSED", [reason]))

    def assert_small(self):
        """No worker has ever had more than 40 MB."""
        self.assertLess(self.dovecot.peak_memory("roost-worker"), 40 * 1024)

    def assert_serves(self):
        """A new connection is served: nothing of what happened before matters."""
        self.assert_for(self.ask(self.auth.login("u1"), worker=self.connect()), "u1")


class HostileLogins(WorkerCase):
    """Whatever a listener says of a login: only auth's own word counts, and only once."""

    def setUp(self):
        super().setUp()
        for pattern in (r"auth: Error: .*Master request \d+\.\d+ not found",
                        r"auth: Error: .*Master requested auth for nonexistent client",
                        r"auth: Error: .*cookie",
                        r"auth: Error: auth client \d+ disconnected with \d+ pending requests",
                        r"roost-worker\(\d+\): Error: .*[Ll]ogin auth request failed"):
            self.dovecot.expect_log(pattern)

    def test_a_login_counts_once(self):
        proof = self.auth.login("u1")
        self.assert_for(self.ask(proof), "u1")
        self.assert_refused(self.ask(proof), "temp")
        self.assert_refused(self.ask(proof, worker=self.connect()), "temp")

    def test_name_is_auths(self):
        """The listener names another user than the one who logged in: he is not served, the real one is."""
        answer = self.ask(self.auth.login("u1"), user="u2")
        self.assert_for(answer, "u1")
        self.assertNotIn("u2", answer.users)

    def test_unknown_id(self):
        number, _ = self.auth.authenticate("u1", "secret")
        self.assert_refused(self.ask(self.auth.proof(number + 1000)), "temp")
        self.assert_refused(self.ask(self.auth.proof(0)), "temp")

    def test_failed_login(self):
        number, answer = self.auth.authenticate("u1", "wrong")
        self.assertEqual(answer[0], "FAIL")
        self.assert_refused(self.ask(self.auth.proof(number)), "temp")

    def test_cancelled_login(self):
        number, _ = self.auth.authenticate("u1", "secret")
        self.auth.cancel(number)
        self.auth.login("u2")       # auth has read the lines
        self.assert_refused(self.ask(self.auth.proof(number)), "temp")

    def test_wrong_cookie(self):
        number, _ = self.auth.authenticate("u1", "secret")
        self.assert_refused(self.ask(self.auth.proof(number, cookie="00" * 16)), "temp")

    def test_other_clients(self):
        """Another login process' id: its pid without its cookie, or one that is none."""
        number, _ = self.auth.authenticate("u1", "secret")
        others = self.dovecot.pids("roost") + self.dovecot.pids("imap-login") + [1]
        for pid in others:
            self.assert_refused(self.ask(self.auth.proof(number, client_pid=pid)), "temp")
        self.assert_for(self.ask(self.auth.proof(number)), "u1")

    def test_wrong_auth_pid(self):
        number, _ = self.auth.authenticate("u1", "secret")
        self.assert_refused(self.ask(self.auth.proof(number, auth_pid=1)), "temp")
        # auth was never asked
        self.assert_for(self.ask(self.auth.proof(number)), "u1")

    def test_users_that_may_not(self):
        """nologin and proxy are OK to the login process, but no login."""
        for user, field in (("u6", "nologin"), ("u7", "proxy")):
            number, answer = self.auth.authenticate(user, "secret")
            self.assertEqual(answer[0], "OK")
            self.assertIn(field, [text.partition("=")[0] for text in answer])
            self.assert_refused(self.ask(self.auth.proof(number), user=user), "temp")


class HostileTickets(WorkerCase):
    def setUp(self):
        super().setUp()
        self.dovecot.expect_log(r"roost-worker\(\d+\): Error: .*Ticket refused")

    def test_ticket_stands_for_the_login(self):
        ticket = self.ticket()
        answer = self.ask(ticket)
        self.assert_for(answer, "u1")
        self.assertNotIn("ticket", answer.keys)
        self.assert_for(self.ask(ticket, worker=self.connect()), "u1")

    def test_ticket_of_another_user(self):
        for user, claim in (("u1", "u2"), ("u2", "u1"), ("u1", "root"), ("u1", "U1")):
            self.assert_refused(self.ask(self.ticket(user), user=claim), "auth")

    def test_forged(self):
        ticket = self.ticket()
        size = len(ticket)
        forged = [ticket[:place] + ("A" if ticket[place] != "A" else "B") + ticket[place + 1:]
                  for place in range(len("ticket="), size - 1, 7)]
        forged += [ticket[:-4], ticket + "AAAA", "ticket=", "ticket=A", "ticket=" + "A" * 100000, "ticket=\u00e9",
                   "ticket= "]
        for text in forged:
            self.assert_refused(self.ask(text), "auth")
        self.assert_for(self.ask(ticket), "u1")

    def test_expired(self):
        ticket = self.ticket()
        time.sleep(LIFE + 1)
        self.assert_refused(self.ask(ticket), "auth")
        self.assert_refused(self.ask(ticket, worker=self.connect()), "auth")

    def test_another_instance(self):
        """The same users, the same passwords: but its key is its own."""
        with Instance(case.installed, Settings(users=1)) as other:
            auth = Auth(other)
            worker = Worker(other)
            answer = worker.request(auth.login("u1"), XML, body=QUERY)
            worker.close()
            auth.close()
        self.assert_refused(self.ask("ticket=" + answer.keys["ticket"]), "auth")

    def test_key(self):
        """The key is root's alone and isn't made anew with each process."""
        self.ticket()
        path = self.dovecot.root / "run" / "roost-ticket.key"
        before = path.stat()
        self.assertEqual((before.st_mode & 0o7777, before.st_uid, before.st_size), (0o600, 0, 32))
        ticket = self.ticket()
        time.sleep(0.3)
        self.dovecot.kill("roost-worker")
        self.assertEqual(path.stat().st_ino, before.st_ino)
        self.assert_for(self.ask(ticket, worker=self.connect()), "u1")


class HostileLines(WorkerCase):
    """Each ends the connection it came by, and nothing else."""

    def setUp(self):
        super().setUp()
        self.dovecot.expect_log(r"roost-worker\(\d+\): Error: conn unix:listener")

    def assert_closes(self, data, fds=()):
        worker = self.connect()
        worker.write(data, fds)
        self.assertTrue(worker.is_closed(), data[:200])

    def line(self, size=0, kind=0, **keys):
        keys = {"ticket": "x", "user": "u1", "session": "s", "method": "POST", "target": XML,
                "host": "https://h"} | keys
        return f"REQUEST\t1\t{size}\t{kind}\t".encode() + b"\t".join(
            f"{key}={value}".encode() for key, value in keys.items()) + b"\n"

    def test_versions(self):
        for version in ("VERSION\troost-listener\t2\t0\n", "VERSION\timap\t1\t0\n", "VERSION\n", "HELLO\n",
                        "\n", "\0\n", "GET / HTTP/1.1\r\n\r\n"):
            worker = Worker(self.dovecot, version="")
            self.addCleanup(worker.close)
            worker.write(version.encode())
            self.assertTrue(worker.is_closed(), version)
        self.assert_serves()

    def test_lines(self):
        good = self.line()
        for line in (b"\n", b"QUIT\n", b"REQUEST\n", b"REQUEST\t1\n", b"REQUEST\t1\t0\t0\n", b"\0\n", b"\xff\xfe\n",
                     b"request" + good[7:], good.replace(b"\t1\t0\t0\t", b"\t-1\t0\t0\t"),
                     good.replace(b"\t1\t0\t0\t", b"\t1\t0\t2\t"),
                     good.replace(b"\t1\t0\t0\t", b"\t1\t18446744073709551616\t1\t"),
                     self.line(uid="0"), self.line(user=""), self.line(target="x"), self.line(login="1 2 3 " + "0" * 32),
                     good[:-1] + b"\tuser=root\n", good[:-1] + b"\th:X=a\001nb\n",
                     good[:-1] + b"\th:A=b" * 300 + b"\n"):
            self.assert_closes(line)
        self.assert_serves()

    def test_endless_line(self):
        worker = self.connect()
        with self.assertRaises(OSError):
            for _ in range(10000):
                worker.write(b"x" * 65536)
        self.assert_serves()

    def test_body_sizes(self):
        for size, kind in ((128 * 1024 + 1, 0), (10 ** 12, 0), (0, 1)):
            self.assert_closes(self.line(size, kind))
        self.assert_serves()

    def test_half_a_body(self):
        worker = self.connect()
        worker.write(self.line(100000) + b"x" * 5000)
        worker.close()
        self.assert_serves()

    def test_fds(self):
        """A body's file must be an unlinked, readable, regular one with that many bytes."""
        directory = tempfile.mkdtemp()
        named = os.path.join(directory, "named")
        pathlib.Path(named).write_bytes(b"x" * 300000)
        with tempfile.TemporaryFile() as short, tempfile.TemporaryFile() as good, \
                open("/dev/zero", "rb") as zero, open(named, "rb") as linked, open(named, "ab") as writable:
            short.write(b"x" * 299999)
            short.flush()
            good.write(b"x" * 300000)
            good.flush()
            reading, writing = os.pipe()
            one, two = socket.socketpair()
            folder = os.open(directory, os.O_RDONLY)
            os.unlink(named)
            only_path = os.open(f"/proc/self/fd/{good.fileno()}", os.O_PATH)
            only_write = os.open(f"/proc/self/fd/{good.fileno()}", os.O_WRONLY)
            pathlib.Path(named).write_bytes(b"x" * 300000)
            kept = os.open(named, os.O_RDONLY)
            fds = {"short": short.fileno(), "zero": zero.fileno(), "write-only": writable.fileno(), "pipe": reading,
                   "socket": one.fileno(), "folder": folder, "linked": kept, "path": only_path, "write": only_write}
            for name, fd in fds.items():
                with self.subTest(name):
                    self.assert_closes(self.line(300000, 1), [fd])
            with self.subTest("none"):
                self.assert_closes(self.line(300000, 1))
            with self.subTest("inline and by fd"):
                self.assert_closes(self.line(1, 0) + b"x", [good.fileno()])
            with self.subTest("too large"):
                good.truncate(1 << 40)
                self.assert_closes(self.line(1 << 40, 1), [good.fileno()])
            for fd in (reading, writing, folder, only_path, only_write, kept):
                os.close(fd)
            one.close()
            two.close()
            self.assertEqual(linked.read(1), b"x")
        os.unlink(named)
        os.rmdir(directory)
        self.assert_serves()

    def test_fds_are_not_collected(self):
        """Files that nobody asked for don't fill the process' table."""
        with tempfile.TemporaryFile() as file:
            for _ in range(20):
                worker = self.connect()
                try:
                    for _ in range(60):
                        worker.write(b"R", [file.fileno()])
                except OSError:
                    pass
                pids = self.dovecot.pids("roost-worker")
                self.assertLess(max(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids), 60)
                worker.close()
        self.assert_serves()

    def test_unread_answers(self):
        """Requests without reading the answers don't pile up in the worker."""
        ticket = self.ticket()
        worker = self.connect()
        worker.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        worker.socket.settimeout(10)
        with self.assertRaises(OSError):
            for _ in range(100000):
                worker.send(ticket, XML, body=QUERY)
        self.assert_serves()


class Users(WorkerCase):
    def state(self, pid, name):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return re.search(rf"^{name}:\s*(.*)$", text, re.M).group(1).split()

    def test_many_uids_in_one_process(self):
        """Each is opened with his own uid; between requests the process is root; nobody's file is touched as another
        (an EACCES would be an Error in the log, and a file of another owner is looked for)."""
        users = ["u1", "u2", "u8"]
        tickets = {user: self.ticket(user) for user in users}
        body = libwbxml.encode(E("FolderHierarchy:FolderSync", E("SyncKey", "0")))
        for _ in range(3):
            for user in users:
                self.dovecot.deliver(user, "From: a@example.test\nSubject: x\n\nx\n")
                answer = self.worker.request(
                    tickets[user], f"/Microsoft-Server-ActiveSync?Cmd=FolderSync&User={user}&DeviceId=uids{user}"
                    "&DeviceType=Test", user=user, body=body, headers={"MS-ASProtocolVersion": "16.1",
                                                                       "X-MS-PolicyKey": "0"})
                self.assertEqual((answer.status, answer.users[0]), (200, user))
            # what lib-storage puts off runs between the requests, for each with his uid
            time.sleep(0.6)
        for pid in self.dovecot.pids("roost-worker"):
            self.assertEqual(self.state(pid, "Uid")[1], "0")
        for user in users:
            for folder, _, names in os.walk(self.dovecot.home(user)):
                for name in [folder, *(os.path.join(folder, name) for name in names)]:
                    self.assertEqual(os.lstat(name).st_uid, self.dovecot.uid(user), name)

    def test_warm_users(self):
        """The last three stay open, the most recent first; after roost_warm_time nobody is."""
        for user in ("u1", "u2", "u3", "u4"):
            self.ticket(user)
        self.assertEqual(self.ask(self.auth.login("u3"), "u3").users, ["u3", "u4", "u2"])
        time.sleep(3.5)
        self.assertEqual(self.ask(self.auth.login("u1"), "u1").users, ["u1"])

    def test_userdb_overrides(self):
        answer = self.worker.request(self.auth.login("u8"), JSON + "?Protocol=ActiveSync", "GET", user="u8")
        self.assertIn(b"https://eight.example.test/", answer.body)
        answer = self.worker.request(self.auth.login("u1"), JSON + "?Protocol=ActiveSync", "GET")
        self.assertIn(b"https://mail.example.test/", answer.body)
        answer = self.ask(self.auth.login("u5"), "u5")
        self.assertIn(b"<ErrorCode>601</ErrorCode>", answer.body)

    def change_fields(self, user, field):
        """auth looks at the file's time once in a second."""
        path = self.dovecot.root / "users"
        text = path.read_text()

        def write(new):
            time.sleep(1.1)
            path.write_text(new)
        self.addCleanup(write, text)
        write(re.sub(rf"^({user}:.*)$", rf"\1{field}", text, flags=re.M))

    def test_changed_fields(self):
        """A new login brings new userdb fields; an old ticket has those of its login."""
        def host(proof):
            return self.worker.request(proof, JSON + "?Protocol=ActiveSync", "GET", user="u4").body.split(b"/")[2]
        old = self.ticket("u4")
        self.change_fields("u4", "userdb_roost_autodiscover_host=four.example.test")
        new = "ticket=" + self.ask(self.auth.login("u4"), "u4").keys["ticket"]
        for proof, expected in ((new, b"four.example.test"), (old, b"mail.example.test"), (new, b"four.example.test")):
            self.assertEqual(host(proof), expected)

    def test_mail_that_cannot_be_opened(self):
        """503 for him, logged; the others go on."""
        self.dovecot.expect_log(r"Error: .*Can't open the user's mail")
        self.change_fields("u3", "userdb_mail_driver=nosuchdriver" if NEW else "userdb_mail=nosuchdriver:~/x")
        self.assert_refused(self.ask(self.auth.login("u3"), "u3"), "temp")
        for pid in self.dovecot.pids("roost-worker"):
            self.assertEqual(self.state(pid, "Uid")[1], "0")
        self.assert_for(self.ask(self.auth.login("u1")), "u1")

    def test_title(self):
        self.ticket()
        pids = self.dovecot.pids("roost-worker")
        titles = [pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids]
        self.assertTrue(any(b"idling" in title for title in titles), titles)


class Answers(WorkerCase):
    def test_gzip(self):
        ticket = self.ticket()
        long = {"host": "https://" + "a" * 300 + ".test"}
        plain = self.ask(ticket, **long)
        self.assertEqual(plain.headers.get("vary"), "Accept-Encoding")
        self.assertNotIn("content-encoding", plain.headers)
        for accept in ("gzip", "gzip, deflate", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP", "x-gzip"):
            packed = self.ask(ticket, headers={"Accept-Encoding": accept}, **long)
            self.assertEqual(packed.headers["content-encoding"], "gzip")
            self.assertEqual(gzip.decompress(packed.body), plain.body)
        for accept in ("", "deflate", "gzip;q=0", "gzip;q=0.000", "identity"):
            self.assertEqual(self.ask(ticket, headers={"Accept-Encoding": accept}, **long).body, plain.body)

    def test_small_answers_stay_plain(self):
        answer = self.worker.request(self.auth.login("u1"), JSON + "?Protocol=ActiveSync", "GET",
                                     headers={"Accept-Encoding": "gzip"})
        self.assertNotIn("content-encoding", answer.headers)
        self.assertTrue(answer.body.startswith(b'{"Protocol":'))

    def test_bodies(self):
        """Of all sizes, inline and by file, in pieces."""
        ticket = self.ticket()
        for size in (1, 65536, 128 * 1024, 128 * 1024 + 1, 20 << 20):
            answer = self.worker.request(ticket, XML, body=QUERY.ljust(size))
            self.assertEqual(b"Error" in answer.body, size > 65536, size)
        self.worker.next_id += 1
        line = f"REQUEST\t{self.worker.next_id}\t{len(QUERY)}\t0\t{ticket}\tuser=u1\tsession=s\tmethod=POST\ttarget={XML}"
        for char in (line + "\thost=https://h\n").encode() + QUERY:
            self.worker.write(bytes([char]))
        self.assert_for(self.worker.answer(), "u1")

    def test_memory(self):
        """A worker stays small whatever the size of the body."""
        ticket = self.ticket()
        self.worker.request(ticket, XML, body=b"x" * (60 << 20))
        self.assert_small()

    def test_paths(self):
        login = self.auth.login
        for target, status in (("/", 404), ("/etc/passwd", 404), ("/autodiscover/", 404), ("/%00", 400), ("/%zz", 400),
                               ("/AUTODISCOVER/Autodiscover.XML", 200), ("/autodiscover/autodiscover%2exml", 200),
                               (JSON + "/v1.0/u1@example.test?Protocol=ActiveSync", 405)):
            self.assertEqual(self.worker.request(login("u1"), target, body=QUERY).status, status, target)

    def test_log_line(self):
        self.worker.request(self.auth.login("u1"), XML, body=QUERY, session="thesession")
        self.dovecot.wait_log(r"roost\(u1\)<\d+><thesession>: Info: Autodiscover: .*http=200, \d+ ms, in=\d+, out=\d+")


class Mails(WorkerCase):
    """Answers as devices get them, through the real listener."""

    def item(self, device, user, message):
        self.dovecot.deliver(user, message)
        inbox = device.folders_of_type(INBOX)[0]
        adds = [add for page in device.sync_all(inbox, opts=options(filter_type=0, bodies=[Body(PLAIN, 100)]))
                for add in page.findall("Commands/Add")]
        return inbox, adds[-1].get("ServerId")

    def test_whole_mail(self):
        """A mail of 60 MB, byte for byte, through a worker that stays small."""
        line = b"%08d" + b"x" * 66 + b"\r\n"
        message = (b"From: a@example.test\r\nTo: u2@example.test\r\nSubject: large\r\n\r\n" +
                   b"".join(line % number for number in range((60 << 20) // 76)))
        # not a CheckedDevice: libxml2's schemas end at 10 MB of text
        device = Device(self.dovecot.url(), "u2", PASSWORD, version="16.1")
        self.addCleanup(device.connection.close)
        device.provision()
        device.folder_sync().check()
        inbox, item = self.item(device, "u2", message)
        for multipart in (False, True):
            response = device.fetch_item(inbox.id, item, Body(MIME), multipart=multipart).check()
            data = b"".join(response.parts) if multipart else response.body
            self.assertTrue(message[-100000:] in data, (len(message), len(data), data[-200:]))
        self.assert_small()

    def test_metrics(self):
        device = self.ready_device("u1", device_type="iPhone")
        self.item(device, "u1", "From: a@example.test\nSubject: x\n\nx\n")
        # events come a moment after the answers
        self.assertTrue(wait_until(lambda: self.count("finished") >= 2))

    def count(self, name):
        rows = [line.split() for line in self.dovecot.doveadm("stats", "dump").splitlines()]
        return max(int(row[2]) for row in rows if row[0] == name)


class Processes(WorkerCase):
    def test_kill(self):
        """SIGKILL ends the requests that the process had, and no ticket."""
        ticket = self.ticket()
        # master throttles a service whose process dies while it starts
        time.sleep(0.3)
        self.dovecot.kill("roost-worker")
        with self.assertRaises((Closed, OSError)):
            self.ask(ticket)
        self.assert_for(self.ask(ticket, worker=self.connect()), "u1")

    def test_terminate(self):
        ticket = self.ticket()
        for pid in self.dovecot.pids("roost-worker"):
            os.kill(pid, signal.SIGTERM)
        self.assertTrue(self.worker.is_closed())
        self.assert_for(self.ask(ticket, worker=self.connect()), "u1")

    def test_listener_leaves_while_auth_is_asked(self):
        """auth is stopped, the listener goes away, auth answers: nobody is there any more."""
        proof = self.auth.login("u1")
        pids = self.dovecot.pids("auth")
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.worker.send(proof, XML, body=QUERY)
            time.sleep(0.3)
            self.worker.close()
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        time.sleep(0.3)
        self.assert_serves()

    def test_reload_finishes_the_request(self):
        proof = self.auth.login("u1")
        pids = self.dovecot.pids("auth")
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.worker.send(proof, XML, body=QUERY)
            time.sleep(0.2)
            self.dovecot.reload()
            time.sleep(0.5)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        self.assertTrue(wait_until(lambda: self.finished()))

    def finished(self):
        """The request was answered in one of the two ways, and the connection closed."""
        try:
            answer = self.worker.answer()
        except Closed:
            return True
        self.assertIn(answer.kind, ("ANSWER", "REFUSED"))
        return self.worker.is_closed()
