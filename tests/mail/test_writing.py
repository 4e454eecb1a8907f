"""What mails say, in every language, whatever people called themselves."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from jinja2 import Environment, meta

from trulybot.mail import addresses
from trulybot.mail.addresses import BadAddress
from trulybot.mail.kinds import VALUES, Kind
from trulybot.mail.message import Sender, compose
from trulybot.mail.service import Mail, check
from trulybot.mail.writing import LANGUAGES, language_of, letters, write

LINK = "https://trulybot.test/verify?token=a&type=b"
PLAIN = {
    "link": LINK,
    "code": "493817",
    "workspace": "Acme",
    "inviter": "Ana Gómez",
    "new_email": "ana@new.example",
    "date": "2026-12-06",
    "subject": "Somebody knocks",
    "text": "First.\nSecond.",
}
# Line ends of every kind, markup, a forged sender, writing turned around, a template, a link, half a character.
HOSTILE = (
    "Acme\r\nBcc: eve@evil.example\n\n\x0b\x0c\x85\u2028\u2029<script>alert(1)</script>\"'><img src=x> "
    "\u202egpj.exe\u2066 {{ 7 * 7 }} {% for %} https://evil.example/a www.evil.example \ud800 \x00\x1b[31m"
)
VOID = {"meta", "br", "link", "img", "hr", "input"}
every_kind = pytest.mark.parametrize("kind", Kind)
every_language = pytest.mark.parametrize("language", LANGUAGES)


def mail(kind: Kind, language: str | None = "en", **changes: str) -> Mail:
    values = {name: changes.get(name, PLAIN[name]) for name in kind.values}
    return Mail(uuid4(), kind, "ana@example.com", language, values)


def hostile(kind: Kind, language: str) -> Mail:
    harmless = ("link", "date")  # which `check` holds to their form
    return mail(kind, language, **{name: HOSTILE for name in kind.values if name not in harmless})


class Strict(HTMLParser):
    """Notes elements and text, and objects to what is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.links: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src", "action", "background")}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Strict:
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def test_every_language_has_every_kind_and_every_word_of_the_frame():
    for language in LANGUAGES:
        assert set(letters(language)) == {*Kind, "frame"}
        assert letters(language)["frame"].keys() == letters("en")["frame"].keys()
        assert len(letters(language)["frame"]["months"]) == 12


@every_language
def test_a_kind_has_the_same_parts_in_every_language(language: str):
    for kind in Kind:
        ours, english = letters(language)[kind], letters("en")[kind]
        assert ours.keys() == english.keys()
        assert ("action" in ours) == ("link" in kind.values)


@every_language
@every_kind
def test_every_value_is_said_and_no_other(kind: Kind, language: str):
    words = letters(language)[kind]
    said = "\n".join([words["subject"], *words["opening"], *words.get("closing", [])])

    used = meta.find_undeclared_variables(Environment(autoescape=True).parse(said))

    assert used | ({"link", "code"} & kind.values) == set(kind.values)


def test_every_kind_says_what_it_needs():
    assert VALUES.keys() == set(Kind)


@every_language
@every_kind
def test_the_text_is_complete(kind: Kind, language: str):
    letter = write(mail(kind, language))

    for name in kind.values & {"link", "code", "inviter", "subject"}:
        assert PLAIN[name] in letter.text or PLAIN[name] in letter.subject
    if "link" in kind.values:
        assert f"\n{LINK}\n" in letter.text  # alone on its line, so that a mail client finds its end
    assert "\n\n\n" not in letter.text
    assert "None" not in letter.text


@every_language
@every_kind
def test_the_html_fetches_nothing_and_leads_home_alone(kind: Kind, language: str):
    page = read(write(mail(kind, language)).html)

    assert page.links == ({LINK} if "link" in kind.values else set())
    assert page.seen <= {
        "html", "head", "meta", "title", "style", "body", "div", "p", "h1", "a", "span", "br"
    }  # fmt: skip
    assert page.open == []


