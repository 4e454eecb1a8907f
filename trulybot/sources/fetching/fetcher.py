"""Fetch one address, within limits of bytes, time and redirects."""

import asyncio
import copy
import re
import ssl
from collections.abc import Mapping
from uuid import UUID

import httpx

from trulybot import __version__
from trulybot.sources.fetching import urls
from trulybot.sources.fetching.addresses import Reach
from trulybot.sources.fetching.models import Fetched, FetchError, FetchLimits
from trulybot.sources.fetching.names import Names, Resolve, resolve
from trulybot.sources.fetching.packing import unpacker
from trulybot.sources.fetching.transport import CheckedTransport

USER_AGENT = f"TrulyBot/{__version__}"

PAGES = frozenset("text/html application/xhtml+xml text/plain text/markdown text/x-markdown application/pdf".split())
SITEMAPS = frozenset(
    "application/xml text/xml application/gzip application/x-gzip application/octet-stream text/plain".split()
)
REDIRECTS = frozenset((301, 302, 303, 307, 308))
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w:.-]{1,40})", re.IGNORECASE)
VALIDATOR_CHARACTERS = 500  # of an ETag, which we send back as it came


class Fetcher:
    def __init__(
        self,
        reach: Reach = Reach(),  # noqa: B008  (frozen)
        limits: FetchLimits = FetchLimits(),  # noqa: B008  (frozen)
        *,
        resolve: Resolve = resolve,
        contact: str | None = None,
    ) -> None:
        """contact: an address that the operator of a site may look up, to know who came."""
        self.limits = limits
        self.whose: UUID | None = None
        agent = f"{USER_AGENT} (+{contact})" if contact else USER_AGENT
        self._client = httpx.AsyncClient(
            transport=CheckedTransport(reach, Names(resolve)),
            headers={"User-Agent": agent, "Accept": "text/html, */*;q=0.5", "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(limits.seconds, connect=limits.connect_seconds),
            follow_redirects=False,
            trust_env=False,
        )

    def on_behalf_of(self, workspace_id: UUID | None) -> "Fetcher":
        """The same, for one tenant, who is held to a tenant's share."""
        theirs = copy.copy(self)
        theirs.whose = workspace_id
        return theirs

    async def close(self) -> None:
        await self._client.aclose()

    async def get(
        self,
        url: str,
        *,
        accept: frozenset[str] | None = PAGES,
        etag: str | None = None,
        last_modified: str | None = None,
        limit_bytes: int | None = None,
    ) -> Fetched:
        """
        What is at an address.

        accept: the media types that are of use; None for any. etag, last_modified: of what we have, so that it need
        not be sent again.

        Raises:
            FetchError: Nothing that can be used.
        """
        headers = {"If-None-Match": etag or "", "If-Modified-Since": last_modified or ""}
        known = {name: value for name, value in headers.items() if value}
        limit = self.limits.bytes if limit_bytes is None else max(0, min(self.limits.bytes, limit_bytes))
        try:
            async with asyncio.timeout(self.limits.seconds):
                return await self._follow(urls.normal(url), accept, known, limit)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise FetchError("too_slow") from error
        except httpx.ConnectError as error:
            raise FetchError("tls_failed" if _is_about_tls(error) else "unreachable") from error
        except httpx.RemoteProtocolError as error:
            raise FetchError("damaged") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise FetchError("unreachable", where=type(error).__name__) from error

    async def _follow(self, url: str, accept: frozenset[str] | None, known: Mapping[str, str], limit: int) -> Fetched:
        for _ in range(self.limits.redirects + 1):
            async with self._client.stream("GET", url, headers=known, extensions={"whose": self.whose}) as response:
                if response.status_code not in REDIRECTS or "location" not in response.headers:
                    return await _taken(response, url, accept, limit)
                url = urls.normal(response.headers["location"], url)
        raise FetchError("too_many_redirects")


async def _taken(response: httpx.Response, url: str, accept: frozenset[str] | None, limit: int) -> Fetched:
    refused = _refusal(response.status_code)
    if refused is not None:
        raise FetchError(refused, where=f"status {response.status_code}")
    declared = response.headers.get("content-type", "text/html")
    media_type = declared.partition(";")[0].strip().lower()
    charset = CHARSET.search(declared)
    etag = response.headers.get("etag", "")
    last_modified = response.headers.get("last-modified", "")
    unchanged = response.status_code == 304
    if not unchanged and accept is not None and media_type not in accept:
        raise FetchError("wrong_type")
    return Fetched(
        url=url,
        content=b"" if unchanged else await _body(response, limit),
        media_type=media_type,
        charset=charset[1] if charset else None,
        etag=etag if 0 < len(etag) <= VALIDATOR_CHARACTERS else None,
        last_modified=last_modified if 0 < len(last_modified) <= VALIDATOR_CHARACTERS else None,
        robots=response.headers.get("x-robots-tag", ""),
        unchanged=unchanged,
    )


def _refusal(status: int) -> str | None:
    """Why an answer with this status holds nothing for us."""
    if status in (200, 203, 304):
        return None
    if status in (404, 410):
        return "page_gone"
    if status in (401, 402, 403, 407, 451):
        return "login_needed"
    if status in (408, 425, 429):
        return "too_often"
    return "server_error"


async def _body(response: httpx.Response, limit: int) -> bytes:
    """The whole body, unpacked piece by piece: never more is unpacked than one byte over the limit."""
    unpack = unpacker(response.headers.get("content-encoding", ""))
    whole, received = bytearray(), 0
    async for piece in response.aiter_raw():
        received += len(piece)
        whole += unpack(piece, limit + 1 - len(whole))
        if len(whole) > limit or received > limit:
            raise FetchError("too_large")
    return bytes(whole)


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
