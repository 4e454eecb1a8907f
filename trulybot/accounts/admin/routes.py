"""People over HTTP, for an operator's programs. Each call needs the admin key, or a service_role token."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from trulybot.accounts.admin import links, service
from trulybot.accounts.admin.access import Operator
from trulybot.accounts.admin.errors import NoSuchUser, NotAllowed, NoUserId, OwnsWorkspaces
from trulybot.accounts.admin.forms import Deletion, Invitation, LinkRequest, UserAttributes
from trulybot.accounts.asking import UNREAD, errors
from trulybot.accounts.config import Config
from trulybot.accounts.errors import (
    BadJwt,
    EmailExists,
    NoAuthorization,
    PhoneExists,
    TooManyRequests,
    ValidationFailed,
    WeakPassword,
)
from trulybot.accounts.models import Account
from trulybot.accounts.one_time.routes import Destination
from trulybot.accounts.one_time.sending import Way
from trulybot.accounts.wire import EXAMPLE_USER, Empty, UserBody, user_body
from trulybot.kit.http import Db

AUDIENCE = "authenticated"
PER_PAGE, MOST_PER_PAGE = 50, 1000

STRANGER = (NoAuthorization, BadJwt, NotAllowed)
NEW = (ValidationFailed, EmailExists, PhoneExists, WeakPassword, TooManyRequests)
MISSING = (NoSuchUser, NoUserId)

router = APIRouter(dependencies=[Operator])


@with_config(ConfigDict(json_schema_extra={"examples": [{"users": [EXAMPLE_USER], "aud": AUDIENCE}]}))
class Page(TypedDict):
    users: list[UserBody]
    aud: str


_HASH = "5c1f0a7be2c84d0f9b3a6d1e7f2048c95ab1d3e6f7089a2b4c6d8e0f"


@with_config(
    ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **EXAMPLE_USER,
                    "action_link": f"https://bot.example.com/auth/v1/verify?token={_HASH}&type=recovery",
                    "email_otp": "123456",
                    "hashed_token": _HASH,
                    "verification_type": "recovery",
                    "redirect_to": "https://bot.example.com",
                }
            ]
        }
    )
)
class LinkBody(UserBody):
    """The person, and what goes into the mail."""

    action_link: str
    email_otp: str
    hashed_token: str
    verification_type: str
    redirect_to: str


async def user_id(user_id: str) -> UUID:
    """
    Raises:
        NoUserId: It is none.
    """
    try:
        return UUID(user_id)
    except ValueError as error:
        raise NoUserId from error


UserId = Annotated[UUID, Depends(user_id)]


@router.post("/invite", responses=errors(*UNREAD, *STRANGER, ValidationFailed, EmailExists, TooManyRequests))
async def invite(form: Invitation, accounts: Config, db: Db, destination: Destination) -> UserBody:
    """Make a person and mail them a link that lets them in."""
    return user_body(await service.invite(db, accounts, form, Way(accounts.place(destination))), [])


@router.get("/admin/users", responses=errors(*STRANGER, ValidationFailed))
async def list_users(
    request: Request, response: Response, db: Db, page: str = "1", per_page: str = str(PER_PAGE), filter: str = ""
) -> Page:
    """People, the latest first. `X-Total-Count` says how many there are, `Link` where the next and the last page is."""
    number, size = _count(page), min(_count(per_page), MOST_PER_PAGE)
    async with db.system("list users") as tx:
        found, total = await service.listed(tx, filter, page=number, per_page=size)
    response.headers["X-Total-Count"] = str(total)
    response.headers["Link"] = _links(request, number, size, total, filter)
    return {"users": [_body(account) for account in found], "aud": AUDIENCE}


@router.post("/admin/users", responses=errors(*UNREAD, *STRANGER, *NEW))
async def create_user(form: UserAttributes, accounts: Config, db: Db) -> UserBody:
    """Make a person. No mail is sent."""
    return _body(await service.create(db, accounts, form))


@router.get("/admin/users/{user_id}", responses=errors(*STRANGER, *MISSING))
async def read_user(user_id: UserId, db: Db) -> UserBody:
    """One person."""
    async with db.system("read a user") as tx:
        return _body(await service.read(tx, user_id))


@router.put("/admin/users/{user_id}", responses=errors(*UNREAD, *STRANGER, *MISSING, *NEW))
async def change_user(user_id: UserId, form: UserAttributes, accounts: Config, db: Db) -> UserBody:
    """Change a person at once: no mail asks them."""
    return _body(await service.change(db, accounts, user_id, form))


@router.delete("/admin/users/{user_id}", responses=errors(*UNREAD, *STRANGER, *MISSING, OwnsWorkspaces))
async def delete_user(user_id: UserId, db: Db, form: Deletion | None = None) -> Empty:
    """End an account, with the workspaces in which nobody else is."""
    async with db.system("delete a user") as tx:
        await service.delete(tx, user_id, softly=form is not None and form.should_soft_delete is True)
    return {}


@router.post("/admin/generate_link", responses=errors(*UNREAD, *STRANGER, *NEW, NoSuchUser))
async def generate_link(form: LinkRequest, accounts: Config, db: Db, destination: Destination) -> LinkBody:
    """A link as our own mails have it, for a mail of the operator's."""
    place = accounts.place(destination or form.redirect_to)
    link = await links.generate(db, accounts, form, place)
    return {
        **user_body(link.user, []),
        "action_link": link.action_link,
        "email_otp": link.made.code,
        "hashed_token": link.made.link,
        "verification_type": link.type,
        "redirect_to": place,
    }


def _body(account: Account) -> UserBody:
    return user_body(account.user, account.identities, account.factors)


def _count(given: str) -> int:
    if not (given.isascii() and given.isdecimal() and len(given) <= 9):
        raise ValidationFailed(reason=f"Bad Pagination Parameters: {given[:20]!r} is not a number")
    return int(given) or 1


def _links(request: Request, page: int, per_page: int, total: int, filter: str) -> str:
    """As GoTrue's. `page` comes first: clients read the first value of each link as the page's number."""
    last = -(-total // per_page)

    def link(number: int, rel: str) -> str:
        values = {"page": number, "per_page": per_page} | ({"filter": filter} if filter else {})
        return f'<{request.url.path}?{urlencode(values)}>; rel="{rel}"'

    return ", ".join([*([link(page + 1, "next")] if last > page else []), link(last, "last")])
