"""A way that cuts waiting requests: what the listener learns of it, over a relay that closes idle connections."""
import contextlib
import json
import select
import socket
import threading
import time

from rig import INBOX, Case, Settings

SETTINGS = Settings(extra="roost_heartbeat_learn_min = 1 secs\n")
MESSAGE = "From: a@example.test\nSubject: heartbeat\n\nHello\n"


class Relay:
    """Forwards connections and closes those on which nothing happens for idle seconds."""

    def __init__(self, port, idle):
        self.target, self.idle, self.cuts = port, idle, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server, contextlib.suppress(OSError):
            while True:
                ready = select.select([client, server], [], [], self.idle)[0]
                if not ready:
                    self.cuts += 1
                    return
                for end in ready:
                    data = end.recv(65536)
                    if not data:
                        return
                    (server if end is client else client).sendall(data)

    def close(self):
        self.listening.close()


class Heartbeat(Case):
    def relay(self, idle, tls=False):
        relay = Relay(self.dovecot.ports["https" if tls else "http"], idle)
        self.addCleanup(relay.close)
        return relay

    def through(self, device, relay):
        device.connection.close()
        device.connection.port = relay.port

    def ready(self, user, version="14.1", tls=False):
        device = self.ready_device(user, version, tls=tls)
        inbox = device.folders_of_type(INBOX)[0]
        list(device.sync_all(inbox))
        return device, inbox

    def ceiling(self, user):
        return [int(row["ceiling"]) for row in json.loads(self.dovecot.doveadm("-f", "json", "roost", "who", user))]

    def cut(self, relay, ask):
        """A poll that is closed; a client's own second attempt as well."""
        before = relay.cuts
        with self.assertRaises(OSError):
            ask()
        self.assertGreater(relay.cuts, before)

    def learnt(self, ask, relay, cuts=3):
        for _ in range(cuts):
            self.cut(relay, ask)
        began, before = time.monotonic(), relay.cuts
        response = ask()
        self.assertEqual(relay.cuts, before)
        self.assertLess(time.monotonic() - began, relay.idle)
        return response

    def test_ping(self):
        for user, version, tls in (("u1", "14.1", False), ("u2", "16.1", True), ("u3", "2.5", False)):
            with self.subTest(version=version, tls=tls):
                device, inbox = self.ready(user, version, tls)
                relay = self.relay(2, tls)
                self.through(device, relay)

                def ask():
                    device.connection.close()
                    return device.ping([inbox], heartbeat=600)
                self.assertStatus(self.learnt(ask, relay), 1)
                self.dovecot.wait_log(rf"Info: user {user}: Device {device.device_id}: Waiting requests are cut on "
                                      r"their way, answering them after 1 secs from now on")
                # once and for all of them; and mail is told as before
                self.assertStatus(ask(), 1)
                answers = []
                waiting = threading.Thread(target=lambda: answers.append(ask()))
                waiting.start()
                time.sleep(0.5)
                self.assertEqual(self.ceiling(user), [1])
                self.dovecot.deliver(user, MESSAGE)
                waiting.join(5)
                self.assertStatus(answers[0], 2)
                self.assertEqual(self.dovecot.log().count(f"user {user}: Device {device.device_id}: Waiting"), 1)

    def test_sync(self):
        device, inbox = self.ready("u4", "16.1")
        relay = self.relay(2)
        self.through(device, relay)

        def ask():
            device.connection.close()
            return device.sync(device.collection(inbox), heartbeat=600)
        response = self.learnt(ask, relay)
        self.assertEqual((response.code, response.body), (200, b""))

    def test_others_are_not_concerned(self):
        """Neither another device of the user, nor one that is cut at different ages."""
        device, inbox = self.ready("u5")
        other, _ = self.ready("u5")
        for idle in (1.5, 4.5, 1.5, 4.5):
            relay = self.relay(idle)
            self.through(device, relay)
            self.cut(relay, lambda: device.ping([inbox], heartbeat=600))
            device.connection.close()
        for each in (device, other):
            each.connection.close()
            each.connection.port = self.dovecot.ports["http"]
            waiting = threading.Thread(target=lambda: each.ping([inbox], heartbeat=600))
            waiting.start()
            time.sleep(0.5)
            self.assertEqual(self.ceiling("u5"), [0])
            self.dovecot.deliver("u5", MESSAGE)
            waiting.join(5)
            list(each.sync_all(inbox))
            list(other.sync_all(inbox))
        self.assertNotIn("user u5: Device", self.dovecot.log())
