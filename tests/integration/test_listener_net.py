"""The listener among bad neighbours: penalties of auth, PROXY protocol, too many connections."""
import socket
import threading
import time

from rig import Settings, dovecot, fakeworkers
from rig.fakeworkers import ListenerCase, answer
from rig.rawhttp import Closed, basic

PROXY_PORT = dovecot.free_ports(["proxy"])["proxy"]
SETTINGS = Settings(penalty=True, extra=fakeworkers.SETTINGS + f"""
service roost {{
  inet_listener behind_proxy {{
    port = {PROXY_PORT}
    haproxy = yes
  }}
}}
haproxy_trusted_networks = 127.0.0.0/24
auth_failure_delay = 2 secs
roost_auth_cache_ttl = 3 secs
roost_connection_limit = 10
""")


class Penalty(ListenerCase):
    def timed(self, auth, source):
        began = time.monotonic()
        response = self.http(source=source).ask(auth=auth)
        return response.code, time.monotonic() - began

    def test_a_device_with_an_old_password_does_not_stall_the_others_behind_the_address(self):
        source = "127.0.0.41"
        self.workers.handler = lambda request: answer(ticket="T", ticket_secs=60)
        self.assertEqual(self.timed(basic("u1"), source)[0], 200)
        bad = [threading.Thread(target=self.timed, args=(basic("u3", f"wrong{i}"), source)) for i in range(3)]
        for thread in bad:
            thread.start()
        time.sleep(0.5)
        # remembered: auth isn't asked
        code, took = self.timed(basic("u1"), source)
        self.assertEqual(code, 200)
        self.assertLess(took, 1)
        for thread in bad:
            thread.join(60)
        time.sleep(3)
        self.workers.requests.clear()
        # not remembered anymore, but known to have been good
        code, took = self.timed(basic("u1"), source)
        self.assertEqual(code, 200)
        self.assertIn("login", self.workers.requests[0].keys)
        self.assertLess(took, 1)
        # somebody new has to wait: the penalty is there
        code, took = self.timed(basic("u2"), source)
        self.assertEqual(code, 200)
        self.assertGreater(took, 1)


class Proxy(ListenerCase):
    def test_the_address_in_the_proxy_header_counts(self):
        def ask(head, auth):
            http = self.http()
            http.socket.close()
            http.socket = socket.create_connection(("127.0.0.1", PROXY_PORT), 20)
            http.send(head + http.request(auth=auth))
            return http.response()
        self.assertEqual(ask(b"PROXY TCP4 192.0.2.5 192.0.2.80 4711 443\r\n", basic("u1")).code, 200)
        request = self.workers.requests[0]
        self.assertEqual([request.keys[key] for key in ("rip", "rport", "lip", "lport")],
                         ["192.0.2.5", "4711", "192.0.2.80", "443"])
        self.assertEqual(ask(b"PROXY TCP4 192.0.2.6 192.0.2.80 4711 443\r\n", basic("u1", "wrong")).code, 401)
        self.dovecot.wait_log(r"Login failed: user=<u1>, method=PLAIN, rip=192\.0\.2\.6, lip=192\.0\.2\.80, ")


class Limit(ListenerCase):
    def test_connections_of_one_address(self):
        source = "127.0.0.51"
        connections = [self.http(source=source) for _ in range(10)]
        for http in connections:
            self.assertEqual(http.ask(auth=basic("u1")).code, 200)
        with self.assertRaises((Closed, ConnectionError)):
            self.http(source=source).ask(auth=basic("u1"))
        self.dovecot.wait_log(r"Connection of 127\.0\.0\.51 refused, it has 10 already \(roost_connection_limit\)")
        self.assertEqual(self.http(source="127.0.0.52").ask(auth=basic("u1")).code, 200)
        connections[0].close()
        self.wait_until(lambda: self.serves(source))

    def serves(self, source):
        try:
            return self.http(source=source).ask(auth=basic("u1")).code == 200
        except (Closed, ConnectionError):
            return False
