"""The mailbox page, for an operator who has no mail server yet."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from trulybot.kit import security
from trulybot.kit.csrf import same_origin
from trulybot.kit.errors import NotFound
from trulybot.kit.http import Db
from trulybot.kit.pages import render
from trulybot.kit.security import SecurityEvent
from trulybot.mail import mailbox, queries
from trulybot.mail.mailbox import OPEN_SECONDS, Mailbox, Read
from trulybot.mail.service import Unreadable

# A mail brings its styles along and nothing else: nothing loads, runs or is sent from within it. Links open outside.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def the_mailbox(request: Request) -> Mailbox:
    """
    Raises:
        NotFound: Mail is sent here, so none is shown.
    """
    found: Mailbox | None = request.app.state.mailbox
    if found is None:
        raise NotFound
    return found


Box = Annotated[Mailbox, Depends(the_mailbox)]


@router.get("/mailbox")
async def show(request: Request, box: Box, db: Db) -> Response:
    if not _is_admitted(request, box):
        return render(request, "passcode.html", error=None)
    async with db.system("read the mailbox") as tx:
        mails = await mailbox.everything(tx)
    return render(request, "mailbox.html", mails=mails)


@router.post("/mailbox", dependencies=[Depends(same_origin)])
async def enter(request: Request, box: Box, passcode: Annotated[str, Form()] = "") -> Response:
    if not box.opens(passcode):
        security.note(SecurityEvent.CODE_FAILED, of="mailbox")
        return render(request, "passcode.html", status=403, error="This is not the passcode.")
    secure = _is_secure(request, box)
    response = RedirectResponse("/mailbox", 303)
    response.set_cookie(
        _cookie_name(secure),
        box.admission(),
        max_age=OPEN_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    return response


@router.get("/mailbox/{mail_id}")
async def show_one(request: Request, mail_id: UUID, box: Box, db: Db) -> Response:
    if not _is_admitted(request, box):
        return RedirectResponse("/mailbox", 303)
    response = render(request, "mail.html", read=await _one(db, mail_id))
    response.headers["Content-Security-Policy"] += "; frame-src 'self'"
    return response


@router.get("/mailbox/{mail_id}/html")
async def show_html(request: Request, mail_id: UUID, box: Box, db: Db) -> Response:
    """The mail as a mail client would show it, for the frame in its page."""
    if not _is_admitted(request, box):
        raise NotFound
    headers = {
        "Content-Security-Policy": MAIL_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse((await _one(db, mail_id)).letter.html, headers=headers)


async def _one(db: Db, mail_id: UUID) -> Read:
    try:
        async with db.system("read a mail of the mailbox") as tx:
            return await mailbox.opened(tx, await queries.by_id(tx, mail_id))
    except Unreadable:
        raise NotFound from None


def _is_admitted(request: Request, box: Mailbox) -> bool:
    return box.admits(request.cookies.get(_cookie_name(_is_secure(request, box))))


def _is_secure(request: Request, box: Mailbox) -> bool:
    return box.secure or request.scope["scheme"] == "https"


def _cookie_name(secure: bool) -> str:
    """Browsers keep a __Host- cookie only over https, from this very host and for every path of it."""
    return "__Host-trulybot-mailbox" if secure else "trulybot-mailbox"
