"""Unpack what came packed, and never more of it than may be."""

import zlib
from collections.abc import Callable

from trulybot.sources.fetching.models import FetchError

GZIP = b"\x1f\x8b"


def unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """
    What unpacks the next piece, into so many bytes at most; at least one.

    Raises:
        FetchError: We asked for no such encoding.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return lambda piece, most: piece[:most]
    if encoding not in ("gzip", "x-gzip"):
        raise FetchError("damaged", where="content encoding")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)

    def unpack(piece: bytes, most: int) -> bytes:
        try:
            return inflate.decompress(piece, most)
        except zlib.error as error:
            raise FetchError("damaged", where="gzip") from error

    return unpack


def gunzip(content: bytes, limit: int) -> bytes:
    """
    A file that is packed itself, as sitemaps are.

    Raises:
        FetchError: It is damaged, or unpacks to more than the limit.
    """
    unpacked = unpacker("gzip")(content, limit + 1)
    if len(unpacked) > limit:
        raise FetchError("too_large")
    return unpacked
