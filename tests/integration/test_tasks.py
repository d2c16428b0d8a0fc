"""Tasks ([MS-ASTASK]) at all versions: from device to device and back, recurring ones that are done, reminders, what imported ones
keep, FilterType 8, conflicts, bad input, requests that are repeated and workers that are killed."""
import contextlib
import datetime
import os
import re
import signal
import threading
import time

from rig import HTML, PLAIN, Body, E, Settings, options
from rig.client import Folder, HttpError
from rig.items import ItemsCase

SETTINGS = Settings(users=28, extra="roost_heartbeat_min = 1 secs\n",
                    fields={"u26": "userdb_roost_db_quota=20k"})
TASKS = 7
USER_TASKS = 15
VERSIONS = ("2.5", "12.1", "14.1", "16.1")


def body(version, text, kind=PLAIN):
    if version == "2.5":
        return E("Tasks:Body", text)
    return E("AirSyncBase:Body", E("Type", kind), E("Data", text))


def at(day, clock="00:00:00"):
    return f"{day}T{clock}.000Z"


def task(version, subject, text=None, due=None, start=None, complete=False, importance=1, sensitivity=0, reminder=None,
         categories=(), recurrence=None, completed=None, kind=PLAIN):
    """due, start: the day and, of a clock an hour before UTC, the day before at 23:00."""
    def dates(name, day):
        if day is None:
            return []
        before = datetime.date.fromisoformat(day) - datetime.timedelta(days=1)
        return [E(f"Tasks:Utc{name}", at(before, "23:00:00")), E(f"Tasks:{name}", at(day))]
    return [E("Tasks:Subject", subject), body(version, text, kind) if text is not None else None,
            E("Tasks:Importance", importance), *dates("StartDate", start), *dates("DueDate", due),
            E("Tasks:Categories", [E("Category", name) for name in categories]) if categories else None,
            recurrence, E("Tasks:Complete", "1" if complete else "0"),
            E("Tasks:DateCompleted", completed or at("2026-11-28", "10:00:00")) if complete else None,
            E("Tasks:Sensitivity", sensitivity),
            E("Tasks:ReminderTime", reminder) if reminder else None, E("Tasks:ReminderSet", "1" if reminder else "0")]


def weekly(start, dead=None, **more):
    return E("Tasks:Recurrence", E("Type", 1), E("Start", at(start)), E("Interval", 1), E("DayOfWeek", 2),
             [E(name, value) for name, value in more.items()], E("DeadOccur", dead) if dead is not None else None)


def seen(data):
    text = data.get("AirSyncBase:Body/Data") or data.get("Tasks:Body") or ""
    return {"subject": data.get("Tasks:Subject"), "text": text, "due": data.get("Tasks:DueDate"),
            "utc_due": data.get("Tasks:UtcDueDate"), "start": data.get("Tasks:StartDate"),
            "complete": data.get("Tasks:Complete"), "importance": data.get("Tasks:Importance"),
            "sensitivity": data.get("Tasks:Sensitivity"), "reminder": data.get("Tasks:ReminderTime"),
            "categories": [node.text for node in data.findall("Tasks:Categories/Category")]}


class TasksCase(ItemsCase):
    folder_type = TASKS

    def exported(self, user):
        """The texts of the task list, by SUMMARY."""
        out = self.export(user).replace("\r\n", "\n").replace("\n ", "")
        texts = re.findall(r"BEGIN:VTODO\n.*?END:VTODO\n", out, re.S)
        return {re.search(r"^SUMMARY:(.*)$", text, re.M).group(1): text for text in texts}

    def export(self, user):
        return self.dovecot.doveadm("roost", "export", "-u", user, "--kind", "tasks", "-")


