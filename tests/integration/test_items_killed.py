"""The worker dies of kill -9 while a device moves mails: the device repeats, and none is lost or doubled."""
import contextlib
import random
import threading
import time

from rig import INBOX, PLAIN, Body, Case, Settings, options

# Maildir's dotlocks would stay behind for two minutes each, for IMAP as well
SETTINGS = Settings(users=5, mail="sdbox:~/sdbox")
MESSAGE = "From: Ada <ada@example.test>\nSubject: mail {0}\nMessage-ID: <mail-{0}@example.test>\n\nHello {0}.\n"
TURNS = 25
# Dovecot found a copy that it had not told the index of
REBUILDING = "already exists, rebuilding index"


class MoveKilled(Case):
    def subjects(self, user, folder):
        imap = self.dovecot.imap(user, folder)
        found = imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        imap.logout()
        return sorted(line[1].decode().partition(":")[2].strip() for line in found if isinstance(line, tuple))

    def test_worker_killed_at_random(self):
        """Mails go to and fro, and each time the worker is killed somewhere in it: the device repeats until it has an
        answer.  Now and then Dovecot rebuilds an index because of that, and takes files for mails again that it had
        expunged but not yet unlinked: then nothing may be lost, and another user goes on."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        self.dovecot.expect_log(REBUILDING)
        self.dovecot.expect_log("Deleting corrupted cache: reset_id mismatch")
        chance, turns = random.Random(4), 0
        for user in ("u1", "u2", "u3", "u4", "u5"):
            turns += self.move_to_and_fro(user, TURNS - turns, chance)
            if turns == TURNS:
                return
        self.fail(f"Dovecot rebuilt the index of each user; {turns} moves were good")

    def move_to_and_fro(self, user, count, chance):
        """Returns how many moves were good."""
        for number in range(12):
            self.dovecot.deliver(user, MESSAGE.format(number))
        self.dovecot.doveadm("mailbox", "create", "-u", user, "Work")
        device = self.ready_device(user, "16.1")
        inbox = device.folders_of_type(INBOX)[0]
        work = next(folder for folder in device.folders.values() if folder.name == "Work")
        items = [add.get("ServerId") for page in device.sync_all(inbox, opts=options(bodies=[Body(PLAIN, 1024)]))
                 for add in page.findall("Commands/Add")]
        folders, names = (inbox, work), ("INBOX", "Work")
        wanted, rebuilt = self.subjects(user, "INBOX"), self.dovecot.log().count(REBUILDING)
        self.assertEqual(len(wanted), 12)
        for turn in range(count):
            source, target = turn % 2, (turn + 1) % 2
            moves = [(item, folders[source].id, folders[target].id) for item in items]
            killer = threading.Timer(chance.uniform(0, 0.04), self.dovecot.kill, ["roost-worker"])
            killer.start()
            with contextlib.suppress(OSError):
                device.move_items(*moves)           # the answer is lost, if there is one
            killer.join()
            items = self.move_until_answered(device, moves)
            moved = self.subjects(user, names[target])
            if self.dovecot.log().count(REBUILDING) > rebuilt:
                self.assertEqual(set(moved), set(wanted))
                return turn
            self.assertEqual(moved, wanted)
            self.assertEqual(self.subjects(user, names[source]), [])
        return count

    def move_until_answered(self, device, moves):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            response = device.move_items(*moves)
            if response.code == 200:
                answers = response.document.findall("Response")
                statuses = {answer.get("Status") for answer in answers}
                if statuses == {"3"}:
                    return [answer.get("DstMsgId") for answer in answers]
                # 7: try again
                self.assertLessEqual(statuses, {"3", "7"})
            time.sleep(0.1)
        raise AssertionError("no answer in half a minute")
