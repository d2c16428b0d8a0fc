"""WBXML as ActiveSync uses it ([MS-ASWBXML]): tables of all code pages, encoder, decoder, a small document tree.

A document is a tree of Node.  A tag is written "Namespace:Name"; the namespace may be left out where it is the
parent's.  Text is str; bytes become an opaque block.

    E("AirSync:Sync", E("Collections", E("Collection", E("SyncKey", "0"), E("CollectionId", "5"))))

This codec is written independently of the server under test: it is strict, so that a server's mistake shows.
"""

from xml.etree import ElementTree

HEADER = b"\x03\x01\x6a\x00"        # WBXML 1.3, unknown public identifier, UTF-8, empty string table
SWITCH_PAGE, END, ENTITY, STR_I, STR_T, OPAQUE = 0x00, 0x01, 0x02, 0x03, 0x83, 0xC3
MAX_DEPTH = 64

# Code pages 0 to 25 in order.  The names count up from token 0x05; "-" is a token that no version defines.
# The tokens that only protocol version 2.5 has (bodies, attachments, AirNotify) are listed too.
CODE_PAGES = (
    ("AirSync", """
        Sync Responses Add Change Delete Fetch SyncKey ClientId ServerId Status Collection Class Version
        CollectionId GetChanges MoreAvailable WindowSize Commands Options FilterType Truncation RTFTruncation
        Conflict Collections ApplicationData DeletesAsMoves NotifyGUID Supported SoftDelete MIMESupport
        MIMETruncation Wait Limit Partial ConversationMode MaxItems HeartbeatInterval
    """),
    ("Contacts", """
        Anniversary AssistantName AssistantPhoneNumber Birthday Body BodySize BodyTruncated Business2PhoneNumber
        BusinessAddressCity BusinessAddressCountry BusinessAddressPostalCode BusinessAddressState
        BusinessAddressStreet BusinessFaxNumber BusinessPhoneNumber CarPhoneNumber Categories Category Children
        Child CompanyName Department Email1Address Email2Address Email3Address FileAs FirstName Home2PhoneNumber
        HomeAddressCity HomeAddressCountry HomeAddressPostalCode HomeAddressState HomeAddressStreet
        HomeFaxNumber HomePhoneNumber JobTitle LastName MiddleName MobilePhoneNumber OfficeLocation
        OtherAddressCity OtherAddressCountry OtherAddressPostalCode OtherAddressState OtherAddressStreet
        PagerNumber RadioPhoneNumber Spouse Suffix Title WebPage YomiCompanyName YomiFirstName YomiLastName
        CompressedRTF Picture Alias WeightedRank
    """),
    ("Email", """
        Attachment Attachments AttName AttSize Att0Id AttMethod AttRemoved Body BodySize BodyTruncated
        DateReceived DisplayName DisplayTo Importance MessageClass Subject Read To Cc From ReplyTo AllDayEvent
        Categories Category DtStamp EndTime InstanceType BusyStatus Location MeetingRequest Organizer
        RecurrenceId Reminder ResponseRequested Recurrences Recurrence Type Until Occurrences Interval DayOfWeek
        DayOfMonth WeekOfMonth MonthOfYear StartTime Sensitivity TimeZone GlobalObjId ThreadTopic MIMEData
        MIMETruncated MIMESize InternetCPID Flag Status ContentClass FlagType CompleteTime
        DisallowNewTimeProposal
    """),
    ("AirNotify", """
        Notify Notification Version Lifetime DeviceInfo Enable Folder ServerId DeviceAddress
        ValidCarrierProfiles CarrierProfile Status Responses Devices Device Id Expiry NotifyGUID
        DeviceFriendlyName
    """),
    ("Calendar", """
        Timezone AllDayEvent Attendees Attendee Email Name Body BodyTruncated BusyStatus Categories Category
        CompressedRTF DtStamp EndTime Exception Exceptions Deleted ExceptionStartTime Location MeetingStatus
        OrganizerEmail OrganizerName Recurrence Type Until Occurrences Interval DayOfWeek DayOfMonth WeekOfMonth
        MonthOfYear Reminder Sensitivity Subject StartTime UID AttendeeStatus AttendeeType - - - - - - - -
        DisallowNewTimeProposal ResponseRequested AppointmentReplyTime ResponseType CalendarType IsLeapMonth
        FirstDayOfWeek OnlineMeetingConfLink OnlineMeetingExternalLink ClientUid
    """),
    ("Move", """
        MoveItems Move SrcMsgId SrcFldId DstFldId Response Status DstMsgId
    """),
    ("GetItemEstimate", """
        GetItemEstimate Version Collections Collection Class CollectionId DateTime Estimate Response Status
    """),
    ("FolderHierarchy", """
        Folders Folder DisplayName ServerId ParentId Type Response Status ContentClass Changes Add Delete Update
        SyncKey FolderCreate FolderDelete FolderUpdate FolderSync Count
    """),
    ("MeetingResponse", """
        CalendarId CollectionId MeetingResponse RequestId Request Result Status UserResponse Version InstanceId
        - ProposedStartTime ProposedEndTime SendResponse
    """),
    ("Tasks", """
        Body BodySize BodyTruncated Categories Category Complete DateCompleted DueDate UtcDueDate Importance
        Recurrence Type Start Until Occurrences Interval DayOfMonth DayOfWeek WeekOfMonth MonthOfYear Regenerate
        DeadOccur ReminderSet ReminderTime Sensitivity StartDate UtcStartDate Subject CompressedRTF OrdinalDate
        SubOrdinalDate CalendarType IsLeapMonth FirstDayOfWeek
    """),
    ("ResolveRecipients", """
        ResolveRecipients Response Status Type Recipient DisplayName EmailAddress Certificates Certificate
        MiniCertificate Options To CertificateRetrieval RecipientCount MaxCertificates MaxAmbiguousRecipients
        CertificateCount Availability StartTime EndTime MergedFreeBusy Picture MaxSize Data MaxPictures
    """),
    ("ValidateCert", """
        ValidateCert Certificates Certificate CertificateChain CheckCrl Status
    """),
    ("Contacts2", """
        CustomerId GovernmentId IMAddress IMAddress2 IMAddress3 ManagerName CompanyMainPhone AccountName
        NickName MMS
    """),
    ("Ping", """
        Ping AutdState Status HeartbeatInterval Folders Folder Id Class MaxFolders
    """),
    ("Provision", """
        Provision Policies Policy PolicyType PolicyKey Data Status RemoteWipe EASProvisionDoc
        DevicePasswordEnabled AlphanumericDevicePasswordRequired RequireStorageCardEncryption
        PasswordRecoveryEnabled - AttachmentsEnabled MinDevicePasswordLength MaxInactivityTimeDeviceLock
        MaxDevicePasswordFailedAttempts MaxAttachmentSize AllowSimpleDevicePassword DevicePasswordExpiration
        DevicePasswordHistory AllowStorageCard AllowCamera RequireDeviceEncryption AllowUnsignedApplications
        AllowUnsignedInstallationPackages MinDevicePasswordComplexCharacters AllowWiFi AllowTextMessaging
        AllowPOPIMAPEmail AllowBluetooth AllowIrDA RequireManualSyncWhenRoaming AllowDesktopSync
        MaxCalendarAgeFilter AllowHTMLEmail MaxEmailAgeFilter MaxEmailBodyTruncationSize
        MaxEmailHTMLBodyTruncationSize RequireSignedSMIMEMessages RequireEncryptedSMIMEMessages
        RequireSignedSMIMEAlgorithm RequireEncryptionSMIMEAlgorithm AllowSMIMEEncryptionAlgorithmNegotiation
        AllowSMIMESoftCerts AllowBrowser AllowConsumerEmail AllowRemoteDesktop AllowInternetSharing
        UnapprovedInROMApplicationList ApplicationName ApprovedApplicationList Hash AccountOnlyRemoteWipe
    """),
    ("Search", """
        Search - Store Name Query Options Range Status Response Result Properties Total EqualTo Value And Or
        FreeText - DeepTraversal LongId RebuildResults LessThan GreaterThan Schema Supported UserName Password
        ConversationId Picture MaxSize MaxPictures
    """),
    ("GAL", """
        DisplayName Phone Office Title Company Alias FirstName LastName HomePhone MobilePhone EmailAddress
        Picture Status Data
    """),
    ("AirSyncBase", """
        BodyPreference Type TruncationSize AllOrNone - Body Data EstimatedDataSize Truncated Attachments
        Attachment DisplayName FileReference Method ContentId ContentLocation IsInline NativeBodyType
        ContentType Preview BodyPartPreference BodyPart Status Add Delete ClientId Content Location Annotation
        Street City State Country PostalCode Latitude Longitude Accuracy Altitude AltitudeAccuracy LocationUri
        InstanceId
    """),
    ("Settings", """
        Settings Status Get Set Oof OofState StartTime EndTime OofMessage AppliesToInternal
        AppliesToExternalKnown AppliesToExternalUnknown Enabled ReplyMessage BodyType DevicePassword Password
        DeviceInformation Model IMEI FriendlyName OS OSLanguage PhoneNumber UserInformation EmailAddresses
        SMTPAddress UserAgent EnableOutboundSMS MobileOperator PrimarySmtpAddress Accounts Account AccountId
        AccountName UserDisplayName SendDisabled - RightsManagementInformation
    """),
    ("DocumentLibrary", """
        LinkId DisplayName IsFolder CreationDate LastModifiedDate IsHidden ContentLength ContentType
    """),
    ("ItemOperations", """
        ItemOperations Fetch Store Options Range Total Properties Data Status Response Version Schema Part
        EmptyFolderContents DeleteSubFolders UserName Password Move DstFldId ConversationId MoveAlways
    """),
    ("ComposeMail", """
        SendMail SmartForward SmartReply SaveInSentItems ReplaceMime - Source FolderId ItemId LongId InstanceId
        Mime ClientId Status AccountId - Forwardees Forwardee ForwardeeName ForwardeeEmail
    """),
    ("Email2", """
        UmCallerID UmUserNotes UmAttDuration UmAttOrder ConversationId ConversationIndex LastVerbExecuted
        LastVerbExecutionTime ReceivedAsBcc Sender CalendarType IsLeapMonth AccountId FirstDayOfWeek
        MeetingMessageType - IsDraft Bcc Send
    """),
    ("Notes", """
        Subject MessageClass LastModifiedDate Categories Category
    """),
    ("RightsManagement", """
        RightsManagementSupport RightsManagementTemplates RightsManagementTemplate RightsManagementLicense
        EditAllowed ReplyAllowed ReplyAllAllowed ForwardAllowed ModifyRecipientsAllowed ExtractAllowed
        PrintAllowed ExportAllowed ProgrammaticAccessAllowed Owner ContentExpiryDate TemplateID TemplateName
        TemplateDescription ContentOwner RemoveRightsManagementProtection
    """),
    ("Find", """
        Find SearchId ExecuteSearch MailBoxSearchCriterion Query Status FreeText Options Range DeepTraversal - -
        Response Result Properties Preview HasAttachments Total DisplayCc DisplayBcc GALSearchCriterion - - - -
        - - MaxPictures MaxSize Picture
    """),
)


