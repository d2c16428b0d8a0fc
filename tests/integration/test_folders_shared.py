"""Shared and public folders: what ACLs show and allow."""
import os
import shutil
import tempfile

from rig import INBOX, PLAIN, TRASH, Body, Case, E, Settings, config

PUBLIC = tempfile.mkdtemp(prefix="roost-public-")
os.chmod(PUBLIC, 0o777)
ACL_2_3 = f"""mail_plugins = $mail_plugins acl
plugin {{
  acl = vfile
  acl_shared_dict = file:{PUBLIC}/boxes
}}
namespace public {{
  type = public
  separator = /
  prefix = Public/
  location = maildir:{PUBLIC}/Maildir:INDEXPVT=~/public-index
  subscriptions = no
  list = yes
}}
namespace shared {{
  type = shared
  separator = /
  prefix = Shared/%%u/
  location = maildir:{PUBLIC}/%%u:INDEXPVT=~/shared-index/%%u
  subscriptions = no
  list = children
}}
"""
ACL_2_4 = f"""mail_plugins {{
  acl = yes
}}
acl_driver = vfile
namespace public {{
  type = public
  separator = /
  prefix = Public/
  mail_driver = maildir
  mail_path = {PUBLIC}/Maildir
  mail_index_private_path = ~/public-index
  subscriptions = no
  list = yes
}}
namespace shared {{
  type = shared
  separator = /
  prefix = Shared/$user/
  mail_driver = maildir
  mail_path = {PUBLIC}/%{{owner_user}}
  mail_index_private_path = ~/shared-index/%{{owner_user}}
  subscriptions = no
  list = children
}}
acl_sharing_map {{
  dict file {{
    path = {PUBLIC}/boxes
  }}
}}
"""
# workers ask where the others have their mail
AUTH = "service auth {\n  unix_listener auth-userdb {\n    mode = 0777\n  }\n}\n"
SETTINGS = Settings(users=5, extra=AUTH + (ACL_2_4 if config.dovecot_version() >= (2, 4) else ACL_2_3),
                    fields={"u3": "userdb_roost_shared_folders=no"})
BOARDS = {"Board": "anyone lr", "Desk": "user=u1 lrwstipekxa", "Closed": "user=u4 lr", "Glass": "user=u1 l",
          "Dir.Deep": "anyone lr", "Fleeting": "user=u4 lr"}


def make_folder(path, rights, name):
    for folder in ("cur", "new", "tmp"):
        os.makedirs(f"{path}/{folder}")
    with open(f"{path}/dovecot-acl", "w", encoding="utf-8") as file:
        file.write(rights + "\n")
    with open(f"{path}/cur/1.M1P1.host:2,", "w", encoding="utf-8") as file:
        file.write(f"Subject: in {name}\n\nText.\n")


def setUpModule():
    os.makedirs(f"{PUBLIC}/Maildir")
    with open(f"{PUBLIC}/Maildir/dovecot-acl", "w", encoding="utf-8") as file:
        file.write("user=u1 lk\n")
    for name, rights in BOARDS.items():
        make_folder(f"{PUBLIC}/Maildir/.{name}", rights, name)
    make_folder(f"{PUBLIC}/u5/.Lent", "user=u2 lr", "Lent")
    make_folder(f"{PUBLIC}/u5/.Own", "user=u5 lr", "Own")
    # as SETACL would have noted it; u5 must not log in: his own mail is elsewhere, and Dovecot would correct it
    with open(f"{PUBLIC}/boxes", "w", encoding="utf-8") as file:
        file.write("shared/shared-boxes/user/u2/u5\n1\n")
    for folder, _, files in os.walk(PUBLIC):
        os.chmod(folder, 0o777)
        for name in files:
            os.chmod(os.path.join(folder, name), 0o666)


def tearDownModule():
    shutil.rmtree(PUBLIC)


