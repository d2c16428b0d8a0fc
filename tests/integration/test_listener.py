"""The listener alone: HTTP, authentication, bodies and the queue, with workers that do what a test tells them."""
import base64
import os
import threading
import time

from rig import Settings, config, fakeworkers
from rig.fakeworkers import DIE, SILENT, ListenerCase, answer, refused
from rig.rawhttp import PATH, Closed, basic

# cannot tell whether this user's password is right; 2.4 has no such simple one
TEMPFAIL = "" if config.dovecot_version() >= (2, 4) else """passdb {
  driver = checkpassword
  args = /bin/ls /nonexistent
  username_filter = tempfail
}
"""
SETTINGS = Settings(extra=fakeworkers.SETTINGS + TEMPFAIL + """
roost_max_request_size = 1 M
roost_request_timeout = 5 secs
roost_worker_timeout = 4 secs
roost_queue_limit = 10
roost_queue_timeout = 2 secs
roost_trusted_networks = 127.0.0.9 10.0.0.0/8
""", connections=300, fields={"u7": "nologin=y", "u8": "proxy=y host=192.0.2.1"})


class Requests(ListenerCase):
    def test_a_request_reaches_a_worker_and_its_answer_comes_back(self):
        self.workers.handler = lambda request: answer(
            404, b"not here", {"Content-Type": "text/x", "MS-Server-ActiveSync": "14.1"}, reason="No such thing")
        response = self.ask(auth=basic("u1"), body=b"\3\1\x6a\0", MS_ASProtocolVersion="14.1", Cookie="a=b")
        self.assertEqual((response.line, response.body), ("HTTP/1.1 404 No such thing", b"not here"))
        self.assertEqual(response.headers["content-type"], "text/x")
        self.assertEqual(response.headers["ms-server-activesync"], "14.1")
        request = self.workers.requests[0]
        self.assertEqual(request.body, b"\3\1\x6a\0")
        self.assertEqual(request.user, "u1")
        self.assertEqual(request.keys["method"], "POST")
        self.assertEqual(request.keys["target"], PATH + "?Cmd=Ping")
        self.assertEqual(request.keys["host"], "http://mail.example.test")
        self.assertEqual((request.keys["rip"], request.keys["secured"]), ("127.0.0.1", "0"))
        self.assertEqual(request.headers["ms-asprotocolversion"], "14.1")
        self.assertEqual(set(request.headers) & {"authorization", "cookie"}, set())
        self.assertEqual(request.elapsed, 0)

    def test_over_tls(self):
        response = self.http(tls=True).ask(auth=basic("u1"))
        self.assertEqual((response.code, response.body), (200, b"u1"))
        request = self.workers.requests[0]
        self.assertEqual((request.keys["host"], request.keys["secured"]), ("https://mail.example.test", "1"))

    def test_routes_in_any_case_and_nothing_else(self):
        for path in (PATH, PATH.upper(), PATH.lower() + "?x", "/autodiscover/autodiscover.xml",
                     "/AutoDiscover/AutoDiscover.xml", "/Autodiscover/Autodiscover.json?Email=a@b&Protocol=ActiveSync"):
            self.assertEqual(self.ask(path=path, auth=basic("u1")).code, 200, path)
        for path in ("/", PATH + "/", PATH + "x", "/x" + PATH, "/autodiscover", "/%2e", "//"):
            self.assertEqual(self.ask(path=path, auth=basic("u1")).code, 404, path)
            self.assertEqual(self.ask(path=path).code, 404, path)
        self.assertEqual(self.ask(method="OPTIONS", path="*").code, 404)
        self.assertEqual(len(self.workers.requests), 6)

    def test_keep_alive_and_pipelined_requests_are_answered_in_order(self):
        self.workers.handler = lambda request: answer(body=request.body)
        http = self.http()
        http.send(b"".join(http.request(auth=basic("u1"), body=b"%d" % i) for i in range(20)))
        self.assertEqual([http.response().body for _ in range(20)], [b"%d" % i for i in range(20)])
        self.assertEqual(http.ask(auth=basic("u1"), body=b"more").body, b"more")

    def test_one_byte_at_a_time(self):
        http = self.http()
        for byte in http.request(auth=basic("u1"), body=b"12345"):
            http.send(bytes([byte]))
        self.assertEqual(http.response().code, 200)
        self.assertEqual(self.workers.requests[0].body, b"12345")

    def test_connection_close_and_old_http(self):
        for arguments in ({"Connection": "close"}, {"version": "1.0"}):
            http = self.http()
            self.assertEqual(http.ask(auth=basic("u1"), **arguments).code, 200)
            self.assertTrue(http.closed(), arguments)
        http = self.http()
        self.assertEqual(http.ask(auth=basic("u1"), version="1.0", Connection="Keep-Alive").code, 200)
        self.assertEqual(http.ask(auth=basic("u1"), version="1.0", Connection="Keep-Alive").code, 200)

    def test_a_worker_can_close_the_connection(self):
        self.workers.handler = lambda request: answer(close=1)
        http = self.http()
        self.assertEqual(http.ask(auth=basic("u1")).code, 200)
        self.assertTrue(http.closed())

    def test_answers_without_body(self):
        http = self.http()
        for code in (204, 304):
            self.workers.handler = lambda request, code=code: answer(code, b"must not be there")
            self.assertEqual(http.ask(auth=basic("u1")).code, code)
        self.workers.handler = lambda request: answer(200, b"not sent")
        self.assertEqual(http.ask("HEAD", auth=basic("u1")).headers["content-length"], "8")
        self.workers.handler = lambda request: answer(200)
        self.assertEqual(http.ask("GET", auth=basic("u1")).body, b"")

    def test_nothing_from_a_worker_breaks_the_framing(self):
        http = self.http()
        self.workers.handler = lambda request: answer(200, b"x", {"X-A": "1\r\nX-B: 2", "X-\nC": "3"},
                                                      reason="OK\r\nX-D: 4")
        response = http.ask(auth=basic("u1"))
        self.assertEqual(response.body, b"x")
        self.assertEqual({name for name in response.headers if name in ("x-b", "x-d")}, set())
        self.assertEqual(http.ask(auth=basic("u1")).body, b"x")

    def test_large_answers_by_file(self):
        body = os.urandom(5000000)
        self.workers.handler = lambda request: answer(body=body, by_fd=True)
        for tls in (False, True):
            http = self.http(tls=tls)
            for _ in range(2):
                response = http.ask(auth=basic("u1"))
                self.assertEqual(response.headers["content-length"], "5000000")
                self.assertTrue(response.body == body)

    def test_the_address_behind_trusted_proxies(self):
        def seen(source, **headers):
            self.workers.requests.clear()
            self.http(source=source).ask(auth=basic("u1"), **headers)
            return [self.workers.requests[0].keys[key] for key in ("rip", "secured", "host")]
        self.assertEqual(seen("127.0.0.9", X_Forwarded_For="192.0.2.66, 192.0.2.1, 10.1.2.3",
                              X_Forwarded_Proto="https", X_Forwarded_Host="eas.example.test"),
                         ["192.0.2.1", "1", "https://eas.example.test"])
        self.assertEqual(seen("127.0.0.9", X_Forwarded_For="2001:db8::1"),
                         ["2001:db8::1", "0", "http://mail.example.test"])
        self.assertEqual(seen("127.0.0.9", X_Forwarded_For="nonsense"),
                         ["127.0.0.9", "0", "http://mail.example.test"])
        # nobody else is believed
        self.assertEqual(seen("127.0.0.10", X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="https",
                              X_Forwarded_Host="eas.example.test"),
                         ["127.0.0.10", "0", "http://mail.example.test"])
        self.http(source="127.0.0.9").ask(auth=basic("u1", "wrong"), X_Forwarded_For="192.0.2.7")
        self.dovecot.wait_log(r"Login failed: user=<u1>, method=PLAIN, rip=192\.0\.2\.7, ")


