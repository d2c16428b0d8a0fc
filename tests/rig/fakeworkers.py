"""Workers that do as they are told: they stand at the place of service roost-worker's socket and answer the listener's
requests with what a test's function returns (src/worker/worker-protocol.h)."""
import array
import os
import pwd
import socket
import ssl
import tempfile
import threading
import time

from .case import Case
from .listener import escape, unescape
from .rawhttp import Http, basic

# for Settings.extra: the master leaves the socket to us
SETTINGS = "service roost-worker {\n  unix_listener login/roost-worker {\n    mode = 0\n  }\n}\n"
DIE, SILENT = object(), object()
# of mailboxes: one that parked requests watch, and one that they don't
GUID, OTHER = "0123456789abcdef0123456789abcdef", "f" * 32
TIMES_UP = b"nothing happened"


class Request:
    """What the listener sent: keys, headers (names in lower case), body; by_fd tells how the body came."""

    def __init__(self, line, connection):
        fields = line.split("\t")
        if fields[0] != "REQUEST":
            raise ValueError(line)
        self.id, size, self.by_fd = fields[1], int(fields[2]), fields[3] == "1"
        self.keys, self.headers = {}, {}
        for pair in map(unescape, fields[4:]):
            key, value = pair.split("=", 1)
            if key.startswith("h:"):
                self.headers[key[2:].lower()] = value
            elif key in self.keys:
                raise ValueError(f"{key} came twice")
            else:
                self.keys[key] = value
        self.body = connection.read_body(size, self.by_fd)

    @property
    def user(self):
        return self.keys["user"]

    @property
    def elapsed(self):
        return int(self.keys.get("elapsed", 0))


def _fields(keys, headers):
    return "".join(f"\t{escape(f'{key}={value}')}" for key, value in keys.items()) + \
        "".join(f"\t{escape(f'h:{name}={value}')}" for name, value in headers.items())


def answer(status=200, body=b"", headers=None, by_fd=False, **keys):
    return ("ANSWER", f"{status}\t{len(body)}\t{int(by_fd)}" + _fields(keys, headers or {}), body, by_fd)


def park(user, msecs, watch=(), body=b"", headers=None, **keys):
    keys = {"user": user, "park_ticket": f"park-{user}", **keys}
    text = f"{msecs}\t{len(body)}" + _fields(keys, headers or {}) + "".join(f"\twatch={guid}" for guid in watch)
    return ("PARK", text, body, False)


def refused(reason):
    return ("REFUSED", reason, b"", False)


