"""An ActiveSync client for tests and measurements: protocol versions 2.5 to 16.1, over a kept-alive connection.

    device = Device("http://127.0.0.1:8080", "u1", "secret", version="14.1")
    device.provision()
    inbox = device.folders_of_type(INBOX)[0]
    for page in device.sync_all(inbox, window=100, body=Body(HTML, 2048)):
        ...

Every command is a method that returns a Response; `.document` is the decoded answer (wbxml.Node, None where the body is
empty) and `.status` the text of the answer's own Status.  A command never hides what the server said: an HTTP status
other than 200 raises HttpError only in the convenience methods (provision, sync_all, ...), not in `command`.
"""
import base64
import dataclasses
import functools
import gzip
import hashlib
import socket
import ssl
import struct
import time
import urllib.parse
import uuid
import xml.etree.ElementTree

from .wbxml import E, decode, encode

# [MS-ASCMD] 2.2.3.186.3 Type (FolderSync)
INBOX, DRAFTS, TRASH, SENT, OUTBOX, TASKS, CALENDAR, CONTACTS, NOTES = 2, 3, 4, 5, 6, 7, 8, 9, 10
RECIPIENTS = 19
# [MS-ASAIRS] 2.2.2.41.1 Type (Body)
PLAIN, HTML, RTF, MIME = 1, 2, 3, 4
# [MS-ASHTTP] 2.2.1.1.1.1.2 and 2.2.1.1.1.1.3
COMMAND_CODE = {"Sync": 0, "SendMail": 1, "SmartForward": 2, "SmartReply": 3, "GetAttachment": 4, "FolderSync": 9,
                "FolderCreate": 10, "FolderDelete": 11, "FolderUpdate": 12, "MoveItems": 13, "GetItemEstimate": 14,
                "MeetingResponse": 15, "Search": 16, "Settings": 17, "Ping": 18, "ItemOperations": 19, "Provision": 20,
                "ResolveRecipients": 21, "ValidateCert": 22, "Find": 23}
PARAMETER_TAG = {"AttachmentName": 0, "CollectionId": 1, "ItemId": 3, "LongId": 4, "Occurrence": 6, "Options": 7,
                 "User": 8}
SAVE_IN_SENT, ACCEPT_MULTIPART = 0x01, 0x02
WBXML_TYPE = "application/vnd.ms-sync.wbxml"


class HttpError(Exception):
    """The server did not answer 200."""

    def __init__(self, response):
        super().__init__(f"HTTP {response.code} {response.reason}: {response.body[:200]!r}")
        self.response = response


class Response:
    """An HTTP answer; `document` is decoded when it is first asked for, so that a benchmark can do that later."""

    def __init__(self, code, reason, headers, body, seconds, sent, received):
        self.code, self.reason, self.headers, self.body = code, reason, headers, body
        self.seconds, self.sent, self.received = seconds, sent, received    # time to the last byte; bytes on the wire
        self._document = None

    @property
    def document(self):
        if self._document is None and self.body and "wbxml" in self.headers.get("content-type", WBXML_TYPE):
            self._document = decode(self.body)
        return self._document

    @property
    def status(self):
        return None if self.document is None else self.document.get("Status")

    @property
    def parts(self):
        """The parts of a multipart answer ([MS-ASHTTP] 2.2.1.2.1.1): the first one is the WBXML document."""
        count = struct.unpack_from("<I", self.body)[0]
        spans = [struct.unpack_from("<II", self.body, 4 + 8 * n) for n in range(count)]
        return [self.body[start:start + length] for start, length in spans]

    def check(self):
        if self.code != 200:
            raise HttpError(self)
        return self