class Public(Case):
    def names(self, device):
        return {folder.name: folder for folder in device.folders.values() if folder.type == 12}

    def test_what_is_seen(self):
        device = self.ready_device("u1")
        names = self.names(device)
        self.assertLessEqual({"Public", "Board", "Desk", "Dir", "Deep"}, set(names))
        # not even seen, and seen but not to be read
        self.assertFalse({"Closed", "Glass"} & set(names))
        self.assertEqual(names["Board"].parent, names["Public"].id)
        self.assertEqual((names["Public"].parent, names["Deep"].parent), ("0", names["Dir"].id))
        names = self.names(self.ready_device("u2"))
        self.assertIn("Board", names)
        self.assertFalse({"Desk", "Closed", "Glass"} & set(names))

    def search(self, device, *elements):
        return device.command("Search", E("Search:Search", E("Store", E("Name", "Mailbox"), E("Query", E(
            "And", E("AirSync:Class", "Email"), E("FreeText", '"subject: in"'), *elements))))).document.find("Response/Store")

    def found(self, store):
        self.assertEqual(store.get("Status"), "1")
        return {node.get("Properties/Email:Subject"): node for node in store.findall("Result")
                if node.find("Properties") is not None}

    def test_what_is_searched(self):
        for user, seen in (("u1", {"in Board", "in Desk", "in Dir.Deep"}), ("u2", {"in Board", "in Dir.Deep", "in Lent"}), ("u3", set())):
            for version in ("12.1", "16.1"):
                with self.subTest(user=user, version=version):
                    device = self.ready_device(user, version)
                    self.assertEqual(set(self.found(self.search(device))), seen)
        device = self.ready_device("u2")
        board = self.names(device)["Board"]
        result, = self.found(self.search(device, E("AirSync:CollectionId", board.id))).values()
        answer = device.item_operations(E("Fetch", E("Store", "Mailbox"), E("Search:LongId", result.get("LongId"))))
        self.assertEqual(answer.document.get("Response/Fetch/Properties/Email:Subject"), "in Board")

    def test_what_another_user_shares(self):
        """A namespace of type shared: its folders are seen, synchronised and searched like public ones."""
        device = self.ready_device("u2")
        names = self.names(device)
        self.assertNotIn("Own", names)
        lent = names["Lent"]
        subjects = [add.get("ApplicationData/Email:Subject") for page in device.sync_all(lent)
                    for add in page.findall("Commands/Add")]
        self.assertEqual(subjects, ["in Lent"])
        result, = self.found(self.search(device, E("AirSync:CollectionId", lent.id))).values()
        answer = device.item_operations(E("Fetch", E("Store", "Mailbox"), E("Search:LongId", result.get("LongId"))))
        self.assertEqual(answer.document.get("Response/Fetch/Properties/Email:Subject"), "in Lent")
        # below the one who lends it, whatever level that is
        shared = self.search(device, E("AirSync:CollectionId", names["Shared"].id))
        self.assertEqual(shared.get("Status"), "1")
        self.assertNotIn("Lent", self.names(self.ready_device("u1")))

    def test_switched_off(self):
        self.assertFalse({"Public", "Board"} & set(self.names(self.ready_device("u3"))))

    def test_mail_is_synchronised(self):
        for user in ("u1", "u2"):
            device = self.ready_device(user)
            board = self.names(device)["Board"]
            subjects = [add.get("ApplicationData/Email:Subject") for page in device.sync_all(board)
                        for add in page.findall("Commands/Add")]
            self.assertEqual(subjects, ["in Board"])

    def test_what_is_not_allowed(self):
        device = self.ready_device("u2")
        names = self.names(device)
        for response in (device.folder_delete(names["Board"].id),
                         device.folder_update(names["Board"].id, "Mine", names["Public"].id),
                         device.folder_create("x", parent=names["Board"].id)):
            self.assertStatus(response, 3)
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")

    def board(self, device):
        """The ServerId of the mail in a folder that is only to be read, and the folder."""
        board = self.names(device)["Board"]
        (item,) = [add.get("ServerId") for page in device.sync_all(board) for add in page.findall("Commands/Add")]
        return board, item

    def count(self, user, folder):
        return len(self.dovecot.doveadm("search", "-u", user, "mailbox", folder, "all").splitlines())

    def test_mail_that_may_not_be_taken_away(self):
        """A move is refused as a whole: there must not be a copy for each time that it is tried."""
        device = self.ready_device("u1")
        board, item = self.board(device)
        inbox, trash = device.folders_of_type(INBOX)[0], device.folders_of_type(TRASH)[0]
        before = self.count("u1", "INBOX")
        for _ in range(2):
            response = device.move_items((item, board.id, inbox.id)).check()
            self.assertEqual(response.document.get("Response/Status"), "5")
        self.assertEqual(self.count("u1", "INBOX"), before)

        for _ in range(2):
            answer = device.delete(board, item)
            self.assertEqual(answer.get("Responses/Delete/Status"), "6")
            # the device has thrown it away, and gets it again
            again = [add.get("ServerId") for page in device.sync_all(board) for add in page.findall("Commands/Add")]
            self.assertEqual(again, [item])
        self.assertEqual([add.get("ServerId") for page in device.sync_all(trash) for add in page.findall("Commands/Add")
                          if add.get("ApplicationData/Email:Subject") == "in Board"], [])

        response = device.empty_folder(board.id).check()
        self.assertEqual(response.document.get("Response/EmptyFolderContents/Status"), "16")
        self.assertEqual(self.count("u1", "Public/Board"), 1)

    def test_mail_that_may_not_be_marked(self):
        """The device hears of it: else it would show the mail as read for ever."""
        device = self.ready_device("u1")
        board, item = self.board(device)
        answer = device.change(board, item, E("Email:Read", 1))
        self.assertNotIn("Seen", self.dovecot.doveadm("fetch", "-u", "u1", "flags", "mailbox", "Public/Board"))
        if answer is not None and answer.find("Responses") is not None:
            self.assertNotEqual(answer.get("Responses/Change/Status"), "1")
        changes = [change.get("ApplicationData/Email:Read") for page in device.sync_all(board)
                   for change in page.findall("Commands/Change")]
        self.assertEqual(changes, ["0"])

    def test_conversations_are_not_taken_from_others(self):
        imap = self.dovecot.imap("u1")
        for folder in ("INBOX", "Public/Desk"):
            imap.append(folder, None, None, b"Message-ID: <talk@example.test>\r\nSubject: talk\r\n\r\n.\r\n")
        imap.logout()
        device = self.ready_device("u1", "14.1")
        inbox, trash = device.folders_of_type(INBOX)[0], device.folders_of_type(TRASH)[0]
        (talk,) = [add.find("ApplicationData/Email2:ConversationId").text
                   for page in device.sync_all(inbox, bodies=Body(PLAIN, 10)) for add in page.findall("Commands/Add")]
        before = self.count("u1", "Public/Desk")
        response = device.item_operations(E("Move", E("ConversationId", talk), E("DstFldId", trash.id),
                                            E("Options", E("MoveAlways")))).check()
        self.assertEqual(response.document.get("Response/Move/Status"), "1")
        self.assertEqual([self.count("u1", name) for name in ("INBOX", "Trash", "Public/Desk")], [0, 1, before])

    def test_what_is_allowed(self):
        device = self.ready_device("u1")
        desk = self.names(device)["Desk"]
        response = device.folder_create("Drawer", parent=desk.id)
        self.assertStatus(response, 1)
        drawer = response.document.get("ServerId")
        self.assertEqual(device.folder_sync().document.get("Changes/Count"), "0")
        self.assertStatus(device.folder_update(drawer, "Shelf", desk.id), 1)
        self.assertStatus(device.folder_delete(drawer), 1)

    def test_rights_taken_away(self):
        device = self.ready_device("u4")
        fleeting = self.names(device)["Fleeting"]
        self.assertIn("in Fleeting", self.found(self.search(device)))
        with open(f"{PUBLIC}/Maildir/.Fleeting/dovecot-acl", "w", encoding="utf-8") as file:
            file.write("user=nobody lr\n")
        self.dovecot.restart()      # ACLs are cached for half a minute
        device.connection.close()
        document = device.folder_sync().document
        self.assertEqual([change.get("ServerId") for change in document.findall("Changes/Delete")], [fleeting.id])
        # who knows the id does not come in by that
        collection, _ = device.sync_start(fleeting)
        self.assertNotEqual(collection.get("Status"), "1")
        self.assertNotIn("in Fleeting", self.found(self.search(device)))
        self.assertEqual(self.search(device, E("AirSync:CollectionId", fleeting.id)).get("Status"), "11")
