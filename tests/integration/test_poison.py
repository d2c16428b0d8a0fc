"""A device that stumbles over one item: isolated, skipped, named, and told again when the operator wants that."""
import json
import time

from rig import CALENDAR, INBOX, MIME, Body, Case, E, Settings, options
from rig.replica import Replica

# rounds of a second each
SETTINGS = Settings(extra="roost_skip_after = 8 secs\n")


class Phone(Replica):
    """It crashes when an answer holds the mail "poison", and comes again with its old key."""

    crashes = True
    tag = "Email:Subject"

    def sync_once(self):
        key = self.device.sync_keys[self.folder.id]
        answer, _ = self.device.sync_one(self.folder, window=self.window, opts=self.opts)
        if answer is not None and self.crashes and any(
                node.get(f"ApplicationData/{self.tag}") == "poison" for node in answer.findall("Commands/Add")):
            self.device.sync_keys[self.folder.id] = key
            return False
        if answer is not None:
            self.take(answer)
        return answer is None or answer.find("MoreAvailable") is None

    def until(self, condition, seconds=40, pause=0.05):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError("it never happened")
            self.sync_once()
            time.sleep(pause)


class Poison(Case):
    def fill(self, user, *subjects):
        for subject in subjects:
            self.dovecot.deliver(user, f"From: a@example.test\nSubject: {subject}\n\nHello\n")

    def phone(self, user, version="16.1", window=8):
        device = self.ready_device(user, version)
        phone = Phone(device, device.folders_of_type(INBOX)[0], window)
        phone.start()
        return phone

    def show(self, phone):
        return json.loads(self.dovecot.doveadm("-f", "json", "roost", "device", "show", "-u", phone.device.user,
                                               phone.device.device_id))[0]["skipped"]

    def skip(self, phone):
        phone.until(lambda: len(phone.items) == 4)

    def warned(self, phone):
        return self.dovecot.log().count(f"Mailbox INBOX: Device {phone.device.device_id} asked for UID 3 again and "
                                        "again, skipping it from now on")

    def test_the_others_arrive(self):
        """At all versions; also with a worker that is killed on the way."""
        for user, version in (("u1", "2.5"), ("u2", "16.1")):
            with self.subTest(version=version):
                self.fill(user, "one", "two", "poison", "four", "five")
                phone = self.phone(user, version)
                phone.until(lambda: len(phone.items) == 2)      # the newer ones
                self.dovecot.kill("roost-worker")
                began = time.monotonic()
                self.skip(phone)
                self.assertGreater(time.monotonic() - began, 6)
                self.assertEqual(sorted(phone.by_subject()), ["five", "four", "one", "two"])
                self.assertEqual(self.warned(phone), 1)
                self.assertRegex(self.show(phone), r"^INBOX UID 3 since \d{4}-")
                # nothing more is due, and what follows is as ever
                self.assertEqual(phone.sync(), [])
                self.fill(user, "six")
                self.assertEqual([kind for kind, _ in phone.sync()], ["Add"])
                # a flag of it makes no trouble either
                imap = self.dovecot.imap(user)
                imap.uid("STORE", "3", "+FLAGS", r"(\Seen)")
                self.assertEqual(phone.sync(), [])

    def test_retry_and_resync(self):
        self.fill("u3", "one", "two", "poison", "four", "five")
        phone = self.phone("u3")
        self.skip(phone)
        healthy = self.phone("u3")
        healthy.crashes = False
        healthy.sync()
        self.assertEqual(len(healthy.items), 5)
        self.assertEqual(self.show(healthy), "")
        phone.crashes = False
        self.dovecot.doveadm("roost", "device", "retry", "-u", "u3", phone.device.device_id)
        self.assertEqual(self.show(phone), "")
        # the answer is lost once: it comes again
        phone.round(lose=True)
        phone.sync()
        self.assertEqual(len(phone.items), 5)
        self.assertEqual(phone.sync(), [])
        # again the poison, and from the start
        phone.crashes = True
        phone.items.clear()
        self.dovecot.doveadm("roost", "device", "resync", "-u", "u3", phone.device.device_id)
        phone.device.folder_key = "0"
        phone.device.folder_sync().check()
        phone.start()
        self.skip(phone)
        self.assertRegex(self.show(phone), "UID 3")
        self.dovecot.doveadm("roost", "device", "resync", "-u", "u3", phone.device.device_id)
        phone.crashes = False
        phone.items.clear()
        phone.device.folder_key = "0"
        phone.device.folder_sync().check()
        phone.start()
        phone.sync()
        self.assertEqual(len(phone.items), 5)

    def test_a_burst_of_lost_answers_skips_nothing(self):
        self.fill("u4", "one")
        phone = self.phone("u4", window=1)
        for burst in range(3):
            for _ in range(30):
                phone.round(lose=True)
            time.sleep(1.1)
        phone.sync()
        self.assertEqual(list(phone.by_subject()), ["one"])
        self.assertEqual(self.show(phone), "")
        # a long way later: a confirmed step in between begins anew
        self.fill("u4", "two")
        for _ in range(4):
            phone.round(lose=True)
        phone.sync()
        self.assertEqual(sorted(phone.by_subject()), ["one", "two"])

    def events(self, user):
        """A phone that crashes on an event: in the store's folders it is as with mail."""
        other = self.ready_device(user, "16.1")
        folder = other.folders_of_type(CALENDAR)[0]
        list(other.sync_all(folder))
        for number, subject in enumerate(("one", "poison", "three")):
            other.add(folder, [[E("Calendar:Subject", subject), E("Calendar:StartTime", f"2027010{number + 1}T100000Z"),
                                E("Calendar:EndTime", f"2027010{number + 1}T110000Z")]])
        device = self.ready_device(user, "14.1")
        phone = Phone(device, device.folders_of_type(CALENDAR)[0], 8)
        phone.tag = "Calendar:Subject"
        phone.start()
        return phone

    def test_a_large_item_takes_longer(self):
        """Than an event, for instance."""
        events = self.events("u6")
        self.dovecot.deliver("u5", "From: a@example.test\nSubject: large\n\n" + ("x" * 70 + "\n") * 6000)
        phone = self.phone("u5", window=1)
        phone.opts = options(filter_type=0, mime_support=2, bodies=[Body(MIME)])
        deadline = time.monotonic() + 12
        while time.monotonic() < deadline:
            phone.round(lose=True)
            events.sync_once()
            time.sleep(0.5)
        phone.sync()
        self.assertEqual(list(phone.by_subject()), ["large"])
        events.until(lambda: len(events.items) == 2)
        self.dovecot.wait_log(f"Folder Calendar: Device {events.device.device_id} asked for UID 2 again and again")
        self.assertRegex(self.show(events), r"^Calendar UID 2 since \d{4}-")
        self.assertEqual(events.sync(), [])