class Basics(TasksCase):
    def test_a_task_goes_from_one_device_to_another_and_back(self):
        for n, version in enumerate(VERSIONS):
            user = f"u{n + 1}"
            first, folder = self.start(user, version)
            self.assertEqual(folder.name, "Tasks")
            status, server_id = self.add(first, folder, "1", task(
                version, "Käse kaufen; 奶", "one\r\ntwo", due="2026-12-15", start="2026-12-10", importance=2, sensitivity=2,
                reminder=at("2026-12-14", "08:30:00"), categories=["Home", "a,b"]))
            self.assertEqual(status, "1")
            want = {"subject": "Käse kaufen; 奶", "text": "one\r\ntwo", "due": at("2026-12-15"),
                    "utc_due": at("2026-12-14", "23:00:00"), "start": at("2026-12-10"), "complete": "0", "importance": "2",
                    "sensitivity": "2", "reminder": at("2026-12-14", "08:30:00"), "categories": ["Home", "a,b"]}
            others = [self.start(user, other)[0] for other in VERSIONS]
            for other in others:
                self.assertEqual(seen(other.items[server_id]), want)
            text = self.exported(user)["Käse kaufen\\; 奶"]
            for line in ("DUE;.*VALUE=DATE.*:20261215", "DTSTART;.*VALUE=DATE.*:20261210", "PRIORITY:1", "CLASS:PRIVATE",
                         "TRIGGER;VALUE=DATE-TIME:20261214T083000Z", r"CATEGORIES:Home,a\\,b", r"DESCRIPTION:one\\ntwo"):
                self.assertRegex(text, f"(?m)^{line}$")

            # each ticks it off or opens it again, and the others see that
            for step, other in enumerate(others):
                done = step % 2 == 0
                self.assertEqual(self.change(other, folder, server_id, task(
                    other.version, "Käse kaufen; 奶", due="2026-12-15", start="2026-12-10", importance=2, sensitivity=2,
                    reminder=at("2026-12-14", "08:30:00"), categories=["Home", "a,b"], complete=done)), "1")
                want["complete"] = "1" if done else "0"
                for reader in others:
                    if reader is not other:
                        self.pull(reader, folder)
                        self.assertEqual(seen(reader.items[server_id]), want)
                        self.assertEqual(reader.items[server_id].get("Tasks:DateCompleted"),
                                         at("2026-11-28", "10:00:00") if done else None)
            # what it did does not come back to it
            last = others[-1]
            last.items.clear()
            self.pull(last, folder)
            self.assertEqual(last.items, {})

            self.pull(first, folder)
            self.push(first, folder, E("AirSync:Delete", E("ServerId", server_id)))
            self.pull(others[0], folder)
            self.assertEqual(others[0].items, {})

    def test_bodies(self):
        writer, folder = self.start("u5", "16.1", kind=HTML)
        old, _ = self.start("u5", "2.5")
        html = "<html><body><p>One &amp; two</p></body></html>"
        _, server_id = self.add(writer, folder, "1", task("16.1", "html", html, kind=HTML))
        self.pull(old, folder)
        text = old.items[server_id].get("Tasks:Body")
        self.assertIn("One & two", text)
        self.change(old, folder, server_id, task("2.5", "renamed", text))
        self.pull(writer, folder)
        self.assertEqual(writer.items[server_id].get("AirSyncBase:Body/Data"), html)
        self.assertEqual(writer.items[server_id].get("Tasks:Subject"), "renamed")

    def test_what_is_absent_is_deleted_or_kept(self):
        device, folder = self.start("u6", "14.1")
        other, _ = self.start("u6", "16.1")
        full = task("14.1", "all", "text", due="2026-12-15", importance=2, sensitivity=2, categories=["Home"],
                    reminder=at("2026-12-14", "08:30:00"), recurrence=weekly("2026-12-14"))
        _, server_id = self.add(device, folder, "1", full)
        # a tick alone touches nothing else (the next occurrence is Monday's)
        self.assertEqual(self.change(device, folder, server_id, [E("Tasks:Complete", "0")]), "1")
        self.pull(other, folder)
        self.assertEqual(seen(other.items[server_id])["due"], at("2026-12-15"))
        self.assertIsNotNone(other.items[server_id].find("Tasks:Recurrence"))
        # MS-ASCMD 2.2.3.24, MS-ASTASK 3.2.5.3
        self.assertEqual(self.change(device, folder, server_id, [E("Tasks:Subject", "all"), E("Tasks:Complete", "0")]), "1")
        self.pull(other, folder)
        now = seen(other.items[server_id])
        self.assertEqual((now["due"], now["categories"], now["sensitivity"]), (None, [], "0"))
        self.assertEqual((now["importance"], now["reminder"], now["text"]), ("2", at("2026-12-14", "08:30:00"), "text"))
        self.assertIsNone(other.items[server_id].find("Tasks:Recurrence"))

    def test_bad_input(self):
        device, folder = self.start("u7")
        good = [E("Tasks:Subject", "good"), E("Tasks:Complete", "0")]
        bad = [
            [E("Tasks:Complete", "2")],
            [E("Tasks:ReminderSet", "2")],
            [E("Tasks:Sensitivity", "4")],
            [E("Tasks:Importance", "256")],
            [E("Tasks:DueDate", "yesterday")],
            [E("Tasks:DueDate", "2026-13-01T00:00:00.000Z")],
            [E("Tasks:Recurrence", E("Type", 1), E("DayOfWeek", 2))],
            [E("Tasks:Recurrence", E("Start", at("2026-12-01")), E("DayOfWeek", 2))],
            [E("Tasks:Recurrence", E("Type", 4), E("Start", at("2026-12-01")))],
            [E("Tasks:Recurrence", E("Type", 2), E("Start", at("2026-12-01")), E("DayOfMonth", 1), E("DayOfWeek", 1))],
            [E("Tasks:Recurrence", E("Type", 1), E("Start", at("2026-12-01")), E("DayOfMonth", 1), E("DayOfWeek", 1))],
            [E("Tasks:Recurrence", E("Type", 5), E("Start", at("2026-12-01")), E("DayOfMonth", 1))],
            [E("Tasks:Recurrence", E("Type", 1), E("Start", at("2026-12-01")), E("DayOfWeek", 1), E("CalendarType", 1))],
            [E("Tasks:Recurrence", E("Type", 1), E("Start", at("2026-12-01")), E("DayOfWeek", 1), E("FirstDayOfWeek", 7))],
            [E("Tasks:Recurrence", E("Type", 1), E("Start", at("2026-12-01")), E("DayOfWeek", 1), E("WeekOfMonth", 1))],
            [E("Tasks:Recurrence", E("Type", 0), E("Start", at("2026-12-01")), E("Interval", 1000))],
        ]
        commands = [E("AirSync:Add", E("ClientId", str(n)), E("ApplicationData", *data)) for n, data in enumerate(bad)]
        commands.insert(3, E("AirSync:Add", E("ClientId", "good"), E("ApplicationData", *good)))
        collection = self.push(device, folder, *commands)
        statuses = {answer.get("ClientId"): answer.get("Status") for answer in collection.findall("Responses/Add")}
        self.assertEqual(statuses.pop("good"), "1")
        self.assertEqual(statuses, {str(n): "6" for n in range(len(bad))})
        self.assertEqual(list(self.exported("u7")), ["good"])

    def test_folders_moves_and_items(self):
        device, folder = self.start("u8")
        other, _ = self.start("u8", "12.1")
        response = device.folder_create("Errands", USER_TASKS)
        self.assertEqual(response.status, "1")
        errands = Folder(response.document.get("ServerId"), "Errands", USER_TASKS)
        self.assertEqual(device.folder_update(errands.id, "Chores").status, "1")
        _, server_id = self.add(device, folder, "1", task("16.1", "moves", "text"))
        self.assertEqual(other.item_estimate(folder).document.get("Response/Collection/Estimate"), "1")
        fetch = other.fetch_item(folder.id, server_id, Body(PLAIN)).document.find("Response/Fetch")
        self.assertEqual((fetch.get("Status"), fetch.get("AirSync:Class"), fetch.get("Properties/Tasks:Subject"),
                          fetch.get("Properties/AirSyncBase:Body/Data")), ("1", "Tasks", "moves", "text"))
        moved = device.move_items((server_id, folder.id, errands.id)).document.find("Response")
        self.assertEqual(moved.get("Status"), "3")
        device.sync_start(errands)
        self.pull(device, errands)
        self.assertEqual(seen(device.items[moved.get("DstMsgId")])["subject"], "moves")
        self.pull(device, folder)
        self.assertNotIn(server_id, device.items)
        # no other class's folder
        notes = device.folders_of_type(10)[0]
        self.assertEqual(device.move_items((moved.get("DstMsgId"), errands.id, notes.id)).document.get("Response/Status"), "5")
        self.assertEqual(device.folder_delete(errands.id).status, "1")