class Authentication(ListenerCase):
    def assertRefused(self, response, code=401):
        self.assertEqual(response.code, code)
        if code == 401:
            self.assertRegex(response.headers["www-authenticate"], r'^Basic realm="')
        if code == 503:
            self.assertRegex(response.headers["retry-after"], r"^\d+$")

    def test_401_with_a_challenge_on_every_method(self):
        paths = (PATH, "/autodiscover/autodiscover.xml", "/autodiscover/autodiscover.json")
        for method in ("OPTIONS", "GET", "POST", "HEAD", "PUT", "DELETE", "PROPFIND", "X"):
            http = self.http()
            for path in paths:
                self.assertRefused(http.ask(method, path=path))
                self.assertRefused(http.ask(method, path=path, auth="Basic x"))
            self.assertRefused(http.ask(method, auth=basic("u1", "wrong")))
        self.assertEqual(self.workers.requests, [])

    def test_malformed_credentials(self):
        http = self.http()
        encode = lambda text: base64.b64encode(text).decode()
        for value in ("Basic", "Basic ", "Basic !!!!", "Basic " + encode(b"u1"), "Basic " + encode(b":secret"),
                      "Basic " + encode(b"u1:secret\0"), "Basic " + encode(b"u1\0:secret"), "Basic dTE6c2Vj*cmV0",
                      "Digest username=u1", "Bearer", "Bearer ", "Bearer x\xffy", "Bearer abc.def.ghi", "secret",
                      "Basic " + encode(b"u1:" + b"x" * 6000), "Negotiate YII="):
            self.assertRefused(http.ask(auth=value))
        self.assertEqual(self.workers.requests, [])

    def test_forms_of_the_user_name(self):
        for name in ("u1", "U1", "u1@example.test", "EXAMPLE\\u1", "EXAMPLE/u1", "example.test\\u1", "\\u1",
                     "example.test/u1", "EXAMPLE\\u1@example.test"):
            response = self.ask(auth=basic(name))
            self.assertEqual((response.code, response.body), (200, b"u1"), name)

    def test_a_fresh_login_is_shown_to_the_worker_and_a_ticket_later(self):
        self.workers.handler = lambda request: answer(ticket="T1", ticket_secs=60) \
            if "login" in request.keys else answer()
        auth = basic("u1") + "   "
        http = self.http(source="127.0.0.21")
        for _ in range(3):
            self.assertEqual(http.ask(auth=auth).code, 200)
        self.http(source="127.0.0.21").ask(auth=auth)
        proofs = [request.keys.get("ticket") for request in self.workers.requests]
        self.assertEqual(proofs, [None, "T1", "T1", "T1"])
        self.assertRegex(self.workers.requests[0].keys["login"], r"^\d+ \d+ \d+ [0-9a-f]{32}$")
        # what one address has proved is nothing for another, nor for another password
        self.http(source="127.0.0.22").ask(auth=auth)
        self.assertIn("login", self.workers.requests[-1].keys)
        self.assertRefused(http.ask(auth=basic("u1", "wrong")))

    def test_a_ticket_is_renewed(self):
        tickets = iter(["T1", "T2"])
        self.workers.handler = lambda request: answer(ticket=next(tickets, "T3"), ticket_secs=60)
        http = self.http(source="127.0.0.23")
        for _ in range(3):
            http.ask(auth=basic("u1"))
        self.assertEqual([request.keys.get("ticket") for request in self.workers.requests], [None, "T1", "T2"])

    def test_a_refused_ticket_means_a_new_login_once(self):
        self.workers.handler = lambda request: refused("auth") if "ticket" in request.keys else \
            answer(ticket="bad", ticket_secs=60)
        http = self.http(source="127.0.0.24")
        for _ in range(2):
            self.assertEqual(http.ask(auth=basic("u1"), body=b"body").code, 200)
        self.assertEqual(["ticket" in request.keys for request in self.workers.requests], [False, True, False])
        self.assertEqual([request.body for request in self.workers.requests], [b"body"] * 3)
        self.workers.reset(lambda request: refused("auth"))
        self.assertRefused(http.ask(auth=basic("u1")))
        self.assertEqual(len(self.workers.requests), 2)

    def test_a_worker_that_cannot_tell(self):
        self.workers.handler = lambda request: refused("temp")
        self.assertRefused(self.ask(auth=basic("u2")), 503)

    def test_nologin_and_proxy_are_refused_with_a_log_line(self):
        self.assertRefused(self.ask(auth=basic("u7")), 403)
        self.dovecot.wait_log(r"Info: Login refused, passdb says nologin: user=<u7>")
        self.assertRefused(self.ask(auth=basic("u8")), 403)
        self.dovecot.wait_log(r"Info: Login refused, roost doesn't proxy users: user=<u8>")
        self.assertEqual(self.workers.requests, [])

    def test_auth_that_cannot_tell(self):
        if not TEMPFAIL:
            self.skipTest("there is no passdb that fails")
        self.dovecot.expect_log(r"auth: Error: checkpassword\(tempfail")
        self.assertRefused(self.ask(auth=basic("tempfail")), 503)
        self.assertRefused(self.ask(auth=basic("nobody")), 401)

    def test_auth_that_is_restarted(self):
        http = self.http()
        self.assertEqual(http.ask(auth=basic("u6")).code, 200)
        self.dovecot.kill("auth")
        self.dovecot.expect_log("auth: Error: |roost.*: Error: auth-client: ")
        self.assertIn(http.ask(auth=basic("u6", "wrong")).code, (401, 503))
        self.wait_until(lambda: http.ask(auth=basic("u6")).code == 200, 10)

    def test_secrets_are_not_logged(self):
        self.ask(auth=basic("u1", "s3cr3t-in-no-log"))
        self.ask(auth="Bearer t0k3n-in-no-log")
        self.ask(auth=basic("u1"))
        self.assertNotRegex(self.dovecot.log(), "in-no-log|" + basic("u1").split()[1])


