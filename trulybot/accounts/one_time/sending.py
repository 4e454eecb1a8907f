"""Codes and links on their way to people: by mail in the act's transaction, by phone once it has committed."""

from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from trulybot.accounts.config import Accounts
from trulybot.accounts.models import User
from trulybot.accounts.one_time import codes, flows, queries
from trulybot.accounts.one_time.errors import SmsNotSent
from trulybot.accounts.one_time.models import Challenge, Kind, Made
from trulybot.accounts.texts import TextNotSent
from trulybot.accounts.wire import user_body
from trulybot.kit import limit_keys
from trulybot.kit.db import Tx
from trulybot.kit.limits import Limit, LimitReached
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind as MailKind

# Typed from a phone in the hand, so shorter than a mail's.
TEXT_SECONDS = 600


class Letter(NamedTuple):
    """A mail with a link. type: as /verify names it; method: as the amr of a session that began with it does."""

    kind: Kind
    mail: MailKind
    type: str
    method: str


SIGN_UP = Letter(Kind.CONFIRMATION, MailKind.CONFIRMATION, "signup", "email/signup")
INVITE = Letter(Kind.CONFIRMATION, MailKind.INVITE, "invite", "invite")
RECOVERY = Letter(Kind.RECOVERY, MailKind.RECOVERY, "recovery", "recovery")
MAGIC_LINK = Letter(Kind.MAGIC_LINK, MailKind.MAGIC_LINK, "magiclink", "magiclink")
TO_NEW_ADDRESS = Letter(Kind.EMAIL_CHANGE_NEW, MailKind.EMAIL_CHANGE, "email_change", "email_change")
TO_OLD_ADDRESS = Letter(Kind.EMAIL_CHANGE_CURRENT, MailKind.EMAIL_CHANGE_CURRENT, "email_change", "email_change")
OF_A_CHANGE = (TO_NEW_ADDRESS.kind, TO_OLD_ADDRESS.kind)
NONCE = Letter(Kind.REAUTHENTICATION, MailKind.REAUTHENTICATION, "", "")  # a code alone


class Way(NamedTuple):
    """
    Where a link leads. page: the path of one of our own, which shows a button: a mail scanner that follows the link
    spends nothing. Else the API's /verify, which every client's mail leads to, and from there to redirect_to.
    """

    redirect_to: str
    page: str = ""
    challenge: Challenge | None = None


async def may_mail(accounts: Accounts, email: str, letter: Letter) -> None:
    """
    Whether this address may be written to again. Asked of every address alike, before anyone looks whose it is.

    Raises:
        LimitReached: Not yet.
    """
    await _is_left(accounts, accounts.limits.all_emails)
    await accounts.limiter.take(accounts.limits.email_again, f"{letter.kind} {limit_keys.mailbox(email)}")


async def may_text(accounts: Accounts, phone: str) -> None:
    """
    Whether this number may be written to again.

    Raises:
        SmsNotSent: There is nothing that sends.
        LimitReached: Not yet.
    """
    if accounts.texts is None:
        raise SmsNotSent
    await _is_left(accounts, accounts.limits.all_messages)
    await accounts.limiter.take(accounts.limits.message_again, phone)


async def mail_link(
    tx: Tx, accounts: Accounts, user: User, letter: Letter, way: Way, *, to: str = "", flow_id: UUID | None = None
) -> None:
    """
    Send a link, which with a challenge of PKCE ends in an authorization code.

    to: another address than the person's. flow_id: the flow that another of two mails has begun.

    Raises:
        LimitReached: We have sent too many mails altogether.
    """
    await accounts.limiter.take(accounts.limits.all_emails, "")
    if way.challenge is not None and flow_id is None:
        flow_id = await flows.begin(tx, way.challenge, authentication_method=letter.method)
    address = to or user.email
    made = await codes.make(tx, accounts, user_id=user.id, kind=letter.kind, address=address, flow_id=flow_id)
    await queries.note_sent(tx, user.id, letter.kind, invited=letter is INVITE)
    values = {"link": link_of(accounts, made, letter.type, way), "code": made.code}
    if letter is TO_OLD_ADDRESS:
        values["new_email"] = user.new_email
    await mail.send(tx, letter.mail, address, locale=user.locale, **values)


async def mail_nonce(tx: Tx, accounts: Accounts, user: User) -> None:
    """
    Raises:
        LimitReached: We have sent too many mails altogether.
    """
    await accounts.limiter.take(accounts.limits.all_emails, "")
    kind = NONCE.kind
    made = await codes.make(tx, accounts, user_id=user.id, kind=kind, address=user.email, with_link=False)
    await queries.note_sent(tx, user.id, kind)
    await mail.send(tx, NONCE.mail, user.email, locale=user.locale, code=made.code)


def link_of(accounts: Accounts, made: Made, type: str, way: Way) -> str:
    if way.page:
        return f"{accounts.own_site}{way.page}?{urlencode({'token': made.link, 'type': type})}"
    query = urlencode({"token": made.link, "type": type, "redirect_to": way.redirect_to})
    return f"{accounts.issuer}/verify?{query}"


async def make_for_phone(tx: Tx, accounts: Accounts, user: User, kind: Kind, phone: str) -> Made:
    """A code to be sent by `text` once this transaction has committed."""
    await accounts.limiter.take(accounts.limits.all_messages, "")
    await queries.note_sent(tx, user.id, kind)
    return await codes.make(
        tx, accounts, user_id=user.id, kind=kind, address=phone, seconds=TEXT_SECONDS, with_link=False
    )


async def text(accounts: Accounts, user: User, phone: str, made: Made) -> str:
    """
    Send a code and return the message's id.

    Raises:
        SmsNotSent: It did not go out.
    """
    if accounts.texts is None:
        raise SmsNotSent
    try:
        return await accounts.texts.send(phone, made.code, user=dict(user_body(user, [])))
    except TextNotSent as error:
        raise SmsNotSent from error


async def _is_left(accounts: Accounts, limit: Limit) -> None:
    standing = await accounts.limiter.peek(limit, "")
    if standing.remaining < 1:
        raise LimitReached(limit, seconds=standing.reset_seconds)