class Recurring(TasksCase):
    def test_the_server_goes_on_to_the_next(self):
        for n, version in enumerate(VERSIONS):
            user = f"u{n + 9}"
            device, folder = self.start(user, version)
            other, _ = self.start(user, "16.1")
            rule = weekly("2026-11-30", Occurrences=3)
            _, server_id = self.add(device, folder, "1", task(version, "water", due="2026-11-30", start="2026-11-30",
                                                              recurrence=rule))
            done = task(version, "water", due="2026-11-30", start="2026-11-30", recurrence=rule, complete=True)
            key = device.sync_keys[folder.id]
            self.assertEqual(self.change(device, folder, server_id, done), "1")
            for lost in (True, False):
                # the answer is lost: the same again, which is done once
                mine = {i: seen(data) for i, data in device.items.items()}
                self.assertEqual(mine[server_id]["due"], at("2026-12-07"), version)
                self.assertEqual(mine[server_id]["complete"], "0")
                self.assertEqual(len(mine), 2)
                copy = [data for i, data in mine.items() if i != server_id][0]
                self.assertEqual((copy["subject"], copy["due"], copy["complete"]), ("water", at("2026-11-30"), "1"))
                if lost:
                    device.items.clear()
                    self.assertEqual(self.change(device, folder, server_id, done, key=key), "1")
            self.pull(other, folder)
            self.assertEqual({i: seen(data) for i, data in other.items.items()}, mine)
            recurrence = other.items[server_id].find("Tasks:Recurrence")
            self.assertEqual((recurrence.get("Occurrences"), recurrence.get("Start")), ("2", at("2026-11-30")))
            # to the last one, which is done for good
            for day, left in (("2026-12-07", True), ("2026-12-14", False)):
                rule = weekly("2026-11-30", Occurrences=2 if left else 1)
                self.change(device, folder, server_id, task(version, "water", due=day, start=day, recurrence=rule,
                                                            complete=True))
                self.pull(device, folder)
            self.pull(other, folder)
            self.assertEqual(sorted((seen(data)["due"], seen(data)["complete"]) for data in other.items.values()),
                             [(at(day), "1") for day in ("2026-11-30", "2026-12-07", "2026-12-14")])

    def test_a_device_that_does_it_itself(self):
        device, folder = self.start("u13", "14.1")
        other, _ = self.start("u13", "2.5")
        rule = weekly("2026-11-30")
        _, server_id = self.add(device, folder, "1", task("14.1", "water", due="2026-11-30", recurrence=rule))
        collection = self.push(
            device, folder,
            E("AirSync:Change", E("ServerId", server_id), E("ApplicationData", *task(
                "14.1", "water", due="2026-12-07", recurrence=rule))),
            E("AirSync:Add", E("ClientId", "dead"), E("ApplicationData", *task(
                "14.1", "water", due="2026-11-30", complete=True, recurrence=weekly("2026-11-30", dead=1)))))
        self.assertEqual(collection.get("Responses/Add/Status"), "1")
        self.pull(other, folder)
        self.assertEqual(sorted((seen(data)["due"], seen(data)["complete"], data.get("Tasks:Recurrence/DeadOccur"))
                                for data in other.items.values()),
                         [(at("2026-11-30"), "1", "1"), (at("2026-12-07"), "0", "0")])
        # others must not take what was left behind for a series
        texts = self.export("u13")
        self.assertEqual(len(re.findall(r"^RRULE", texts, re.M)), 1)

    def test_regenerate(self):
        device, folder = self.start("u14", "16.1")
        rule = E("Tasks:Recurrence", E("Type", 0), E("Start", at("2026-12-01")), E("Interval", 10), E("Regenerate", 1))
        _, server_id = self.add(device, folder, "1", task("16.1", "filter", due="2026-12-01", recurrence=rule))
        # ten days after it was done: 2026-12-20 00:30 by that clock
        self.change(device, folder, server_id, task("16.1", "filter", due="2026-12-01", recurrence=rule, complete=True,
                                                    completed=at("2026-12-19", "23:30:00")))
        self.pull(device, folder)
        self.assertEqual(seen(device.items[server_id])["due"], at("2026-12-30"))


