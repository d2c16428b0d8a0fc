"""The folder hierarchy where mailboxes are below a prefix and default ones do not exist."""
from rig import DRAFTS, INBOX, OUTBOX, SENT, TRASH, Case, E, Settings

SETTINGS = Settings(users=8, mail="maildir:~/Maildir:LAYOUT=fs", extra="""
namespace inbox {
  prefix = INBOX/
  mailbox Trash {
    auto = no
  }
  mailbox Sent {
    auto = no
    special_use =
  }
  mailbox Drafts {
    auto = no
    special_use =
  }
  mailbox Bin {
    special_use = \\Trash
  }
  mailbox Both {
    special_use = \\Drafts \\Sent
  }
}
""")


class Prefix(Case):
    def by_type(self, device):
        return {folder.type: folder for folder in device.mail_folders() if folder.type != 12}

    def test_the_prefix_is_no_folder(self):
        imap = self.dovecot.imap("u1")
        for name in ("INBOX/Work", "INBOX/Work/Sub", "INBOX/only/below"):
            self.assertEqual(imap.create(name)[0], "OK")
        device = self.ready_device("u1")
        paths = {folder.name: device.folders[folder.parent].name if folder.parent != "0" else ""
                 for folder in device.folders.values()}
        self.assertEqual((paths["Work"], paths["Sub"], paths["only"], paths["below"]), ("", "Work", "", "only"))
        # a level without mails can be synchronised all the same
        only = next(folder for folder in device.folders.values() if folder.name == "only")
        self.assertEqual([len(page.findall("Commands/Add")) for page in device.sync_all(only)], [])

    def test_missing_default_folders(self):
        device = self.ready_device("u2")
        self.assertEqual({kind: (folder.name, folder.parent) for kind, folder in self.by_type(device).items()},
                         {INBOX: ("Inbox", "0"), DRAFTS: ("Drafts", "0"), TRASH: ("Deleted Items", "0"),
                          SENT: ("Sent Items", "0"), OUTBOX: ("Outbox", "0")})
        ids = {kind: folder.id for kind, folder in self.by_type(device).items()}
        device.folder_key, device.folders = "0", {}
        device.folder_sync()
        self.assertEqual({kind: folder.id for kind, folder in self.by_type(device).items()}, ids)
        # they are empty, and stay what they are
        for kind in (DRAFTS, TRASH, SENT, OUTBOX):
            with self.subTest(kind=kind):
                for page in device.sync_all(self.by_type(device)[kind]):
                    self.assertEqual(page.findall("Commands/Add"), [])
                self.assertStatus(device.folder_delete(ids[kind]), 3)
                self.assertStatus(device.folder_update(ids[kind], "x"), 2)

    def test_a_missing_folder_is_made_when_needed_and_keeps_its_id(self):
        self.dovecot.deliver("u3", "Subject: one\n\n.\n")
        device = self.ready_device("u3")
        before = {kind: folder.id for kind, folder in self.by_type(device).items()}
        inbox = self.by_type(device)[INBOX]
        ids = [add.get("ServerId") for page in device.sync_all(inbox) for add in page.findall("Commands/Add")]
        self.assertEqual(len(ids), 1)
        device.delete(inbox, *ids, as_moves=True)
        self.assertEqual(len(self.dovecot.imap("u3", "INBOX/Trash").search(None, "ALL")[1][0].split()), 1)
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")
        device.folder_key, device.folders = "0", {}
        device.folder_sync()
        self.assertEqual({kind: folder.id for kind, folder in self.by_type(device).items()}, before)
        trash = self.by_type(device)[TRASH]
        self.assertEqual(sum(len(page.findall("Commands/Add")) for page in device.sync_all(trash)), 1)

    def test_made_by_another_client(self):
        device = self.ready_device("u4")
        imap = self.dovecot.imap("u4")
        imap.create('"INBOX/Sent Messages"')
        device.folder_sync()
        sent = [folder for folder in device.folders.values() if folder.type == SENT]
        self.assertEqual(len(sent), 1)
        self.assertNotIn("Sent Messages", [folder.name for folder in device.folders.values()])

    def test_the_first_that_exists_counts(self):
        imap = self.dovecot.imap("u5")
        imap.create("INBOX/Bin")
        device = self.ready_device("u5")
        self.dovecot.deliver("u5", "Subject: one\n\n.\n")
        inbox = self.by_type(device)[INBOX]
        ids = [add.get("ServerId") for page in device.sync_all(inbox) for add in page.findall("Commands/Add")]
        device.delete(inbox, *ids, as_moves=True)
        self.assertEqual(len(self.dovecot.imap("u5", "INBOX/Bin").search(None, "ALL")[1][0].split()), 1)

    def test_two_of_one_name(self):
        """A user's own "Sent Items" beside the folder for sent mail."""
        imap = self.dovecot.imap("u6")
        imap.create("INBOX/Sent")
        imap.create('"INBOX/Sent Items"')
        device = self.ready_device("u6")
        names = sorted(folder.name for folder in device.folders.values())
        self.assertEqual(len(names), len(set(names)), names)
        self.assertEqual(self.by_type(device)[SENT].name, "Sent")

    def test_create_below_the_prefix(self):
        device = self.ready_device("u7")
        response = device.folder_create("New")
        self.assertStatus(response, 1)
        self.assertEqual(self.dovecot.imap("u7").select("INBOX/New")[0], "OK")
        self.assertStatus(device.folder_delete(response.document.get("ServerId")), 1)

    def test_one_mailbox_for_two_uses(self):
        imap = self.dovecot.imap("u6")
        imap.create("INBOX/Both")
        imap.append("INBOX/Both", None, None, b"Subject: draft\r\n\r\n.\r\n")
        device = self.ready_device("u6")
        folders = self.by_type(device)
        self.assertEqual(set(folders), {INBOX, DRAFTS, SENT, TRASH, OUTBOX})
        self.assertNotEqual(folders[SENT].id, folders[DRAFTS].id)
        self.assertEqual([add.get("ApplicationData/Email:Subject") for page in device.sync_all(folders[DRAFTS])
                          for add in page.findall("Commands/Add")], ["draft"])
        self.assertEqual(list(device.sync_all(folders[SENT])), [])
