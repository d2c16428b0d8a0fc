"""The rig of the integration tests: see doc/testing.md."""
from .case import Case, check_answer
from .client import (CALENDAR, CONTACTS, DRAFTS, HTML, INBOX, MIME, NOTES, OUTBOX, PLAIN, RECIPIENTS, RTF, SENT, TASKS,
                     TRASH, Body, Connection, Device, Folder, HttpError, Response, options, stable_id)
from .config import Settings
from .dovecot import DOMAIN, PASSWORD, Instance
from . import fixtures, libwbxml, schema, smtp, wbxml
from .wbxml import E, Node, decode, encode, parse
