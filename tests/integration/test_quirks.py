"""What single devices get differently (src/eas/eas-quirks.c)."""
import base64
import functools
import pathlib

from rig import INBOX, MIME, Body, Case, Device, decode, options

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "mail"
NAMES = ("plain", "cp1252-as-ascii", "iso-2022-jp", "nul")


class Quirks(Case):
    def test_no_opaque(self):
        """EAS-4-TbSync gets nothing as OPAQUE: ids are base64, and MIME is text, whatever it holds."""
        for name in NAMES:
            self.dovecot.deliver("u1", (FIXTURES / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n"))
        opts = options(filter_type=0, mime_support=2, bodies=[Body(MIME)])
        for device_type, wanted in (("TbSync", False), ("RoostTest", True)):
            device = self.ready_device("u1", "16.1", device_type=device_type)
            inbox = device.folders_of_type(INBOX)[0]
            device.sync_start(inbox)
            # libwbxml takes ids for bytes, however they are written
            device.perform = functools.partial(Device.perform, device)
            response = device.sync(device.collection(inbox, window=512, opts=opts))
            opaque = []
            document = decode(response.body, opaque)
            self.assertEqual(bool(opaque), wanted, device_type)
            adds = document.findall("Collections/Collection/Commands/Add")
            self.assertEqual(len(adds), len(NAMES))
            for add in adds:
                conversation = add.find("ApplicationData/Email2:ConversationId").text
                self.assertEqual(len(conversation if wanted else base64.b64decode(conversation)), 16)