class Filter(TasksCase):
    def test_open_tasks_only(self):
        for n, version in enumerate(VERSIONS):
            user = f"u{n + 15}"
            writer, folder = self.start(user, "16.1")
            ids = [self.add(writer, folder, str(i), task("16.1", f"t{i}", complete=i == 1))[1] for i in range(3)]
            device, _ = self.start(user, version, filter_type=8)
            self.assertEqual(sorted(device.items), sorted([ids[0], ids[2]]))
            # one is done by somebody else, one opened again, one done by the device
            self.change(writer, folder, ids[0], task("16.1", "t0", complete=True))
            self.change(writer, folder, ids[1], task("16.1", "t1"))
            self.pull(device, folder)
            self.assertEqual(sorted(device.items), sorted(ids[1:]))
            self.assertEqual(self.change(device, folder, ids[2], task(version, "t2", complete=True)), "1")
            self.pull(device, folder)
            self.assertEqual(list(device.items), [ids[1]])
            for wrong in (1, 4, 7):
                response = device.sync(device.collection(folder, opts=options(filter_type=wrong)))
                self.assertEqual(response.document.get("Collections/Collection/Status") or response.document.get("Status"), "4")


IMPORTED = """BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
BEGIN:VTODO
CREATED:20261001T080000Z
LAST-MODIFIED:20261001T080000Z
DTSTAMP:20261001T080000Z
UID:0d4c-%(name)s
SUMMARY:%(name)s
RELATED-TO;RELTYPE=PARENT:9e1f
PRIORITY:3
PERCENT-COMPLETE:40
STATUS:IN-PROCESS
CATEGORIES:Work
CATEGORIES:Über
DUE;TZID=Europe/Berlin:20261215T170000
X-APPLE-SORT-ORDER:42
ATTACH;FMTTYPE=image/png:https://example.org/a.png
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;RELATED=END:-PT15M
X-WR-ALARMUID:77
END:VALARM
BEGIN:VALARM
ACTION:EMAIL
TRIGGER:-P1D
END:VALARM
END:VTODO
END:VCALENDAR
"""


