"""
Signing in with an account elsewhere: the way back, and by an ID token alone.

The provider is asked with no transaction open, since it may take its time.
"""

import hashlib
import hmac
import json
from uuid import UUID

from trulybot.accounts import sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.errors import InsufficientAal, ManualLinkingDisabled, ProviderDisabled, ValidationFailed
from trulybot.accounts.forms import TokenRequest
from trulybot.accounts.models import Device, Grant
from trulybot.accounts.one_time import flows as pkce
from trulybot.accounts.providers import flows, linking, queries
from trulybot.accounts.providers.errors import BadCallback, DeniedThere, NonceMismatch, NonceMissing
from trulybot.accounts.providers.models import Ended, Flow, ProviderTokens, Voucher
from trulybot.accounts.providers.provider import Provider
from trulybot.accounts.providers.vouching import voucher
from trulybot.accounts.service import open_browser_session
from trulybot.accounts.tokens import AccessClaims
from trulybot.kit.db import Database, Tx
from trulybot.kit.log import get_logger

log = get_logger()


async def come_back(
    db: Database,
    accounts: Accounts,
    flow: Flow,
    *,
    state: str,
    code: str,
    error: str,
    cookie: str,
    replaces: str | None,
    device: Device,
) -> Ended:
    """
    End a flow that was taken up.

    cookie: what the browser shows of having begun it. replaces: the secret of the browser's session until now.

    Raises:
        DeniedThere, BadCallback, BadState, ExchangeFailed, BadIdToken, UnexpectedAudience, Away: Nobody is vouched for.
        BannedPerson, DeletedPerson, EmailInUse, …: Somebody is, and may not come in. See `linking`.
    """
    flows.check_browser(accounts, flow, cookie)
    if error:
        log.info("provider.denied", provider=flow.provider)
        raise DeniedThere
    if not code:
        raise BadCallback(reason="OAuth callback with missing authorization code missing")
    provider = flows.provider_of(accounts, flow.provider)
    vouched = await provider.redeem(
        code, verifier=flows.verifier_of(accounts, state), nonce=flows.nonce_of(accounts, state)
    )
    if flow.flow_id is not None:
        return await _end_by_code(db, accounts, flow, flow.flow_id, vouched)
    async with db.system("sign in by a provider") as tx:
        user_id = await _person(tx, accounts, flow, vouched)
        if flow.is_page:
            secret = await open_browser_session(tx, accounts, user_id, replaces, method="oauth", device=device)
            return Ended(flow, secret=secret)
        grant = await _session(tx, accounts, user_id, device)
        return Ended(flow, grant=grant, tokens=vouched.tokens)


async def by_id_token(
    db: Database, accounts: Accounts, form: TokenRequest, claims: AccessClaims | None, device: Device
) -> Grant:
    """
    Sign in by an ID token that the caller got from the provider itself, or add its identity to who is signed in.

    claims: of the caller's own token, who wants the identity added.

    Raises:
        ProviderDisabled, UnsupportedProvider: We do not know the provider.
        BadIdToken, UnexpectedAudience, NonceMissing, NonceMismatch: The token is not for us or not for this caller.
        ManualLinkingDisabled, InsufficientAal, IdentityAlreadyExists: It cannot be added.
        Away: The provider does not answer.
    """
    if not form.id_token:
        raise ValidationFailed(reason="id_token required")
    if form.link_identity and not accounts.manual_linking:
        raise ManualLinkingDisabled
    provider = _named(accounts, form)
    told = await provider.read(form.id_token, access_token=form.access_token)
    _check_nonce(told.get("nonce"), form.nonce)
    vouched = voucher(provider.name, told)
    async with db.system("sign in by an ID token") as tx:
        if claims is not None:
            person = await sessions.live_person(tx, claims)
            if person.needs_second_factor:
                raise InsufficientAal
            await linking.link(tx, accounts, vouched, to=person.user_id)
            user_id = person.user_id
        else:
            user_id = await linking.person_for(tx, accounts, vouched)
        return await _session(tx, accounts, user_id, device)


async def tokens_by_code(db: Database, accounts: Accounts, code: str) -> ProviderTokens:
    """What the provider gave in the flow that ended with this code; it is given once."""
    hash = _code_hash(accounts, code)
    async with db.system("hand out a provider's tokens") as tx:
        sealed = await queries.take_tokens(tx, hash)
    if sealed is None:
        return ProviderTokens()
    return ProviderTokens(**json.loads(await accounts.keyring.open(sealed, purpose=_purpose(hash))))


async def _end_by_code(db: Database, accounts: Accounts, flow: Flow, flow_id: UUID, vouched: Voucher) -> Ended:
    async with db.system("sign in by a provider") as tx:
        user_id = await _person(tx, accounts, flow, vouched)
        code = await pkce.finish(tx, accounts, flow_id, user_id)
    hash = _code_hash(accounts, code)
    kept = {"access_token": vouched.tokens.access_token, "refresh_token": vouched.tokens.refresh_token}
    sealed = await accounts.keyring.seal(json.dumps(kept), purpose=_purpose(hash))
    async with db.system("keep a provider's tokens") as tx:
        await queries.keep_tokens(tx, hash, sealed)
    return Ended(flow, code=code)


async def _person(tx: Tx, accounts: Accounts, flow: Flow, vouched: Voucher) -> UUID:
    if flow.user_id is None:
        return await linking.person_for(tx, accounts, vouched)
    await linking.link(tx, accounts, vouched, to=flow.user_id)
    return flow.user_id


async def _session(tx: Tx, accounts: Accounts, user_id: UUID, device: Device) -> Grant:
    account = await sessions.account(tx, user_id)
    return await sessions.open_session(tx, accounts, account, method="oauth", device=device)


def _named(accounts: Accounts, form: TokenRequest) -> Provider:
    """By its name here, or by issuer and client id."""
    if form.provider:
        return flows.provider_of(accounts, form.provider)
    if not form.issuer or not form.client_id:
        raise ValidationFailed(reason="provider or client_id and issuer required")
    for provider in accounts.providers.values():
        if provider.issuer == form.issuer.rstrip("/") and form.client_id in provider.client_ids:
            return provider
    raise ProviderDisabled


def _check_nonce(told: object, given: str) -> None:
    """The provider saw only the hash, so whoever copies its token cannot use it. Source: GoTrue."""
    if bool(told) != bool(given):
        raise NonceMissing
    digest = hashlib.sha256(given.encode(errors="surrogatepass")).hexdigest()
    if told and not hmac.compare_digest(str(told).encode(errors="surrogatepass"), digest.encode()):
        raise NonceMismatch


def _code_hash(accounts: Accounts, code: str) -> bytes:
    return hmac.digest(accounts.flow_key, b"code " + code.encode(errors="surrogatepass"), "sha256")


def _purpose(code_hash: bytes) -> str:
    return f"provider tokens {code_hash.hex()}"
