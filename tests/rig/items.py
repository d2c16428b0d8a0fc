"""Tests of the classes whose items are in the store: devices that keep what they were shown."""
from .case import Case
from .client import PLAIN, Body, options
from .wbxml import E


class ItemsCase(Case):
    folder_type = None

    def start(self, user, version="16.1", kind=PLAIN, conflict=None):
        device = self.ready_device(user, version)
        folder = device.folders_of_type(self.folder_type)[0]
        bodies = [Body(kind)] if float(version) >= 12 else []
        self.pull(device, folder, opts=options(bodies=bodies, conflict=conflict))
        return device, folder

    def pull(self, device, folder, opts=None):
        """Syncs until nothing more comes; keeps what the device has in device.items."""
        if not hasattr(device, "items"):
            device.items = {}
        if device.sync_keys.get(folder.id, "0") == "0":
            device.sync_start(folder)
        for _ in range(50):
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
            self.take(device, collection)
        return collection

    def add(self, device, folder, client_id, *properties, **arguments):
        collection = self.push(device, folder, E("AirSync:Add", E("ClientId", client_id),
                                                 E("ApplicationData", *properties)), **arguments)
        answer = collection.find("Responses/Add")
        self.assertEqual(answer.get("ClientId"), client_id)
        return answer.get("Status"), answer.get("ServerId")

    def change(self, device, folder, server_id, *properties, **arguments):
        collection = self.push(device, folder, E("AirSync:Change", E("ServerId", server_id),
                                                 E("ApplicationData", *properties)), **arguments)
        if collection is None or collection.find("Responses/Change") is None:
            return "1"
        return collection.get("Responses/Change/Status")

    def delete(self, device, folder, server_id, **arguments):
        collection = self.push(device, folder, E("AirSync:Delete", E("ServerId", server_id)), **arguments)
        if collection is None or collection.find("Responses/Delete") is None:
            return "1"
        return collection.get("Responses/Delete/Status")
