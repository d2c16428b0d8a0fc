"""A listener that does as it is told: logs in with Dovecot's auth as a login process does, and speaks the workers'
protocol (src/worker/worker-protocol.h) line by line."""
import array
import base64
import os
import socket
import tempfile
import time

BODY_INLINE_MAX = 128 * 1024
ESCAPES = (("\x01", "\x011"), ("\t", "\x01t"), ("\r", "\x01r"), ("\n", "\x01n"))


def escape(text):
    for char, code in ESCAPES:
        text = text.replace(char, code)
    return text


def unescape(text):
    for char, code in reversed(ESCAPES):
        text = text.replace(code, char)
    return text


class Auth:
    """A client of the socket login/login: each login() gives what proves it to a worker."""

    def __init__(self, dovecot):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(dovecot.root / "run" / "login" / "login"))
        self.file = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.pid, self.next_id = os.getpid(), 0
        self.send("VERSION\t1\t2", f"CPID\t{self.pid}")
        while (line := self.file.readline().rstrip("\n").split("\t"))[0] != "DONE":
            if line[0] == "SPID":
                self.auth_pid = int(line[1])
            elif line[0] == "COOKIE":
                self.cookie = line[1]

    def send(self, *lines):
        self.socket.sendall("".join(line + "\n" for line in lines).encode())

    def authenticate(self, user, password):
        """Returns the id of the login and auth's answer to it, e.g. ["OK", "7", "user=u1"]."""
        self.next_id += 1
        response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
        self.send(f"AUTH\t{self.next_id}\tPLAIN\tservice=roost\tsecured\tlip=127.0.0.1\trip=127.0.0.1\t"
                  f"resp={response}")
        return self.next_id, self.file.readline().rstrip("\n").split("\t")

    def cancel(self, number):
        self.send(f"CANCEL\t{number}")

    def proof(self, number, auth_pid=None, client_pid=None, cookie=None):
        return f"login={auth_pid or self.auth_pid} {number} {client_pid or self.pid} {cookie or self.cookie}"

    def login(self, user, password="secret"):
        number, answer = self.authenticate(user, password)
        if answer[0] != "OK":
            raise AssertionError(f"auth said {answer}")
        return self.proof(number)

    def close(self):
        self.file.close()
        self.socket.close()


class Closed(Exception):
    """The worker has closed the connection."""


class Answer:
    """A worker's answer: kind (ANSWER, PARK, REFUSED), its positional fields, keys, headers and body."""

    def __init__(self, line, worker):
        fields = line.split("\t")
        counts = {"ANSWER": 5, "PARK": 4, "REFUSED": 3}
        self.kind, self.id = fields[0], int(fields[1])
        self.fields, pairs = fields[2:counts[self.kind]], [unescape(field) for field in fields[counts[self.kind]:]]
        self.keys, self.headers, self.watch, self.body, self.by_fd = {}, {}, [], b"", False
        for key, value in (pair.split("=", 1) for pair in pairs):
            if key.startswith("h:"):
                self.headers[key[2:].lower()] = value
            elif key == "watch":
                self.watch.append(value)
            else:
                self.keys[key] = value
        if self.kind == "ANSWER":
            self.status, self.by_fd = int(self.fields[0]), self.fields[2] == "1"
            self.body = worker.read_body(int(self.fields[1]), self.by_fd)
        elif self.kind == "PARK":
            self.msecs = int(self.fields[0])
            self.body = worker.read_body(int(self.fields[1]), False)

    @property
    def reason(self):
        return self.fields[0]

    @property
    def users(self):
        return [name for name in self.keys["users"].split(",") if name]


class Worker:
    """A connection to a worker process."""

    def __init__(self, dovecot, version="VERSION\troost-listener\t1\t0\n"):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(20)
        self.socket.connect(str(dovecot.root / "run" / "login" / "roost-worker"))
        self.buffer, self.fds, self.next_id = b"", [], 0
        self.write(version.encode())
        if version.startswith("VERSION\troost-listener\t1\t"):
            self.version, self.hello = self.line(), self.line()

    def write(self, data, fds=()):
        self.socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])

    def read(self):
        try:
            data, ancillary, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(16))
        except ConnectionError:
            data, ancillary = b"", []
        for _, _, fds in ancillary:
            self.fds += array.array("i", fds[:len(fds) // 4 * 4])
        if not data:
            raise Closed
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.read()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def read_body(self, size, by_fd):
        if by_fd:
            with open(self.fds.pop(0), "rb") as file:
                return os.pread(file.fileno(), size, 0)
        while len(self.buffer) < size:
            self.read()
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return body

    def send(self, proof, target="/Microsoft-Server-ActiveSync", method="POST", user="u1", body=b"", headers=None,
             by_fd=None, **keys):
        """Sends a request and returns its number."""
        self.next_id += 1
        by_fd = len(body) > BODY_INLINE_MAX if by_fd is None else by_fd
        values = {"user": user, "rip": "192.0.2.1", "rport": "1234", "lip": "127.0.0.1", "lport": "443",
                  "session": f"session{self.next_id}", "secured": "1", "method": method, "target": target,
                  "host": "https://mail.example.test"} | {key: str(value) for key, value in keys.items()}
        values |= {f"h:{name}": value for name, value in (headers or {}).items()}
        fields = [proof] + [f"{key}={value}" for key, value in values.items()]
        line = "\t".join(["REQUEST", str(self.next_id), str(len(body)), "1" if by_fd else "0",
                          *map(escape, fields)]) + "\n"
        if by_fd:
            with tempfile.TemporaryFile() as file:
                file.write(body)
                file.flush()
                self.write(line.encode(), [file.fileno()])
        else:
            self.write(line.encode() + body)
        return self.next_id

    def answer(self):
        return Answer(self.line(), self)

    def request(self, proof, *arguments, **keys):
        """Sends a request and returns the Answer."""
        number = self.send(proof, *arguments, **keys)
        answer = self.answer()
        if answer.id != number:
            raise AssertionError(f"answer {answer.id} to request {number}")
        return answer

    def is_closed(self, seconds=10):
        """TRUE as soon as the worker has closed the connection."""
        self.socket.settimeout(seconds)
        try:
            while True:
                self.read()
        except Closed:
            return True
        except TimeoutError:
            return False

    def close(self):
        for fd in self.fds:
            os.close(fd)
        self.socket.close()


def wait_until(function, seconds=10):
    """Waits until function() is true, and returns that."""
    deadline = time.monotonic() + seconds
    while not (value := function()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return value
