"""Requests that the listener parks: what wakes them, what ends them, over plain HTTP and TLS."""
import os
import socket
import time

from rig import Settings, fakeworkers
from rig.fakeworkers import DIE, OTHER, GUID, TIMES_UP, Notifier, ParkCase, answer, refused
from rig.rawhttp import basic

SETTINGS = Settings(extra=fakeworkers.SETTINGS + """
roost_request_timeout = 3 secs
roost_recheck_interval = 2 secs
roost_parked_limit = 40
""")

class Parking(ParkCase):
    def test_the_time_out_is_answered_without_a_worker(self):
        self.msecs = 700
        for kind in self.tls_kinds():
            http = self.http(**kind)
            for _ in range(2):
                self.workers.requests.clear()
                began = time.monotonic()
                response = http.ask(auth=basic("u1"))
                self.assertEqual((response.code, response.body), (200, TIMES_UP))
                self.assertEqual(response.headers["x-kind"], "timeout")
                self.assertGreater(time.monotonic() - began, 0.6)
                self.assertEqual(len(self.workers.requests), 1)
        self.dovecot.wait_log(r"Info: user u1: Ping: version=14\.1, device=dev1, status=time-out, http=200, \d+ ms, ")

    def test_a_notice_runs_it_again(self):
        for kind in self.tls_kinds():
            http = self.http(**kind)
            for _ in range(3):
                self.workers.requests.clear()
                self.changed.clear()
                self.park(http)
                self.changed.add("u1")
                began = time.monotonic()
                self.notifier.notice("u1")
                response = http.response()
                self.assertEqual(response.body, b"changed")
                self.assertLess(time.monotonic() - began, 1)
                self.assertGreater(int(response.headers["x-elapsed"]), 0)
                first, second = self.workers.requests
                self.assertEqual(second.keys["ticket"], "park-u1")
                self.assertEqual((first.body, second.body), (b"ping me", b"ping me"))
                self.assertEqual(second.headers["user-agent"], "test")
                for key in ("user", "rip", "lip", "session", "secured", "method", "target", "host"):
                    self.assertEqual(first.keys[key], second.keys[key])
            # the connection is as good as before
            self.workers.handler = lambda request: answer(body=b"%d" % len(request.body))
            self.assertEqual(http.ask(auth=basic("u1"), body=b"x" * 300000).body, b"300000")
            self.workers.handler = self.handler

    def test_only_what_is_watched_wakes(self):
        http = self.http()
        self.park(http)
        for user, guid in (("u1", OTHER), ("u2", GUID), ("u1", "x"), ("", "*")):
            self.notifier.notice(user, guid)
            self.notifier = Notifier(self.dovecot)
        time.sleep(0.2)
        self.assertEqual(len(self.workers.requests), 1)
        self.changed.add("u1")
        self.notifier.notice("u1", "*")
        self.assertEqual(http.response().body, b"changed")
        self.watch = []
        self.changed.clear()
        self.park(http)
        self.changed.add("u1")
        self.notifier.notice("u1", OTHER)
        self.assertEqual(http.response().body, b"changed")

    def test_it_goes_on_waiting_if_there_was_nothing(self):
        self.msecs = 1500
        http = self.http()
        began = time.monotonic()
        self.park(http)
        for count in range(2, 5):
            self.notifier.notice("u1")
            self.wait_until(lambda: len(self.workers.requests) == count)
        self.assertEqual(http.response().body, TIMES_UP)
        self.assertGreater(time.monotonic() - began, 1.4)
        self.assertLess(time.monotonic() - began, 4)

    def test_a_change_without_notice_is_found_at_the_recheck(self):
        http = self.http()
        self.park(http)
        self.changed.add("u1")
        began = time.monotonic()
        self.assertEqual(http.response().body, b"changed")
        self.assertLess(time.monotonic() - began, 4)

    def test_a_notice_during_the_run_is_not_lost(self):
        http = self.http()
        self.park(http)
        runs = []

        def slow(request):
            reply = self.handler(request)
            runs.append(request)
            if len(runs) == 1:
                # the change comes after this run has looked
                self.changed.add("u1")
                self.notifier.notice("u1")
                time.sleep(0.2)
            return reply
        self.workers.handler = slow
        began = time.monotonic()
        self.notifier.notice("u1")
        self.assertEqual(http.response().body, b"changed")
        self.assertEqual(len(runs), 2)
        self.assertLess(time.monotonic() - began, 1.5)

    def test_a_notice_before_the_parking_is_not_lost(self):
        """The change comes when the worker has looked, and the listener has not parked the request yet."""
        runs = []

        def slow(request):
            reply = self.handler(request)
            if not runs:
                self.changed.add("u1")
                self.notifier.notice("u1", OTHER)
                self.notifier.notice("u2")
                time.sleep(0.2)
            runs.append(request)
            return reply
        for kind in self.tls_kinds():
            runs.clear()
            self.changed.clear()
            self.workers.handler = slow
            began = time.monotonic()
            self.assertEqual(self.http(**kind).ask(auth=basic("u1"), body=b"ping me").body, b"changed")
            self.assertEqual(len(runs), 2)
            self.assertLess(time.monotonic() - began, 1.5)
        # what was said before does not count
        self.changed.clear()
        self.workers.requests.clear()
        self.park(self.http())
        self.assertEqual(len(self.workers.requests), 1)

    def test_the_next_request_ends_the_waiting(self):
        for kind in self.tls_kinds():
            http = self.http(**kind)
            self.park(http)
            self.workers.handler = lambda request: answer(body=b"second")
            request = http.request(auth=basic("u1"), body=b"next")
            http.send(request[:30])
            self.assertEqual(http.response().body, TIMES_UP)
            http.send(request[30:])
            self.assertEqual(http.response().body, b"second")
            self.workers.handler = self.handler

    def test_the_next_request_during_the_run(self):
        for kind in self.tls_kinds():
            http = self.http(**kind)
            self.park(http)

            def slow(request):
                if request.body == b"next":
                    return answer(body=b"second")
                time.sleep(0.3)
                return self.handler(request)
            self.workers.handler = slow
            self.notifier.notice("u1")
            time.sleep(0.1)
            http.send(http.request(auth=basic("u1"), body=b"next"))
            self.assertEqual(http.response().body, TIMES_UP)
            self.assertEqual(http.response().body, b"second")
            self.workers.handler = self.handler

    def test_pipelined_requests_behind_it(self):
        """They were read with it, so it stays where it is; the answers keep their order."""
        self.msecs = 300
        http = self.http()
        http.send(http.request(auth=basic("u1"), body=b"1") + http.request(auth=basic("u1"), body=b"2"))
        self.assertEqual([http.response().body for _ in range(2)], [TIMES_UP] * 2)
        self.changed.add("u1")
        self.assertEqual(http.ask(auth=basic("u1")).body, b"changed")

    def test_waiting_in_lib_http_has_no_time_limit(self):
        """roost_request_timeout is for clients that are slow, not for those that wait for us."""
        self.msecs = 5000
        http = self.http()
        http.send(http.request(auth=basic("u2")) + http.request(auth=basic("u2"))[:9])
        began = time.monotonic()
        self.assertEqual(http.response().body, TIMES_UP)
        self.assertGreater(time.monotonic() - began, 4)

    def test_clients_that_leave_are_forgotten(self):
        for kind in self.tls_kinds():
            for end in ("close", "reset"):
                http = self.http(**kind)
                self.park(http)
                if end == "reset":
                    http.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                http.close()
                self.wait_until(lambda: not self.who())
        http = self.http()
        self.park(http)

        def slow(request):
            time.sleep(0.2)
            return answer()
        self.workers.handler = slow
        self.notifier.notice("u1")
        time.sleep(0.1)
        http.close()
        self.wait_until(lambda: not self.who())
        self.assertEqual(self.ask(auth=basic("u1")).code, 200)

    def test_old_http_and_connection_close(self):
        self.msecs = 300
        for arguments in ({"Connection": "close"}, {"version": "1.0"}):
            http = self.http()
            self.assertEqual(http.ask(auth=basic("u1"), **arguments).body, TIMES_UP)
            self.assertTrue(http.closed(), arguments)

    def test_a_worker_that_dies_or_refuses_while_it_runs_again(self):
        self.dovecot.expect_log("Worker is gone during a request of user u1")
        for reply, expected in ((DIE, (503, "10")), (refused("auth"), (200, None)), (refused("temp"), (200, None))):
            http = self.http()
            self.park(http)
            self.workers.handler = lambda request, reply=reply: reply
            self.notifier.notice("u1")
            response = http.response()
            self.assertEqual((response.code, response.headers.get("retry-after")), expected)
            self.assertEqual(response.body == TIMES_UP, expected[0] == 200)
            self.workers.handler = self.handler

    def test_a_large_answer_after_parking(self):
        body = os.urandom(3000000)
        for kind in self.tls_kinds():
            http = self.http(**kind)
            self.park(http)
            self.workers.handler = lambda request: answer(body=body, by_fd=True)
            self.notifier.notice("u1")
            self.assertTrue(http.response().body == body)
            self.workers.handler = self.handler

    def test_a_large_body_is_kept(self):
        body = os.urandom(200000)
        http = self.http()
        http.send(http.request(auth=basic("u1"), body=body))
        self.wait_until(lambda: self.who())
        self.changed.add("u1")
        self.notifier.notice("u1")
        self.assertEqual(http.response().body, b"changed")
        self.assertEqual([request.body == body for request in self.workers.requests], [True, True])

    def test_who(self):
        http = self.http()
        self.park(http)
        (user, device, command, version, address, waited, left, ceiling), = self.who()
        self.assertEqual((user, device, command, version, address), ("u1", "dev1", "Ping", "14.1", "127.0.0.1"))
        self.assertIn(int(waited), range(0, 5))
        self.assertIn(int(left), range(15, 21))
        self.assertEqual(ceiling, "0")
        self.assertEqual(len(self.who("u1")), 1)
        self.assertEqual(self.who("u2"), [])

    def test_a_reload_answers_all_at_once(self):
        waiting = []
        for i in range(30):
            http = self.http(tls=i % 2 == 1)
            http.send(http.request(auth=basic("u1")))
            waiting.append(http)
        self.wait_until(lambda: len(self.who()) == 30)
        began = time.monotonic()
        self.dovecot.reload()
        for http in waiting:
            self.assertEqual(http.response().body, TIMES_UP)
        self.assertLess(time.monotonic() - began, 3)
        self.changed.add("u1")
        self.assertEqual(self.ask(auth=basic("u1")).body, b"changed")


