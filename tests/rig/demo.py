"""The demonstration: accounts with mail, a device's conversation over TLS, and the time a new mail takes to it."""
import argparse
import os
import pathlib
import shlex
import shutil
import signal
import sys
import threading
import time
import unicodedata

from . import config, fixtures, tree
from .client import HTML, INBOX, Body, Device, options
from .dovecot import DOMAIN, PASSWORD, Instance

FOLDER_TYPES = {2: "Inbox", 3: "Drafts", 4: "Deleted Items", 5: "Sent Items", 6: "Outbox", 12: "mail folder"}
# accounts that get all the fixtures; further ones get the first few
FULL_ACCOUNTS, FEW = 2, 5


def say(text=""):
    print(text, flush=True)


def fill(dovecot):
    """Delivers the fixtures by LMTP, to many users at once."""
    for number, (_, data) in enumerate(fixtures.mailbox()):
        users = dovecot.users if number < FEW else dovecot.users[:FULL_ACCOUNTS]
        for first in range(0, len(users), 50):
            dovecot.deliver(users[first:first + 50], data)


def column(text, width):
    """The text cut and padded to the width that a terminal gives it: East Asian characters take two columns."""
    out, used = "", 0
    for character in text:
        size = 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if used + size > width:
            break
        out, used = out + character, used + size
    return out + " " * (width - used)


def show_message(item):
    data = item.find("ApplicationData")
    files = [node.get("DisplayName") for node in data.findall("AirSyncBase:Attachments/Attachment")]
    body = " ".join((data.get("AirSyncBase:Body/Data") or "").split())
    sender = data.get("Email:From", "").partition("<")[0].strip('" ') or data.get("Email:From", "")
    subject = data.get("Email:Subject") or "(no subject)"
    say(f"   {data.get('Email:DateReceived', '')[:16].replace('T', ' ')}  {column(sender, 22)}  {column(subject, 42)}  "
        f"{column(body, 40)}" + (f"  [{', '.join(files)}]" if files else ""))


def converse(dovecot, user):
    """What a phone does when the account is added to it; ends with the phone waiting for the next mail."""
    device = Device(dovecot.url(tls=True), f"{user}@{DOMAIN}", PASSWORD, version="16.1", device_type="RoostDemo")
    answer = device.options()
    answer.check()
    say(f"1. OPTIONS: the server speaks {answer.headers['ms-asprotocolversions']}")
    response, found = device.autodiscover(f"{user}@{DOMAIN}")
    say(f"2. Autodiscover: HTTP {response.code}, {found.get('Url') or found.get('Message') or ''}")
    device.provision()
    say(f"3. Provision: policy key {device.policy_key}")
    device.folder_sync().check()
    say("4. FolderSync: the folders")
    for folder in sorted(device.folders.values(), key=lambda folder: (folder.type, folder.name)):
        say(f"   {folder.name:<24} {FOLDER_TYPES.get(folder.type, f'type {folder.type}')}")
    inbox = device.folders_of_type(INBOX)[0]
    say("5. Sync: the messages of the Inbox as they come, ten at a time")
    count = 0
    wanted = options(filter_type=0, bodies=[Body(1, 200)])
    for page in device.sync_all(inbox, window=10, opts=wanted):
        for item in page.findall("Commands/Add"):
            show_message(item)
            count += 1
    say(f"   {count} messages in {device.requests} requests, {device.received} bytes received, "
        f"{device.seconds * 1000:.0f} ms waited for answers")
    return push(dovecot, device, inbox, user, wanted)


def push(dovecot, device, inbox, user, wanted):
    answers = []

    def wait():
        answers.append(device.ping([inbox], heartbeat=300))
        answers.append(time.perf_counter())
    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(1)
    say("6. Ping: the device waits; now a new mail is delivered by LMTP")
    dovecot.deliver(user, f"From: Ada <ada@example.test>\nTo: {user}@{DOMAIN}\nSubject: Are you there?\n"
                          f"Message-ID: <new@example.test>\n\nThis one was pushed.\n")
    delivered = time.perf_counter()
    waiting.join(30)
    if len(answers) < 2 or answers[0].status != "2":
        say(f"   the waiting device was not told: {answers}")
        return False
    say(f"   the device was woken {max(answers[1] - delivered, 0) * 1000:.1f} ms after the delivery was confirmed")
    items = [item for page in device.sync_all(inbox, opts=wanted) for item in page.findall("Commands/Add")]
    had = (time.perf_counter() - delivered) * 1000
    for item in items:
        show_message(item)
    say(f"   and had the message after {had:.1f} ms")
    device.connection.close()
    return len(items) == 1


