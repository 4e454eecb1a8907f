"""Sign-in at providers, by the GoTrue API. Both ways lead through the browser, so errors end there too."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from typing_extensions import TypedDict

from trulybot.accounts import cookies, redirects, sessions
from trulybot.accounts.asking import SIGNED_OUT, UNREAD, Claims, errors
from trulybot.accounts.config import Accounts, Config
from trulybot.accounts.devices import From
from trulybot.accounts.errors import (
    InsufficientAal,
    ManualLinkingDisabled,
    ProviderDisabled,
    TooManyRequests,
    ValidationFailed,
)
from trulybot.accounts.models import Person
from trulybot.accounts.one_time.flows import read_challenge
from trulybot.accounts.providers import flows, linking, service
from trulybot.accounts.providers.errors import (
    EmailConflict,
    IdentityNotFound,
    SingleIdentity,
    UnsupportedProvider,
)
from trulybot.accounts.providers.flows import Begun, Wishes
from trulybot.accounts.providers.models import Ended, Flow
from trulybot.accounts.wire import Empty, session_body
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db
from trulybot.kit.openapi import example

# Which of OAuth's errors a status stands for. Source: GoTrue.
OAUTH_ERRORS = {400: "invalid_request", 403: "access_denied", 422: "access_denied", 503: "temporarily_unavailable"}
LONGEST_ANSWER = 4096  # characters of a code or a state

REFUSED = (ValidationFailed, ProviderDisabled, UnsupportedProvider)
TO_THE_BROWSER: dict[int | str, dict[str, Any]] = {302: {"description": "On to the next address."}}

router = APIRouter()

State = Annotated[str, Form(examples=["what the provider was sent with"])]
Code = Annotated[str, Form(examples=["what the provider gave"])]
Problem = Annotated[str, Form(examples=[""])]


@example({"url": "https://id.example.com/authorize?client_id=trulybot&state=…"})
class Address(TypedDict):
    url: str


@router.get(
    "/authorize",
    status_code=302,
    response_class=RedirectResponse,
    responses={**TO_THE_BROWSER, **errors(*REFUSED, TooManyRequests)},
)
async def authorize(
    request: Request,
    accounts: Config,
    db: Db,
    provider: str = "",
    redirect_to: str = "",
    scopes: str = "",
    code_challenge: str = "",
    code_challenge_method: str = "",
) -> Response:
    """
    Send the browser to a provider's sign-in. It comes back to `redirect_to`, with a session or, by PKCE, with a code.
    """
    wishes = Wishes(
        redirect_to=_place(request, accounts, redirect_to),
        scopes=scopes,
        extra=dict(request.query_params),
        challenge=read_challenge(code_challenge, code_challenge_method),
    )
    return go(request, await flows.begin(db, accounts, provider, wishes))


@router.get(
    "/callback",
    status_code=302,
    response_class=RedirectResponse,
    responses={**TO_THE_BROWSER, **errors(ValidationFailed, TooManyRequests)},
)
async def callback(
    request: Request, accounts: Config, db: Db, device: From, state: str = "", code: str = "", error: str = ""
) -> Response:
    """Where providers send the browser back to."""
    state, code = state[:LONGEST_ANSWER], code[:LONGEST_ANSWER]
    flow = None
    try:
        flow = await flows.take(db, accounts, state)
        ended = await service.come_back(
            db,
            accounts,
            flow,
            state=state,
            code=code,
            error=error,
            cookie=request.cookies.get(_cookie_of(request, state), ""),
            replaces=cookies.session_cookie(request),
            device=device,
        )
        response = _ended(request, accounts, ended)
    except AppError as refusal:
        response = RedirectResponse(_refused(accounts, flow, refusal), 302)
    if flow is not None:
        cookies.forget(response, request, _cookie_of(request, state))
    return response


@router.post(
    "/callback",
    status_code=303,
    response_class=RedirectResponse,
    responses={303: {"description": "The same by GET."}, **errors(*UNREAD, ValidationFailed, TooManyRequests)},
)
async def posted_callback(state: State = "", code: Code = "", error: Problem = "") -> Response:
    """
    As by GET, for providers that post a form. A browser shows our cookie only to the GET, since another site posts.
    """
    sent = {"state": state[:LONGEST_ANSWER], "code": code[:LONGEST_ANSWER], "error": error[:100]}
    query = {name: value for name, value in sent.items() if value}
    return RedirectResponse(redirects.with_query("callback", query), 303)


@router.get(
    "/user/identities/authorize",
    responses={
        **TO_THE_BROWSER,
        **errors(*REFUSED, *SIGNED_OUT, InsufficientAal, ManualLinkingDisabled, TooManyRequests),
    },
)
async def authorize_identity(
    request: Request,
    claims: Claims,
    accounts: Config,
    db: Db,
    provider: str = "",
    redirect_to: str = "",
    scopes: str = "",
    code_challenge: str = "",
    code_challenge_method: str = "",
    skip_http_redirect: bool = False,
) -> Address:
    """Begin to add an identity to one's account: with `skip_http_redirect` the address is answered."""
    person = await _linker(db, accounts, claims)
    wishes = Wishes(
        redirect_to=_place(request, accounts, redirect_to),
        scopes=scopes,
        extra=dict(request.query_params),
        challenge=read_challenge(code_challenge, code_challenge_method),
        user_id=person.user_id,
        can_keep_cookies=not skip_http_redirect,
    )
    begun = await flows.begin(db, accounts, provider, wishes)
    return {"url": begun.url} if skip_http_redirect else go(request, begun)  # type: ignore[return-value]


