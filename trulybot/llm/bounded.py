"""How much a model server may send us. Some are our customers', and all share the memory of one process."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2

# No answer may unpack into more than it sent: a hundred kilobytes of gzip hold a hundred megabytes.
PLAIN = {"Accept-Encoding": "identity"}

ANSWER_BYTES = 1 << 20  # of a stream of 500 tokens, each in a chunk of up to 2 kB
OTHER_BYTES = 64 << 10  # of errors and moderations, which are read whole
EVENT_BYTES = 128 << 10  # a whole answer in one event, each letter escaped; parsing it must not hold others up


async def bound(response: "httpx2.Response") -> None:
    """
    A hook of the HTTP client: whoever reads the response further than this gets an error.

    Raises:
        httpx2.DecodingError: It is compressed, though we asked for it not to be.
    """
    # Imported here, like the SDK that brings it.
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, inner: httpx2.AsyncByteStream, most: int) -> None:
            self._inner, self._most = inner, most

        async def __aiter__(self) -> AsyncIterator[bytes]:
            read, event, end = 0, 0, b""
            async for piece in self._inner:
                read += len(piece)
                joined = end + piece.replace(b"\r", b"")
                ended = joined.rfind(b"\n\n")
                event = len(joined) - ended if ended >= 0 else event + len(piece)
                end = joined[-1:]
                if read > self._most or event > EVENT_BYTES:
                    raise httpx2.ReadError("too long", request=response.request)
                yield piece

        async def aclose(self) -> None:
            await self._inner.aclose()

    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise httpx2.DecodingError("compressed", request=response.request)
    streams = response.is_success and response.request.url.path.endswith("/chat/completions")
    assert isinstance(response.stream, httpx2.AsyncByteStream)  # noqa: S101  (of an asynchronous client)
    response.stream = Bounded(response.stream, ANSWER_BYTES if streams else OTHER_BYTES)