class Floods(ParkCase):
    def test_a_user_has_a_limited_number_of_parked_requests(self):
        waiting = [self.http() for _ in range(40)]
        for http in waiting:
            http.send(http.request(auth=basic("u1")))
        self.wait_until(lambda: len(self.who()) == 40)
        response = self.ask(auth=basic("u1"))
        self.assertEqual((response.code, response.headers["retry-after"]), (503, "10"))
        self.dovecot.wait_log(r"user u1 has too many parked requests \(roost_parked_limit\)")
        self.msecs = 300
        self.assertEqual(self.ask(auth=basic("u2")).body, TIMES_UP)
        waiting[0].close()
        self.wait_until(lambda: len(self.who()) == 39)
        self.assertEqual(self.ask(auth=basic("u1")).body, TIMES_UP)

    def test_many_senders_of_notices(self):
        """They are clients of the listener as well: the oldest make room, and what they said counts."""
        http = self.http()
        self.park(http)
        self.changed.add("u1")
        notifiers = [Notifier(self.dovecot) for _ in range(400)]
        self.assertEqual(notifiers[0].socket.recv(10000)[:7], b"VERSION")
        self.wait_until(lambda: notifiers[0].socket.recv(10000) == b"")
        notifiers[-1].notice("u1")
        self.assertEqual(http.response().body, b"changed")
        for notifier in notifiers:
            notifier.close()

    def test_hostile_notices_only_wake_and_not_too_often(self):
        """More notices than the budget allows: the worker isn't kept busy, another uid's notice comes through."""
        http = self.http()
        self.park(http)
        flood = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                os.setgid(30001)
                os.setuid(30001)
                notifier = Notifier(self.dovecot)
                end = time.monotonic() + 3
                while time.monotonic() < end:
                    notifier.notice("u1")
            finally:
                os._exit(0)
        time.sleep(2)
        count = len(self.workers.requests)
        # at once, and then per second
        budget = 10000 + 200 * (time.monotonic() - flood)
        self.changed.add("u1")
        began = time.monotonic()
        self.notifier.notice("u1")
        self.assertEqual(http.response().body, b"changed")
        took = time.monotonic() - began
        os.waitpid(pid, 0)
        print(f"     {count} looks in 2 s of notices, then {took * 1000:.0f} ms")
        self.assertLess(count, budget + 100)
        self.assertLess(took, 1)

    def test_nonsense_on_the_sockets(self):
        for data in (b"\n", b"VERSION\n", b"VERSION\tx\t1\t0\n", b"VERSION\troost-notify-client\t9\t0\n", b"\0" * 9000,
                     b"VERSION\troost-notify-client\t1\t0\nX\n", b"VERSION\troost-notify-client\t1\t0\nN\tu1\n",
                     b"VERSION\troost-notify-client\t1\t0\n\n", b"VERSION\troost-notify-client\t1\t0\nN\tu1\tzz\n"):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(5)
                sock.connect(str(self.dovecot.root / "run" / "roost-notify"))
                sock.sendall(data)
                try:
                    while sock.recv(1000):
                        pass
                except ConnectionError:
                    pass
        self.changed.add("u1")
        self.assertEqual(self.ask(auth=basic("u1")).body, b"changed")
