"""What a worker process keeps open after its answers."""
import os

from rig import INBOX, MIME, PLAIN, Body, Case, options


class Files(Case):
    def test_large_answers_leave_no_descriptors_behind(self):
        device = self.ready_device("u3")
        self.dovecot.deliver("u3", "From: a@example.test\nSubject: x\n\n" + ("x" * 70 + "\n") * 4000)
        inbox = device.folders_of_type(INBOX)[0]
        adds = [add for page in device.sync_all(inbox, opts=options(filter_type=0, bodies=[Body(PLAIN, 100)]))
                for add in page.findall("Commands/Add")]
        item = adds[-1].get("ServerId")

        def descriptors():
            device.fetch_item(inbox.id, item, Body(MIME)).check()
            return {pid: sum("deleted" in os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd"))
                    for pid in self.dovecot.pids("roost-worker")}
        before = descriptors()
        for _ in range(5):
            after = descriptors()
        for pid, count in after.items():
            self.assertLessEqual(count, before.get(pid, 0))
