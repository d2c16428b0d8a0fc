"""What the tests of outgoing mail have in common."""
from .case import Case


def mail(subject, extra=b"", body=b"Hello.\r\n"):
    """A mail from u1 to u2; `extra` are whole header fields."""
    return (b"From: u1@example.test\r\nTo: U Two <u2@example.test>\r\nSubject: %s\r\nMessage-ID: <%s@phone>\r\n"
            b"Date: Sat, 28 Nov 2026 10:00:00 +0000\r\n%s\r\n%s" % (subject.encode(), subject.encode(), extra, body))


class SendCase(Case):
    def setUp(self):
        self.dovecot.smtp.clear()
        self.addCleanup(self.dovecot.smtp.clear)

    def stored(self, user, folder, subject):
        """The mails of exactly that subject in a mailbox: (flags and so on, the bytes)."""
        imap = self.dovecot.imap(user, folder)
        numbers = imap.search(None, "HEADER", "SUBJECT", f'"{subject}"')[1][0].split()
        found = [imap.fetch(number, "(FLAGS BODY.PEEK[])")[1] for number in numbers]
        imap.logout()
        return [(parts[0][0] + parts[-1] if isinstance(parts[-1], bytes) else parts[0][0], parts[0][1])
                for parts in found]

    def assertSent(self, response):
        self.assertEqual((response.code, response.body), (200, b""), response.document or response.body[:300])
