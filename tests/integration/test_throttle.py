"""Throttling: too many requests of a device or of a user are answered 503 by the listener, and nobody else is hurt."""
import base64
import json
import struct
import time

from rig import Settings, fakeworkers
from rig.fakeworkers import ParkCase, answer
from rig.rawhttp import PATH, basic

PERIOD = 40
SETTINGS = Settings(extra=fakeworkers.SETTINGS + f"""
roost_throttle_device = 20
roost_throttle_user = 50
roost_throttle_period = {PERIOD} secs
""")


def query(device, command="Sync"):
    return f"{PATH}?Cmd={command}&User=u&DeviceId={device}&DeviceType=T"


def binary(device):
    """The same in base64: the id as 16 bytes."""
    raw = bytes.fromhex(device)
    data = struct.pack("<BBHB", 141, 0, 0x409, len(raw)) + raw + b"\0" + b"\1T"
    return f"{PATH}?{base64.b64encode(data).decode()}"


class Throttle(ParkCase):
    def setUp(self):
        super().setUp()
        self.workers.reset(lambda request: answer(body=b"ok", device="d", ticket="T", ticket_secs=300))

    def codes(self, user, path, count, **arguments):
        http = self.http()
        return [http.ask(auth=basic(user), path=path, **arguments).code for _ in range(count)]

    def served(self, limit, began):
        """How many may be served: as many as the limit, and those for which there was time since then."""
        return range(limit, limit + 2 + int((time.monotonic() - began) * limit / PERIOD))

    def throttled(self, user):
        rows = json.loads(self.dovecot.doveadm("-f", "json", "roost", "who", user))
        return [(row["device"], int(row["remaining"])) for row in rows if row["command"] == "throttled"]

    def test_a_mad_device(self):
        http, began = self.http(), time.monotonic()
        answers = [http.ask(auth=basic("u1"), path=query("mad"), body=b"x" * 5000) for _ in range(40)]
        codes = [response.code for response in answers]
        served = codes.count(200)
        self.assertIn(served, self.served(20, began))
        self.assertEqual(codes[20:].count(503), 40 - served)
        refused = next(response for response in answers if response.code == 503)
        self.assertEqual(refused.headers["x-ms-asthrottle"], "CommandFrequency")
        self.assertIn(int(refused.headers["retry-after"]), range(1, 6))
        # no worker has seen it
        self.assertEqual(len(self.workers.requests), served)
        # another device of the user, and that device of another user
        self.assertEqual(self.codes("u1", query("good"), 10), [200] * 10)
        self.assertEqual(self.codes("u2", query("mad"), 10), [200] * 10)
        self.assertEqual([row[0] for row in self.throttled("u1")], ["mad"])
        self.assertEqual(self.throttled("u2"), [])
        # it waits as it was told, and is served
        time.sleep(int(refused.headers["retry-after"]) + 1)
        self.assertEqual(self.codes("u1", query("mad"), 2), [200, 200])
        self.assertIn(503, self.codes("u1", query("mad"), 20))
        self.assertEqual(self.dovecot.log().count("user u1: Device mad sends too many requests, answering 503 "
                                                  "(roost_throttle_device)"), 1)

    def test_one_device_by_both_queries(self):
        device, began = "0123456789abcdef0123456789abcdef", time.monotonic()
        codes = [self.codes("u3", path, 1)[0] for path in (query(device), binary(device)) * 15]
        self.assertIn(codes.count(200), self.served(20, began))
        self.assertEqual(codes[-1], 503)

    def test_a_user(self):
        began = time.monotonic()
        codes = [code for number in range(8) for code in self.codes("u4", query(f"d{number}"), 10)]
        self.assertIn(codes.count(200), self.served(50, began))
        self.assertEqual(codes[-1], 503)
        response = self.http().ask(auth=basic("u4"), path="/autodiscover/autodiscover.xml")
        self.assertEqual((response.code, response.headers["x-ms-asthrottle"]), (503, "OutOfBudgets"))
        self.assertIn("*", [row[0] for row in self.throttled("u4")])
        self.assertEqual(self.codes("u5", query("d0"), 5), [200] * 5)
        self.dovecot.wait_log(r"user u4: Device \S+ sends too many requests, answering 503 \(roost_throttle_user\)")

    def test_waiting_does_not_count(self):
        """Parked requests are given back, and waking them costs nothing."""
        self.workers.handler = self.handler
        self.msecs = 60000
        for _ in range(22):
            self.changed.clear()
            http = self.http()
            before = len(self.workers.requests)
            http.send(http.request(auth=basic("u6"), path=query("dev1", "Ping"), body=b"ping me"))
            self.wait_until(lambda: len(self.workers.requests) > before)
            for _ in range(3):
                count = len(self.workers.requests)
                self.notifier.notice("u6")
                self.wait_until(lambda: len(self.workers.requests) > count)
            http.close()
        self.workers.handler = lambda request: answer(body=b"ok")
        self.assertEqual(self.codes("u6", query("dev1"), 18), [200] * 18)

    def test_a_wrong_password_is_no_request_of_the_user(self):
        for _ in range(22):
            self.assertEqual(self.http().ask(auth=basic("u7", "wrong"), path=query("d")).code, 401)
        self.assertEqual(self.codes("u7", query("d"), 15), [200] * 15)

    def test_expect_is_answered_before_the_body(self):
        self.codes("u8", query("d"), 30)
        http = self.http()
        http.send(http.request(auth=basic("u8"), path=query("d"), Content_Length=50000000, Expect="100-continue"))
        self.assertEqual(http.response().code, 503)
