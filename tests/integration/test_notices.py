"""The plugin's change notices, as a fake listener on the socket roost-notify gets them: from every kind of process that
touches mail, once per transaction, with the mailbox' GUID."""
import os
import poplib
import select
import socket
import subprocess
import time

from rig import PASSWORD, Case, Settings, config

# The socket is left to the test.
NO_LISTENER = """
service roost {
  unix_listener roost-notify {
    mode = 0
  }
}
"""
# u1's mailboxes are seen by u4, who has the same uid, as shared/u1
SHARED_2_3 = """
mail_plugins = $mail_plugins acl
namespace {
  type = shared
  prefix = shared/%%u/
  separator = /
  location = maildir:%%h/Maildir
  subscriptions = no
  list = children
}
plugin {
  acl = vfile
}
"""
SHARED_2_4 = """
mail_plugins {
  acl = yes
}
namespace shared {
  type = shared
  prefix = shared/$user/
  separator = /
  mail_driver = maildir
  mail_path = %{owner_home}/Maildir
  subscriptions = no
  list = children
}
acl_driver = vfile
"""
SHARED = SHARED_2_4 if config.dovecot_version() >= (2, 4) else SHARED_2_3
SETTINGS = Settings(users=4, extra=NO_LISTENER + SHARED, fields={"u4": "userdb_mail_uid=20001 userdb_mail_gid=20001"})
MESSAGE = "From: a@example.test\nSubject: notice\n\nHello\n"
ANY = "*"


class Listener:
    """The fake: every line that arrives, without the handshake."""

    def __init__(self, path):
        self.path = str(path)
        self.sockets = []
        self.lines = []
        self.open()

    def open(self):
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        os.chmod(self.path, 0o666)
        self.server.listen(50)
        self.buffers = {}

    def close(self):
        for sock in [self.server, *self.buffers]:
            sock.close()
        os.unlink(self.path)

    def receive(self, seconds):
        ready = select.select([self.server, *self.buffers], [], [], seconds)[0]
        for sock in ready:
            if sock is self.server:
                self.buffers[sock.accept()[0]] = b""
                continue
            data = sock.recv(65536)
            if not data:
                del self.buffers[sock]
                sock.close()
                continue
            *lines, self.buffers[sock] = (self.buffers[sock] + data).split(b"\n")
            self.lines += [line.decode().split("\t") for line in lines]
        return bool(ready)

    def notices(self):
        """All (user, guid) until it has been quiet for a moment."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and (self.receive(0.3) or not self.lines):
            pass
        while self.receive(0.2):
            pass
        found = []
        for line in self.lines:
            if line[0] == "VERSION":
                assert line[1:] == ["roost-notify-client", "1", "0"], line
            else:
                assert line[0] == "N" and len(line) == 3, line
                found.append(tuple(line[1:]))
        self.lines = []
        return found


class Notices(Case):
    def setUp(self):
        self.listener = Listener(self.dovecot.root / "run" / "roost-notify")
        self.addCleanup(lambda: self.listener.close())

    def guid(self, user, mailbox="INBOX"):
        return self.dovecot.doveadm("-f", "tab", "mailbox", "status", "-u", user, "guid", mailbox).split()[-1]

    def inside(self, *command, text=""):
        """Runs a program that sees our modules."""
        pid = (self.dovecot.root / "run" / "master.pid").read_text().strip()
        subprocess.run(["nsenter", "-t", pid, "-m", "--", *command], input=text, text=True, check=True,
                       capture_output=True)

    def expect(self, *wanted):
        """Exactly these, repeats of one aside."""
        found = self.listener.notices()
        self.assertEqual(sorted(set(found)), sorted(wanted))
        return found

    def ready(self, user):
        """Its mailboxes exist, and what that said is forgotten."""
        self.dovecot.deliver(user, MESSAGE)
        self.listener.notices()
        return self.guid(user)

    def test_imap(self):
        inbox = self.ready("u1")
        imap = self.dovecot.imap("u1")
        imap.store("1", "+FLAGS", r"\Flagged")
        self.assertEqual(self.expect(("u1", inbox)), [("u1", inbox)])
        imap.store("1", "+FLAGS", "keyword")
        self.expect(("u1", inbox))
        imap.fetch("1", "(BODY.PEEK[])")
        imap.noop()
        self.assertEqual(self.listener.lines, [])
        imap.fetch("1", "(BODY[])")     # sets \Seen
        self.expect(("u1", inbox))
        imap.create("Work")
        self.expect(("u1", ANY))
        work = self.guid("u1", "Work")
        imap.append("Work", None, None, MESSAGE.encode())
        self.expect(("u1", work))
        imap.copy("1", "Work")
        self.expect(("u1", work))
        imap.rename("Work", "Play")
        self.expect(("u1", ANY))
        imap.store("1", "+FLAGS", r"\Deleted")
        imap.expunge()
        self.expect(("u1", inbox))
        imap.delete("Play")
        self.assertIn(("u1", ANY), self.listener.notices())
        imap.logout()

    def test_lmtp_lda_pop3_doveadm(self):
        inbox = self.ready("u2")
        self.dovecot.deliver("u2", MESSAGE)
        self.expect(("u2", inbox))
        self.inside("/usr/lib/dovecot/dovecot-lda", "-c", str(self.dovecot.conf), "-d", "u2", text=MESSAGE)
        self.expect(("u2", inbox))
        pop3 = poplib.POP3("127.0.0.1", self.dovecot.ports["pop3"])
        pop3.user("u2")
        pop3.pass_(PASSWORD)
        pop3.dele(1)
        pop3.quit()
        self.expect(("u2", inbox))
        self.dovecot.doveadm("mailbox", "create", "-u", "u2", "New")
        self.expect(("u2", ANY))
        self.dovecot.doveadm("expunge", "-u", "u2", "mailbox", "INBOX", "all")
        self.expect(("u2", inbox))

    def test_listener_comes_and_goes(self):
        """A long session notices a new listener, and one that went is no error and no delay."""
        inbox = self.ready("u3")
        imap = self.dovecot.imap("u3")
        imap.store("1", "+FLAGS", r"\Flagged")
        self.expect(("u3", inbox))
        self.listener.close()
        start = time.monotonic()
        imap.store("1", "-FLAGS", r"\Flagged")
        self.dovecot.deliver("u3", MESSAGE)
        self.assertLess(time.monotonic() - start, 2)
        self.listener.open()
        imap.store("1", "+FLAGS", r"\Flagged")
        self.expect(("u3", inbox))
        # a listener that reads nothing: its buffer fills, and nobody waits for it
        start = time.monotonic()
        for number in range(1000):
            imap.store("1", "-+"[number & 1] + "FLAGS", r"\Flagged")
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual(imap.store("1", "FLAGS", r"\Seen")[0], "OK")
        imap.logout()

    def test_shared_mailbox(self):
        """The owner's devices are told as well as those of the user who made the change."""
        os.chown(self.dovecot.home("u4"), self.dovecot.uid("u1"), self.dovecot.uid("u1"))
        inbox = self.ready("u1")
        self.ready("u4")
        self.dovecot.doveadm("acl", "set", "-u", "u1", "INBOX", "user=u4", "lookup", "read", "insert", "post")
        self.listener.notices()
        imap = self.dovecot.imap("u4")
        self.assertEqual(imap.append("shared/u1", None, None, MESSAGE.encode())[0], "OK")
        self.expect(("u1", inbox), ("u4", inbox))
        imap.logout()
