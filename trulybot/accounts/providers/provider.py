"""
One provider, by OpenID Connect alone: its addresses and keys are what its issuer's discovery document says.

They are read when somebody first signs in with it, so a provider that is away keeps neither the server from starting
nor people from signing in otherwise. Source: OpenID Connect Core and Discovery 1.0, RFC 9700.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from trulybot.accounts import foreign_tokens, outgoing
from trulybot.accounts.foreign_tokens import ASYMMETRIC, IssuerKeys, Refused
from trulybot.accounts.outgoing import Away, Kept
from trulybot.accounts.providers.errors import BadIdToken, ExchangeFailed, UnexpectedAudience
from trulybot.accounts.providers.models import ProviderTokens, Voucher
from trulybot.accounts.providers.vouching import voucher

LABELS = {"google": "Google", "apple": "Apple", "azure": "Microsoft", "gitlab": "GitLab", "linkedin_oidc": "LinkedIn"}

# The issuers of GoTrue's providers that have OpenID Connect.
ISSUERS = {
    "apple": "https://appleid.apple.com",
    "azure": "https://login.microsoftonline.com/common",
    "gitlab": "https://gitlab.com",
    "google": "https://accounts.google.com",
    "kakao": "https://kauth.kakao.com",
    "linkedin_oidc": "https://www.linkedin.com/oauth",
    "slack_oidc": "https://slack.com",
    "twitch": "https://id.twitch.tv/oauth2",
}

# GoTrue's that have none.
WITHOUT_OPENID = frozenset(
    "bitbucket discord facebook figma fly github linkedin notion slack snapchat spotify twitter workos x zoom".split()
)

# Ours to say, whatever the caller's query says.
RESERVED = frozenset(
    """
    access_token apikey claims client_assertion client_assertion_type client_id client_secret code code_challenge
    code_challenge_method code_verifier grant_type id_token id_token_hint invite_token nonce provider redirect_to
    redirect_uri registration request request_uri response_mode response_type scope scopes skip_http_redirect state
    """.split()
)
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")  # Source: RFC 6749, 3.3
EXTRA_CHARACTERS = 1000
LONGEST_PROVIDER_TOKEN = 8192


@dataclass(frozen=True)
class Places:
    issuer: str
    authorization: str
    token: str
    userinfo: str | None
    keys: str
    takes_basic: bool


@dataclass(frozen=True)
class Provider:
    """issuer: as configured. client_ids: ours there; the first signs people in, all are good in an ID token."""

    name: str
    issuer: str
    client_ids: Sequence[str]
    redirect_uri: str
    secret: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        """What people call it."""
        return LABELS.get(self.name, self.name.replace("_", " ").capitalize())

    @cached_property
    def keys(self) -> IssuerKeys:
        return IssuerKeys(self._published)

    @cached_property
    def places(self) -> Kept[Places]:
        return Kept(self._discovered, time.monotonic)

    async def begin_at(self, *, state: str, nonce: str, verifier: str, scopes: str, extra: Mapping[str, str]) -> str:
        """
        Where to send the browser.

        Raises:
            Away: The provider does not answer.
        """
        places = await self.places.get()
        asked = {
            **{name: text[:EXTRA_CHARACTERS] for name, text in extra.items() if name not in RESERVED},
            "client_id": self.client_ids[0],
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": " ".join(self._scopes(scopes)),
            "state": state,
            "nonce": nonce,
            "code_challenge": _digest(verifier.encode()),
            "code_challenge_method": "S256",
        }
        if self.name == "apple":
            asked["response_mode"] = "form_post"  # it tells the email no other way
        return f"{places.authorization}{'&' if '?' in places.authorization else '?'}{urlencode(asked)}"

    async def redeem(self, code: str, *, verifier: str, nonce: str) -> Voucher:
        """
        Exchange the code that the browser brought for whom it is about.

        Raises:
            ExchangeFailed: The provider does not take it.
            BadIdToken, UnexpectedAudience: What it gave is not for us, or not for this flow.
            Away: The provider does not answer.
        """
        places = await self.places.get()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        answer = await self._fetch_tokens(places, form)
        given = {name: _token(answer.get(name)) for name in ("id_token", "access_token", "refresh_token")}
        if not given["id_token"]:
            raise ExchangeFailed
        claims = await self.read(given["id_token"], access_token=given["access_token"])
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise BadIdToken
        tokens = ProviderTokens(given["access_token"], given["refresh_token"])
        return voucher(self.name, await self._completed(places, claims, given["access_token"]), tokens)

    async def read(self, id_token: str, *, access_token: str = "") -> Mapping[str, Any]:
        """
        The claims of an ID token for us. Whose nonce it carries is the caller's to check.

        Raises:
            BadIdToken: The provider did not sign it, or not this, or its time is over.
            UnexpectedAudience: It is for another client of the provider.
            Away: The provider does not answer.
        """
        places = await self.places.get()
        try:
            claims = await foreign_tokens.read(id_token, self.keys.find, algorithms=ASYMMETRIC)
            algorithm = foreign_tokens.head_of(id_token).algorithm
        except Refused as error:
            raise BadIdToken from error
        subject, audience = claims.get("sub"), claims.get("aud")
        if not is_from(places.issuer, claims) or not foreign_tokens.in_time(claims):
            raise BadIdToken
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or "\0" in subject:  # OpenID Connect Core, 2
            raise BadIdToken
        if not self._is_for_us([audience] if isinstance(audience, str) else audience, claims.get("azp")):
            raise UnexpectedAudience
        if access_token and "at_hash" in claims and claims["at_hash"] != _half_digest(algorithm, access_token):
            raise BadIdToken
        return claims

    def _is_for_us(self, audience: object, party: object) -> bool:
        if not isinstance(audience, list) or not any(one in self.client_ids for one in audience):
            return False
        return party in self.client_ids if party is not None else len(audience) == 1

    def _scopes(self, wanted: str) -> list[str]:
        own = "openid email name" if self.name == "apple" else "openid email profile"
        given = [scope for scope in wanted.replace(",", " ").split() if SCOPE.fullmatch(scope)]
        return list(dict.fromkeys([*own.split(), *given[:50]]))

    async def _fetch_tokens(self, places: Places, form: Mapping[str, str]) -> Mapping[str, Any]:
        """Providers differ in how a client proves itself, and not all of them say: who refuses one way is asked in the
        other, which costs the code nothing since it is looked at afterwards."""
        in_form = {**form, "client_id": self.client_ids[0], **({"client_secret": self.secret} if self.secret else {})}
        answer = None
        if self.secret and places.takes_basic:
            basic = quote(self.client_ids[0], safe=""), quote(self.secret, safe="")  # RFC 6749, 2.3.1
            answer = await outgoing.ask(places.token, form=form, auth=basic)
        if answer is None or answer.content.get("error") == "invalid_client":
            answer = await outgoing.ask(places.token, form=in_form)
        if answer.status != 200:
            raise ExchangeFailed
        return answer.content

    async def _completed(self, places: Places, claims: Mapping[str, Any], access_token: str) -> Mapping[str, Any]:
        """Many providers tell the email only at their userinfo address."""
        if "email" in claims or places.userinfo is None or not access_token:
            return claims
        answer = await outgoing.ask(places.userinfo, headers={"Authorization": f"Bearer {access_token}"})
        if answer.status != 200 or answer.content.get("sub") != claims["sub"]:
            return claims
        return {**answer.content, **claims}

    async def _published(self) -> Mapping[str, Any]:
        return await outgoing.read((await self.places.get()).keys)

    async def _discovered(self) -> Places:
        found = await outgoing.read(f"{self.issuer}/.well-known/openid-configuration")
        issuer = found.get("issuer")
        if not isinstance(issuer, str) or not self._is_its_own(issuer):
            raise Away
        methods = found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        userinfo = found.get("userinfo_endpoint")
        return Places(
            issuer=issuer,
            authorization=self._place(found.get("authorization_endpoint")),
            token=self._place(found.get("token_endpoint")),
            userinfo=self._place(userinfo) if userinfo else None,
            keys=self._place(found.get("jwks_uri")),
            takes_basic="client_secret_basic" in methods if isinstance(methods, list) else True,
        )

    def _is_its_own(self, issuer: str) -> bool:
        if self.name == "azure":  # one document speaks for many tenants, or calls a tenant by its id
            return urlsplit(issuer).netloc == urlsplit(self.issuer).netloc
        return issuer.rstrip("/") == self.issuer

    def _place(self, url: object) -> str:
        """An address of the document; by https, unless the operator chose a provider without it."""
        if not isinstance(url, str) or not url.startswith(("https://", self.issuer.partition("//")[0] + "//")):
            raise Away
        return url


def issuer_of(name: str, url: str) -> str | None:
    """The issuer of a configured provider; None for one that has no OpenID Connect."""
    issuer = url or ISSUERS.get(name)
    if issuer is None or name in WITHOUT_OPENID:
        return None
    # GoTrue names the tenant alone, and Microsoft has two kinds of issuers below it.
    return f"{issuer}/v2.0" if name == "azure" and not issuer.endswith("/v2.0") else issuer


def is_from(issuer: str, claims: Mapping[str, Any]) -> bool:
    """Microsoft's document for all tenants leaves a place for the one that the token names."""
    tenant = claims.get("tid")
    if "{tenantid}" in issuer:
        if not isinstance(tenant, str) or not re.fullmatch(r"[0-9a-f-]{36}", tenant):
            return False
        issuer = issuer.replace("{tenantid}", tenant)
    return claims.get("iss") == issuer


def _token(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= LONGEST_PROVIDER_TOKEN else ""


def _digest(value: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(value).digest()).decode().rstrip("=")


def _half_digest(algorithm: str, token: str) -> str:
    """The left half of the token's hash, by the hash of the signature. Source: OpenID Connect Core, 3.1.3.6."""
    name = {"256": "sha256", "384": "sha384"}.get(algorithm[-3:], "sha512")
    digest = hashlib.new(name, token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).decode().rstrip("=")