class Imported(TasksCase):
    def test_one_field_is_edited_and_only_that_changes(self):
        for n, version in enumerate(VERSIONS):
            name = f"import{n}"
            text = IMPORTED % {"name": name}
            self.imported("u19", text)
            device, folder = self.start("u19", version)
            server_id, data = next((i, data) for i, data in device.items.items() if data.get("Tasks:Subject") == name)
            self.assertEqual(data.get("Tasks:DueDate"), at("2026-12-15", "17:00:00"))
            self.assertEqual(data.get("Tasks:UtcDueDate"), at("2026-12-15", "16:00:00"))
            self.assertEqual(data.get("Tasks:ReminderTime"), at("2026-12-15", "15:45:00"))
            # it sends back all it has, with another subject
            children = [E("Tasks:Subject", name + " edited") if node.tag == "Tasks:Subject" else node
                        for node in data.children]
            self.assertEqual(self.change(device, folder, server_id, children), "1")
            edited = self.exported("u19")[name + " edited"]
            expected = re.search(r"BEGIN:VTODO\n.*END:VTODO\n", text, re.S).group(0).replace(
                f"SUMMARY:{name}", f"SUMMARY:{name} edited")
            self.assertEqual(re.sub(r"LAST-MODIFIED:\w+", "", edited), re.sub(r"LAST-MODIFIED:\w+", "", expected))

    def test_export_and_import_are_inverse(self):
        device, folder = self.start("u20", "16.1")
        _, server_id = self.add(device, folder, "1", task("16.1", "one", "text", due="2026-12-15", importance=0,
                                                          recurrence=weekly("2026-12-14"), categories=["x"]))
        self.imported("u21", self.export("u20"))
        other, _ = self.start("u21", "16.1")
        device.items.clear()
        device.sync_keys.clear()
        self.pull(device, folder)
        (mine,), (theirs,) = device.items.values(), other.items.values()
        self.assertEqual([str(node) for node in mine.children], [str(node) for node in theirs.children])


