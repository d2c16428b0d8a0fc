"""The folder hierarchy: FolderSync, FolderCreate, FolderUpdate, FolderDelete."""
from rig import DRAFTS, INBOX, OUTBOX, RECIPIENTS, SENT, TRASH, Case, E, Settings

VERSIONS = ("2.5", "12.1", "14.1", "16.1")
SETTINGS = Settings(users=32)


class Hierarchy(Case):
    def test_default_folders(self):
        for number, version in enumerate(VERSIONS, 1):
            with self.subTest(version=version):
                device = self.ready_device(f"u{number}", version)
                names = {folder.type: folder.name for folder in device.mail_folders() if folder.type != 12}
                self.assertEqual(names, {INBOX: "Inbox", DRAFTS: "Drafts", TRASH: "Deleted Items", SENT: "Sent Items",
                                         OUTBOX: "Outbox"})
                self.assertEqual({folder.parent for folder in device.folders.values()}, {"0"})

    def test_names_and_nesting(self):
        imap = self.dovecot.imap("u5")
        # mUTF-7 of "Übung/日本語"
        for name in ("Work", "Work/2026", "Work/2026/Q1", "&ANw-bung", "&ANw-bung/&ZeVnLIqe-", "deep/er/est", "a&-b"):
            self.assertEqual(imap.create(f'"{name}"')[0], "OK")
        device = self.ready_device("u5")
        by_id = device.folders
        paths = set()
        for folder in by_id.values():
            path, up = folder.name, folder.parent
            while up != "0":
                path, up = f"{by_id[up].name}/{path}", by_id[up].parent
            paths.add(path)
        self.assertLessEqual({"Work", "Work/2026", "Work/2026/Q1", "Übung", "Übung/日本語", "deep", "deep/er",
                              "deep/er/est", "a&b"}, paths)
        order = [change.get("ServerId") for change in
                 self.ready_device("u5").command("FolderSync", E("FolderHierarchy:FolderSync", E("SyncKey", "0")))
                 .document.findall("Changes/Add")]
        for folder in by_id.values():
            if folder.parent != "0":
                self.assertLess(order.index(folder.parent), order.index(folder.id))

    def test_the_key_stays_when_nothing_changed(self):
        device = self.ready_device("u6")
        key = device.folder_key
        response = device.folder_sync()
        self.assertEqual((device.folder_key, response.document.get("Changes/Count")), (key, "0"))

    def test_changes_by_imap(self):
        imap = self.dovecot.imap("u7")
        imap.create("One")
        imap.create("Two")
        device = self.ready_device("u7")
        ids = {folder.name: folder.id for folder in device.folders.values()}
        imap.rename("One", "Eins")
        imap.delete("Two")
        imap.create("Three")
        document = device.folder_sync().document
        self.assertEqual(document.get("Changes/Count"), "3")
        self.assertEqual([child.name for child in document.find("Changes").children],
                         ["Count", "Update", "Delete", "Add"])
        self.assertEqual(document.get("Changes/Update/ServerId"), ids["One"])
        self.assertEqual(document.get("Changes/Update/DisplayName"), "Eins")
        self.assertEqual(document.get("Changes/Delete/ServerId"), ids["Two"])
        self.assertEqual(document.get("Changes/Add/DisplayName"), "Three")
        self.assertNotIn(document.get("Changes/Add/ServerId"), ids.values())

    def test_ids_are_the_same_for_every_device_and_after_key_0(self):
        imap = self.dovecot.imap("u8")
        imap.create("Work")
        first, second = self.ready_device("u8"), self.ready_device("u8", "2.5")
        self.assertEqual({f.id: f.name for f in first.mail_folders()},
                         {f.id: f.name for f in second.mail_folders()})
        imap.rename("Work", "Play")
        first.folder_key = "0"
        before = {f.name: f.id for f in first.folders.values()}
        first.folder_sync()
        self.assertEqual({f.id: f.name for f in first.folders.values()}[before["Work"]], "Play")

    def test_a_folder_that_comes_back_is_another_one(self):
        imap = self.dovecot.imap("u9")
        imap.create("Work")
        device = self.ready_device("u9")
        old = next(f.id for f in device.folders.values() if f.name == "Work")
        imap.delete("Work")
        imap.create("Work")
        device.folder_sync()
        self.assertNotIn(old, device.folders)
        self.assertIn("Work", [f.name for f in device.folders.values()])

    def test_lost_answer(self):
        imap = self.dovecot.imap("u10")
        device = self.ready_device("u10")
        key = device.folder_key
        imap.create("Work")
        first = device.folder_sync()
        device.folder_key = key
        second = device.folder_sync()
        self.assertEqual(first.body, second.body)
        # what came between is in the answer as well
        device.folder_key = key
        imap.create("Play")
        third = device.folder_sync()
        self.assertEqual(sorted(add.get("DisplayName") for add in third.document.findall("Changes/Add")),
                         ["Play", "Work"])
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")

    def test_bad_keys(self):
        for number, version in enumerate(VERSIONS, 11):
            device = self.ready_device(f"u{number}", version)
            good = device.folder_key
            for key in ("1", "", "x", "-1", "99999999999999999999", good + "0", "1" + good, "{" + good + "}",
                        str(int(good) + 1), str(int(good) - 1), "0" * 70):
                with self.subTest(version=version, key=key):
                    device.folder_key = key
                    self.assertStatus(device.folder_sync(), 9)
            # the good one has not suffered
            device.folder_key = good
            self.assertStatus(device.folder_sync(), 1)

    def test_an_old_key_is_dead(self):
        imap = self.dovecot.imap("u15")
        device = self.ready_device("u15")
        keys = [device.folder_key]
        for name in ("A", "B"):
            imap.create(name)
            device.folder_sync()
            keys.append(device.folder_key)
        device.folder_key = keys[0]
        self.assertStatus(device.folder_sync(), 9)

    def test_malformed(self):
        for version, status in (("2.5", 10), ("16.1", 10)):
            device = self.ready_device("u16", version)
            self.assertStatus(device.command("FolderSync", E("FolderHierarchy:FolderSync")), status)

    def test_key_0_names_the_versions(self):
        device = self.device("u16")
        device.provision()
        headers = device.folder_sync().headers
        self.assertEqual(headers["x-ms-rp"], headers["ms-asprotocolversions"])
        self.assertNotIn("x-ms-rp", device.folder_sync().headers)

    def test_many_folders(self):
        imap = self.dovecot.imap("u17")
        for number in range(300):
            self.assertEqual(imap.create(f'"folder {number:03}"')[0], "OK")
        device = self.ready_device("u17")
        self.assertEqual(len(device.mail_folders()), 307)

    def test_resync(self):
        device = self.ready_device("u18")
        self.dovecot.doveadm("roost", "device", "resync", "-u", "u18", device.device_id)
        self.assertStatus(device.folder_sync(), 9)
        device.folder_key = "0"
        self.assertStatus(device.folder_sync(), 1)


