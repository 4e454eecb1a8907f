"""How we talk to mail servers, good and bad ones."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest

from tests.mail.servers import PASSWORD, USER, certificate, mail_server, sign_in, silent_server
from trulybot.mail.kinds import Kind
from trulybot.mail.message import Sender, compose
from trulybot.mail.service import Mail
from trulybot.mail.smtp import Later, Refused, Smtp, tls_for

SENDER = Sender.of("bot@shop.example", "The shop")


def mail(to: str = "ana@example.com") -> EmailMessage:
    return compose(Mail(uuid4(), Kind.PASSWORD_CHANGED, to, "hi", {}), SENDER, written_at=datetime.now(UTC))


def at(port: int, **more: object) -> Smtp:
    return Smtp(**{"host": "localhost", "port": port, "tls": "none", **more})  # type: ignore[arg-type]


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a server on this machine shows, whom we trust."""
    shown = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return shown


async def test_starttls_and_a_sign_in(trusted):
    async with mail_server(
        tls_context=trusted, require_starttls=True, auth_required=True, authenticator=sign_in
    ) as one:
        await at(one.port, tls="starttls", user=USER, password=PASSWORD).deliver(mail())

    assert (one.was_encrypted, one.signed_in) == ([True], [True])


async def test_tls_from_the_first_byte(trusted):
    async with mail_server(ssl=trusted, auth_require_tls=False, authenticator=sign_in) as one:
        await at(one.port, tls="implicit", user=USER, password=PASSWORD).deliver(mail())

    assert len(one.taken) == 1
    assert one.signed_in == [True]


async def test_a_server_without_starttls_is_told_nothing():
    async with mail_server(auth_require_tls=False, authenticator=sign_in) as one:
        with pytest.raises(Later, match="starttls_unsupported"):
            await at(one.port, tls="starttls", user=USER, password=PASSWORD).deliver(mail())

    assert one.taken == []


async def test_a_certificate_that_nobody_vouches_for_is_told_nothing(tmp_path: Path):
    for tls, options in (
        ("starttls", {"tls_context": certificate(tmp_path)}),
        ("implicit", {"ssl": certificate(tmp_path)}),
    ):
        async with mail_server(**options) as one:
            with pytest.raises(Later, match="tls_failed"):
                await at(one.port, tls=tls).deliver(mail())
        assert one.taken == []


async def test_a_certificate_for_another_name_is_told_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shown = certificate(tmp_path, "mail.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    async with mail_server(tls_context=shown) as one:
        with pytest.raises(Later, match="tls_failed"):
            await at(one.port, tls="starttls").deliver(mail())

    assert one.taken == []


async def test_a_wrong_password_is_ours_to_put_right(trusted):
    async with mail_server(tls_context=trusted, auth_required=True, authenticator=sign_in) as one:
        with pytest.raises(Later, match="sign_in_refused 535"):
            await at(one.port, tls="starttls", user=USER, password="another").deliver(mail())


@pytest.mark.parametrize(
    ("step", "answer", "kind", "reason"),
    [
        ("RCPT", "550 5.1.1 No such user", Refused, "recipient_refused 550 5.1.1"),
        ("RCPT", "451 4.7.1 Greylisted", Later, "recipient_refused 451 4.7.1"),
        ("DATA", "554 5.7.1 Looks like spam", Refused, "message_refused 554 5.7.1"),
        ("DATA", "452 Disk is full", Later, "message_refused 452"),
        ("MAIL", "553 5.7.1 Not your address", Later, "sender_refused 553 5.7.1"),
        ("CLOSE", "", Later, "unreachable"),
    ],
    ids=lambda value: value.partition(" ")[0] if isinstance(value, str) else None,
)
async def test_a_refusal_has_a_reason_and_none_of_the_servers_words(step, answer, kind, reason):
    async with mail_server() as one:
        one.refusals[step] = answer
        with pytest.raises(kind) as refused:
            await at(one.port).deliver(mail())

    assert refused.value.reason == reason


async def test_a_server_that_says_nothing_is_left_alone():
    async with silent_server() as port:
        with pytest.raises(Later, match="timed_out"):
            await at(port, timeout_seconds=0.2).deliver(mail())


async def test_a_server_that_is_not_there_is_tried_again(unused_port: int):
    with pytest.raises(Later, match="unreachable"):
        await at(unused_port).deliver(mail())


async def test_a_name_that_is_no_server_is_tried_again():
    with pytest.raises(Later, match="unreachable"):
        await Smtp("mail.invalid", 25, "none").deliver(mail())


async def test_a_domain_in_another_script_is_sent_in_ascii():
    async with mail_server() as one:
        await at(one.port).deliver(mail("ana@bücher.example"))

    (envelope,) = one.taken
    assert envelope.rcpt_tos == ["ana@xn--bcher-kva.example"]


async def test_an_address_in_another_script_goes_where_the_server_can_take_it():
    async with mail_server(utf8=True) as one:
        await at(one.port).deliver(mail("अना@example.com"))

    (envelope,) = one.taken
    assert envelope.rcpt_tos == ["अना@example.com"]
    assert str(one.mails[0]["To"]) == "अना@example.com"


async def test_an_address_in_another_script_is_refused_where_the_server_cannot():
    async with mail_server(utf8=False) as one:
        with pytest.raises(Refused, match="smtputf8_unsupported"):
            await at(one.port).deliver(mail("अना@example.com"))

    assert one.taken == []


@pytest.mark.parametrize(
    ("host", "port", "plain", "tls"),
    [
        ("smtp.example.com", 465, False, "implicit"),
        ("smtp.example.com", 465, True, "implicit"),
        ("smtp.example.com", 587, False, "starttls"),
        ("smtp.example.com", 25, False, "starttls"),
        ("10.0.0.5", 25, False, "starttls"),
        ("localhost.example.com", 25, False, "starttls"),
        ("mail", 25, True, "none"),
        ("localhost", 25, False, "none"),
        ("127.0.0.1", 1025, False, "none"),
        ("::1", 1025, False, "none"),
        ("localhost", 465, False, "implicit"),
    ],
)
def test_only_this_machine_is_talked_to_in_the_clear_unasked(host: str, port: int, plain: bool, tls: str):
    assert tls_for(host, port, plain=plain) == tls


def test_the_password_is_not_in_a_repr():
    assert PASSWORD not in repr(Smtp("localhost", 25, "none", USER, PASSWORD))