class Bodies(ListenerCase):
    def setUp(self):
        super().setUp()
        self.workers.handler = lambda request: answer(body=b"%d %d" % (len(request.body), request.by_fd))

    def test_sizes_inline_and_by_file(self):
        http = self.http()
        for size in (0, 1, 8192, 8193, 131072, 131073, 1024 * 1024):
            body = os.urandom(size)
            response = http.ask(auth=basic("u1"), body=body)
            self.assertEqual(response.body, b"%d %d" % (size, size > 131072))
            self.assertTrue(self.workers.requests[-1].body == body)

    def test_expect_100_continue(self):
        http = self.http()
        for size in (10, 300000):
            http.send(http.request(auth=basic("u1"), Expect="100-continue", Content_Length=size))
            began = time.monotonic()
            self.assertEqual(http.response().code, 100)
            self.assertLess(time.monotonic() - began, 0.9)
            http.send(b"x" * size)
            self.assertEqual(http.response().body, b"%d %d" % (size, size > 131072))

    def test_the_body_is_not_asked_for_without_a_password(self):
        for auth in (None, basic("u1", "wrong")):
            http = self.http()
            response = http.ask(auth=auth, Expect="100-continue", Content_Length=100)
            self.assertEqual(response.code, 401)
            self.assertTrue(http.closed())
        http = self.http()
        self.assertEqual(http.ask(path="/x", Expect="100-continue", Content_Length=100).code, 404)

    def test_a_refused_body_that_is_sent_nevertheless_is_skipped(self):
        http = self.http()
        self.assertEqual(http.ask(auth=basic("u1", "wrong"), body=b"x" * 200000).code, 401)
        self.assertEqual(http.ask(auth=basic("u1"), body=b"1234").body, b"4 0")

    def chunked(self, chunks, http=None):
        http = http or self.http()
        http.send(http.request(auth=basic("u1"), Transfer_Encoding="chunked"))
        for chunk in chunks:
            http.send(chunk)
        return http.response()

    def test_chunked(self):
        http = self.http()
        for sizes in ((5,), (1, 2, 3), (70000, 70000, 1), ()):
            chunks = [b"%x\r\n" % size + b"y" * size + b"\r\n" for size in sizes] + [b"0\r\n\r\n"]
            self.assertEqual(self.chunked(chunks, http).body, b"%d %d" % (sum(sizes), sum(sizes) > 131072))
        self.assertEqual(self.chunked([b"3;a=b\r\nabc\r\n", b"0\r\nTrailer: x\r\n\r\n"], http).body, b"3 0")

    def test_too_large(self):
        http = self.http()
        self.assertEqual(http.ask(auth=basic("u1"), Content_Length=1024 * 1024 + 1).code, 413)
        self.assertTrue(http.closed())
        chunk = b"10000\r\n" + b"z" * 65536 + b"\r\n"
        http = self.http()
        http.send(http.request(auth=basic("u1"), Transfer_Encoding="chunked"))
        try:
            for _ in range(40):
                http.send(chunk)
        except ConnectionError:
            pass
        try:
            self.assertEqual(http.response().code, 413)
        except Closed as closed:
            # the answer got lost in the bytes that were still coming
            self.assertEqual(closed.args[0], b"")
        self.assertEqual(self.workers.requests, [])
        self.assertEqual(self.ask(auth=basic("u1"), body=b"1").code, 200)

    def test_malformed(self):
        for chunks in ([b"x\r\n"], [b"5\r\nabcdefgh\r\n"], [b"ffffffffffffffffff\r\n"], [b"-1\r\n"]):
            http = self.http()
            self.assertIn(self.chunked(chunks, http).code, (400, 413))
            self.assertTrue(http.closed(), chunks)
        for data in (b"\0\0\0\0\r\n\r\n", b"POST\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.1\r\n\r\n",
                     b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                     b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                     b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                     b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nA\0b: c\r\n\r\n"):
            http = self.http()
            http.send(data)
            self.assertIn(http.response().code, (400, 501, 505), data)
        self.assertEqual(self.workers.requests, [])

    def test_oversized_headers(self):
        cases = {b"X-A: " + b"a" * 20000 + b"\r\n": (400,), b"X-A: b\r\n" * 200: (400,)}
        for lines, codes in cases.items():
            http = self.http()
            http.send(b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n")
            self.assertIn(http.response().code, codes)
        http = self.http()
        http.send(b"POST " + PATH.encode() + b"?" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual(http.response().code, 414)

    def test_slow_senders_lose_the_connection(self):
        """A byte now and then must not keep a connection: neither in the headers nor in the body."""
        header, body, idle = self.http(), self.http(), self.http()
        header.send(b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\nX-A: ")
        body.send(body.request(auth=basic("u1"), Content_Length=100))
        began = time.monotonic()
        gone = {}
        while len(gone) < 2 and time.monotonic() - began < 10:
            time.sleep(0.25)
            for name, http in (("header", header), ("body", body)):
                if name in gone:
                    continue
                try:
                    http.send(b"a")
                    http.socket.settimeout(0.01)
                    http._read()
                    gone[name] = time.monotonic() - began
                except TimeoutError:
                    pass
                except (Closed, ConnectionError):
                    gone[name] = time.monotonic() - began
        self.assertEqual(set(gone), {"header", "body"})
        self.assertGreater(min(gone.values()), 2)
        self.assertIn(body.buffer[:12], (b"HTTP/1.1 408", b""))
        self.assertTrue(idle.closed(1))
        self.assertEqual(self.workers.requests, [])

    def test_a_refused_body_must_not_trickle_for_ever(self):
        for auth, path in ((None, PATH), (basic("u1"), "/elsewhere")):
            http = self.http()
            http.send(http.request(auth=auth, path=path, Content_Length=100000))
            began = time.monotonic()
            with self.assertRaises((ConnectionError, Closed)):
                while time.monotonic() - began < 10:
                    http.send(b"a")
                    time.sleep(0.25)
                self.fail("it is skipped for ever")
            self.assertGreater(time.monotonic() - began, 2)
        self.assertEqual(self.ask(auth=basic("u1")).code, 200)

    def test_silent_connections_make_room(self):
        silent = [self.http() for _ in range(310)]
        self.assertEqual(self.ask(auth=basic("u1")).code, 200)
        self.assertTrue(silent[0].closed())
        silent[-1].send(silent[-1].request(auth=basic("u1")))
        self.assertEqual(silent[-1].response().code, 200)

    def test_a_long_host_name(self):
        http = self.http()
        for length, code in ((250, 200), (2000, 400)):
            http.send(f"POST {PATH} HTTP/1.1\r\nHost: {'a' * 50}.{'b' * (length - 51)}\r\n"
                      f"Authorization: {basic('u1')}\r\nContent-Length: 0\r\n\r\n".encode())
            self.assertEqual(http.response().code, code)

    def test_many_headers_with_tabs(self):
        """They are longer when they are escaped for the worker."""
        tabs = {f"X-{i}": "a" + "\t" * 6000 + "b" for i in range(30)}
        self.assertEqual(self.ask(auth=basic("u1"), **tabs).code, 400)
        self.assertEqual(self.ask(auth=basic("u1"), **dict(list(tabs.items())[:8])).code, 200)


class Workers(ListenerCase):
    def test_the_death_of_a_worker_fails_its_request_only(self):
        self.dovecot.expect_log("Worker is gone during a request of user u[12]")
        release = threading.Event()

        def handler(request):
            if request.body == b"die":
                return DIE
            release.wait(10)
            return answer(body=b"lives")
        self.workers.handler = handler
        others = [self.ask_in_thread(auth=basic("u3")) for _ in range(2)]
        response = self.ask(auth=basic("u1"), body=b"die")
        self.assertEqual((response.code, response.headers["retry-after"]), (503, "10"))
        release.set()
        self.assertEqual([wait().body for wait in others], [b"lives"] * 2)
        self.assertEqual(self.ask(auth=basic("u1")).code, 200)

    def test_a_request_that_a_worker_has_not_read_is_given_to_another(self):
        self.workers.unread = 1
        self.assertEqual(self.ask(auth=basic("u1"), body=b"1").code, 200)
        self.assertEqual(len(self.workers.requests), 1)
        self.workers.reset(lambda request: answer(body=b"%d" % len(request.body)))
        self.workers.unread = 1
        self.assertEqual(self.ask(auth=basic("u1"), body=b"1" * 300000).body, b"300000")
        self.workers.requests.clear()
        self.dovecot.expect_log("Worker is gone during a request of user u1")
        self.workers.unread = 2
        self.assertEqual(self.ask(auth=basic("u1"), body=b"1").code, 503)
        self.assertEqual((self.workers.unread, len(self.workers.requests)), (0, 0))

    def test_nonsense_from_a_worker_fails_its_request_only(self):
        self.dovecot.expect_log(r"roost\(\d+\): Error: conn unix:roost-worker .*: ")
        lines = (b"ANSWER\n", b"ANSWER\t0\t200\t0\t0\n", b"\n", b"HELLO\t1\n", b"\xff\xfe\n", b"REFUSED\n",
                 b"PARK\tID\t1000\t0\n", b"ANSWER\tID\t0\t0\t0\n", b"ANSWER\tID\t99\t0\t0\n",
                 b"ANSWER\tID\t600\t0\t0\n", b"ANSWER\tID\t200\t99999999\t0\n", b"ANSWER\tID\t200\t1\t1\n",
                 b"PARK\tID\t99999999999\t0\tuser=u1\tpark_ticket=x\n", b"ANSWER\tID\t200\t1\t2\n",
                 b"PARK\tID\t1000\t0\tuser=u1\tpark_ticket=x\twatch=1234\n", b"A" * 400000)
        for line in lines:
            self.workers.handler = lambda request, line=line: line.replace(b"ID", request.id.encode())
            self.assertEqual(self.ask(auth=basic("u1")).code, 503, line)
        self.workers.handler = lambda request: answer(body=b"fine")
        self.assertEqual(self.ask(auth=basic("u1")).body, b"fine")

    def test_a_worker_that_takes_too_long(self):
        self.dovecot.expect_log("Request took over 4 secs")
        self.dovecot.expect_log("Worker is gone during a request of user u1")
        self.workers.handler = lambda request: SILENT
        self.assertEqual(self.ask(auth=basic("u1")).code, 503)
        self.workers.handler = lambda request: answer(body=b"fine")
        self.assertEqual(self.ask(auth=basic("u1")).body, b"fine")

    def test_requests_wait_for_workers_up_to_a_limit_and_a_time(self):
        release = threading.Event()

        def handler(request):
            release.wait(10)
            return answer(body=request.body)
        self.workers.handler = handler
        busy = [self.ask_in_thread(auth=basic(f"u{1 + i}"), body=b"busy") for i in range(4)]
        self.wait_until(lambda: len(self.workers.requests) == 4)
        waiting = []
        # nobody gets more places than he leaves free
        for user, places in (("u1", 5), ("u2", 3), ("u3", 1), ("u4", 1)):
            waiting += [self.ask_in_thread(auth=basic(user), body=b"waits") for _ in range(places)]
            time.sleep(0.1)
            response = self.ask(auth=basic(user))
            self.assertEqual((response.code, response.headers["retry-after"]), (503, "10"))
        self.dovecot.wait_log("too many requests wait for a worker")
        self.assertEqual([wait().code for wait in waiting], [503] * 10)
        release.set()
        self.assertEqual([wait().body for wait in busy], [b"busy"] * 4)
        self.assertEqual(len(self.workers.requests), 4)
        self.assertEqual(self.ask(auth=basic("u1"), body=b"then").body, b"then")

    def test_users_take_turns_and_nobody_holds_all_workers(self):
        first, release = [], threading.Event()

        def handler(request):
            first.append(request.user)
            release.wait(10)
            return answer()
        self.workers.handler = handler
        many = [self.ask_in_thread(auth=basic("u1")) for _ in range(6)]
        self.wait_until(lambda: len(first) == 3)
        other = self.ask_in_thread(auth=basic("u2"))
        self.wait_until(lambda: len(first) == 4)
        self.assertEqual(first, ["u1"] * 3 + ["u2"])
        release.set()
        self.assertEqual([wait().code for wait in many + [other]], [200] * 7)

    def test_the_worker_that_has_the_user_open_gets_the_request(self):
        def handler(request):
            time.sleep(0.05 if request.body == b"slow" else 0)
            return answer(users=request.user + ",x%01ty")
        self.workers.handler = handler
        slow = [self.ask_in_thread(auth=basic(f"u{i}"), body=b"slow") for i in (1, 2, 3, 4)]
        for wait in slow:
            wait()
        has = {request.user: request.worker for request in self.workers.requests}
        self.assertEqual(len(set(has.values())), 4)
        for _ in range(3):
            for user in ("u4", "u2", "u1", "u3"):
                self.ask(auth=basic(user))
                self.assertEqual(self.workers.requests[-1].worker, has[user])
