"""A device's copy of a folder: takes over what Sync says as a device does, and notices when it says too much."""
from .client import options
from .wbxml import E


class Replica:
    """`items` is what the device has: {ServerId: {"subject", "read", "flag"}}."""

    def __init__(self, device, folder, window=100, opts=None):
        self.device, self.folder, self.window = device, folder, window
        self.opts = opts if opts is not None else options(filter_type=0)
        self.items, self.log, self.statuses = {}, [], []

    # --- Taking answers over

    def _take(self, change):
        item, kind = change.get("ServerId"), change.name
        if kind in ("Delete", "SoftDelete"):
            assert item in self.items, f"{kind} of {item}, which the device does not have"
            del self.items[item]
        elif kind == "Add":
            assert item not in self.items, f"Add of {item}, which the device has already"
            self.items[item] = {"subject": change.get("ApplicationData/Email:Subject"), "flag": "0"}
            self._update(item, change)
        else:
            assert kind == "Change", kind
            assert item in self.items, f"Change of {item}, which the device does not have"
            self._update(item, change)
        self.log.append((kind, item))

    def _update(self, item, change):
        data = change.find("ApplicationData")
        read = data.get("Email:Read")
        if read is not None:
            self.items[item]["read"] = read
        flag = data.find("Email:Flag")
        if flag is not None:
            self.items[item]["flag"] = flag.get("Email:Status") or "0"

    def take(self, answer):
        """Takes an answer's Collection over."""
        assert answer.get("Status") == "1", f"Status {answer.get('Status')}"
        for change in answer.findall("Commands")[0].children if answer.findall("Commands") else ():
            self._take(change)
        for response in answer.findall("Responses")[0].children if answer.findall("Responses") else ():
            self.statuses.append((response.name, response.get("ServerId"), response.get("Status")))

    # --- Requests

    def start(self):
        """Key 0: forgets everything."""
        self.items.clear()
        self.device.sync_start(self.folder)

    def round(self, commands=(), lose=False, **arguments):
        """One request. lose: the answer does not arrive. Returns the Collection, None for an empty answer."""
        key = self.device.sync_keys.get(self.folder.id)
        answer, _ = self.device.sync_one(self.folder, window=self.window, commands=commands, opts=self.opts, **arguments)
        if lose:
            self.device.sync_keys[self.folder.id] = key
        elif answer is not None:
            self.take(answer)
        return answer

    def sync(self, limit=10000):
        """Until there is nothing more; starts with key 0 where that has to be. Returns what was said."""
        if self.folder.id not in self.device.sync_keys:
            self.start()
        said = len(self.log)
        for _ in range(limit):
            answer = self.round()
            if answer is None or answer.find("MoreAvailable") is None:
                return self.log[said:]
        raise AssertionError(f"still more available after {limit} rounds")

    # --- What the user does

    def set_read(self, item, read=True):
        self.items[item]["read"] = str(int(read))
        return E("Change", E("ServerId", item), E("ApplicationData", E("Email:Read", int(read))))

    def delete(self, item):
        del self.items[item]
        return E("Delete", E("ServerId", item))

    # --- Looking

    def by_subject(self):
        return {item["subject"]: name for name, item in self.items.items()}

    def state(self):
        """{UID: read} as server_state() gives it."""
        return {int(name.rpartition(":")[2]): item["read"] for name, item in self.items.items()}


def server_state(imap):
    """{UID: "1" if \\Seen else "0"} of the selected folder."""
    imap.noop()
    numbers = imap.uid("SEARCH", "ALL")[1][0].split()
    state = {int(number): "0" for number in numbers}
    if numbers:
        for line in imap.uid("FETCH", "1:*", "(FLAGS)")[1]:
            if line is None:
                continue
            text = (line if isinstance(line, bytes) else line[0]).decode()
            if "UID " not in text:
                continue        # a notice of somebody's change
            uid = int(text.partition("UID ")[2].split()[0].rstrip(")"))
            state[uid] = "1" if "\\Seen" in text else "0"
    return state
