"""Which country a request comes from, and whether the operator serves it."""

import re
import time
from collections.abc import Collection
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import maxminddb
from starlette.datastructures import Headers
from starlette.types import Scope

from trulybot.kit.errors import Forbidden
from trulybot.kit.log import get_logger

log = get_logger()

CODE = re.compile(r"[A-Z]{2}")
NOWHERE = frozenset(("XX", "T1", "ZZ", "AP", "EU"))  # what CDNs and databases write when they do not know
LOOK_AGAIN_SECONDS = 60.0  # operators replace the file while we run


class CountryRefused(Forbidden):
    """This service is not offered in your country."""

    status, code = 403, "country_refused"


class Countries:
    """
    Allows and refuses by country: as the operator's file says where an address is, or as the CDN says.

    An address of a private network or of this machine is nobody's country and passes. Of an address that nobody knows,
    a list of refused countries says nothing, so it passes; a list of allowed ones says that it is not on it.
    """

    def __init__(
        self,
        *,
        allowed: Collection[str] = (),
        refused: Collection[str] = (),
        file: Path | None = None,
        header: str = "",
    ) -> None:
        """header: of the CDN, believed from trusted proxies alone. Raises ValueError when the file is no database."""
        self.allowed, self.refused = frozenset(allowed), frozenset(refused)
        self._file, self._header = file, header
        self._reader: maxminddb.Reader | None = None
        self._changed_at = self._looked_at = 0.0
        if file is not None:
            self._open(file)

    @property
    def has_rules(self) -> bool:
        return bool(self.allowed or self.refused)

    def check(self, scope: Scope) -> str | None:
        """
        Raises:
            CountryRefused: The operator does not serve the country.
        """
        if not self.has_rules:
            return None
        client = scope.get("client")
        place = _address(client[0] if client else "")
        if place is None or not place.is_global:
            return None
        country = self._told(scope) or self._found(str(place))
        if country in self.refused or (self.allowed and country not in self.allowed):
            raise CountryRefused
        return country

    def _told(self, scope: Scope) -> str | None:
        if not self._header or not scope.get("state", {}).get("came_by_proxy"):
            return None
        return _code(Headers(scope=scope).get(self._header, ""))

    def _found(self, address: str) -> str | None:
        if self._reader is None or self._file is None:
            return None
        now = time.monotonic()
        if now - self._looked_at > LOOK_AGAIN_SECONDS:
            try:
                self._open(self._file)
            except (OSError, ValueError) as error:  # the one that we have is better than none
                self._looked_at = now
                log.warning("countries.unreadable", error=type(error).__name__)
        record: Any = self._reader.get(address)
        if not isinstance(record, dict):
            return None
        # MaxMind and DB-IP write an object, IPinfo a code.
        country = record.get("country") or record.get("registered_country") or record.get("country_code")
        return _code(str(country.get("iso_code", "")) if isinstance(country, dict) else str(country or ""))

    def _open(self, file: Path) -> None:
        self._looked_at = time.monotonic()
        changed_at = file.stat().st_mtime
        if changed_at == self._changed_at and self._reader is not None:
            return
        try:
            # In memory: a mapped file that somebody copies over would take the process down with it.
            reader = maxminddb.open_database(file, maxminddb.MODE_MEMORY)
        except maxminddb.InvalidDatabaseError as error:
            raise ValueError(f"{file} is not an MMDB file") from error
        before, self._reader, self._changed_at = self._reader, reader, changed_at
        if before is not None:
            before.close()


def _code(text: str) -> str | None:
    code = text.strip().upper()
    return code if CODE.fullmatch(code) and code not in NOWHERE else None


def _address(host: str) -> Any:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