class WbxmlError(ValueError):
    """The bytes are not valid ActiveSync WBXML, or the tree cannot be written as such."""


PAGE_NUMBER = {}        # namespace -> code page
TAG_TOKEN = {}          # "Namespace:Name" -> (page, token)
TOKEN_TAG = []          # page -> {token: "Namespace:Name"}
for _page, (_namespace, _names) in enumerate(CODE_PAGES):
    PAGE_NUMBER[_namespace] = _page
    TOKEN_TAG.append({})
    for _token, _name in enumerate(_names.split(), 5):
        if _name != "-":
            TAG_TOKEN[f"{_namespace}:{_name}"] = (_page, _token)
            TOKEN_TAG[_page][_token] = f"{_namespace}:{_name}"


class Node:
    """An element: its qualified tag, and either text (str, bytes or None) or child elements."""
    __slots__ = ("tag", "text", "children")

    def __init__(self, tag, text=None, children=None):
        self.tag, self.text, self.children = tag, text, [] if children is None else children

    @property
    def namespace(self):
        return self.tag.partition(":")[0]

    @property
    def name(self):
        return self.tag.rpartition(":")[2]

    def __iter__(self):
        return iter(self.children)

    def findall(self, path):
        """Descendants at the path "A/B/C"; a step without a namespace takes the one of the step before."""
        nodes, namespace = [self], self.namespace
        for step in path.split("/"):
            if ":" in step:
                namespace = step.partition(":")[0]
            tag = step if ":" in step else f"{namespace}:{step}"
            nodes = [child for node in nodes for child in node.children if child.tag == tag]
        return nodes

    def find(self, path):
        nodes = self.findall(path)
        return nodes[0] if nodes else None

    def get(self, path, default=None):
        """The text of the first element at the path; "" where it is empty, default where there is none."""
        node = self.find(path)
        return default if node is None else "" if node.text is None else node.text

    def iter(self, tag):
        """Every element of that qualified tag, this one included, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            if node.tag == tag:
                yield node
            stack.extend(reversed(node.children))

    def xml(self, namespace=None, indent=0):
        """Readable XML with a default namespace per element, for logs and for schema checks."""
        pad, own = "  " * indent, self.namespace
        attribute = "" if own == namespace else f' xmlns="{own}"'
        if self.children:
            inner = "".join(child.xml(own, indent + 1) for child in self.children)
            return f"{pad}<{self.name}{attribute}>\n{inner}{pad}</{self.name}>\n"
        if self.text is None:
            return f"{pad}<{self.name}{attribute}/>\n"
        text = self.text.decode("utf-8", "replace") if isinstance(self.text, bytes) else self.text
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"{pad}<{self.name}{attribute}>{text}</{self.name}>\n"

    def __repr__(self):
        return self.xml().rstrip()


def parse(xml):
    """The tree of XML in which each code page is a namespace, "AirSync" or "AirSync:"."""
    def convert(element):
        space, _, name = element.tag[1:].partition("}")
        children = [convert(child) for child in element]
        text = element.text if not children and element.text else None
        return Node(f"{space.rstrip(':')}:{name}", text, children)
    return convert(ElementTree.fromstring(xml))


def E(tag, *content):
    """Builds an element of child elements (None and empty lists are left out) or of one text."""
    children, text = [], None
    for part in content:
        if isinstance(part, Node):
            children.append(part)
        elif isinstance(part, (list, tuple)):
            children.extend(child for child in part if child is not None)
        elif isinstance(part, bytes):
            text = part
        elif part is not None:
            text = str(part)
    return Node(tag, text, children)


def _mb_u_int32(value):
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def encode(root):
    """The document's bytes."""
    out, page = bytearray(HEADER), 0

    def write(node, namespace):
        nonlocal page
        tag = node.tag if ":" in node.tag else f"{namespace}:{node.tag}"
        try:
            tag_page, token = TAG_TOKEN[tag]
        except KeyError:
            raise WbxmlError(f"no token for {tag}") from None
        if tag_page != page:
            out.extend((SWITCH_PAGE, tag_page))
            page = tag_page
        if not node.children and node.text is None:
            out.append(token)
            return
        if node.children and node.text is not None:
            raise WbxmlError(f"{tag} has both text and elements")
        out.append(token | 0x40)
        if isinstance(node.text, bytes):
            out.append(OPAQUE)
            out.extend(_mb_u_int32(len(node.text)))
            out.extend(node.text)
        elif node.text is not None:
            data = node.text.encode()
            if 0 in data:
                raise WbxmlError(f"{tag} has a NUL in its text")
            out.append(STR_I)
            out.extend(data)
            out.append(0)
        for child in node.children:
            write(child, tag.partition(":")[0])
        out.append(END)

    write(root, "AirSync")
    return bytes(out)


