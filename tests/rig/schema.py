"""Validates answers with the published schemas, which stand beside the repository (../shared/schema) or where
ROOST_SCHEMA says.  libxml2 is used through ctypes, so that a schema is parsed once and a check costs microseconds."""
import base64
import ctypes
import functools
import os
import pathlib
import re
import sys
from xml.sax.saxutils import escape

FOLDER = pathlib.Path(os.environ.get("ROOST_SCHEMA") or
                      pathlib.Path(__file__).resolve().parents[3] / "shared" / "schema") / "linked"
NO_NETWORK = 2048       # XML_PARSE_NONET
# what XML 1.0 cannot say at all; the codec's comparison sees the text as it is
NOT_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class SchemaError(AssertionError):
    """An answer that the schemas do not allow."""


class _Error(ctypes.Structure):
    _fields_ = [("domain", ctypes.c_int), ("code", ctypes.c_int), ("message", ctypes.c_char_p),
                ("level", ctypes.c_int), ("file", ctypes.c_char_p), ("line", ctypes.c_int)]


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_Error))
_messages = []


@_HANDLER
def _collect(_, error):
    if error.contents.level >= 2:       # namespace warnings: the page names are no absolute URIs
        _messages.append((error.contents.message or b"").decode("utf-8", "replace").strip())


@functools.cache
def _library():
    library = ctypes.CDLL("libxml2.so.2")
    for name in ("xmlReadMemory", "xmlSchemaNewParserCtxt", "xmlSchemaParse", "xmlSchemaNewValidCtxt"):
        getattr(library, name).restype = ctypes.c_void_p
    return library


@functools.cache
def _schema(name):
    library = _library()
    library.xmlSetStructuredErrorFunc(None, _collect)
    context = library.xmlSchemaNewParserCtxt(str(FOLDER / name).encode())
    schema = library.xmlSchemaParse(ctypes.c_void_p(context))
    library.xmlSchemaFreeParserCtxt(ctypes.c_void_p(context))
    if not schema:
        raise RuntimeError(f"{FOLDER / name} cannot be parsed: {_messages}")
    return ctypes.c_void_p(schema)


@functools.cache
def available():
    """Whether the schemas are there; says so once if not."""
    if FOLDER.is_dir():
        return True
    if not os.environ.get("ROOST_SCHEMA_MISSED"):
        os.environ["ROOST_SCHEMA_MISSED"] = "said"      # children are silent
        print(f"\n*** NO SCHEMAS at {FOLDER}: ANSWERS ARE NOT VALIDATED ***\n", file=sys.stderr, flush=True)
    return False


def _xml(node):
    if isinstance(node.text, bytes):
        text = base64.b64encode(node.text).decode()
    else:
        text = escape(NOT_XML.sub("?", node.text or ""))
    inner = text + "".join(map(_xml, node.children))
    return f'<{node.name} xmlns="{node.namespace}">{inner}</{node.name}>'


def _validate(name, data, shown):
    library, schema = _library(), _schema(name)
    _messages.clear()
    library.xmlSetStructuredErrorFunc(None, _collect)
    document = library.xmlReadMemory(data, len(data), b"answer", None, NO_NETWORK)
    if not document:
        raise SchemaError("\n".join([*_messages, shown()]))
    document = ctypes.c_void_p(document)
    context = ctypes.c_void_p(library.xmlSchemaNewValidCtxt(schema))
    library.xmlSchemaSetValidStructuredErrors(context, _collect, None)
    valid = library.xmlSchemaValidateDoc(context, document) == 0
    library.xmlSchemaFreeValidCtxt(context)
    library.xmlFreeDoc(document)
    if not valid:
        raise SchemaError("\n".join([*_messages, shown()]))


def validate(node):
    """Raises SchemaError, with what is wrong and the document, unless the schemas allow the answer's tree.  They
    cover 12.1 and later: below, other elements are demanded, and the caller does not ask."""
    if available():
        _validate("all.xsd", _xml(node).encode(), node.xml)


def validate_autodiscover(data):
    """The same for the bytes of an answer of Autodiscover version 1."""
    if available():
        _validate("autodiscover.xsd", data, lambda: data.decode("utf-8", "replace"))
