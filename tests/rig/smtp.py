"""A mail server for what the instance sends: SMTP on a loopback port.  Mail to the instance's own users goes on into its
LMTP, so that they really get it; any other address is taken and goes nowhere.  A test looks at what came over the
wire, and may have it fail, stall or lose an answer:

    self.dovecot.smtp.hook = lambda stage, argument: "550 5.7.1 No" if stage == "RCPT" else None

The stages are CONNECT, MAIL, RCPT, DATA (the command), TAKEN (the mail is delivered, the answer not yet sent).  A hook returns
None (go on), the answer's line, or DROP (the connection is lost there); it may as well sleep.
`python3 -m rig.smtp PORT LMTP_PORT` serves until it is killed."""
import argparse
import dataclasses
import re
import smtplib
import socketserver
import threading

DOMAIN = "example.test"
DROP = object()
MAX_SIZE = 200_000_000


class Lost(Exception):
    """A hook lost the connection."""


@dataclasses.dataclass
class Message:
    """What was taken: the envelope and the bytes, dots undone."""
    sender: str
    recipients: list
    data: bytes
    parameters: str

    @property
    def header(self):
        return self.data.partition(b"\r\n\r\n")[0] + b"\r\n"

    @property
    def body(self):
        return self.data.partition(b"\r\n\r\n")[2]


class Handler(socketserver.StreamRequestHandler):
    def reply(self, line):
        self.wfile.write(line.encode() + b"\r\n")
        self.wfile.flush()

    def hooked(self, stage, argument):
        """True if a hook has answered."""
        answer = self.server.rig.hook and self.server.rig.hook(stage, argument)
        if answer is DROP:
            raise Lost
        if answer:
            self.reply(answer)
        return bool(answer)

    def reset(self):
        if self.lmtp:
            self.lmtp.close()
        self.sender, self.recipients, self.lmtp, self.local = None, [], None, []

    def handle(self):
        self.lmtp = None
        self.reset()
        try:
            if self.hooked("CONNECT", ""):
                return
            self.reply("220 rig ESMTP")
            for line in self.rfile:
                word, _, argument = line.decode("latin-1").strip().partition(" ")
                if word.upper() == "QUIT":
                    self.reply("221 2.0.0 Bye")
                    return
                command = getattr(self, "do_" + word.lower(), None)
                if command is None:
                    self.reply("502 5.5.1 Unknown command")
                else:
                    command(argument)
        except (Lost, OSError):
            pass
        finally:
            self.reset()

    def do_ehlo(self, argument):
        if self.hooked("EHLO", argument):
            return
        self.wfile.write(f"250-rig\r\n250-PIPELINING\r\n250-SIZE {MAX_SIZE}\r\n250-8BITMIME\r\n"
                         "250 ENHANCEDSTATUSCODES\r\n".encode())
        self.wfile.flush()

    def do_helo(self, _):
        self.reply("250 rig")

    def do_rset(self, _):
        self.reset()
        self.reply("250 2.0.0 OK")

    def do_noop(self, _):
        self.reply("250 2.0.0 OK")

    def do_mail(self, argument):
        self.reset()
        if self.hooked("MAIL", argument):
            return
        match = re.match(r"FROM:\s*<(.*?)>\s*(.*)", argument, re.I)
        self.sender, self.parameters = match[1], match[2]
        self.reply("250 2.1.0 OK")

    def do_rcpt(self, argument):
        if self.hooked("RCPT", argument):
            return
        if self.sender is None:
            self.reply("503 5.5.1 MAIL first")
            return
        address = re.match(r"TO:\s*<(.*?)>", argument, re.I)[1]
        if address.lower().endswith("@" + DOMAIN):
            if self.lmtp is None:
                self.lmtp = smtplib.LMTP("127.0.0.1", self.server.rig.lmtp_port)
                self.lmtp.ehlo_or_helo_if_needed()
                self.lmtp.mail(self.sender)
            code, text = self.lmtp.rcpt(address)
            if code != 250:
                self.reply(f"{code} {text.decode()}")
                return
            self.local.append(address)
        self.recipients.append(address)
        self.reply("250 2.1.5 OK")

    def read_data(self):
        parts = []
        for line in self.rfile:
            if line == b".\r\n":
                return b"".join(parts)
            parts.append(line[1:] if line.startswith(b".") else line)
        raise Lost

    def deliver(self, data):
        """Into LMTP, which answers for each recipient: the first bad answer, or None."""
        if not self.local:
            return None
        self.lmtp.docmd("DATA")
        self.lmtp.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
        replies = [self.lmtp.getreply() for _ in self.local]
        return next((reply for reply in replies if reply[0] != 250), None)

    def do_data(self, argument):
        if self.hooked("DATA", argument):
            return
        self.reply("354 OK" if self.recipients else "554 5.5.1 No valid recipients")
        if not self.recipients:
            return
        data = self.read_data()
        bad = self.deliver(data)
        if bad:
            self.reply(f"{bad[0]} {bad[1].decode().splitlines()[-1]}")
        else:
            self.server.rig.take(Message(self.sender, self.recipients, data, self.parameters))
            if not self.hooked("TAKEN", ""):
                self.reply("250 2.0.0 Taken")
        self.reset()


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 100


class Server:
    """`messages` are those that were taken, the oldest first; keep=False counts them only."""

    def __init__(self, port, lmtp_port, keep=True):
        self.lmtp_port, self.keep = lmtp_port, keep
        self.hook, self.messages, self.count = None, [], 0
        self.lock = threading.Lock()
        self.listener = Listener(("127.0.0.1", port), Handler)
        self.listener.rig = self

    def take(self, message):
        with self.lock:
            self.count += 1
            if self.keep:
                self.messages.append(message)

    def clear(self):
        self.hook, self.messages, self.count = None, [], 0

    def start(self):
        threading.Thread(target=self.listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.listener.shutdown()
        self.listener.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("lmtp_port", type=int)
    arguments = parser.parse_args()
    Server(arguments.port, arguments.lmtp_port, keep=False).listener.serve_forever()


if __name__ == "__main__":
    main()
