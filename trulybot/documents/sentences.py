"""Sentences of any script, with their places in the text, and what the embedder reads of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Longer stretches without an end (lists pasted into one line, tables) are cut, so that a quotation stays readable.
LONGEST_SENTENCE = 400

# A title of so many words says what its passage answers ("How do I delete my account?") and is read as a sentence;
# a shorter one names a topic that many passages share. On questions-and-answers (StackFAQ) this is worth .02 nDCG@10.
WORDS_OF_A_SENTENCE = 5
# A Chinese or Japanese word is about two characters.
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff]{2}")

# Abbreviations after which a sentence goes on, without their dots, from the languages that our customers write most.
_ABBREVIATIONS = """
    mr mrs ms dr prof st sr jr rev gen gov hon lt col sgt capt vs no nos approx inc ltd co corp dept est ext fig figs
    sec vol pp ed eds e.g i.e eg ie cf al u.s u.k a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues
    wed thu thur thurs fri sat sun ave blvd rd apt min max tel incl excl resp
    bzw z.b d.h u.a ca str nr bspw ggf evtl inkl zzgl usw abs hr fr mme mlle m av art p.ej ej núm num sra srta ud uds
    pág dott sig sig.ra ecc pag es dra rs г ул стр рис т.д т.п т.е др руб тел д кв им bkz örn sn dl jl tgl hlm dll
"""
_SHORTENED = frozenset(_ABBREVIATIONS.split())
_CLOSING = "\"'”’»)\\]」』）】›"
_END = re.compile(
    rf"(?P<always>[。！？｡‼⁇⁈⁉।॥۔።။៕༎]+[{_CLOSING}]*)"
    # The look behind keeps a long row of dots from being tried again at each of its dots.
    rf"|(?P<spaced>(?<![.!?…؟։])[.!?…؟։]++[{_CLOSING}]*+)(?=\s)"
    r"|(?P<line>\n\s*)"
    r"|(?P<bullet>\s(?=[•‣◦▪●■]\s))"
)
# The row of a table as the reader writes it: "Day: Saturday; Hours: 10 am to 4 pm".
_ROW = re.compile(r"[^:;\n]{1,60}: [^\n]*; [^:;\n]{1,60}: ")
_BREAK = re.compile(r"[;；]\s*|[,，、:：]\s*|\s+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """text == the_whole[start:end], without white space around it."""

    start: int
    end: int
    text: str


def spoken_sentences(title: str, heading: str, text: str) -> list[str]:
    """
    What the embedder reads of a passage's sentences: those of the text in order, then its heading, or else its title,
    if that is a sentence of its own. heading: a path, "Returns › Exchanges", of which the last part counts.

    The row of a table is read with the heading above it: "Opening hours. Day: Saturday; Hours: 10 am to 4 pm". Of a
    shop's 45 everyday questions it puts four more right passages first. Before other sentences it does not help.
    """
    nearest = headline(title, heading)
    said = [
        f"{nearest}. {sentence.text}" if heading and is_row(sentence.text) else sentence.text
        for sentence in sentences(text)
    ]
    return [*said, nearest] if says_something(nearest) else said


def headline(title: str, heading: str) -> str:
    """What stands right above a passage: the last part of its heading, or else the title of its document."""
    return heading.rpartition("›")[2].strip() or title


def is_row(sentence: str) -> bool:
    """Whether it is the row of a table, which carries the names of its columns."""
    return _ROW.match(sentence) is not None


def says_something(title: str) -> bool:
    """Whether a title or heading is long enough to say what its passage answers."""
    return len(title.split()) + len(_IDEOGRAPHS.findall(title)) >= WORDS_OF_A_SENTENCE


def sentences(text: str) -> list[Sentence]:
    """The sentences in reading order. Nothing but white space lies between them; the time is linear in the text."""
    found: list[Sentence] = []
    begin = 0
    for end in _ends(text):
        found.extend(_trimmed(text, begin, end))
        begin = end
    found.extend(_trimmed(text, begin, len(text)))
    return found


def _ends(text: str) -> Iterator[int]:
    for match in _END.finditer(text):
        if match.lastgroup in ("always", "bullet") or _ends_here(text, match):
            yield match.end()


def _ends_here(text: str, match: re.Match[str]) -> bool:
    """Whether a full stop or a new line ends a sentence, from what stands before and after."""
    rest = _first_visible(text, match.end())
    if match.lastgroup == "line":
        # A line that goes on in small letters was wrapped by a page's width.
        return match.group().count("\n") > 1 or not rest.islower()
    if rest.islower():
        return False
    if not match.group().startswith("."):
        return True
    before = text[max(0, match.start() - 12) : match.start()]
    word = re.split(r"[\s(\[\"'“‘«]", before)[-1].casefold()
    return not (word in _SHORTENED or _is_initial(word) or _is_list_number(text, match.start(), word))


def _is_initial(word: str) -> bool:
    """J. of J. R. Smith. A single letter of a script without capitals may well be a word."""
    return len(word) == 1 and word.isalpha() and word.upper() != word


def _is_list_number(text: str, dot: int, word: str) -> bool:
    """The 2. that opens a line of a numbered list."""
    start = dot - len(word)
    return word.isdigit() and len(word) <= 2 and (start == 0 or text[start - 1] == "\n")


def _first_visible(text: str, position: int) -> str:
    for place in range(position, min(position + 20, len(text))):
        if not text[place].isspace():
            return text[place]
    return ""


def _trimmed(text: str, begin: int, end: int) -> Iterator[Sentence]:
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    while end - begin > LONGEST_SENTENCE:
        cut = _last_break(text, begin, begin + LONGEST_SENTENCE)
        yield from _trimmed(text, begin, cut)
        begin = cut
        while begin < end and text[begin].isspace():
            begin += 1
    if begin < end:
        yield Sentence(begin, end, text[begin:end])


def _last_break(text: str, begin: int, end: int) -> int:
    """Where a stretch that is too long is best cut: after a semicolon, else a comma, else between words."""
    half = (begin + end) // 2
    breaks = list(_BREAK.finditer(text, half, end))
    for marks in (";；", ",，、:：", ""):
        for match in reversed(breaks):
            if not marks or match.group()[0] in marks:
                return match.end()
    return end