def decode(data, opaque=None):
    """The tree of a document; WbxmlError where it is not well formed or uses a token that no version defines.
    The spans (start, end) of its opaque blocks are appended to the list `opaque`, if one is given."""
    try:
        return _decode(data, [] if opaque is None else opaque)
    except IndexError:
        raise WbxmlError("the document ends early") from None


def _decode(data, opaque):
    position = 1
    if data[0] not in (0x01, 0x02, 0x03):
        raise WbxmlError(f"WBXML version {data[0]:#x}")

    def number():
        nonlocal position
        value = 0
        for _ in range(5):
            byte = data[position]
            position += 1
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value
        raise WbxmlError("a number of more than five bytes")

    def block(length):
        nonlocal position
        if position + length > len(data):
            raise WbxmlError("a length beyond the document's end")
        position += length
        return bytes(data[position - length:position])

    if number() == 0:
        number()                                    # public identifier, by index into the string table
    if number() != 106:
        raise WbxmlError("the character set is not UTF-8")
    strings = block(number())
    page, stack, root = 0, [], None
    while position < len(data):
        byte = data[position]
        position += 1
        if byte == SWITCH_PAGE:
            page = data[position]
            position += 1
            if page >= len(TOKEN_TAG):
                raise WbxmlError(f"code page {page}")
        elif byte == END:
            if not stack:
                raise WbxmlError(f"an END without an element at {position - 1}")
            node = stack.pop()
            if node.children and isinstance(node.text, str) and not node.text.strip():
                node.text = None
            if node.children and node.text is not None:
                raise WbxmlError(f"{node.tag} has both text and elements")
        elif byte in (STR_I, STR_T, OPAQUE, ENTITY):
            if not stack:
                raise WbxmlError("text outside the root element")
            if byte == OPAQUE:
                text = block(number())
                opaque.append((position - len(text), position))
            elif byte == ENTITY:
                text = chr(number())
            elif byte == STR_T:
                start = number()
                text = strings[start:strings.index(0, start)].decode()
            else:
                end = data.find(b"\0", position)
                if end < 0:
                    raise WbxmlError("a string without its NUL")
                try:
                    text = str(data[position:end], "utf-8")
                except UnicodeDecodeError as error:
                    raise WbxmlError(f"{stack[-1].tag}: text is not UTF-8: {error}") from None
                position = end + 1
            node = stack[-1]
            if node.text is None:
                node.text = text
            elif type(node.text) is type(text):
                node.text += text
            else:
                raise WbxmlError(f"{node.tag} mixes strings and opaque data")
        else:
            if byte & 0x80:
                raise WbxmlError(f"attributes at {position - 1}")
            tag = TOKEN_TAG[page].get(byte & 0x3F)
            if tag is None:
                raise WbxmlError(f"token {byte & 0x3F:#04x} of code page {page} at {position - 1}")
            node = Node(tag)
            if stack:
                stack[-1].children.append(node)
            elif root is None:
                root = node
            else:
                raise WbxmlError("a second root element")
            if byte & 0x40:
                stack.append(node)
                if len(stack) > MAX_DEPTH:
                    raise WbxmlError("elements nest too deep")
    if root is None or stack:
        raise WbxmlError("the document ends early")
    return root


if __name__ == "__main__":
    import sys
    print(decode(sys.stdin.buffer.read()).xml(), end="")