def write_to_each_other(dovecot, sender, recipient):
    """One user's device sends a mail, another user's device waits for it."""
    devices = [Device(dovecot.url(tls=True), f"{user}@{DOMAIN}", PASSWORD, version="16.1", device_type="RoostDemo")
               for user in (sender, recipient)]
    for device in devices:
        device.provision()
    phone, waiting = devices
    inbox = waiting.folders_of_type(INBOX)[0]
    wanted = options(bodies=[Body(1, 200)])
    for _ in waiting.sync_all(inbox, opts=wanted):
        pass
    answers = []
    ping = threading.Thread(target=lambda: answers.append((waiting.ping([inbox], heartbeat=300), time.perf_counter())))
    ping.start()
    time.sleep(1)
    say(f"7. SendMail: the device of {sender} writes to {recipient}, whose device waits")
    started = time.perf_counter()
    response = phone.send_mail((f"From: {sender}@{DOMAIN}\r\nTo: {recipient}@{DOMAIN}\r\nSubject: From phone to phone\r\n"
                                f"\r\nIt went by SMTP and LMTP.\r\n").encode())
    ping.join(30)
    if (response.code, response.body) != (200, b"") or not answers or answers[0][0].status != "2":
        say(f"   it did not arrive: {response.code} {response.body!r} {answers}")
        return False
    items = [item for page in waiting.sync_all(inbox, opts=wanted) for item in page.findall("Commands/Add")]
    for item in items:
        show_message(item)
    say(f"   and was told of {max(answers[0][1] - started, 0) * 1000:.0f} ms after it was sent")
    for device in devices:
        device.connection.close()
    return len(items) == 1


def write_environment(dovecot):
    """demo.env: shell assignments, for any client or load generator."""
    values = {"ROOST_URL": dovecot.url(tls=True), "ROOST_PLAIN_URL": dovecot.url(), "ROOST_USERS": " ".join(dovecot.users),
              "ROOST_PASSWORD": PASSWORD, "ROOST_DOMAIN": DOMAIN, "ROOST_IMAP": f"127.0.0.1:{dovecot.ports['imap']}",
              "ROOST_LMTP": f"127.0.0.1:{dovecot.ports['lmtp']}", "ROOST_DOVEADM": str(dovecot.root / "doveadm"),
              "ROOST_DOVECOT_CONF": str(dovecot.conf)}
    path = dovecot.root / "demo.env"
    path.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()))
    return path


def stop(folder):
    """Ends the instance that a `demo --keep` left in the folder."""
    try:
        pid = int((folder / "run" / "master.pid").read_text())
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (OSError, ValueError):
        command = []
    if str(folder / "dovecot.conf") not in command:
        say(f"Nothing runs in {folder}.")
        return 1
    instance = Instance(folder / "tree", root=folder)
    instance.hold_namespace(pid)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while instance.pids():
        if time.monotonic() > deadline:
            for left in instance.pids():
                os.kill(left, signal.SIGKILL)
        time.sleep(0.05)
    instance.stop_smtp()
    say(f"Stopped. {folder} is left as it is: remove it when you need it no more.")
    return 0


def explain(dovecot, path):
    say(f"\nIt goes on running in {dovecot.root}. What to type into a phone (or any ActiveSync client):\n"
        f"   server    127.0.0.1:{dovecot.ports['https']}, TLS, certificate {dovecot.root}/cert.pem\n"
        f"   user      {dovecot.users[0]} .. {dovecot.users[-1]}, or u1@{DOMAIN}; domain empty\n"
        f"   password  {PASSWORD}\n"
        f"IMAP 127.0.0.1:{dovecot.ports['imap']}, LMTP 127.0.0.1:{dovecot.ports['lmtp']}, doveadm: {dovecot.root}/doveadm\n"
        f"All of it as shell assignments: {path}\n"
        f"The first {FULL_ACCOUNTS} accounts are full, the others have {FEW} messages.\n"
        f"To end it: scripts/demo --stop {dovecot.root}")


def make_instance(arguments):
    users = max(arguments.users, FULL_ACCOUNTS)
    settings = config.Settings(users=users, connections=20000 if arguments.keep else 1000)
    root = arguments.keep
    if root:
        root = root.resolve()
        root.mkdir(parents=True, exist_ok=True)
        if (root / "dovecot.conf").exists():
            sys.exit(f"{root} has an instance already: stop and remove it first.")
        dovecot = Instance(root / "tree", settings, root)
    else:
        dovecot = Instance("", settings)
        dovecot.installed = dovecot.root / "tree"
    tree.make_tree(arguments.build, dovecot.installed)
    return dovecot


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--keep", type=pathlib.Path, metavar="DIR", help="leave it running, with its files in DIR")
    parser.add_argument("--users", type=int, default=2, metavar="N", help="accounts u1 to uN")
    parser.add_argument("--stop", type=pathlib.Path, metavar="DIR", help="end the one that was left in DIR")
    parser.add_argument("--build", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.stop:
        return stop(arguments.stop.resolve())
    dovecot, good = make_instance(arguments), False
    try:
        dovecot.start(keep=bool(arguments.keep))
        say(f"A private Dovecot with Roost runs in {dovecot.root}, HTTPS on port {dovecot.ports['https']}.\n")
        fill(dovecot)
        good = converse(dovecot, dovecot.users[0])
        good = write_to_each_other(dovecot, dovecot.users[0], dovecot.users[1]) and good
        for line in dovecot.problems():
            good = False
            say(f"log: {line}")
        if arguments.keep:
            explain(dovecot, write_environment(dovecot))
    finally:
        if not arguments.keep:
            dovecot.stop()
        elif not good:
            say(f"Something went wrong: see {dovecot.log_path}")
            if not dovecot.ports:
                shutil.rmtree(dovecot.root, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