@every_language
@every_kind
def test_hostile_values_stay_text(kind: Kind, language: str):
    letter = write(hostile(kind, language))
    plain = write(mail(kind, language))
    page = read(letter.html)

    assert page.links == read(plain.html).links
    assert page.seen == read(plain.html).seen
    assert page.attributes == read(plain.html).attributes
    assert "49" not in letter.text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", letter.text)
    assert not re.search(r"[\x00-\x1f\u2028\u2029]", letter.subject)
    assert len(letter.subject) <= 200


@every_language
@every_kind
def test_hostile_values_make_no_header_and_no_part(kind: Kind, language: str):
    sender = Sender.of("bot@shop.example", "Shop\r\nX-Evil: yes <ceo@bank.example>")

    sent = compose(hostile(kind, language), sender, written_at=datetime.now(UTC)).as_bytes()

    message = message_from_bytes(sent, policy=policy.default)
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
        "MIME-Version", "Content-Type", "Content-Language",
    }  # fmt: skip
    assert [part.get_content_type() for part in message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [address.addr_spec for address in message["From"].addresses] == ["bot@shop.example"]
    assert [address.addr_spec for address in message["To"].addresses] == ["ana@example.com"]
    assert max(map(len, sent.split(b"\r\n"))) <= 998
    assert b"\n" not in sent.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "name", ["Win at evil.example", "https://evil.example/x", "eve@evil.example", "(a).evil.example"]
)
def test_a_name_does_not_become_a_link(name: str):
    letter = write(mail(Kind.MEMBER_INVITATION, workspace=name, inviter=name))

    for text in (letter.text, letter.subject, letter.html):
        assert not re.search(r"evil\.example|://evil|@evil", text)


def test_a_long_name_is_cut():
    letter = write(mail(Kind.MEMBER_INVITATION, workspace="x" * 5_000, inviter="Ana"))

    assert "x" * 79 + "…" in letter.text
    assert "x" * 80 not in letter.text


def test_a_name_keeps_its_own_script():
    letter = write(mail(Kind.MEMBER_INVITATION, "hi", workspace="क्\u200dष कंपनी 👩\u200d🔬", inviter="आना"))

    assert "क्\u200dष कंपनी 👩\u200d🔬" in letter.subject


def test_an_alert_keeps_its_lines():
    assert "First.\nSecond." in write(mail(Kind.ALERT)).text


@pytest.mark.parametrize(
    ("language", "said"), [("en", "6 December 2026"), ("es", "6 de diciembre de 2026"), ("hi", "6 दिसंबर 2026")]
)
def test_a_day_is_said_as_people_say_it(language: str, said: str):
    assert said in write(mail(Kind.ACCOUNT_DELETION, language)).subject


@pytest.mark.parametrize(
    ("locale", "language"),
    [("hi", "hi"), ("hi-IN", "hi"), ("es_MX", "es"), ("ES", "es"), ("fr", "en"), ("", "en"), (None, "en"), ("-", "en")],
)
def test_a_reader_gets_their_language_or_english(locale: str | None, language: str):
    assert language_of(locale) == language


@pytest.mark.parametrize("given", ["2026-13-01", "tomorrow", "2026-12-06T00:00"])
def test_a_date_is_a_day(given: str):
    with pytest.raises(ValueError, match="date"):
        check(Kind.ACCOUNT_DELETION, "ana@example.com", {"date": given, "link": LINK})


def test_a_domain_is_read_in_ascii():
    assert addresses.read("Ana.Gómez@BÜCHER.example") == Address(username="Ana.Gómez", domain="xn--bcher-kva.example")


@pytest.mark.parametrize(
    "given",
    [
        "ana", "@example.com", "ana@", "a@b@c.example", "ana@example.com, eve@evil.example", "ana@exa mple.com",
        "ana@example.com\r\nDATA", "ana@example.com\x00", "<ana@example.com>", '"a b"@example.com',
        "a" * 400 + "@example.com", "ana\u202e@example.com", "ana@exämple..com",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(given: str):
    with pytest.raises(BadAddress):
        addresses.read(given)