class Connection:
    """One worker process, as far as the listener can tell."""

    def __init__(self, sock, workers):
        self.socket, self.workers, self.buffer, self.fds = sock, workers, b"", []
        self.number = len(workers.connections)

    def read(self):
        data, ancillary, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(16))
        for _, _, fds in ancillary:
            self.fds += array.array("i", fds[:len(fds) // 4 * 4])
        if not data:
            raise ConnectionError
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.read()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode("utf-8", "surrogateescape")

    def read_body(self, size, by_fd):
        if by_fd:
            with open(self.fds.pop(0), "rb") as file:
                return os.pread(file.fileno(), size, 0)
        while len(self.buffer) < size:
            self.read()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return body

    def send(self, request, kind, text, body, by_fd):
        line = f"{kind}\t{request.id}\t{text}\n".encode("utf-8", "surrogateescape")
        if not by_fd:
            self.socket.sendall(line + body)
            return
        with tempfile.TemporaryFile() as file:
            file.write(body)
            file.flush()
            fds = array.array("i", [file.fileno()])
            sent = self.socket.sendmsg([line], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
            self.socket.sendall(line[sent:])

    def serve(self):
        try:
            self.socket.sendall(f"VERSION\troost-worker\t1\t0\nHELLO\t{self.workers.limit}\n".encode())
            # not a byte of a request that follows
            version = b"VERSION\troost-listener\t1\t0\n"
            if self.socket.recv(len(version), socket.MSG_WAITALL) != version:
                raise ValueError("no VERSION")
            while True:
                if not self.buffer:
                    self.socket.recv(1, socket.MSG_PEEK)
                if self.workers.unread > 0 and not self.buffer:
                    self.workers.unread -= 1
                    break
                request = Request(self.line(), self)
                request.worker = self.number
                self.workers.requests.append(request)
                reply = self.workers.handler(request)
                if reply is DIE:
                    break
                if reply is SILENT:
                    self.read()
                elif isinstance(reply, bytes):
                    self.socket.sendall(reply)
                else:
                    self.send(request, *reply)
        except OSError:
            pass
        finally:
            self.socket.close()


class FakeWorkers:
    """`handler(request)` returns answer(...), park(...), refused(...), bytes to be sent as they are, DIE or SILENT; it
    may be exchanged at any time.  `requests` is all that came."""

    def __init__(self, dovecot, handler=None, limit=4):
        self.handler = handler or (lambda request: answer(body=b"ok"))
        self.limit, self.requests, self.connections = limit, [], []
        # so many requests are not read: the connection is closed when they come
        self.unread = 0
        path = str(dovecot.root / "run" / "login" / "roost-worker")
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(path)
        os.chown(path, pwd.getpwnam("dovenull").pw_uid, -1)
        os.chmod(path, 0o600)
        self.listening.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listening.accept()
            except OSError:
                return
            connection = Connection(sock, self)
            self.connections.append(connection)
            threading.Thread(target=connection.serve, daemon=True).start()

    def reset(self, handler):
        """Another handler, and forgets what came."""
        self.handler = handler
        self.requests.clear()


_workers = []


class ListenerCase(Case):
    """For modules whose SETTINGS have ours."""

    def setUp(self):
        if not _workers:
            _workers.append(FakeWorkers(self.dovecot))
            # these workers never ask auth about the logins
            self.dovecot.expect_log(r"auth: Error: auth client \d+ disconnected with \d+ pending requests")
        self.workers = _workers[0]
        self.workers.reset(lambda request: answer(body=request.user.encode()))

    def http(self, **arguments):
        http = Http(self.dovecot, **arguments)
        self.addCleanup(http.close)
        return http

    def ask(self, **arguments):
        return self.http().ask(**arguments)

    def ask_in_thread(self, **arguments):
        """Asks meanwhile; the function that is returned waits for the answer."""
        answers, http = [], self.http()
        http.send(http.request(**arguments))
        thread = threading.Thread(target=lambda: answers.append(http.response()))
        thread.start()

        def wait():
            thread.join(20)
            return answers[0]
        return wait

    def wait_until(self, condition, seconds=5):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it never happened")
            time.sleep(0.005)


class Notifier:
    """Somebody who sends change notices."""

    def __init__(self, dovecot):
        self.path = str(dovecot.root / "run" / "roost-notify")
        self._connect()

    def _connect(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(self.path)
        self.socket.sendall(b"VERSION\troost-notify-client\t1\t0\n")

    def notice(self, user, guid=GUID):
        line = f"N\t{user}\t{guid}\n".encode()
        try:
            self.socket.sendall(line)
        except BrokenPipeError:
            # it was silent for too long
            self.close()
            self._connect()
            self.socket.sendall(line)

    def close(self):
        self.socket.close()


class ParkCase(ListenerCase):
    """u1's requests are parked, until he is in `changed`."""

    def setUp(self):
        super().setUp()
        self.changed = set()
        self.msecs, self.watch = 20000, [GUID]
        self.workers.reset(self.handler)
        self.notifier = Notifier(self.dovecot)
        self.addCleanup(self.notifier.close)

    def handler(self, request):
        if request.user in self.changed:
            return answer(body=b"changed", headers={"X-Elapsed": str(request.elapsed)})
        return park(request.user, max(self.msecs - request.elapsed, 1), self.watch, TIMES_UP,
                    {"X-Kind": "timeout"}, device="dev1", command="Ping", version="14.1",
                    ticket="T", ticket_secs=300)

    def park(self, http, **arguments):
        before = len(self.workers.requests)
        http.send(http.request(auth=basic("u1"), body=b"ping me", User_Agent="test", **arguments))
        self.wait_until(lambda: len(self.workers.requests) > before)
        self.wait_until(self.who)

    def who(self, *arguments):
        lines = self.dovecot.doveadm("-f", "tab", "roost", "who", *arguments).splitlines()[1:]
        return [line.split("\t") for line in lines]

    def tls_kinds(self):
        return ({}, {"tls": True, "tls_version": ssl.TLSVersion.TLSv1_2},
                {"tls": True, "tls_version": ssl.TLSVersion.TLSv1_3})