class Conflicts(TasksCase):
    def test_three_devices_converge(self):
        devices = [self.start("u22", version, conflict=1) for version in ("2.5", "14.1", "16.1")]
        folder = devices[0][1]
        _, server_id = self.add(devices[0][0], folder, "1", task("2.5", "base", "text"))
        for device, _ in devices[1:]:
            self.pull(device, folder)
        statuses = [self.change(device, folder, server_id, task(device.version, "of " + device.version, "text"))
                    for device, _ in devices]
        self.assertEqual(statuses, ["1", "7", "7"])
        for device, _ in devices[1:] + [self.start("u22")]:
            self.pull(device, folder)
            self.assertEqual(seen(device.items[server_id])["subject"], "of 2.5")
        listed = self.dovecot.doveadm("roost", "conflict", "list", "-u", "u22")
        self.assertEqual(len(re.findall(r"^\d+ ", listed, re.M)), 2, listed)


class Repeats(TasksCase):
    def attempt(self, device, folder, command, key):
        try:
            response = device.sync(device.collection(folder, commands=[command], key=key))
        except (ConnectionError, TimeoutError):
            device.connection.close()
            return None
        if response.code != 200 or response.document is None:
            return None
        collection = response.document.find("Collections/Collection")
        return collection if collection is not None and collection.get("Status") == "1" else None

    def test_an_occurrence_is_done_once_by_killed_workers(self):
        device, folder = self.start("u23", "14.1")
        rule = E("Tasks:Recurrence", E("Type", 0), E("Start", at("2026-12-02")), E("Interval", 1))
        _, server_id = self.add(device, folder, "1", task("14.1", "daily", due="2026-12-02", recurrence=rule))
        for n in range(8):
            due = f"2026-12-{2 + n:02}"
            change = E("AirSync:Change", E("ServerId", server_id), E("ApplicationData", *task(
                "14.1", "daily", due=due, recurrence=rule, complete=True)))
            key = device.sync_keys[folder.id]
            pids = self.dovecot.pids("roost-worker")
            killer = threading.Timer(0.002 * n, lambda: [self.end(pid) for pid in pids])
            killer.start()
            for _ in range(20):
                collection = self.attempt(device, folder, change, key)
                killer.join()
                if collection is not None:
                    break
                # the master slows a service down that dies at its start
                time.sleep(0.3)
            else:
                self.fail("no answer")
            self.take(device, collection)
            self.pull(device, folder)
            self.assertEqual(seen(device.items[server_id])["due"], f"2026-12-{3 + n:02}T00:00:00.000Z")
        for expected in ("killed with signal 9", "Worker is gone during a request", "command startup failed"):
            self.dovecot.expect_log(expected)
        other, _ = self.start("u23", "2.5")
        self.assertEqual(sorted((seen(data)["due"], seen(data)["complete"]) for data in other.items.values()),
                         [(f"2026-12-{2 + n:02}T00:00:00.000Z", "1" if n < 8 else "0") for n in range(9)])

    def end(self, pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Together(TasksCase):
    """Several devices and an import at the same time."""

    def edit(self, device, folder, rounds, failures):
        try:
            for n in range(rounds):
                name = f"{device.version} {n}"
                status, _ = self.add(device, folder, name, task(device.version, name, "text"))
                self.assertEqual(status, "1")
                self.pull(device, folder)
                # what everybody edits, on the one version that the device knows
                common = next(i for i, data in device.items.items() if seen(data)["subject"].startswith("common"))
                self.assertIn(self.change(device, folder, common, task(device.version, f"common {name}", "text")), ("1", "7"))
        except BaseException as error:
            failures.append(error)

    def test_all_converge_and_conflicts_are_kept(self):
        devices = [self.start("u24", version, conflict=1)[0] for version in ("2.5", "14.1", "16.1")]
        folder = devices[0].folders_of_type(TASKS)[0]
        self.imported("u24", IMPORTED % {"name": "common"})
        for device in devices:
            self.pull(device, folder)
        failures = []
        threads = [threading.Thread(target=self.edit, args=(device, folder, 8, failures)) for device in devices]
        for thread in threads:
            thread.start()
        for n in range(6):
            self.imported("u24", IMPORTED % {"name": f"import{n}"})
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        fresh, _ = self.start("u24", "16.1")
        expected = {i: seen(data)["subject"] for i, data in fresh.items.items()}
        names = sorted(name for name in expected.values() if not name.startswith("common"))
        self.assertEqual(names, sorted([f"{device.version} {n}" for device in devices for n in range(8)]
                                       + [f"import{n}" for n in range(6)]))
        common = next(i for i, name in expected.items() if name.startswith("common"))
        for device in devices:
            self.pull(device, folder)
            # what a device wrote itself does not come back
            mine = {i: seen(data)["subject"] for i, data in device.items.items()}
            for i, name in expected.items():
                if i in mine and i != common:
                    self.assertEqual(mine[i], name)
                elif i not in mine:
                    self.assertTrue(name.startswith(device.version), name)
            self.assertTrue(mine[common] == expected[common] or expected[common].startswith(f"common {device.version}"))
        # both versions of each conflict are there
        rows = self.dovecot.doveadm("-f", "tab", "roost", "conflict", "list", "-u", "u24").splitlines()[1:]
        for row in rows:
            number = row.split("\t")[0]
            shown = self.dovecot.doveadm("roost", "conflict", "show", "-u", "u24", number)
            self.assertEqual(shown.count("BEGIN:VTODO"), 2)
        if rows:
            self.dovecot.doveadm("roost", "conflict", "resolve", "-u", "u24", rows[0].split("\t")[0], "lost")
            left = self.dovecot.doveadm("-f", "tab", "roost", "conflict", "list", "-u", "u24").splitlines()[1:]
            self.assertEqual(len(left), len(rows) - 1)

    def test_a_change_in_the_same_moment_is_seen(self):
        reader, folder = self.start("u25", "14.1")
        writer, _ = self.start("u25", "16.1")
        for n in range(15):
            sent = threading.Thread(target=self.add, args=(writer, folder, str(n), task("16.1", f"t{n}")))
            sent.start()
            self.pull(reader, folder)
            sent.join()
        self.pull(reader, folder)
        self.assertEqual(sorted(seen(data)["subject"] for data in reader.items.values()), sorted(f"t{n}" for n in range(15)))

    def test_a_backup_is_restored_under_devices_with_a_newer_state(self):
        device, folder = self.start("u27", "14.1")
        other, _ = self.start("u27", "16.1")
        path = self.dovecot.inside / "home" / "u27" / "backup"
        _, kept = self.add(device, folder, "1", task("14.1", "before", "text"))
        self.pull(other, folder)
        self.dovecot.doveadm("roost", "backup", "-u", "u27", path)
        self.change(other, folder, kept, task("16.1", "changed after", "text"))
        for n in range(3):
            self.add(device, folder, f"after{n}", task("14.1", f"after{n}", "text"))
        self.pull(other, folder)
        self.dovecot.doveadm("roost", "restore", "-u", "u27", path)
        # somebody else is there first: numbers of items are used again
        fresh, _ = self.start("u27", "2.5")
        self.add(fresh, folder, "1", task("2.5", "new", "text"))
        there = ["before", "new"]
        for stale in (device, other):
            response = stale.sync(stale.collection(folder))
            status = response.document.get("Collections/Collection/Status") or response.document.get("Status")
            self.assertIn(status, ("3", "12"))
            stale.items, stale.folder_key = {}, "0"
            stale.sync_keys.clear()
            self.assertStatus(stale.folder_sync(), 1)
            self.pull(stale, folder)
            self.assertEqual(sorted(seen(data)["subject"] for data in stale.items.values()), sorted(there))
            there.append(stale.version)
            # and goes on from there
            status, _ = self.add(stale, folder, "2", task(stale.version, stale.version, "text"))
            self.assertEqual(status, "1")
        self.pull(fresh, folder)
        again, _ = self.start("u27", "12.1")
        self.assertEqual(sorted(seen(data)["subject"] for data in again.items.values()), ["14.1", "16.1", "before", "new"])
        self.assertEqual(self.dovecot.doveadm("-f", "tab", "roost", "check", "-u", "u27").splitlines()[1:], [])


class Limits(TasksCase):
    def test_quota(self):
        device, folder = self.start("u26", "14.1")
        status, small = self.add(device, folder, "1", task("14.1", "small", "text"))
        self.assertEqual(status, "1")
        collection = self.push(device, folder,
                               E("AirSync:Add", E("ClientId", "2"), E("ApplicationData", *task("14.1", "large", "x" * 30000))),
                               E("AirSync:Add", E("ClientId", "3"), E("ApplicationData", *task("14.1", "fits", "text"))))
        self.assertEqual({answer.get("ClientId"): answer.get("Status") for answer in collection.findall("Responses/Add")},
                         {"2": "9", "3": "1"})
        self.assertEqual(self.change(device, folder, small, task("14.1", "small", "y" * 30000)), "9")
        self.dovecot.expect_log("quota")
        other, _ = self.start("u26", "16.1")
        self.assertEqual(sorted((seen(data)["subject"], seen(data)["text"]) for data in other.items.values()),
                         [("fits", "text"), ("small", "text")])

    def test_large_items(self):
        device, folder = self.start("u28", "16.1")
        lines = IMPORTED % {"name": "lines"}
        self.imported("u28", lines.replace("X-APPLE-SORT-ORDER:42\n", "".join(f"X-L{n}:{n}\n" for n in range(100000))))
        large = "ä long line\\n" * 750000
        self.imported("u28", (IMPORTED % {"name": "large"}).replace("PRIORITY:3", f"PRIORITY:3\nDESCRIPTION:{large}"))
        for version, size in (("2.5", None), ("16.1", 1000), ("14.1", None)):
            reader, _ = self.start("u28", version, pull=False)
            reader.opts = options(bodies=[Body(PLAIN, size)] if version != "2.5" else [])
            self.pull(reader, folder)
            found = {seen(data)["subject"]: seen(data)["text"] for data in reader.items.values()}
            self.assertEqual(set(found), {"lines", "large"})
            self.assertEqual(len(found["large"].encode()), 750000 * 14 if size is None else size)
        # what a device sends is bounded, and the next request is heard
        with self.assertRaises(HttpError):
            self.add(reader, folder, "1", task("14.1", "sent", "x" * 10000000))
        self.assertEqual(self.add(reader, folder, "2", task("14.1", "sent", "x" * 1000000))[0], "1")
        self.assertIn("x" * 1000, self.export("u28").replace("\n ", ""))
        lined = next(i for i, data in reader.items.items() if seen(data)["subject"] == "lines")
        self.assertEqual(self.change(reader, folder, lined, [E("Tasks:Complete", "1")]), "1")
        self.assertEqual(self.export("u28").count("X-L"), 100000)
