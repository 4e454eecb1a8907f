"""
Second factors: set up, shown, removed.

A code is checked with no transaction open, between the one that counts the attempt and the one that uses the code up.
Both hold whatever happens meanwhile: an attempt is counted before the code is looked at, and a code is taken by the
statement that finds it unused.
"""

import time
from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import UniqueViolation

from trulybot.accounts import queries as people
from trulybot.accounts import sessions
from trulybot.accounts.config import Accounts
from trulybot.accounts.events import record
from trulybot.accounts.factors import codes, queries
from trulybot.accounts.factors.errors import (
    AddressMismatch,
    AnonymousHasNoFactors,
    ChallengeExpired,
    ChallengeNotFound,
    CodeRefused,
    FactorNameTaken,
    FactorNotFound,
    RemovalNeedsSecondFactor,
    SecondFactorNeeded,
    TooManyFactors,
)
from trulybot.accounts.factors.models import Challenge, Enrolment, Sealed
from trulybot.accounts.models import Device, Factor, Grant, Person
from trulybot.audit.actions import Action
from trulybot.kit import security
from trulybot.kit.db import Database, Tx
from trulybot.kit.ids import uuid7
from trulybot.kit.security import SecurityEvent
from trulybot.kit.text import one_line
from trulybot.mail import service as mail
from trulybot.mail.kinds import Kind

MOST_FACTORS = 10
LONGEST_NAME = 100


async def enrol(
    db: Database, accounts: Accounts, person: Person, *, name: str, issuer: str = "", anew: bool = False
) -> Enrolment:
    """
    Begin a factor. It guards nothing until a code of it was shown.

    anew: what was begun before and not finished is forgotten, since a page shows no way back to it.

    Raises:
        AnonymousHasNoFactors, SecondFactorNeeded, FactorNameTaken, TooManyFactors: They may not have it.
    """
    seed, factor_id, name = codes.new_seed(), uuid7(), one_line(name)[:LONGEST_NAME]
    sealed = await accounts.keyring.seal(seed, purpose=_purpose(factor_id))
    async with db.system("set up a second factor") as tx:
        await queries.hold(tx, person.user_id)
        user = await people.user(tx, person.user_id)
        if user.is_anonymous:
            raise AnonymousHasNoFactors
        await queries.forget_unverified(tx, person.user_id, all=anew)
        known = await queries.of(tx, person.user_id)
        if person.aal != "aal2" and any(factor.is_verified for factor in known):
            raise SecondFactorNeeded
        if len(known) >= MOST_FACTORS:
            raise TooManyFactors
        try:
            await queries.add(tx, id=factor_id, user_id=person.user_id, friendly_name=name, seed=sealed)
        except UniqueViolation as error:
            raise FactorNameTaken(name=name) from error
        factor = await _own(tx, person.user_id, factor_id)
    return _enrolment(accounts, factor, seed, email=user.email, issuer=issuer)


async def enrolment(db: Database, accounts: Accounts, person: Person, factor_id: UUID) -> Enrolment:
    """
    A factor that was begun, once more.

    Raises:
        FactorNotFound: There is none of theirs, or it is verified: then nobody sees the seed again.
    """
    async with db.system("show a second factor") as tx:
        sealed = await queries.sealed(tx, person.user_id, factor_id)
        if sealed is None or sealed.status == "verified":
            raise FactorNotFound
        factor = await _own(tx, person.user_id, factor_id)
    seed = await accounts.keyring.open(sealed.seed, purpose=_purpose(factor_id))
    return _enrolment(accounts, factor, seed, email=person.email, issuer="")


async def challenge(tx: Tx, person: Person, factor_id: UUID, device: Device) -> Challenge:
    """
    Raises:
        FactorNotFound: There is none of theirs.
    """
    await _own(tx, person.user_id, factor_id)
    return await queries.add_challenge(tx, id=uuid7(), factor_id=factor_id, address=device.address)


async def verify(
    db: Database, accounts: Accounts, person: Person, factor_id: UUID, *, challenge_id: UUID, code: str, device: Device
) -> Grant:
    """
    Answer a challenge: the session goes to aal2, with new tokens.

    Raises:
        FactorNotFound, ChallengeNotFound, ChallengeExpired, AddressMismatch, CodeRefused: It does not.
        SecondFactorNeeded: It is a further factor, which guards nothing yet and so proves nothing.
        LimitReached: Too many wrong codes; nobody has looked at this one.
    """
    async with db.system("count an attempt") as tx:
        factor = await _sealed(tx, person, factor_id)
        if factor.status != "verified" and person.needs_second_factor:
            raise SecondFactorNeeded
        asked = await queries.attempt(tx, id=challenge_id, factor_id=factor_id)
    if asked is None:
        raise ChallengeNotFound
    if asked.address != device.address:
        raise AddressMismatch
    if asked.is_over:
        raise ChallengeExpired
    step = await _step(accounts, person, factor, code)
    async with db.system("verify a second factor") as tx:
        used = await _use(tx, person, factor, step)
        grant = await sessions.raise_session(tx, accounts, person, method="totp", factor_id=factor_id) if used else None
    if grant is None:
        raise _refused(person)
    await forgive(accounts, person)
    return grant


@dataclass(frozen=True)
class Raised:
    """A browser's session after its second factor. secret: what its cookie holds now. is_first: of their factors."""

    secret: str
    is_first: bool = False


