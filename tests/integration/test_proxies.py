"""The reverse proxies of conf.d/examples, each started for real: TLS, the client's address, long polls, large bodies."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from rig import INBOX, Case, Settings, config, dovecot
from rig.client import tls_context
from rig.rawhttp import Http, basic

PORT = dovecot.free_ports(["proxied"])["proxied"]
SETTINGS = Settings(extra=f"""
service roost {{
  inet_listener proxied {{
    port = {PORT}
    haproxy = yes
  }}
}}
haproxy_trusted_networks = 127.0.0.1
roost_trusted_networks = 127.0.0.1
""")
EXAMPLES = config.SOURCE / "conf.d/examples"
CLIENT = "127.0.0.9"
MODULES = "mpm_event authz_core ssl proxy proxy_http headers socache_shmcb".split()
# the program, the example, what to make of it for a test, and how it is started in its folder
PROXIES = {
    "nginx": ("nginx.conf", "daemon off;\npid {d}/pid;\nerror_log {d}/log;\nevents {{ }}\nhttp {{\n  access_log off;\n"
              "  client_body_temp_path {d}/b;\n  proxy_temp_path {d}/p;\n  fastcgi_temp_path {d}/f;\n"
              "  uwsgi_temp_path {d}/u;\n  scgi_temp_path {d}/s;\n%s\n}}\n",
              ["nginx", "-e", "{d}/log", "-c", "{d}/conf"]),
    "apache2": ("apache.conf", "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
                                       for name in MODULES) +
                "ServerRoot {d}\nPidFile {d}/pid\nErrorLog {d}/log\nServerName localhost\nListen 127.0.0.1:{port}\n"
                "Mutex file:{d}\n%s\n", ["apache2", "-D", "FOREGROUND", "-f", "{d}/conf"]),
    "haproxy": ("haproxy.cfg", "%s\n", ["haproxy", "-db", "-f", "{d}/conf"]),
    "caddy": ("Caddyfile", "{{\n\tadmin off\n\tauto_https disable_redirects\n}}\n%s\n",
              ["caddy", "run", "--adapter", "caddyfile", "--config", "{d}/conf"]),
}


class Proxy:
    """One of them, as an unprivileged user, on a loopback port."""

    def __init__(self, name, instance, timeout=3660):
        example, frame, command = PROXIES[name]
        self.name = name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="roost-proxy-"))
        self.folder.chmod(0o777)
        self.port = dovecot.free_ports(["front"])["front"]
        for part in ("cert", "key"):
            shutil.copy(instance.root / f"{part}.pem", self.folder)
            (self.folder / f"{part}.pem").chmod(0o644)
        both = self.folder / "both.pem"
        both.write_text((self.folder / "cert.pem").read_text() + (self.folder / "key.pem").read_text())
        text = (frame.format(d=self.folder, port=self.port) %
                self.adapt((EXAMPLES / example).read_text(), instance).replace("3660", str(timeout)))
        (self.folder / "conf").write_text(text)
        self.process = subprocess.Popen(
            [part.format(d=self.folder) for part in command], user="nobody", cwd=self.folder,
            env={"PATH": os.environ["PATH"] + ":/usr/sbin", "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL, stdout=open(self.folder / "out", "wb"), stderr=subprocess.STDOUT)
        self.wait()

    def adapt(self, text, instance):
        target = PORT if self.name == "haproxy" else instance.ports["http"]
        changes = [(r"127\.0\.0\.1:8080", f"127.0.0.1:{target}")]
        cert, key, both = (self.folder / f"{part}.pem" for part in ("cert", "key", "both"))
        if self.name == "caddy":
            changes.append((r"(?m)^mail\.example\.org, autodiscover\.example\.org \{",
                            f"https://:{self.port} {{\n\tbind 127.0.0.1\n\ttls {cert} {key}"))
        else:
            changes += {
                "nginx": [(r"listen 443", f"listen 127.0.0.1:{self.port}")],
                "apache2": [(r"\*:443", f"127.0.0.1:{self.port}")],
                "haproxy": [(r"bind :443", f"bind 127.0.0.1:{self.port}")],
            }[self.name]
            changes += [(r"/etc/ssl/private/mail-with-key\.pem", both)] if self.name == "haproxy" else [
                (r"/etc/ssl/certs/mail\.pem", cert), (r"/etc/ssl/private/mail\.key", key)]
        for pattern, new in changes:
            text, count = re.subn(pattern, str(new), text)
            assert count >= 1, f"{self.name}: {pattern} is not in the example"
        return text

    def wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.05)
        said = "".join(file.read_text() for file in (self.folder / "out", self.folder / "log") if file.exists())
        self.close()
        raise RuntimeError(f"{self.name} did not start: {said}")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxies(Case):
    def proxy(self, name, **arguments):
        proxy = Proxy(name, self.dovecot, **arguments)
        self.addCleanup(proxy.close)
        return proxy

    def connect(self, port):
        sock = socket.create_connection(("127.0.0.1", port), 30, (CLIENT, 0))
        return tls_context().wrap_socket(sock, server_hostname="127.0.0.1")

    def through(self, proxy, user, version="16.1"):
        """A device with an address of its own."""
        device = self.device(user, version, tls=True)
        connection = device.connection
        connection.port = proxy.port

        def connect():
            connection.close()
            connection.sock, connection.buffer = self.connect(proxy.port), b""
        connection.connect = connect
        return device

    def raw(self, proxy):
        http = Http.__new__(Http)
        http.socket, http.buffer = self.connect(proxy.port), b""
        self.addCleanup(http.close)
        return http

    def who(self, user):
        return json.loads(self.dovecot.doveadm("-f", "json", "roost", "who", user))

    def wait_parked(self, user):
        deadline = time.monotonic() + 20
        while not (rows := self.who(user)):
            self.assertLess(time.monotonic(), deadline, "not parked")
            time.sleep(0.05)
        return rows[0]

    def check_device(self, proxy, user):
        device = self.through(proxy, user)
        response, found = self.autodiscover(device, f"{user}@example.test")
        self.assertEqual(response.code, 200)
        self.assertTrue(found["Url"].startswith("https://"), found)
        self.assertEqual(device.options().code, 200)
        device.provision()
        device.folder_sync().check()
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        answers = []
        waiting = threading.Thread(target=lambda: answers.append(device.ping([inbox], heartbeat=600)))
        waiting.start()
        row = self.wait_parked(user)
        self.assertEqual(row["ip"], CLIENT)
        time.sleep(3)
        self.dovecot.deliver(user, "Subject: proxy\n\nHello\n")
        waiting.join(20)
        self.assertStatus(answers[0], 2)
        self.assertEqual(len([item for page in device.sync_all(inbox) for item in page.findall("Commands/Add")]), 1)

    def check_bodies(self, proxy):
        # not collected before it goes on: the answer is here before the body (Apache and Caddy send all of a body before
        # they look for an answer)
        if proxy.name in ("nginx", "haproxy"):
            http = self.raw(proxy)
            http.send(http.request(auth=basic("u1", "wrong"), Content_Length=20000000) + b"x" * 100000)
            self.assertEqual(http.response().code, 401)
        # all of it
        http = self.raw(proxy)
        http.send(http.request(path="/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=u1&DeviceId=d&DeviceType=t",
                               auth=basic("u1"), body=b"\xff" * 5000000, MS_ASProtocolVersion="14.1"))
        self.assertEqual(http.response().code, 400)
        self.dovecot.wait_log(r"http=400, \d+ ms, in=5000000,")
        # a client that asks first
        http = self.raw(proxy)
        http.send(http.request(auth=basic("u1", "wrong"), Content_Length=1000, Expect="100-continue"))
        code = http.response().code
        if code == 100:
            http.send(b"x" * 1000)
            code = http.response().code
        self.assertEqual(code, 401)

    def check_timeout(self, name, user):
        """The example's long time-out is what lets a request wait."""
        proxy = self.proxy(name, timeout=2)
        device = self.through(proxy, user)
        device.provision()
        device.folder_sync().check()
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        try:
            code = device.ping([inbox], heartbeat=600).code
        except (OSError, ConnectionError):
            code = None
        self.assertIn(code, (None, 502, 503, 504))

    def check(self, name, user):
        if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin") is None:
            self.skipTest(f"{name} isn't installed")
        proxy = self.proxy(name)
        self.check_device(proxy, user)
        self.check_bodies(proxy)
        self.check_timeout(name, user)

    def test_nginx(self):
        self.check("nginx", "u1")

    def test_apache(self):
        self.check("apache2", "u2")

    def test_haproxy(self):
        self.check("haproxy", "u3")

    def test_caddy(self):
        self.check("caddy", "u4")

    def test_the_examples_outlast_every_heartbeat(self):
        for name, (example, _, _) in PROXIES.items():
            text = (EXAMPLES / example).read_text()
            waits = [int(number) for number in re.findall(
                r"(?:proxy_read_timeout|timeout=|timeout (?:client|server)|response_header_timeout) ?(\d+)", text)]
            self.assertTrue(waits, name)
            self.assertGreater(min(waits), 3540 + 60, name)
