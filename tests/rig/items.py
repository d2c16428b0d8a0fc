"""Tests of the classes whose items are in the store: devices that keep what they were shown."""
import subprocess

from .case import Case
from .client import PLAIN, Body, options
from .wbxml import E


class ItemsCase(Case):
    """Devices with one folder each: what they have is in device.items, ApplicationData by ServerId."""
    folder_type = None

    def start(self, user, version="16.1", kind=PLAIN, conflict=None, filter_type=None, truncation=None, pull=True):
        device = self.ready_device(user, version)
        device.items = {}
        opts = options(bodies=[Body(kind, truncation)] if float(version) >= 12 else [], conflict=conflict,
                       filter_type=filter_type)
        device.opts = opts if opts.children else None
        folder = device.folders_of_type(self.folder_type)[0]
        if pull:
            self.pull(device, folder)
        return device, folder

    def pull(self, device, folder, opts=None):
        """Syncs until nothing more comes."""
        if device.sync_keys.get(folder.id, "0") == "0":
            device.sync_start(folder)
            opts = opts or device.opts
        for _ in range(100):
            collection, _ = device.sync_one(folder, opts=opts)
            opts = None
            if collection is None:
                return
            self.assertEqual(collection.get("Status"), "1")
            self.take(device, collection)
            if collection.find("MoreAvailable") is None:
                return
        self.fail("Sync does not come to an end")

    def take(self, device, collection):
        for command in ("Add", "Change"):
            for item in collection.findall(f"Commands/{command}"):
                device.items[item.get("ServerId")] = item.find("ApplicationData")
        for item in collection.findall("Commands/Delete") + collection.findall("Commands/SoftDelete"):
            device.items.pop(item.get("ServerId"), None)

    def push(self, device, folder, *commands, key=None, **arguments):
        collection, _ = device.sync_one(folder, commands=commands, key=key, **arguments)
        if collection is not None:
            self.assertEqual(collection.get("Status"), "1")
            self.take(device, collection)
        return collection

    def add_answer(self, device, folder, client_id, *properties, **arguments):
        collection = self.push(device, folder, E("AirSync:Add", E("ClientId", client_id),
                                                 E("ApplicationData", *properties)), **arguments)
        answer = collection.find("Responses/Add")
        self.assertEqual(answer.get("ClientId"), client_id)
        return answer

    def add(self, *arguments, **named):
        answer = self.add_answer(*arguments, **named)
        return answer.get("Status"), answer.get("ServerId")

    def change(self, device, folder, server_id, *properties, instance=None, **arguments):
        return self.status_of("Change", self.push(device, folder, E("AirSync:Change", *self.named(server_id, instance),
                                                                    E("AirSync:ApplicationData", *properties)), **arguments))

    def delete(self, device, folder, server_id, instance=None, **arguments):
        return self.status_of("Delete", self.push(device, folder, E("AirSync:Delete", *self.named(server_id, instance)),
                                                  **arguments))

    def named(self, server_id, instance):
        return E("ServerId", server_id), E("AirSyncBase:InstanceId", instance) if instance else None

    def imported(self, user, text):
        done = subprocess.run([str(self.dovecot.root / "doveadm"), "roost", "import", "-u", user, "-"], capture_output=True,
                              input=text, text=True)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)

    def status_of(self, command, collection):
        """What has no answer went well."""
        answer = collection and collection.find(f"Responses/{command}")
        return answer.get("Status") if answer else "1"
