"""Pages: templates of every domain under one roof, and assets that are cached for ever."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.ext import Extension

from trulybot.kit import headers
from trulybot.kit.errors import NotFound

PACKAGE = Path(__file__).parent.parent
LOADED = re.compile(r"""(<script\b|<style\b|<link\b(?=[^>]*\brel="stylesheet"))""")
FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Asset:
    """A file of web/ as it is sent. etag: of its contents, so that a changed file has a new address."""

    content: bytes
    zipped: bytes
    type: str
    etag: str

    @classmethod
    def of(cls, content: bytes, suffix: str) -> "Asset":
        digest = hashlib.sha256(content).hexdigest()[:16]
        return cls(content, gzip.compress(content, 9, mtime=0), f"{TYPES[suffix]}; charset=utf-8", digest)

    def answer(self, request: Request, more: Mapping[str, str]) -> Response:
        common = {"ETag": f'"{self.etag}"', "Vary": "Accept-Encoding", **more}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=common)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.zipped, media_type=self.type, headers={**common, "Content-Encoding": "gzip"})
        return Response(self.content, media_type=self.type, headers=common)


@cache
def assets() -> Mapping[str, Asset]:
    """By path below web/. The style sheets are one file: layers.css first, since it declares their order."""
    web = PACKAGE / "web"
    found = {
        f"{file.parent.name}/{file.name}": Asset.of(file.read_bytes(), file.suffix)
        for file in sorted(web.glob("*/*"))
        if file.suffix in (".js", ".svg")
    }
    sheets = sorted((web / "css").glob("*.css"), key=lambda sheet: (sheet.name != "layers.css", sheet.name))
    found["css/app.css"] = Asset.of(b"\n".join(sheet.read_bytes() for sheet in sheets), ".css")
    return found


@router.get("/assets/{etag}/{path:path}")
async def asset(request: Request, etag: str, path: str) -> Response:
    found = assets().get(path)
    if found is None:
        raise NotFound
    # An address with an older hash still gets the file, but may not keep it for ever.
    return found.answer(request, {"Cache-Control": FOR_EVER if found.etag == etag else "no-cache"})


@router.get("/favicon.ico")
async def icon(request: Request) -> Response:
    """For whoever asks before having read a page: a reader of feeds, a list of bookmarks."""
    return assets()["images/icon.svg"].answer(request, {"Cache-Control": "public, max-age=86400"})


class Nonces(Extension):
    """
    Puts the answer's nonce on every script and style sheet that stands in a template's own text.

    It reads the text before anything is filled in, so a tag that comes out of a value never has one.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:  # noqa: ARG002
        return LOADED.sub(r'\1 nonce="{{ nonce }}"', source)


def render(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page or a partial, under a policy that runs what its template names and nothing that got into it."""
    nonce = headers.nonce(request.scope)
    text = _environment().get_template(template).render(request=request, nonce=nonce, **context)
    sent = {"Content-Security-Policy": headers.page_policy(nonce), "Cache-Control": "no-store"}
    return HTMLResponse(text, status_code=status, headers=sent)


def partial(template: str, **context: Any) -> str:
    """A partial's HTML alone, for an event stream."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    folders = [PACKAGE / "web", *sorted(PACKAGE.glob("*/templates"))]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(default=True, default_for_string=True),
        extensions=[Nonces],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = _asset_url
    environment.filters["ago"] = _ago
    return environment


def _asset_url(path: str) -> str:
    return f"/assets/{assets()[path].etag}/{path}"


def _ago(then: datetime) -> str:
    seconds = int((datetime.now(UTC) - then).total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