async def verify_in_browser(
    db: Database, accounts: Accounts, person: Person, code: str, *, factor_id: UUID | None = None
) -> Raised:
    """
    Show a code of a factor, or, when none is named, of any that is verified: the session goes to aal2.

    Raises:
        FactorNotFound, CodeRefused, LimitReached: It does not.
    """
    async with db.system("read second factors") as tx:
        known = await queries.of(tx, person.user_id)
        ids = [factor_id] if factor_id else [factor.id for factor in known if factor.is_verified]
        factors = [await _sealed(tx, person, id) for id in ids]
    await count_attempt(accounts, person)
    for factor in factors:
        step = await _match(accounts, factor, code)
        if step is None:
            continue
        async with db.system("verify a second factor") as tx:
            if not await _use(tx, person, factor, step):
                continue
            secret = await sessions.raise_browser_session(tx, accounts, person, method="totp", factor_id=factor.id)
        await forgive(accounts, person)
        return Raised(secret, is_first=not any(other.is_verified for other in known))
    raise _refused(person)


async def remove(tx: Tx, person: Person, factor_id: UUID) -> None:
    """
    Raises:
        FactorNotFound: There is none of theirs.
        RemovalNeedsSecondFactor: It is verified, and this session has not shown one.
    """
    await queries.hold(tx, person.user_id)
    factor = await _own(tx, person.user_id, factor_id)
    if factor.is_verified and person.aal != "aal2":
        raise RemovalNeedsSecondFactor
    await take_away(tx, factor)


async def take_away(tx: Tx, factor: Factor) -> None:
    """Remove a factor, for whoever may; with the last one go the recovery codes."""
    await queries.remove(tx, factor.user_id, factor.id)
    if not factor.is_verified:
        return
    if not any(other.is_verified for other in await queries.of(tx, factor.user_id)):
        await queries.replace_recovery_codes(tx, factor.user_id, [])
    await tell(tx, Kind.FACTOR_REMOVED, factor.user_id)
    await record(tx, Action.FACTOR_REMOVED, user_id=factor.user_id, factor_id=factor.id)


async def rename(tx: Tx, factor: Factor, name: str) -> Factor:
    """
    Raises:
        FactorNameTaken: Another of theirs has it.
    """
    name = one_line(name)[:LONGEST_NAME]
    try:
        await queries.rename(tx, factor.user_id, factor.id, name)
    except UniqueViolation as error:
        raise FactorNameTaken(name=name) from error
    return await _own(tx, factor.user_id, factor.id)


async def count_attempt(accounts: Accounts, person: Person) -> None:
    """
    Raises:
        LimitReached: Too many wrong codes.
    """
    await accounts.limiter.take(accounts.limits.wrong_codes, str(person.user_id))
    await accounts.limiter.take(accounts.limits.wrong_codes_a_day, str(person.user_id))


async def forgive(accounts: Accounts, person: Person) -> None:
    """Whoever has the factor may have mistyped before."""
    await accounts.limiter.clear(accounts.limits.wrong_codes, str(person.user_id))
    await accounts.limiter.clear(accounts.limits.wrong_codes_a_day, str(person.user_id))


async def tell(tx: Tx, kind: Kind, user_id: UUID) -> None:
    """Mail the person what happened to their account, if they have an address."""
    user = await people.user(tx, user_id)
    if user.email:
        await mail.send(tx, kind, user.email, locale=user.locale)


async def factor_of(tx: Tx, user_id: UUID, factor_id: UUID) -> Factor:
    """
    Raises:
        FactorNotFound: They have none of that id.
    """
    return await _own(tx, user_id, factor_id)


async def _own(tx: Tx, user_id: UUID, factor_id: UUID) -> Factor:
    for factor in await queries.of(tx, user_id):
        if factor.id == factor_id:
            return factor
    raise FactorNotFound


async def _sealed(tx: Tx, person: Person, factor_id: UUID) -> Sealed:
    sealed = await queries.sealed(tx, person.user_id, factor_id)
    if sealed is None:
        raise FactorNotFound
    return sealed


async def _step(accounts: Accounts, person: Person, factor: Sealed, code: str) -> int:
    await count_attempt(accounts, person)
    step = await _match(accounts, factor, code)
    if step is None:
        raise _refused(person)
    return step


async def _match(accounts: Accounts, factor: Sealed, code: str) -> int | None:
    seed = await accounts.keyring.open(factor.seed, purpose=_purpose(factor.id))
    return codes.step_of(seed, code, at=time.time())


async def _use(tx: Tx, person: Person, factor: Sealed, step: int) -> bool:
    """Take the code; the first one of a factor makes it guard the account."""
    if not await queries.use_code(tx, factor.id, step=step):
        return False
    await queries.forget_unverified(tx, person.user_id, but=factor.id, all=True)
    if factor.status != "verified":
        await tell(tx, Kind.FACTOR_ADDED, person.user_id)
        await record(tx, Action.FACTOR_ADDED, user_id=person.user_id, factor_id=factor.id)
    return True


def _purpose(factor_id: UUID) -> str:
    """What the key ring seals a seed for, so that one moved to another factor does not open."""
    return f"totp seed {factor_id}"


def _refused(person: Person) -> CodeRefused:
    security.note(SecurityEvent.CODE_FAILED, user_id=person.user_id, kind="totp")
    return CodeRefused()


def _enrolment(accounts: Accounts, factor: Factor, seed: str, *, email: str, issuer: str) -> Enrolment:
    shown = codes.issuer(issuer, accounts.issuer)
    return Enrolment(factor, seed, codes.uri(seed, email=email, issuer=shown))
