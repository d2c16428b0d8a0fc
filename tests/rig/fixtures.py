"""Realistic mail, and mail that is hard to read: what the tests send and what the demonstration fills its accounts with.

message(name) gives a message's bytes with CRLF; NAMES are all of them.  Dates are given by the caller in hours before
now, so that a device's filter by age sees them as fresh."""
import base64
import datetime
import email.utils
import quopri
import textwrap

TO = "Ursula One <u1@example.test>"
NEWSLETTER = """<html><head><style>p { color: #333 }</style></head><body><h1>Spring sale</h1>
<p>Dear customer,</p><p>tents, <b>lamps</b> &amp; boots are <i>30&nbsp;%</i> cheaper until Friday.</p>
<ul><li>Tent &#8220;Nordkap&#8221;: &euro;&nbsp;199</li><li>Lamp: &euro;&nbsp;25</li></ul>
<p><a href="https://shop.example.test/sale">To the shop</a></p><script>alert("no")</script></body></html>"""
# the smallest PNG: one transparent pixel
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def _date(hours):
    return email.utils.format_datetime(datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours))


def _head(sender, subject, number, hours, *more, to=TO):
    return [f"From: {sender}", f"To: {to}", f"Subject: {subject}", f"Date: {_date(hours)}",
            f"Message-ID: <demo-{number}@example.test>", *more, "MIME-Version: 1.0"]


def _base64(data):
    return base64.encodebytes(data).decode().replace("\n", "\r\n").rstrip()


def _text(text, charset="utf-8"):
    encoded = quopri.encodestring(text.encode(charset)).decode().replace("\n", "\r\n")
    return [f"Content-Type: text/plain; charset={charset}", "Content-Transfer-Encoding: quoted-printable", "", encoded]


def _html(text):
    return ["Content-Type: text/html; charset=utf-8", "Content-Transfer-Encoding: base64", "", _base64(text.encode())]


def _file(kind, name, data, *more):
    return [f'Content-Type: {kind}; name="{name}"', "Content-Transfer-Encoding: base64",
            *(more or (f'Content-Disposition: attachment; filename="{name}"',)), "", _base64(data)]


def _multi(subtype, mark, *parts):
    lines = [f'Content-Type: multipart/{subtype}; boundary="{mark}"', ""]
    for part in parts:
        lines += [f"--{mark}", *part]
    return [*lines, f"--{mark}--", ""]


def _join(lines):
    """The message's bytes; a line may be bytes already."""
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + b"\r\n"


def plain(number, hours):
    return _join(_head("Ada Lindqvist <ada@example.test>", "Lunch on Thursday?", number, hours) +
                 _text("Hi Ursula,\n\nshall we meet at noon, at the Italian place?\n\nAda\n"))


def alternative(number, hours):
    return _join(_head("Outdoor Shop <news@shop.example.test>", "Spring sale: 30 % off", number, hours,
                       "List-Unsubscribe: <mailto:leave@shop.example.test>") +
                 _multi("alternative", "=_alt", _text("Tents, lamps & boots are 30 % cheaper.\n"), _html(NEWSLETTER)))


def attachments(number, hours):
    return _join(_head("Bram de Vries <bram@example.test>", "Quarterly report", number, hours, "X-Priority: 1",
                       "Cc: Chloe <chloe@example.test>, team@example.test") +
                 _multi("mixed", "=_mix", _text("Please find attached the report and the figures.\n"),
                        _file("application/pdf", "report Q3.pdf", PDF * 40),
                        _file("text/csv", "figures.csv", b"month;sum\r\nJuly;1200\r\nAugust;1350\r\n")))


def inline_image(number, hours):
    body = '<p>The new logo:</p><img src="cid:logo@example.test"><p>What do you think?</p>'
    return _join(_head("Grace O'Neill <grace@example.test>", "New logo", number, hours) +
                 _multi("related", "=_rel", _html(body),
                        _file("image/png", "logo.png", PIXEL, "Content-ID: <logo@example.test>",
                              'Content-Disposition: inline; filename="logo.png"')))


def umlauts(number, hours):
    return _join(_head("=?utf-8?Q?J=C3=BCrgen_M=C3=BCller?= <juergen@example.test>",
                       "=?iso-8859-1?Q?Gr=FC=DFe_aus_Z=FCrich?=", number, hours) +
                 _text("Schöne Grüße!\n\nJürgen\n", "iso-8859-1"))


