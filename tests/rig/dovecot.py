"""A private Dovecot with Roost: started in a folder of its own, looked at from all sides, stopped without a trace."""
import contextlib
import ctypes
import imaplib
import os
import pathlib
import re
import resource
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time

from . import config, smtp, tree

FIRST_UID = 20001
PASSWORD = "secret"
DOMAIN = "example.test"
PORTS = ("imap", "imaps", "pop3", "lmtp", "smtp", "http", "https")
PROBLEM = re.compile(r": (?:Panic|Fatal|Error): ")
PR_SET_PDEATHSIG = 1


class StartError(RuntimeError):
    """Dovecot did not start; the text has its log."""


def free_ports(names):
    """A free loopback port for each name: all are bound at once, so they differ."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for name in names:
            sock = stack.enter_context(socket.socket())
            sock.bind(("127.0.0.1", 0))
            ports[name] = sock.getsockname()[1]
        return ports


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _is_alive(pid):
    """Neither gone nor waiting for its parent."""
    stat = _read(f"/proc/{pid}/stat")
    return stat != "" and stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def _read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Instance:
    """`installed` is a folder made by tree.make_tree(), `root` the folder for everything of the instance; without one
    it is a temporary folder that stop() removes."""

    def __init__(self, installed, settings=None, root=None):
        self.installed, self.settings = pathlib.Path(installed), settings or config.Settings()
        self.temporary = root is None
        self.root = pathlib.Path(root or tempfile.mkdtemp(prefix="roost-test-"))
        self.root.mkdir(exist_ok=True)
        self.root.chmod(0o755)
        # where Dovecot's processes see it
        self.inside = tree.seen_as(self.root)
        self.conf, self.log_path = self.root / "dovecot.conf", self.root / "dovecot.log"
        self.master, self.namespace, self.expected, self.ports = None, None, [], {}
        self.namespace_fd = None
        # where the mail goes that users send
        self.smtp = None

    # --- Its files

    @property
    def users(self):
        return [f"u{number}" for number in range(1, self.settings.users + 1)]

    def uid(self, user):
        return FIRST_UID + int(user[1:]) - 1

    def home(self, user):
        return self.root / "home" / user

    def write_users(self):
        """The passwd-file: every user has a uid of its own, as with system users."""
        lines = []
        for user in self.users:
            uid, home = self.uid(user), self.home(user)
            if not home.exists():
                home.mkdir(parents=True)
                os.chown(home, uid, uid)
                home.chmod(0o700)
            fields = self.settings.fields.get(user, "")
            lines.append(f"{user}:{{PLAIN}}{PASSWORD}:{uid}:{uid}::{self.inside / 'home' / user}::{fields}\n")
        (self.root / "users").write_text("".join(lines))

    def write_certificate(self):
        if not (self.root / "cert.pem").exists():
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(self.root / "key.pem"),
                            "-out", str(self.root / "cert.pem")], check=True, capture_output=True)
            (self.root / "key.pem").chmod(0o600)

    def write_config(self):
        self.conf.write_text(config.text(self.inside, self.ports, self.settings, tree.is_sanitized(self.installed)))

    # --- Start and stop

    def start(self, keep=False):
        """Starts and waits until it serves; keep: it goes on when this process ends."""
        self.write_users()
        self.write_certificate()
        for attempt in range(5):
            self.ports = self.ports or free_ports(PORTS)
            self.write_config()
            try:
                self._start_smtp(keep)
                self._start(keep)
                return self
            except (StartError, OSError) as error:
                self.stop_processes()
                self.stop_smtp()
                if attempt == 4 or "Address already in use" not in str(error):
                    raise
                self.ports = {}
                self.log_path.unlink(missing_ok=True)

    def _start_smtp(self, keep):
        """In this process; or in one of its own, if it has to go on when this one ends."""
        if self.smtp is None and not keep:
            self.smtp = smtp.Server(self.ports["smtp"], self.ports["lmtp"]).start()
        elif keep:
            process = subprocess.Popen(
                [sys.executable, "-m", "rig.smtp", str(self.ports["smtp"]), str(self.ports["lmtp"])],
                cwd=pathlib.Path(__file__).parents[1], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, start_new_session=True)
            (self.root / "smtp.pid").write_text(str(process.pid))

    def stop_smtp(self):
        if self.smtp is not None:
            self.smtp.stop()
            self.smtp = None
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.root / "smtp.pid").read_text())
            if "rig.smtp" in _read(f"/proc/{pid}/cmdline"):
                os.kill(pid, signal.SIGTERM)
            (self.root / "smtp.pid").unlink()

    def _start(self, keep):
        def prepare():
            if not keep:
                _end_with_parent()
            want = max(self.settings.connections * 2, 4096)
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (want, max(want, hard)))
            except (ValueError, OSError):       # root of a container may not raise it
                resource.setrlimit(resource.RLIMIT_NOFILE, (min(want, hard), hard))
        with open(self.root / "dovecot.out", "wb") as out:
            self.master = subprocess.Popen(tree.shell_start(self.installed, self.conf, self.root, self.inside), stdout=out, stderr=out,
                                           stdin=subprocess.DEVNULL, preexec_fn=prepare, start_new_session=True)
        deadline = time.monotonic() + 20
        while not self._serves():
            if self.master.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"Dovecot did not start:\n{_read(self.root / 'dovecot.out')}{self.log()}")
            time.sleep(0.01)
        self.hold_namespace(self.master.pid)
        self._write_doveadm()

    def hold_namespace(self, pid):
        """The master's. As long as it is open its number is nobody else's: it would be given to the next instance at
        once, and whoever waits for the end of this one would end that."""
        path = f"/proc/{pid}/ns/mnt"
        self.namespace_fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.namespace = os.readlink(path)

    def _serves(self):
        """All listeners are opened by the master before it forks: any one shows that they are there."""
        if not (self.root / "run" / "master.pid").exists():
            return False
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.ports["lmtp"]), 1).close()
            return True
        return False

    def _write_doveadm(self):
        script = self.root / "doveadm"
        script.write_text(f'#!/bin/sh\nexec nsenter -t "$(cat {self.root}/run/master.pid)" -m -r -- '
                          f'doveadm -c {self.conf} "$@"\n')
        script.chmod(0o755)

    def stop_processes(self):
        """Ends every process of the instance, the master first so that it is not surprised."""
        if self.master is None:
            return
        # Dovecot's own: a service that is just starting does not get its configuration any more
        self.expect_log(r"Fatal: Error reading configuration: read\(.*/config\) failed: ")
        self.expect_log(r"master: Error: service\([\w-]+\): child \d+ returned error 89 \(Fatal failure\)$")
        self.master.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.master.wait(10)
        deadline = time.monotonic() + 10
        while self.master.poll() is None or (self.namespace and self.pids()):
            late = time.monotonic() > deadline
            if late:
                self.master.kill()
            for pid in self.pids() if late else ():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        self.master = self.namespace = None
        if self.namespace_fd is not None:
            os.close(self.namespace_fd)
            self.namespace_fd = None

    def stop(self):
        """Stops, removes the temporary folder and returns the log's problems (see problems())."""
        try:
            self.stop_processes()
            self.stop_smtp()
            return self.problems()
        finally:
            if self.temporary:
                shutil.rmtree(self.root, ignore_errors=True)

    def restart(self):
        """Stops and starts again with the same folders and ports."""
        self.stop_processes()
        self.start()

    def reload(self):
        # Dovecot's own: the log process does not know the services of before any more when one's process ends
        self.expect_log(r" log\(\d+\): Error: Received master input for invalid service_fd \d+: \d+ \d+ BYE$")
        self.doveadm("reload")

    def configure(self, text):
        """Another configuration, from now on. It is there all at once: a master that is still busy with the reload
        before would read the half of it, and go to another base_dir."""
        new = self.conf.with_suffix(".new")
        new.write_text(text)
        new.replace(self.conf)
        old = self.pids("roost")
        self.reload()
        # one that was there before may still accept a connection, and find no worker any more
        deadline = time.monotonic() + 5
        while any(_is_alive(pid) for pid in old) and time.monotonic() < deadline:
            time.sleep(0.01)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # --- Its processes

    def peak_memory(self, name):
        """KiB that the largest process of that name ever had. 0 for sanitized services: the sanitizers keep what was
        freed, so that it says nothing of us there."""
        if tree.is_sanitized(self.installed):
            return 0
        peaks = [re.search(r"VmHWM:\s*(\d+) kB", _read(f"/proc/{pid}/status")) for pid in self.pids(name)]
        return max(int(peak[1]) for peak in peaks if peak)

    def pids(self, name=None):
        """The pids of this instance only: those in its mount namespace, with that name of a program if given."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                if os.readlink(f"/proc/{entry}/ns/mnt") != self.namespace:
                    continue
            except OSError:
                continue
            if name is None or _read(f"/proc/{entry}/comm").strip() == name[:15]:
                found.append(int(entry))
        return found

    def kill(self, name, number=signal.SIGKILL):
        """Sends the signal to each process of that name, expects what the master says about it, and waits until they
        have let go of their files."""
        pids = self.pids(name)
        for pid in pids:
            self.expect_log(rf"service\({name}\): child {pid} killed with signal {int(number)}")
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + 10
        while any(_is_alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.002)
        return pids

    # --- Its log

    def log(self):
        """The whole log. A service's line goes through the log process: one that a service has said by now is there
        as soon as that rests for a moment."""
        text, deadline = _read(self.log_path), time.monotonic() + 1
        while time.monotonic() < deadline:
            time.sleep(0.03)
            before, text = text, _read(self.log_path)
            if text == before:
                break
        return text

    def expect_log(self, pattern):
        """Problems that match the pattern are wanted."""
        self.expected.append(re.compile(pattern))

    def problems(self):
        """The log's lines of Panic, Fatal and Error that no test expected."""
        return [line for line in self.log().splitlines() if PROBLEM.search(line) and
                not any(pattern.search(line) for pattern in self.expected)]

    def wait_log(self, pattern, seconds=5):
        """The match, as soon as the log has one."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(pattern, _read(self.log_path), re.M)):
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in the log within {seconds} s")
            time.sleep(0.01)
        return found

    # --- Ways in

    def url(self, tls=False):
        return f"https://127.0.0.1:{self.ports['https']}" if tls else f"http://127.0.0.1:{self.ports['http']}"

    def doveadm(self, *arguments, check=True):
        """The output of a doveadm command that sees our modules."""
        done = subprocess.run([str(self.root / "doveadm"), *map(str, arguments)], capture_output=True, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"doveadm {' '.join(map(str, arguments))}: {done.stderr}{done.stdout}")
        return done.stdout

    def deliver(self, users, message, sender="sender@example.test"):
        """Delivers a message (bytes, or text with LF) to a user, or to a list of them at once, by LMTP."""
        users = [users] if isinstance(users, str) else users
        data = message if isinstance(message, bytes) else message.replace("\n", "\r\n").encode()
        with smtplib.LMTP("127.0.0.1", self.ports["lmtp"]) as lmtp:
            lmtp.ehlo_or_helo_if_needed()
            replies = [lmtp.mail(sender), *(lmtp.rcpt(f"{user}@{DOMAIN}") for user in users)]
            if bad := [reply for reply in replies if reply[0] != 250]:
                raise RuntimeError(f"LMTP: {bad}")
            # smtplib's data() takes the first reply for the only one: LMTP has one per recipient
            lmtp.docmd("DATA")
            lmtp.send(re.sub(rb"(?m)^\.", b"..", data.rstrip(b"\r\n") + b"\r\n") + b".\r\n")
            replies = [lmtp.getreply() for _ in users]
            if bad := [reply for reply in replies if reply[0] != 250]:
                raise RuntimeError(f"LMTP: {bad}")

    def imap(self, user, folder="INBOX"):
        """A logged-in imaplib connection with the folder selected."""
        connection = imaplib.IMAP4("127.0.0.1", self.ports["imap"])
        connection.login(user, PASSWORD)
        if folder:
            ok, answer = connection.select(f'"{folder}"')
            if ok != "OK":
                raise RuntimeError(f"cannot select {folder}: {answer}")
        return connection
