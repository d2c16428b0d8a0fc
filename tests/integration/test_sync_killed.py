"""Workers die of kill -9 while a device and IMAP change the same mailbox: in the end both agree message for message."""
import contextlib
import os
import random
import signal
import threading
import time

from rig import INBOX, Case, Settings
from rig.replica import Replica, server_state

# Maildir's dotlocks would stay behind for two minutes each, for IMAP as well
SETTINGS = Settings(users=2, mail="sdbox:~/sdbox")
MESSAGE = "From: ada@example.test\r\nSubject: {0}\r\nMessage-ID: <{0}@example.test>\r\n\r\nHello\r\n"


class Killed(Case):
    OPERATIONS = 500

    def setUp(self):
        self.imap = self.dovecot.imap("u1")
        self.addCleanup(self.imap.logout)
        self.workers, self.seen, self.unanswered = [], {}, 0
        self.killer, self.usual = None, 0.005

    def fill(self, *subjects):
        for subject in subjects:
            self.imap.append("INBOX", None, None, MESSAGE.format(subject).encode())

    def subjects(self, folder):
        imap = self.dovecot.imap("u1", folder)
        found = [line[1].decode().partition(":")[2].strip() for line in
                 imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1] if isinstance(line, tuple)]
        imap.logout()
        return sorted(found)

    def kill(self, pids, delay):
        time.sleep(delay)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def look_at_workers(self):
        """Only a worker that is up may be killed: the master slows a service down that dies at its start."""
        now = time.monotonic()
        self.seen = {pid: self.seen.get(pid, now) for pid in self.dovecot.pids("roost-worker")}
        self.workers = [pid for pid, since in self.seen.items() if now - since > 0.2]

    def attempt(self, replica, commands):
        """One request. Returns whether it was answered."""
        key = replica.device.sync_keys[replica.folder.id]
        try:
            response = replica.device.sync(replica.device.collection(
                replica.folder, window=replica.window, commands=commands, opts=replica.opts))
            if response.code == 200:
                self.look_at_workers()
                if response.document is None:
                    return True
                answer = response.document.find("Collections/Collection")
                if answer is not None and answer.get("Status") == "1":
                    replica.take(answer)
                    return True
                self.assertIn(response.status if answer is None else answer.get("Status"), ("5", "16"))
            else:
                self.assertEqual(response.code, 503)
        except (ConnectionError, TimeoutError):
            replica.device.connection.close()
        replica.device.sync_keys[replica.folder.id] = key
        return False

    def aim(self, connection):
        """The killer starts when a request is sent, and knows how long one takes."""
        send = connection.request

        def request(data):
            if self.killer and self.killer.ident is None:
                self.killer.start()
            began = time.perf_counter()
            response = send(data)
            self.usual = 0.8 * self.usual + 0.2 * (time.perf_counter() - began)
            return response
        connection.request = request

    def wait_for_worker(self):
        """Until there is a worker that may be killed."""
        deadline = time.monotonic() + 1
        while not self.workers and time.monotonic() < deadline:
            time.sleep(0.02)
            self.look_at_workers()

    def request(self, replica, commands, moment):
        """As a device does it: the request as it was, until there is an answer. The first attempt is killed at that
        part of its usual time."""
        # a number of a process that is gone may be another one's by now
        alive = set(self.dovecot.pids("roost-worker"))
        workers = [pid for pid in self.workers if pid in alive]
        self.killer = threading.Thread(target=self.kill, args=(workers, moment * self.usual))
        answered = self.attempt(replica, commands)
        self.killer.join()
        self.killer = None
        self.unanswered += not answered
        for _ in range(100):
            if answered:
                return
            time.sleep(0.02)
            answered = self.attempt(replica, commands)
        self.fail("no answer in 100 attempts")

    def test_killed_workers(self):
        """kill -9 at random while the device and IMAP change things: message for message the same in the end, and
        each deleted mail exactly once in Deleted Items."""
        chance = random.Random(4711)
        self.dovecot.expect_log(r"killed with signal 9|Worker is gone during a request|command startup failed")
        # what a mail that was half saved makes Dovecot say
        self.dovecot.expect_log(r"already exists, rebuilding index|Rebuilding|rebuild")
        self.dovecot.expect_log("Deleting corrupted cache: reset_id mismatch")
        self.fill(*range(40))
        device = self.ready_device("u1")
        replica = Replica(device, device.folders_of_type(INBOX)[0], window=10)
        replica.sync()
        self.aim(device.connection)
        deleted = []
        for number in range(self.OPERATIONS):
            if number % 3 == 0:
                self.fill(f"new-{number}")
            elif number % 3 == 1:
                uids = self.imap.uid("SEARCH", "ALL")[1][0].split()
                self.imap.uid("STORE", chance.choice(uids), chance.choice("+-") + "FLAGS", r"(\Seen)")
            item = chance.choice(list(replica.items))
            if number % 5 == 0:
                deleted.append(replica.items[item]["subject"])
                command = replica.delete(item)
            else:
                command = replica.set_read(item, chance.random() < 0.5)
            if number % 5 == 0:
                self.wait_for_worker()
            self.request(replica, [command], chance.uniform(0, 1.2))
        self.assertGreater(self.unanswered, self.OPERATIONS / 50, "hardly any request was interrupted")
        replica.sync()
        self.assertEqual(replica.state(), server_state(self.imap))
        self.assertEqual(replica.sync(), [])
        self.assertEqual(self.subjects("Trash"), sorted(deleted))
