"""Many parked requests: what each costs, and how fast they are woken.  The figures are printed, not judged: that is for
tests/bench."""
import contextlib
import resource
import select
import ssl
import time

from rig import Settings, fakeworkers
from rig.fakeworkers import Notifier, ParkCase, answer
from rig.rawhttp import basic

SETTINGS = Settings(extra=fakeworkers.SETTINGS, connections=6000)


class Many(ParkCase):
    COUNT = 2000

    def listener_memory(self):
        pid, = self.dovecot.pids("roost")
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))

    def read_tickets(self, http):
        """TLS 1.3 sends something of its own after the handshake: then the socket is readable without an answer."""
        if isinstance(http.socket, ssl.SSLSocket):
            http.socket.setblocking(False)
            with contextlib.suppress(ssl.SSLWantReadError):
                http.socket.recv(1)
            http.socket.settimeout(20)

    def park_many(self, **kind):
        connections = []
        for _ in range(self.COUNT):
            http = self.http(**kind)
            http.send(http.request(auth=basic("u1"), body=b"x" * 40))
            connections.append(http)
            if len(connections) % 200 == 0:
                self.wait_until(lambda: len(self.workers.requests) >= len(connections), 20)
        self.wait_until(lambda: len(self.who()) == self.COUNT, 10)
        return connections

    def test_two_thousand(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 2 * self.COUNT + 500), hard), hard))
        for name, kind in (("plain", {}), ("TLS", {"tls": True})):
            self.workers.requests.clear()
            self.changed.clear()
            self.msecs = 1
            self.http(**kind).ask(auth=basic("u1"))
            self.msecs = 120000
            time.sleep(6)
            before = self.listener_memory()
            connections = self.park_many(**kind)
            # until the listener has given back what it doesn't need
            time.sleep(6)
            each = (self.listener_memory() - before) / self.COUNT
            self.workers.handler = lambda request: answer(body=b"changed")
            poll, left = select.poll(), self.COUNT
            for http in connections:
                self.read_tickets(http)
                poll.register(http.socket, select.POLLIN)
            began = time.monotonic()
            Notifier(self.dovecot).notice("u1")
            while left > 0:
                for fd, _ in poll.poll(10000):
                    poll.unregister(fd)
                    left -= 1
            took = time.monotonic() - began
            for http in connections:
                self.assertEqual(http.response().body, b"changed")
                http.close()
            print(f"     {name}: {each:.2f} KiB each, {self.COUNT} woken in {took * 1000:.0f} ms")
            self.workers.handler = self.handler
            self.wait_until(lambda: not self.who())
