"""The buttons of the sign-in page: to a provider, and back with a session's cookie."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from trulybot.accounts.config import Config
from trulybot.accounts.cookies import own_path
from trulybot.accounts.providers import flows
from trulybot.accounts.providers.flows import Wishes
from trulybot.accounts.providers.routes import go
from trulybot.accounts.redirects import with_query
from trulybot.kit.errors import AppError
from trulybot.kit.http import Db

# What the sign-in page says when a provider's sign-in did not work, by the error's code.
SAID = {
    "provider_disabled": "Signing in that way is not set up here.",
    "oauth_provider_not_supported": "Signing in that way is not set up here.",
    "request_timeout": "The service you chose cannot be reached at the moment. Try again shortly.",
    "unavailable": "The service you chose cannot be reached at the moment. Try again shortly.",
    "bad_oauth_state": "That took too long, or began in another browser. Try again.",
    "email_exists": "There is an account with that email already. Sign in to it with its password.",
    "email_not_confirmed": "Your email is not verified there. Verify it, and try again.",
    "signup_disabled": "There is no account for you here, and new ones are not open.",
    "user_banned": "This account is blocked.",
    "user_not_found": "This account was deleted.",
}
OTHERWISE = "The sign-in was not completed. Try again, or sign in another way."

router = APIRouter()


def said(refused: str) -> str:
    """In our words; "" where nothing was refused. The code comes with the address, so it is only looked up."""
    return SAID.get(refused, OTHERWISE) if refused else ""


@router.get("/sign-in/with/{provider}", name="sign_in_with")
async def sign_in_with(request: Request, provider: str, accounts: Config, db: Db, next: str = "") -> Response:
    path = own_path(next)
    try:
        begun = await flows.begin(db, accounts, provider, Wishes(redirect_to=path, is_page=True))
    except AppError as error:
        return RedirectResponse(with_query("/sign-in", {"refused": error.code, "next": path}), 303)
    return go(request, begun)