def japanese(number, hours):
    subject = base64.b64encode("会議のお知らせ".encode("iso-2022-jp")).decode()
    return _join(_head("=?iso-2022-jp?B?" + base64.b64encode("田中".encode("iso-2022-jp")).decode() +
                       "?= <tanaka@example.test>", f"=?iso-2022-jp?B?{subject}?=", number, hours) +
                 ["Content-Type: text/plain; charset=iso-2022-jp", "Content-Transfer-Encoding: 7bit", "",
                  "来週の会議は火曜日です。".encode("iso-2022-jp")])


def russian(number, hours):
    subject = base64.b64encode("Отчёт за неделю".encode("koi8-r")).decode()
    return _join(_head("Dimitri Ivanov <dimitri@example.test>", f"=?koi8-r?B?{subject}?=", number, hours) +
                 ["Content-Type: text/plain; charset=koi8-r", "Content-Transfer-Encoding: base64", "",
                  _base64("Привет! Отчёт готов.\r\n".encode("koi8-r"))])


def mislabelled(number, hours):
    """windows-1252 that says it is us-ascii."""
    return _join(_head("Old Mailer <old@example.test>", "Price list", number, hours) +
                 ["Content-Type: text/plain; charset=us-ascii", "Content-Transfer-Encoding: 8bit", "",
                  "The “new” price is €\xa050 – naïve?".encode("cp1252")])


def no_charset(number, hours):
    """8-bit text and an 8-bit subject, with no word about what they are."""
    head = _head("scanner@example.test", "SUBJECT", number, hours)
    return _join([line.replace("SUBJECT", "Scan für Büro").encode("latin-1") for line in head] +
                 ["Content-Type: text/plain", "Content-Transfer-Encoding: 8bit", "", "Größe: 12 kB".encode("latin-1")])


def broken_base64(number, hours):
    return _join(_head("broken@example.test", "A damaged message", number, hours) +
                 ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64", "",
                  "VGhlIGZpcnN0IGhhbGYgaXMgcmVhZGFibGUu!!!!***", "%%%not base64 at all%%%"])


def forwarded(number, hours):
    inner = plain(f"{number}-inner", hours + 30).rstrip(b"\r\n")
    return _join(_head("Farid Haddad <farid@example.test>", "Fwd: Lunch on Thursday?", number, hours) +
                 _multi("mixed", "=_fwd", _text("For your information.\n"),
                        ["Content-Type: message/rfc822", "", inner]))


def folded(number, hours):
    """A subject of encoded words over several lines, and many recipients."""
    words = textwrap.wrap("Eine sehr lange Betreffzeile über Größen, Maße und Gewichte der Straßenfahrzeuge", 24)
    subject = "\r\n ".join("=?utf-8?B?" + base64.b64encode((" " * (n > 0) + word).encode()).decode() + "?="
                           for n, word in enumerate(words))
    to = ",\r\n ".join(f"Person {n} <p{n}@example.test>" for n in range(30))
    return _join(_head("Eva <eva@example.test>", subject, number, hours, to=to) + _text("Hallo zusammen!\n"))


def empty(number, hours):
    return _join(_head("nobody@example.test", "", number, hours) + [""])


def _thread(position):
    def message(number, hours):
        base = number.rpartition("-")[0] if "-" in str(number) else number
        earlier = [f"<demo-{base}-{n}@example.test>" for n in range(position)]
        more = [f"References: {' '.join(earlier)}", f"In-Reply-To: {earlier[-1]}"] if earlier else []
        sender = ("Ines <ines@example.test>", "Jan <jan@example.test>")[position % 2]
        quoted = "".join(f"{'> ' * (position - n)}Message {n + 1} of the thread.\n" for n in range(position))
        return _join(_head(sender, ("Re: " if position else "") + "Summer party", number, hours, *more) +
                     _text(f"Message {position + 1} of the thread.\n\n{quoted}"))
    return message


SINGLE = {function.__name__: function for function in (
    plain, alternative, attachments, inline_image, umlauts, japanese, russian, mislabelled, no_charset, broken_base64,
    forwarded, folded, empty)}
THREAD = 4


def message(name, number=0, hours=1):
    """The bytes of one message of SINGLE."""
    return SINGLE[name](str(number), hours)


def mailbox(prefix="m"):
    """All messages, the oldest first: (name, bytes)."""
    hours = len(SINGLE) + THREAD + 1
    out = [(name, function(f"{prefix}-{name}", hours - n)) for n, (name, function) in enumerate(SINGLE.items())]
    return out + [(f"thread {n}", _thread(n)(f"{prefix}-thread-{n}", THREAD - n)) for n in range(THREAD)]
