"""Bytes to characters, and characters to ones that can be stored, searched and shown."""

import codecs
import re
import unicodedata

# How much of a file the guessing of its encoding looks at.
SAMPLE_BYTES = 64 * 1024

# Below this many bytes beyond ASCII, statistics about the encoding are noise and Western Europe is the better bet.
FEW_BYTES = 24

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

ENCODINGS = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "mac_roman",
    "cp932", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip

# What stands between the letters of every script. In the wrong order of bytes hardly any of it comes out.
PLAIN = re.compile("[\t\n\r -~\u3000-\u303f\uff00-\uff0f]")
PLAIN_SHARE = 0.03
READABLE_SHARE = 0.85

LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
# Controls, halves of surrogate pairs, non-characters, and marks that are invisible and part of no word.
UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b\u2060\ud800-\udfff\ufeff\ufffe\uffff]")
CONTROLS = re.compile("[\x01-\x08\x0e-\x19\x1c-\x1f\ufffd]")
SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Ligatures and the shapes of Arabic letters: what a page shows, not what people write or search.
SHAPES = re.compile("[\ufb00-\ufdff\ufe70-\ufefc]+")
BLANK_LINES = re.compile("\n{3,}")
# Wide enough for any indentation; more is a layout that we do not keep.
WIDE_GAPS = re.compile("[ \t]{40,}")


def decode(data: bytes) -> str | None:
    """The text these bytes hold, or None if they hold none."""
    text = _decoded(data)
    return text if _is_text(text) else None


def clean(text: str) -> str:
    """Keep what can be read. The result has no NUL, no lone surrogate and no line end but a newline."""
    text = LINE_ENDS.sub("\n", text)
    text = WIDE_GAPS.sub(" " * 39, SPACES.sub(" ", UNWANTED.sub("", text)))
    if SHAPES.search(text):
        text = SHAPES.sub(lambda shapes: unicodedata.normalize("NFKC", shapes[0]), text)
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    return BLANK_LINES.sub("\n\n", text).strip("\n")


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _decoded(data: bytes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        encoding = _utf16_without_mark(data) or _eight_bit_encoding(data)
        return data.decode(encoding, "replace")
    # UTF-16 is often UTF-8 too, of letters between zeros.
    pairs = None if _is_text(text) else _utf16_without_mark(data)
    return data.decode(pairs, "replace") if pairs else text


def _utf16_without_mark(data: bytes) -> str | None:
    """The order in which the bytes make letters, spaces and punctuation, if they do in one."""
    sample = data[: SAMPLE_BYTES // 2 * 2]
    if len(data) % 2 or 0 not in sample:
        return None
    best, most = None, PLAIN_SHARE
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, "ignore")
        plain = len(PLAIN.findall(text)) / (len(sample) // 2)
        letters = sum(map(str.isalpha, text)) / (len(sample) // 2)
        if plain > most and plain + letters > READABLE_SHARE:
            best, most = encoding, plain
    return best


def _eight_bit_encoding(data: bytes) -> str:
    beyond_ascii = [byte for byte in data[:SAMPLE_BYTES] if byte >= 0x80]
    if len(beyond_ascii) >= FEW_BYTES:
        from charset_normalizer import from_bytes

        best = from_bytes(data[:SAMPLE_BYTES], cp_isolation=ENCODINGS, preemptive_behaviour=False).best()
        if best is not None:
            return best.encoding
    return "cp1252"


def _is_text(text: str) -> bool:
    """A stray NUL is forgiven; a program or a picture has many, and other control characters."""
    sample = text[:SAMPLE_BYTES]
    nuls = sample.count("\0")
    return nuls <= len(sample) * 0.2 and len(CONTROLS.findall(sample)) <= len(sample) * 0.05