@functools.cache
def tls_context():
    """One for all connections; test servers sign themselves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Connection:
    """A kept-alive HTTP/1.1 connection that counts its bytes.  It connects at the first request, and again where the
    server has closed it between two requests."""

    def __init__(self, url, timeout=120):
        parts = urllib.parse.urlsplit(url)
        self.tls, self.host = parts.scheme == "https", parts.hostname
        self.port = parts.port or (443 if self.tls else 80)
        self.timeout, self.sock, self.buffer, self.received = timeout, None, b"", 0

    def connect(self):
        self.close()
        self.sock = socket.create_connection((self.host, self.port), self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            self.sock = tls_context().wrap_socket(self.sock, server_hostname=self.host)
        self.buffer = b""

    def close(self):
        if self.sock:
            self.sock.close()
            self.sock = None

    def request(self, data):
        """Sends the bytes of a request and returns the Response."""
        started, fresh = time.perf_counter(), self.sock is None
        if fresh:
            self.connect()
        self.received = 0
        try:
            self.sock.sendall(data)
            code, reason, headers = self.read_head()
        except (ConnectionError, ssl.SSLEOFError):
            if fresh:
                raise
            self.connect()
            self.sock.sendall(data)
            code, reason, headers = self.read_head()
        body = self.read_body(headers, code, data.startswith(b"HEAD"))
        if headers.get("connection", "").lower() == "close":
            self.close()
        if headers.get("content-encoding", "").lower() == "gzip":
            body = gzip.decompress(body)
        return Response(code, reason, headers, body, time.perf_counter() - started, len(data), self.received)

    def fill(self):
        data = self.sock.recv(262144)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self.received += len(data)
        self.buffer += data

    def line(self):
        while (end := self.buffer.find(b"\r\n")) < 0:
            self.fill()
        line, self.buffer = self.buffer[:end], self.buffer[end + 2:]
        return line.decode("latin-1")

    def exactly(self, length):
        chunks, have = [self.buffer[:length]], min(length, len(self.buffer))
        self.buffer = self.buffer[length:]
        while have < length:
            data = self.sock.recv(min(262144, length - have))
            if not data:
                raise ConnectionResetError("the server closed the connection inside a body")
            self.received += len(data)
            have += len(data)
            chunks.append(data)
        return b"".join(chunks)

    def read_head(self):
        code = 100
        while code == 100:
            _, code, *reason = self.line().split(" ", 2)
            code, headers = int(code), {}
            while line := self.line():
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
        return code, reason[0] if reason else "", headers

    def read_body(self, headers, code, head):
        if head or code in (204, 304):
            return b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.line().partition(";")[0], 16):
                chunks.append(self.exactly(size))
                self.line()
            while self.line():
                pass
            return b"".join(chunks)
        if "content-length" in headers:
            return self.exactly(int(headers["content-length"]))
        chunks = [self.buffer]
        while data := self.sock.recv(262144):
            self.received += len(data)
            chunks.append(data)
        self.close()
        return b"".join(chunks)


@dataclasses.dataclass
class Body:
    """A BodyPreference ([MS-ASAIRS] 2.2.2.12)."""
    type: int = PLAIN
    truncation: int | None = None
    all_or_none: bool = False
    preview: int | None = None

    def node(self):
        return E("AirSyncBase:BodyPreference", E("Type", self.type),
                 E("TruncationSize", self.truncation) if self.truncation is not None else None,
                 E("AllOrNone", 1) if self.all_or_none else None,
                 E("Preview", self.preview) if self.preview is not None else None)


@dataclasses.dataclass
class Folder:
    id: str
    name: str
    type: int
    parent: str = "0"

    @property
    def content_class(self):
        return {TASKS: "Tasks", 15: "Tasks", CALENDAR: "Calendar", 13: "Calendar", CONTACTS: "Contacts", 14: "Contacts",
                NOTES: "Notes", 17: "Notes", RECIPIENTS: "Contacts"}.get(self.type, "Email")


def options(content_class=None, filter_type=None, bodies=(), mime_support=None, mime_truncation=None, conflict=None,
            truncation=None, max_items=None, body_part=None):
    """An Options element of Sync."""
    return E("AirSync:Options",
             E("Class", content_class) if content_class else None,
             E("FilterType", filter_type) if filter_type is not None else None,
             E("Truncation", truncation) if truncation is not None else None,
             E("MIMETruncation", mime_truncation) if mime_truncation is not None else None,
             E("MIMESupport", mime_support) if mime_support is not None else None,
             E("Conflict", conflict) if conflict is not None else None,
             E("MaxItems", max_items) if max_items is not None else None,
             [body.node() for body in bodies],
             E("AirSyncBase:BodyPartPreference", E("Type", 2), E("TruncationSize", body_part))
             if body_part is not None else None)


class Device:
    """One device of one user: its ids, its protocol version, its connection, its folder hierarchy and its sync keys."""

    encode = staticmethod(encode)

    def __init__(self, url, user, password, version="14.1", device_id=None, device_type="RoostTest", query="plain",
                 path="/Microsoft-Server-ActiveSync", locale=0x0409, timeout=120, token=None):
        self.user, self.password, self.version = user, password, version
        # sent instead of user and password
        self.token = token
        self.device_id = device_id or uuid.uuid4().hex
        self.device_type, self.query, self.locale = device_type, query, locale
        self.connection, self.path = Connection(url, timeout), urllib.parse.urlsplit(url).path or path
        self.policy_key, self.folder_key, self.folders, self.sync_keys = "0", "0", {}, {}
        self.seconds, self.sent, self.received, self.requests = 0.0, 0, 0, 0

    # --- HTTP

    def query_string(self, command, parameters, flags=0):
        """The URI's query, in the plain-text or the base64 form ([MS-ASHTTP] 2.2.1.1.1)."""
        if self.query == "plain":
            pairs = {"Cmd": command, "User": self.user, "DeviceId": self.device_id, "DeviceType": self.device_type,
                     **parameters}
            if flags & SAVE_IN_SENT:
                pairs["SaveInSent"] = "T"
            return urllib.parse.urlencode(pairs)
        out = struct.pack("<BBH", round(float(self.version) * 10), COMMAND_CODE[command], self.locale)
        # A device id of 32 hexadecimal digits travels as 16 bytes.
        device = self.device_id.encode()
        if len(device) > 16:
            device = bytes.fromhex(self.device_id)
        out += bytes((len(device),)) + device
        key = int(self.policy_key)
        out += struct.pack("<BI", 4, key) if key else b"\0"
        out += bytes((len(self.device_type),)) + self.device_type.encode()
        if flags:
            parameters = {**parameters, "Options": chr(flags)}
        for name, value in parameters.items():
            value = value.encode("latin-1" if name == "Options" else "utf-8")
            out += bytes((PARAMETER_TAG[name], len(value))) + value
        return base64.b64encode(out).decode()

    def request_bytes(self, method, target, headers, body):
        basic = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        credentials = f"Bearer {self.token}" if self.token else f"Basic {basic}"
        fields = {"Host": f"{self.connection.host}:{self.connection.port}", "Authorization": credentials,
                  "User-Agent": "RoostTest/1.0", **headers}
        if body is not None:
            fields["Content-Length"] = len(body)
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
        return head.encode() + (body or b"")

    def command_bytes(self, command, document=None, parameters=None, flags=0, headers=None):
        """The bytes of a command's request; `document` is a Node, raw bytes (message/rfc822 of 2.5 to 12.1), or None."""
        body, content_type = b"", None
        if isinstance(document, bytes):
            body, content_type = document, "message/rfc822"
        elif document is not None:
            body, content_type = self.encode(document), WBXML_TYPE
        fields = {} if self.query != "plain" else {"MS-ASProtocolVersion": self.version, "X-MS-PolicyKey": self.policy_key}
        if flags & ACCEPT_MULTIPART and self.query == "plain":
            fields["MS-ASAcceptMultiPart"] = "T"
        if content_type:
            fields["Content-Type"] = content_type
        target = f"{self.path}?{self.query_string(command, parameters or {}, flags)}"
        return self.request_bytes("POST", target, {**fields, **(headers or {})}, body)

    def perform(self, data):
        response = self.connection.request(data)
        self.seconds += response.seconds
        self.sent += response.sent
        self.received += response.received
        self.requests += 1
        return response

    def command(self, command, document=None, parameters=None, flags=0, headers=None):
        return self.perform(self.command_bytes(command, document, parameters, flags, headers))

    def options(self):
        return self.perform(self.request_bytes("OPTIONS", self.path, {}, b""))

    def autodiscover(self, address, path="/autodiscover/autodiscover.xml"):
        """The mobilesync Autodiscover ([MS-ASCMD] 2.2.1.1): (Response, {"Url": ..., "Error": ...})."""
        space = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
        body = (f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{space}requestschema/2006"><Request>'
                f"<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{space}responseschema/2006"
                f"</AcceptableResponseSchema></Request></Autodiscover>").encode()
        response = self.perform(self.request_bytes("POST", path, {"Content-Type": "text/xml"}, body))
        found = {}
        if response.code == 200 and response.body:
            for element in xml.etree.ElementTree.fromstring(response.body).iter():
                found[element.tag.partition("}")[2] or element.tag] = element.text
        return response, found

    # --- Set-up

    def provision(self, policy_type=None):
        """The two-phase Provision ([MS-ASPROV] 4.2); keeps the final policy key and returns the last Response."""
        policy_type = policy_type or ("MS-WAP-Provisioning-XML" if self.version == "2.5" else "MS-EAS-Provisioning-WBXML")
        information = self.device_information() if float(self.version) >= 14.1 else None
        response = self.command("Provision", E("Provision:Provision", information,
                                E("Provision:Policies", E("Policy", E("PolicyType", policy_type))))).check()
        key = response.document.get("Policies/Policy/PolicyKey")
        if key is None:
            return response
        self.policy_key = key
        response = self.command("Provision", E("Provision:Provision", E("Policies", E("Policy",
                                E("PolicyType", policy_type), E("PolicyKey", key), E("Status", 1))))).check()
        self.policy_key = response.document.get("Policies/Policy/PolicyKey", key)
        return response

    def acknowledge_wipe(self, account_only=False):
        return self.command("Provision", E("Provision:Provision",
                            E("AccountOnlyRemoteWipe" if account_only else "RemoteWipe", E("Status", 1))))

    def device_information(self):
        return E("Settings:DeviceInformation", E("Set", E("Model", "Roost test"), E("IMEI", "000000000000000"),
                 E("FriendlyName", self.device_id), E("OS", "Linux"), E("OSLanguage", "English"),
                 E("UserAgent", "RoostTest/1.0")))

    def settings(self, *requests):
        """For example settings(E("UserInformation", E("Get"))) or settings(device.device_information())."""
        return self.command("Settings", E("Settings:Settings", *requests))

    # --- Folders

    def folder_sync(self):
        """FolderSync from the last key; keeps the new key and the folders by id."""
        response = self.command("FolderSync", E("FolderHierarchy:FolderSync", E("SyncKey", self.folder_key)))
        document = response.document if response.code == 200 else None
        if document is not None and document.get("Status") == "1":
            self.folder_key = document.get("SyncKey")
            for change in document.findall("Changes/Add") + document.findall("Changes/Update"):
                folder = Folder(change.get("ServerId"), change.get("DisplayName"), int(change.get("Type")),
                                change.get("ParentId"))
                self.folders[folder.id] = folder
            for change in document.findall("Changes/Delete"):
                self.folders.pop(change.get("ServerId"), None)
        return response

    def folders_of_type(self, kind):
        if not self.folders:
            self.folder_sync().check()
        return [folder for folder in self.folders.values() if folder.type == kind]

    def mail_folders(self):
        """Those that are mailboxes."""
        return [folder for folder in self.folders.values() if folder.content_class == "Email"]

    def _folder_change(self, command, *fields):
        response = self.command(command, E(f"FolderHierarchy:{command}", E("SyncKey", self.folder_key), *fields))
        if response.code == 200 and response.status == "1":
            self.folder_key = response.document.get("SyncKey")
        return response

    def folder_create(self, name, kind=12, parent="0"):
        return self._folder_change("FolderCreate", E("ParentId", parent), E("DisplayName", name), E("Type", kind))

    def folder_update(self, folder_id, name, parent="0"):
        return self._folder_change("FolderUpdate", E("ServerId", folder_id), E("ParentId", parent), E("DisplayName", name))

    def folder_delete(self, folder_id):
        return self._folder_change("FolderDelete", E("ServerId", folder_id))

    # --- Sync

    def collection(self, folder, key=None, get_changes=None, window=None, commands=(), opts=None, deletes_as_moves=None,
                   supported=None, conversation_mode=None):
        """A Collection element; `opts` is a Node of options() or a list of them, `commands` are Add, Change, ... nodes.
        Without opts and with key "0" nothing but the key is sent, as [MS-ASCMD] asks for."""
        key = self.sync_keys.get(folder.id, "0") if key is None else key
        return E("AirSync:Collection",
                 E("Class", folder.content_class) if float(self.version) < 12.1 else None,
                 E("SyncKey", key), E("CollectionId", folder.id),
                 E("Supported", supported) if supported is not None else None,
                 E("DeletesAsMoves", int(deletes_as_moves)) if deletes_as_moves is not None else None,
                 E("GetChanges", int(get_changes)) if get_changes is not None else None,
                 E("WindowSize", window) if window is not None else None,
                 E("ConversationMode", int(conversation_mode)) if conversation_mode is not None else None,
                 opts, E("Commands", list(commands)) if commands else None)

    def sync_document(self, *collections, wait=None, heartbeat=None, window=None, partial=False):
        return E("AirSync:Sync", E("Collections", list(collections)) if collections else None,
                 E("Wait", wait) if wait is not None else None,
                 E("HeartbeatInterval", heartbeat) if heartbeat is not None else None,
                 E("WindowSize", window) if window is not None else None, E("Partial") if partial else None)

    def sync(self, *collections, **arguments):
        """Sync of the Collection nodes; keeps the new keys.  No collections and no arguments: the empty request."""
        document = self.sync_document(*collections, **arguments) if collections or arguments else None
        response = self.command("Sync", document)
        if response.code == 200 and response.document is not None:
            for answer in response.document.findall("Collections/Collection"):
                if answer.get("Status", "1") == "1" and answer.get("SyncKey"):
                    self.sync_keys[answer.get("CollectionId")] = answer.get("SyncKey")
        return response

    def sync_one(self, folder, **arguments):
        """Sync of one folder: (the answer's Collection node or None, Response)."""
        response = self.sync(self.collection(folder, **arguments)).check()
        return response.document and response.document.find("Collections/Collection"), response

    def sync_start(self, folder):
        """The first Sync, with key "0"."""
        self.sync_keys.pop(folder.id, None)
        return self.sync_one(folder)

    def sync_all(self, folder, window=100, bodies=(), filter_type=None, limit=100000, opts=None, **arguments):
        """Yields the Collection node of each round until the server has no more; starts where the last key is."""
        if folder.id not in self.sync_keys:
            self.sync_start(folder)
        if opts is None:
            opts = options(filter_type=filter_type, bodies=[b for b in ([bodies] if isinstance(bodies, Body) else bodies)])
            opts = opts if opts.children else None
        for _ in range(limit):
            answer, _ = self.sync_one(folder, window=window, get_changes=True, opts=opts, **arguments)
            if answer is None:
                return
            yield answer
            if answer.find("MoreAvailable") is None:
                return
        raise RuntimeError(f"still more available after {limit} rounds")

    def item_estimate(self, folder, opts=None):
        key = self.sync_keys.get(folder.id, "0")
        if float(self.version) >= 14:
            collection = E("GetItemEstimate:Collection", E("AirSync:SyncKey", key), E("CollectionId", folder.id), opts)
        else:
            collection = E("GetItemEstimate:Collection", E("Class", folder.content_class),
                           E("CollectionId", folder.id), E("AirSync:FilterType", 0), E("AirSync:SyncKey", key))
        return self.command("GetItemEstimate", E("GetItemEstimate:GetItemEstimate", E("Collections", collection)))

    def ping_document(self, folders, heartbeat=60):
        return E("Ping:Ping", E("HeartbeatInterval", heartbeat), E("Folders", [
            E("Folder", E("Id", folder.id), E("Class", folder.content_class)) for folder in folders]))

    def ping(self, folders=None, heartbeat=60):
        """Ping; folders None sends the empty request that repeats the last one."""
        return self.command("Ping", None if folders is None else self.ping_document(folders, heartbeat))

    # --- Mail

    def _compose(self, command, mime, source=None, save=True, client_id=None, replace_mime=False):
        if float(self.version) < 14:
            parameters = {"CollectionId": source[0], "ItemId": source[1]} if source else {}
            return self.command(command, mime, parameters, SAVE_IN_SENT if save else 0)
        origin = E("Source", E("FolderId", source[0]), E("ItemId", source[1])) if source else None
        return self.command(command, E(f"ComposeMail:{command}", E("ClientId", client_id or uuid.uuid4().hex[:32]),
                            E("SaveInSentItems") if save else None, origin,
                            E("ReplaceMime") if replace_mime else None, E("Mime", mime)))

    def send_mail(self, mime, save=True, client_id=None):
        return self._compose("SendMail", mime, None, save, client_id)

    def smart_reply(self, mime, folder_id, item_id, **arguments):
        return self._compose("SmartReply", mime, (folder_id, item_id), **arguments)

    def smart_forward(self, mime, folder_id, item_id, **arguments):
        return self._compose("SmartForward", mime, (folder_id, item_id), **arguments)

    def move_items(self, *moves):
        """Moves (item id, source folder id, target folder id)."""
        return self.command("MoveItems", E("Move:MoveItems", [E("Move", E("SrcMsgId", item), E("SrcFldId", source),
                            E("DstFldId", target)) for item, source, target in moves]))

    def get_attachment(self, name):
        """GetAttachment, of the versions up to 12.1."""
        return self.command("GetAttachment", None, {"AttachmentName": name})

    def item_operations(self, *operations, multipart=False):
        return self.command("ItemOperations", E("ItemOperations:ItemOperations", *operations),
                            flags=ACCEPT_MULTIPART if multipart else 0)

    def fetch_item(self, folder_id, item_id, body=Body(MIME), mime_support=2, multipart=False, byte_range=None):
        return self.item_operations(E("Fetch", E("Store", "Mailbox"), E("AirSync:CollectionId", folder_id),
            E("AirSync:ServerId", item_id), E("Options", E("AirSync:MIMESupport", mime_support),
            E("Range", byte_range) if byte_range else None, body.node())), multipart=multipart)

    def fetch_attachment(self, reference, multipart=False, byte_range=None):
        return self.item_operations(E("Fetch", E("Store", "Mailbox"), E("AirSyncBase:FileReference", reference),
            E("Options", E("Range", byte_range)) if byte_range else None), multipart=multipart)

    def empty_folder(self, folder_id, sub_folders=False):
        return self.item_operations(E("EmptyFolderContents", E("AirSync:CollectionId", folder_id),
                                      E("Options", E("DeleteSubFolders")) if sub_folders else None))

    # --- Search, people, meetings

    def search_mailbox(self, text, folder_id=None, item_range="0-99", bodies=(), deep=True):
        return self.command("Search", E("Search:Search", E("Store", E("Name", "Mailbox"),
            E("Query", E("And", E("AirSync:Class", "Email"),
              E("AirSync:CollectionId", folder_id) if folder_id else None, E("FreeText", text))),
            E("Options", E("RebuildResults"), E("DeepTraversal") if deep else None, E("Range", item_range),
              [body.node() for body in bodies]))))

    def search_gal(self, text, item_range="0-99"):
        return self.command("Search", E("Search:Search", E("Store", E("Name", "GAL"), E("Query", text),
                            E("Options", E("Range", item_range)))))

    def find(self, text, folder_id=None, item_range="0-99", search_id=None, gal=False):
        """Find, of version 16.1."""
        query = E("Query", E("FreeText", text)) if not gal else E("Query", text)
        if not gal:
            query.children[:0] = [E("AirSync:Class", "Email")] + (
                [E("AirSync:CollectionId", folder_id)] if folder_id else [])
        criterion = E("GALSearchCriterion" if gal else "MailBoxSearchCriterion", query,
                      E("Options", E("Range", item_range), None if gal else E("DeepTraversal")))
        return self.command("Find", E("Find:Find", E("SearchId", search_id or str(uuid.uuid4())),
                            E("ExecuteSearch", criterion)))

    def resolve_recipients(self, *names, certificates=None, start=None, end=None):
        opts = E("Options", E("CertificateRetrieval", certificates) if certificates else None,
                 E("MaxAmbiguousRecipients", 19),
                 E("Availability", E("StartTime", start), E("EndTime", end)) if start else None)
        return self.command("ResolveRecipients", E("ResolveRecipients:ResolveRecipients",
                            [E("To", name) for name in names], opts))

    def meeting_response(self, response, folder_id, request_id, instance=None, send=None):
        """response: 1 accepted, 2 tentative, 3 declined."""
        return self.command("MeetingResponse", E("MeetingResponse:MeetingResponse", E("Request",
            E("UserResponse", response), E("CollectionId", folder_id), E("RequestId", request_id),
            E("InstanceId", instance) if instance else None, send)))

    # --- Sync commands

    def add(self, folder, items, opts=None):
        """Sync with an Add of each ApplicationData list, by a made-up ClientId: the answer's Collection node."""
        commands = [E("Add", E("ClientId", uuid.uuid4().hex[:24]), E("ApplicationData", list(item))) for item in items]
        return self.sync_one(folder, get_changes=False, commands=commands, opts=opts)[0]

    def change(self, folder, item_id, *properties):
        return self.sync_one(folder, get_changes=False,
            commands=[E("Change", E("ServerId", item_id), E("ApplicationData", *properties))])[0]

    def delete(self, folder, *item_ids, as_moves=True):
        return self.sync_one(folder, get_changes=False, deletes_as_moves=as_moves,
            commands=[E("Delete", E("ServerId", item_id)) for item_id in item_ids])[0]

    def fetch(self, folder, *item_ids, opts=None):
        return self.sync_one(folder, get_changes=False, opts=opts,
            commands=[E("Fetch", E("ServerId", item_id)) for item_id in item_ids])[0]


def stable_id(*parts):
    """A device id that is the same in every run."""
    return hashlib.md5("/".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()
