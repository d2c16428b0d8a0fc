"""The worker dies of kill -9 while a device moves mails: the device repeats, and none is lost or doubled."""
import contextlib
import random
import threading
import time

from rig import INBOX, PLAIN, Body, Case, Settings, options

# Maildir's dotlocks would stay behind for two minutes each, for IMAP as well
SETTINGS = Settings(users=1, mail="sdbox:~/sdbox")
MESSAGE = "From: Ada <ada@example.test>\nSubject: mail {0}\nMessage-ID: <mail-{0}@example.test>\n\nHello {0}.\n"


class MoveKilled(Case):
    def subjects(self, folder):
        imap = self.dovecot.imap("u1", folder)
        found = imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        imap.logout()
        return sorted(line[1].decode().partition(":")[2].strip() for line in found if isinstance(line, tuple))

    def test_worker_killed_at_random(self):
        """Mails go to and fro, and each time the worker is killed somewhere in it: the device repeats until it has an
        answer."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        # a copy that was finished, but not yet in the index: Dovecot finds it at the next one
        self.dovecot.expect_log("already exists, rebuilding index")
        for number in range(12):
            self.dovecot.deliver("u1", MESSAGE.format(number))
        self.dovecot.doveadm("mailbox", "create", "-u", "u1", "Work")
        device = self.ready_device("u1", "16.1")
        inbox = device.folders_of_type(INBOX)[0]
        work = next(folder for folder in device.folders.values() if folder.name == "Work")
        items = [add.get("ServerId") for page in device.sync_all(inbox, opts=options(bodies=[Body(PLAIN, 1024)]))
                 for add in page.findall("Commands/Add")]
        folders, names = (inbox, work), ("INBOX", "Work")
        wanted, chance = self.subjects("INBOX"), random.Random(4)
        self.assertEqual(len(wanted), 12)
        for turn in range(25):
            source, target = folders[turn % 2], folders[(turn + 1) % 2]
            moves = [(item, source.id, target.id) for item in items]
            killer = threading.Timer(chance.uniform(0, 0.04), self.dovecot.kill, ["roost-worker"])
            killer.start()
            with contextlib.suppress(OSError):
                device.move_items(*moves)           # the answer is lost, if there is one
            killer.join()
            items = self.move_until_answered(device, moves)
            self.assertEqual(self.subjects(names[(turn + 1) % 2]), wanted)
        self.assertEqual(self.subjects("INBOX"), [])

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
