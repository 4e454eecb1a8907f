"""Errors as a person reads them."""

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from trulybot.accounts.errors import SecondFactorRequired
from trulybot.kit.errors import AppError, Unauthenticated
from trulybot.kit.http import as_json, request_id
from trulybot.kit.pages import render
from trulybot.workspaces.identity import NoWorkspace

FIRST_OF_OUR_FAULTS = 500


def page_error(request: Request, error: AppError) -> Response:
    """The way to sign in, or a page that says what went wrong; the notice alone when the page's script asked."""
    if "x-partial" in request.headers:
        return _render(request, "notice.html", error)
    if isinstance(error, Unauthenticated):
        # Only a page can be gone back to: what a form sent is not sent again.
        came_for = request.url.path if request.method == "GET" else "/dashboard"
        return _to_sign_in(error, came_for)
    if isinstance(error, NoWorkspace):
        return RedirectResponse("/begin", status_code=303)
    return _render(request, "error.html", error)


def for_browsers(request: Request, error: AppError) -> Response:
    """A page for a person whose browser asks for one; programs, and everyone below /api, get JSON."""
    wants_page = request.headers.get("accept", "").startswith("text/html")
    if wants_page and not request.url.path.startswith("/api/"):
        if isinstance(error, SecondFactorRequired):
            return _to_sign_in(error, request.url.path)
        return _render(request, "error.html", error)
    return as_json(request, error)


def _to_sign_in(error: Unauthenticated, came_for: str) -> Response:
    step = "/sign-in/second-factor" if isinstance(error, SecondFactorRequired) else "/sign-in"
    return RedirectResponse(f"{step}?next={quote(came_for)}", status_code=303)


def _render(request: Request, template: str, error: AppError) -> Response:
    number = request_id(request.scope) if error.status >= FIRST_OF_OUR_FAULTS else None
    return render(request, template, status=error.status, message=error.message, request_id=number)
