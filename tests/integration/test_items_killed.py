"""The worker dies of kill -9 while a device moves mails, or writes drafts: the device repeats, and none is lost or
doubled."""
import contextlib
import email
import random
import threading
import time

from rig import DRAFTS, INBOX, PLAIN, Body, Case, E, Settings, options
from rig.client import HttpError

# Maildir's dotlocks would stay behind for two minutes each, for IMAP as well
SETTINGS = Settings(users=10, mail="sdbox:~/sdbox")
MESSAGE = "From: Ada <ada@example.test>\nSubject: mail {0}\nMessage-ID: <mail-{0}@example.test>\n\nHello {0}.\n"
TURNS = 25
DRAFT_TURNS = 10
# Dovecot found a copy that it had not told the index of
REBUILDING = "already exists, rebuilding index"


class KilledCase(Case):
    def subjects(self, user, folder):
        imap = self.dovecot.imap(user, folder)
        found = imap.uid("FETCH", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        imap.logout()
        return sorted(line[1].decode().partition(":")[2].strip() for line in found if isinstance(line, tuple))


class MoveKilled(KilledCase):
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


class DraftKilled(KilledCase):
    def test_worker_killed_at_random(self):
        """Drafts are added, changed, sent and deleted, and each time the worker is killed somewhere in it."""
        self.dovecot.expect_log("Worker is gone during a request|command startup failed, throttling")
        self.dovecot.expect_log(REBUILDING)
        self.dovecot.expect_log("Deleting corrupted cache: reset_id mismatch")
        chance, turns = random.Random(7), 0
        for user in ("u6", "u7", "u8", "u9", "u10"):
            turns += self.write_drafts(user, DRAFT_TURNS - turns, chance)
            if turns == DRAFT_TURNS:
                return
        self.fail(f"Dovecot rebuilt the index of each user; {turns} drafts were good")

    def write_drafts(self, user, count, chance):
        """Returns how many drafts were good."""
        device = self.ready_device(user, "16.1")
        folder = device.folders_of_type(DRAFTS)[0]
        list(device.sync_all(folder))
        rebuilt = self.dovecot.log().count(REBUILDING)
        for turn in range(count):
            written, changed = f"{user} {turn} written", f"{user} {turn} changed"
            answer = self.killed(device, folder, chance, E("Add", E("ClientId", f"{user}-{turn}"), E(
                "ApplicationData", E("Email:To", "bob@elsewhere.example"), E("Email:Subject", written),
                E("AirSyncBase:Body", E("Type", 1), E("Data", "text " * 50)))))
            item = answer.get("Responses/Add/ServerId")
            steps = [(written, None), (changed, E("Change", E("ServerId", item), E(
                "ApplicationData", E("Email:Subject", changed))))]
            steps.append((None, E("Delete", E("ServerId", item)) if turn % 2 else E(
                "Change", E("ServerId", item), E("Email2:Send"))))
            for subject, node in steps:
                if node is not None:
                    self.killed(device, folder, chance, node)
                found = self.subjects(user, "Drafts")
                if self.dovecot.log().count(REBUILDING) > rebuilt:
                    self.assertLessEqual({subject} - {None}, set(found))
                    return turn
                self.assertEqual(found, [subject] if subject else [])
            sent = [email.message_from_bytes(message.data)["Message-ID"] for message in self.dovecot.smtp.messages
                    if changed.encode() in message.data]
            # it comes twice only if the worker dies between the server's taking it and its record
            self.assertEqual(len(set(sent)), (turn + 1) % 2)
            self.assertLessEqual(len(sent), 2)
            self.assertEqual([name for name in self.subjects(user, "Sent") if name == changed], [changed] * ((turn + 1) % 2))
            # to the device as well there is nothing left
            self.assertEqual([str(page) for page in device.sync_all(folder) if page.find("Commands") is not None], [])
        return count

    def killed(self, device, folder, chance, node):
        """The Collection of the answer that the device gets in the end."""
        key = device.sync_keys[folder.id]
        killer = threading.Timer(chance.uniform(0, 0.06), self.dovecot.kill, ["roost-worker"])
        killer.start()
        with contextlib.suppress(OSError, HttpError):
            # the answer is lost, if there is one
            device.sync_one(folder, commands=[node], key=key, deletes_as_moves=False)
        killer.join()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(HttpError):
                answer, _ = device.sync_one(folder, commands=[node], key=key, deletes_as_moves=False)
                # 5, 16: try again
                if answer.get("Status") == "1":
                    return answer
                self.assertIn(answer.get("Status"), ("5", "16"))
            time.sleep(0.1)
        raise AssertionError("no answer in a minute")
