"""Passwords in the clear: refused as by Dovecot's login processes, unless nobody can listen on the way."""
import socket

from rig import Settings, config, dovecot, fakeworkers
from rig.fakeworkers import ListenerCase
from rig.rawhttp import PATH, basic

NEW = config.dovecot_version() >= (2, 4)
PROXY_PORT = dovecot.free_ports(["proxy"])["proxy"]
SETTINGS = Settings(extra=fakeworkers.SETTINGS + f"""
{"auth_allow_cleartext = no" if NEW else "disable_plaintext_auth = yes"}
auth_debug = yes
service roost {{
  inet_listener behind_proxy {{
    port = {PROXY_PORT}
    haproxy = yes
  }}
}}
haproxy_trusted_networks = 127.0.0.0/24
roost_trusted_networks = 127.0.0.9 192.0.2.128/25
""")
# all of 127.0.0.0/8 is this host, but only equal addresses prove that
ELSEWHERE, NOBODY, TRUSTED = "127.0.0.2", "127.0.0.3", "127.0.0.9"
V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def proxy_v1(client):
    return f"PROXY TCP4 {client} 192.0.2.80 4711 443\r\n".encode()


def proxy_v2(client, tls):
    """The binary header with PP2_TYPE_SSL, which tells whether the client spoke TLS."""
    addresses = socket.inet_aton(client) + socket.inet_aton("192.0.2.80") + bytes((0x12, 0x67, 0x01, 0xbb))
    ssl = b"\x20\0\5" + (b"\1\0\0\0\0" if tls else b"\0\0\0\0\1")
    return V2_SIGNATURE + b"\x21\x11" + (len(addresses) + len(ssl)).to_bytes(2, "big") + addresses + ssl


class Cleartext(ListenerCase):
    def asked(self):
        """How often auth was asked so far."""
        return self.dovecot.log().count("\tPLAIN\t") + self.dovecot.log().count("\tOAUTHBEARER\t")

    def refusals(self, text):
        return [line for line in self.dovecot.log().splitlines() if "Login refused" in line and text in line]

    def assertRefused(self, response):
        self.assertEqual(response.code, 403)
        # a challenge would only make the client send its password
        self.assertNotIn("www-authenticate", response.headers)
        self.assertIn(b"without TLS", response.body)

    def test_refused_before_auth_sees_it(self):
        asked = self.asked()
        http = self.http(source=ELSEWHERE)
        for method in ("POST", "OPTIONS", "GET"):
            self.assertRefused(http.ask(method, auth=basic("u4")))
        self.assertRefused(http.ask(auth=basic("u4", "wrong-in-no-log")))
        self.assertRefused(http.ask(auth="Bearer abc.def.ghi", path=PATH + "?User=u4"))
        self.assertRefused(http.ask(path="/autodiscover/autodiscover.xml", auth=basic("u4")))
        self.assertEqual(self.workers.requests, [])
        self.wait_until(lambda: len(self.refusals("user=<u4>")) >= 6)
        lines = self.refusals("user=<u4>")
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[0], r"roost\(?.*: Info: Login refused, cleartext authentication disallowed: user=<u4>, "
                                   r"method=PLAIN, rip=127\.0\.0\.2, lip=127\.0\.0\.1, session=<\S+>$")
        # what auth hears later comes after anything that it had heard of these
        self.assertEqual(self.http().ask(auth=basic("u2")).code, 200)
        self.wait_until(lambda: self.asked() > asked)
        self.assertEqual(self.asked(), asked + 1)
        self.assertNotIn("in-no-log", self.dovecot.log())

    def test_nobody_is_asked_for_credentials(self):
        for auth in (None, "Basic", "Negotiate YII="):
            self.assertRefused(self.http(source=NOBODY).ask("OPTIONS", auth=auth))
        self.assertEqual(self.http(source=NOBODY).ask(path="/elsewhere").code, 404)
        # the log has the listener's lines in their order
        self.assertRefused(self.http(source=NOBODY).ask("OPTIONS", auth=basic("u5")))
        self.wait_until(lambda: self.refusals("user=<u5>"))
        self.assertEqual(len(self.refusals(f"rip={NOBODY},")), 1)

    def test_what_is_remembered_does_not_help(self):
        self.workers.handler = lambda request: fakeworkers.answer(ticket="T", ticket_secs=60)
        self.assertEqual(self.http(source=ELSEWHERE, tls=True).ask(auth=basic("u3")).code, 200)
        self.assertRefused(self.http(source=ELSEWHERE).ask(auth=basic("u3")))

    def test_the_body_is_not_read(self):
        http = self.http(source=ELSEWHERE)
        self.assertRefused(http.ask(auth=basic("u1"), Expect="100-continue", Content_Length=100))
        self.assertTrue(http.closed())

    def test_tls(self):
        self.assertEqual(self.http(source=ELSEWHERE, tls=True).ask(auth=basic("u1")).code, 200)
        self.assertEqual(self.http(source=ELSEWHERE, tls=True).ask().code, 401)

    def test_the_same_host(self):
        self.assertEqual(self.http().ask(auth=basic("u1")).code, 200)
        self.assertEqual(self.workers.requests[0].keys["secured"], "0")
        self.assertEqual(self.http().ask(auth=basic("u1", "wrong")).code, 401)
        self.dovecot.wait_log(r"Login failed: user=<u1>, method=PLAIN, rip=127\.0\.0\.1, lip=127\.0\.0\.1, secured, ")

    def test_a_trusted_proxy(self):
        def code(**headers):
            return self.http(source=TRUSTED).ask(auth=basic("u1"), **headers).code
        self.assertEqual(code(X_Forwarded_For="198.51.100.1", X_Forwarded_Proto="https"), 200)
        self.assertEqual(code(X_Forwarded_For="198.51.100.1"), 200)
        # it says that the password came to it in the clear
        self.assertEqual(code(X_Forwarded_For="198.51.100.1", X_Forwarded_Proto="http"), 403)
        # and whoever isn't trusted can say what he wants
        self.assertRefused(self.http(source=ELSEWHERE).ask(auth=basic("u1"), X_Forwarded_Proto="https",
                                                           X_Forwarded_For="127.0.0.1"))

    def test_the_proxy_protocol(self):
        def code(head, source=ELSEWHERE):
            http = self.http()
            http.socket.close()
            http.socket = socket.create_connection(("127.0.0.1", PROXY_PORT), 20, (source, 0))
            http.send(head + http.request(auth=basic("u1")))
            return http.response().code
        self.assertEqual(code(proxy_v2("192.0.2.5", tls=True)), 200)
        self.assertEqual(code(proxy_v2("192.0.2.5", tls=False)), 403)
        self.assertEqual(code(proxy_v1("192.0.2.5")), 403)
        # the way from the proxy to here says nothing about the way to the proxy
        self.assertEqual(code(proxy_v1("192.0.2.5"), "127.0.0.1"), 403)
        self.assertEqual(code(proxy_v1("192.0.2.5"), TRUSTED), 200)
        self.assertEqual(code(proxy_v1("192.0.2.200")), 200)
