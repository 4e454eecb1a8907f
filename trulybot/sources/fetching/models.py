"""What came back from an address, what it may cost, and why there may be nothing."""

from dataclasses import dataclass

from trulybot.documents.reading.models import REASONS as READING_REASONS

MEGABYTE = 1024**2

# The code is stored and matched by programs, so it never changes. The sentence is shown to the owner, and ends with
# what they can do.
REASONS = {
    "address_invalid": "This is not an address of a web page. Give one such as https://www.example.com/help.",
    "address_refused": "This address leads into a private network, or to a port that we do not connect to. Give a "
    "public page at port 80 or 443, or ask your operator to allow the network.",
    "not_resolved": "No server is known by this name. Check the spelling.",
    "unreachable": "The server does not answer. Check that the site is up; we try again.",
    "tls_failed": "The site’s certificate is not valid. Renew it; we try again.",
    "too_slow": "The server took too long to send the page. Check that the site is up; we try again.",
    "too_large": "The page is too large. Upload it as a file, in parts.",
    "too_many_redirects": "The address leads in a circle. Give the address that your browser ends at.",
    "wrong_type": "There is no page or PDF at this address. Give the address of a page with text.",
    "damaged": "The server sent something that cannot be read. Open the page in a browser to see whether it is sound.",
    "page_gone": "The page is not there any more. What we knew from it has been removed.",
    "login_needed": "The server does not let us in. Make the page public, or paste its text.",
    "too_often": "The server asks us to come less often. We try again later.",
    "server_error": "The server answered with an error. Check that the site is up; we try again.",
    "robots_refused": "The site’s robots.txt asks us to stay away. Allow the user agent TrulyBot there.",
    "robots_unavailable": "The site’s robots.txt cannot be read, so we may not go on. See that it opens; we try again.",
    "noindex": "The page asks not to be taken in (noindex). Remove that mark, or paste its text.",
    "other_site": "The page leads to another site. Add that site’s address if it is yours.",
    "not_a_sitemap": "This is not a sitemap. Give the address of its XML file, often /sitemap.xml.",
    **{code: sentence for code, sentence in READING_REASONS.items() if code not in ("too_large", "too_slow")},
    "no_text": "We found no text on the page. If a script writes it in the browser, paste it as a text.",
}

# Reasons that may be gone at the next visit: what we knew stays, and a run that meets them is tried again.
PASSING = frozenset(
    "not_resolved unreachable tls_failed too_slow too_often server_error robots_unavailable damaged".split()
)


class FetchError(Exception):
    """Nothing that can be used came back. `where` is for the log, and holds nothing of what was fetched."""

    def __init__(self, code: str, where: str | None = None) -> None:
        super().__init__(REASONS[code])
        self.code = code
        self.message = REASONS[code]
        self.where = where


@dataclass(frozen=True)
class FetchLimits:
    """Of one fetch, its redirects included."""

    bytes: int = 10 * MEGABYTE  # unpacked; the longest pages of handbooks have a tenth, PDFs a few
    seconds: float = 20.0  # from the question for the address to the last byte, so that no trickle holds us up
    connect_seconds: float = 5.0
    redirects: int = 5  # http → https → www → language → trailing slash


@dataclass(frozen=True)
class Fetched:
    """
    url: where it was found, after redirects. content: unpacked; empty when nothing changed.

    unchanged: the server says that it is what we have. robots: its X-Robots-Tag.
    """

    url: str
    content: bytes
    media_type: str
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    robots: str = ""
    unchanged: bool = False
