"""The base class of the integration tests: an instance for the module, and devices whose answers are all checked."""
import sys
import unittest

from . import config, libwbxml, schema, wbxml
from .client import Device
from .dovecot import PASSWORD, Instance

_instances = {}
# set by the runner: the folder made by tree.make_tree()
installed = None


def instance_of(module):
    """The instance of a test module, started when it is first asked for, with the module's SETTINGS."""
    if module not in _instances:
        settings = getattr(sys.modules[module], "SETTINGS", None) or config.Settings()
        _instances[module] = Instance(installed, settings).start()
    return _instances[module]


def stop_instances():
    """Stops them all and returns what their logs should not have said."""
    return [problem for module in list(_instances) for problem in _instances.pop(module).stop()]


class CheckedDevice(Device):
    """A device that writes its requests with libwbxml, has every WBXML answer decoded by libwbxml as well, and
    validates it with the schemas from 12.1 on."""

    encode = staticmethod(libwbxml.encode)

    def perform(self, data):
        response = super().perform(data)
        check_answer(response, self.version)
        return response


def check_answer(response, version):
    """The checks that every answer to a command must stand."""
    kind = response.headers.get("content-type", "")
    if response.code != 200 or not response.body:
        return
    if kind == "application/vnd.ms-sync.multipart":
        data = response.parts[0]
    elif kind == "application/vnd.ms-sync.wbxml":
        data = response.body
    else:
        return
    opaque = []
    document = wbxml.decode(data, opaque)
    libwbxml.compare(data, document, opaque)
    if float(version) >= 12.1:
        schema.validate(document)


class Case(unittest.TestCase):
    """`self.dovecot` is the module's instance.  A module that needs another configuration sets SETTINGS."""

    maxDiff = None

    @property
    def dovecot(self):
        return instance_of(type(self).__module__)

    def device(self, user="u1", version="16.1", tls=False, password=PASSWORD, **arguments):
        """A new device, not yet provisioned."""
        device = CheckedDevice(self.dovecot.url(tls), user, password, version=version, **arguments)
        self.addCleanup(device.connection.close)
        return device

    def ready_device(self, user="u1", version="16.1", **arguments):
        """A device that is provisioned and knows its folders."""
        device = self.device(user, version, **arguments)
        device.provision()
        device.folder_sync().check()
        return device

    def autodiscover(self, device, address):
        response, found = device.autodiscover(address)
        if response.code == 200:
            schema.validate_autodiscover(response.body)
        return response, found

    def assertStatus(self, response, status, code=200):
        """The HTTP code, and the Status of the answer's document."""
        self.assertEqual((response.code, response.status), (code, str(status)),
                         response.document or response.body[:500])