class Change(Case):
    def listed(self, user):
        return {line.split(b'"')[-2].decode() if line.endswith(b'"') else line.split()[-1].decode()
                for line in self.dovecot.imap(user).list()[1]}

    def subscribed(self, user):
        return {line.split()[-1].decode().strip('"') for line in self.dovecot.imap(user).lsub()[1] if line}

    def test_life_of_a_folder(self):
        for number, version in enumerate(VERSIONS, 19):
            with self.subTest(version=version):
                user = f"u{number}"
                device = self.ready_device(user, version)
                response = device.folder_create("Work")
                self.assertStatus(response, 1)
                work = response.document.get("ServerId")
                self.assertIn("Work", self.listed(user))
                self.assertIn("Work", self.subscribed(user))
                sub = device.folder_create("Sub", parent=work)
                self.assertStatus(sub, 1)
                self.assertIn("Work/Sub", self.listed(user))
                # the device knows its own changes
                self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")

                self.assertStatus(device.folder_update(work, "Play"), 1)
                self.assertLessEqual({"Play", "Play/Sub"}, self.listed(user))
                self.assertNotIn("Work", self.listed(user) | self.subscribed(user))
                self.assertIn("Play", self.subscribed(user))
                self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")

                self.assertStatus(device.folder_update(sub.document.get("ServerId"), "Top"), 1)
                self.assertLessEqual({"Play", "Top"}, self.listed(user))
                self.assertStatus(device.folder_delete(work), 1)
                self.assertNotIn("Play", self.listed(user) | self.subscribed(user))
                self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")
                # a fresh start shows the same
                device.folder_key, device.folders = "0", {}
                device.folder_sync()
                self.assertIn(sub.document.get("ServerId"), device.folders)
                self.assertNotIn(work, device.folders)

    def test_a_folder_goes_with_its_children(self):
        device = self.ready_device("u23")
        top = device.folder_create("Top").document.get("ServerId")
        sub = device.folder_create("Sub", parent=top).document.get("ServerId")
        device.folder_create("Sub sub", parent=sub)
        device.folder_create("Topping")
        self.assertStatus(device.folder_delete(top), 1)
        self.assertEqual({name for name in self.listed("u23") if name.startswith("Top")}, {"Topping"})
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")

    def test_create_refused(self):
        device = self.ready_device("u24")
        by_type = {folder.type: folder.id for folder in device.folders.values()}
        device.folder_create("There")
        for arguments, status in (
                (dict(name="There"), 2), (dict(name="INBOX"), 2), (dict(name="inbox"), 2), (dict(name="Trash"), 2),
                (dict(name="Sent Items"), 2), (dict(name="Outbox"), 2),
                (dict(name="x", parent="99999"), 5), (dict(name="x", parent="nonsense"), 5),
                (dict(name="x", parent=""), 5), (dict(name="x", parent=by_type[OUTBOX]), 3),
                (dict(name="Calendar", kind=8), 10), (dict(name="Inbox", kind=2), 10), (dict(name="c", kind=16), 10),
                (dict(name="a/b"), 10), (dict(name=""), 10), (dict(name="a\tb"), 10), (dict(name="x" * 300), 10)):
            with self.subTest(**arguments):
                key = device.folder_key
                response = device.folder_create(**arguments)
                self.assertStatus(response, status)
                self.assertIsNone(response.document.get("ServerId"))
                self.assertEqual(device.folder_key, key)
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")

    def test_default_folders_stay(self):
        device = self.ready_device("u25")
        work = device.folder_create("Work").document.get("ServerId")
        for folder in list(device.folders.values()):
            if folder.type == 12:
                continue
            with self.subTest(folder=folder.name):
                update = 3 if folder.type == RECIPIENTS else 2
                self.assertStatus(device.folder_delete(folder.id), 3)
                self.assertStatus(device.folder_update(folder.id, "Other"), update)
                self.assertStatus(device.folder_update(folder.id, folder.name, work), update)
        self.assertStatus(device.folder_delete("99999"), 4)
        self.assertStatus(device.folder_update("99999", "x"), 4)
        self.assertStatus(device.folder_delete("nonsense"), 4)
        self.assertStatus(device.folder_update(work, "x", "99999"), 5)
        self.assertStatus(device.folder_update(work, "Sent Items"), 2)
        self.assertStatus(device.folder_update(work, "a/b"), 10)
        self.assertStatus(device.folder_update(work, "Work"), 1)

    def test_below_a_default_folder(self):
        device = self.ready_device("u25")
        inbox = device.folders_of_type(INBOX)[0]
        self.assertStatus(device.folder_create("Lists", parent=inbox.id), 1)
        self.assertIn("INBOX/Lists", self.listed("u25"))

    def test_not_into_itself(self):
        device = self.ready_device("u26")
        top = device.folder_create("Top").document.get("ServerId")
        sub = device.folder_create("Sub", parent=top).document.get("ServerId")
        self.assertStatus(device.folder_update(top, "Top", sub), 10)
        self.assertStatus(device.folder_update(top, "Top", top), 10)
        self.assertLessEqual({"Top", "Top/Sub"}, self.listed("u26"))

    def test_wrong_keys(self):
        device = self.ready_device("u27")
        for key in ("0", "1", "", str(int(device.folder_key) + 1)):
            with self.subTest(key=key):
                for command, fields in (("FolderCreate", [E("ParentId", "0"), E("DisplayName", "n"), E("Type", 12)]),
                                        ("FolderUpdate", [E("ServerId", "1"), E("ParentId", "0"),
                                                          E("DisplayName", "n")]),
                                        ("FolderDelete", [E("ServerId", "1")])):
                    response = device.command(command, E(f"FolderHierarchy:{command}", E("SyncKey", key), *fields))
                    self.assertStatus(response, 9)
        self.assertNotIn("n", self.listed("u27"))

    def test_malformed(self):
        device = self.ready_device("u27")
        key = E("SyncKey", device.folder_key)
        for command, fields in (("FolderCreate", []), ("FolderCreate", [key]),
                                ("FolderCreate", [key, E("ParentId", "0"), E("DisplayName", "n")]),
                                ("FolderCreate", [key, E("ParentId", "0"), E("DisplayName", "n"), E("Type", "x")]),
                                ("FolderUpdate", [key, E("ServerId", "1")]), ("FolderDelete", [key])):
            with self.subTest(command=command, fields=len(fields)):
                response = device.command(command, E(f"FolderHierarchy:{command}", *fields))
                self.assertStatus(response, 10)

    def test_lost_answers(self):
        """Each request comes twice, as after a broken connection: same answer, done once."""
        for number, version in enumerate(("2.5", "16.1"), 28):
            user = f"u{number}"
            device = self.ready_device(user, version)

            def twice(call, *arguments):
                key = device.folder_key
                first = call(*arguments)
                self.assertStatus(first, 1)
                device.folder_key = key
                second = call(*arguments)
                self.assertEqual(first.body, second.body)
                return second.document

            with self.subTest(version=version):
                work = twice(device.folder_create, "Work").get("ServerId")
                twice(device.folder_update, work, "Play")
                self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")
                twice(device.folder_delete, work)
                self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")
                self.assertNotIn("Play", self.listed(user))
                # a later request of the same words is a new one
                self.assertStatus(device.folder_create("Work"), 1)
                self.assertIn("Work", self.listed(user))
                self.assertStatus(device.folder_create("Work"), 2)

    def test_the_worker_dies_and_the_device_asks_again(self):
        device = self.ready_device("u30")
        key = device.folder_key
        device.folder_create("Work")
        self.dovecot.kill("roost-worker")
        self.dovecot.expect_log("Worker is gone")
        device.folder_key = key
        response = device.folder_create("Work")
        if response.code == 503:        # it was given to the worker that was just dying
            response = device.folder_create("Work")
        self.assertStatus(response, 1)
        self.assertEqual([name for name in self.listed("u30") if name == "Work"], ["Work"])

    def test_two_devices(self):
        one, two = self.ready_device("u31"), self.ready_device("u31", "14.1")
        work = one.folder_create("Work").document.get("ServerId")
        two.folder_sync()
        self.assertEqual(two.folders[work].name, "Work")
        two.folder_update(work, "Play")
        self.assertEqual(one.folder_sync().document.get("Changes/Update/DisplayName"), "Play")
        one.folder_delete(work)
        self.assertStatus(two.folder_update(work, "Again"), 4)
        two.folder_sync()
        self.assertNotIn(work, two.folders)

    def test_what_others_changed_is_not_lost_by_an_own_change(self):
        imap = self.dovecot.imap("u32")
        device = self.ready_device("u32")
        imap.create("Theirs")
        device.folder_create("Mine")
        self.assertEqual(device.folder_sync().document.get("Changes/Add/DisplayName"), "Theirs")