@router.delete(
    "/user/identities/{identity_id}",
    responses=errors(
        *SIGNED_OUT,
        ValidationFailed,
        InsufficientAal,
        ManualLinkingDisabled,
        IdentityNotFound,
        SingleIdentity,
        EmailConflict,
        TooManyRequests,
    ),
)
async def remove_identity(identity_id: str, claims: Claims, accounts: Config, db: Db) -> Empty:
    """Take an identity away from one's account, unless it is the only one."""
    person = await _linker(db, accounts, claims)
    try:
        id = UUID(identity_id)
    except ValueError as error:
        raise IdentityNotFound from error
    async with db.system("unlink an identity") as tx:
        await linking.unlink(tx, accounts, id, of=person.user_id)
    return {}


def go(request: Request, begun: Begun) -> Response:
    """To the provider, with what this browser must show when it comes back."""
    response = RedirectResponse(begun.url, 302)
    if begun.cookie:
        name = _cookie_of(request, begun.state)
        cookies.keep(response, request, name, begun.cookie, seconds=flows.COOKIE_SECONDS)
    return response


async def _linker(db: Db, accounts: Accounts, claims: Claims) -> Person:
    """
    Raises:
        ManualLinkingDisabled: The operator has not turned it on.
        InsufficientAal: Whoever has a second factor shows it before the ways in are changed.
    """
    if not accounts.manual_linking:
        raise ManualLinkingDisabled
    async with db.system("who changes identities") as tx:
        person = await sessions.live_person(tx, claims)
    if person.needs_second_factor:
        raise InsufficientAal
    return person


def _ended(request: Request, accounts: Accounts, ended: Ended) -> Response:
    if ended.flow.is_page:
        return cookies.signed_in(request, ended.secret, ended.flow.redirect_to)
    if ended.grant is None:
        return RedirectResponse(redirects.with_query(ended.flow.redirect_to, {"code": ended.code}), 302)
    body = session_body(accounts, ended.grant)
    values: Mapping[str, str] = {
        **{name: str(value) for name, value in body.items() if name != "user"},
        **ended.tokens.fields(),
        "sb": "",
    }
    return RedirectResponse(redirects.with_fragment(ended.flow.redirect_to, values), 302)


def _refused(accounts: Accounts, flow: Flow | None, error: AppError) -> str:
    """Clients of PKCE read the query and others the fragment; whose state was lost may be either."""
    if flow is not None and flow.is_page:
        return redirects.with_query("/sign-in", {"refused": error.code, "next": flow.redirect_to})
    values = {
        "error": OAUTH_ERRORS.get(error.status, "server_error"),
        "error_code": error.code,
        "error_description": error.message,
    }
    url = flow.redirect_to if flow is not None else accounts.place("")
    if flow is None or flow.flow_id is not None:
        url = redirects.with_query(url, values)
    return redirects.with_fragment(url, {**values, "sb": ""})


def _place(request: Request, accounts: Accounts, wanted: str) -> str:
    return accounts.place(wanted or request.headers.get("redirect_to", ""))


def _cookie_of(request: Request, state: str) -> str:
    return flows.cookie_name(state, secure=cookies.is_secure(request))
