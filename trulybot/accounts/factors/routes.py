"""Second factors by the GoTrue API: enroll, challenge, verify, unenroll."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path

from trulybot.accounts import sessions
from trulybot.accounts.asking import SIGNED_OUT, UNREAD, Claims, errors
from trulybot.accounts.config import Config
from trulybot.accounts.devices import From
from trulybot.accounts.errors import TooManyRequests, ValidationFailed
from trulybot.accounts.factors import service
from trulybot.accounts.factors.errors import (
    AddressMismatch,
    AnonymousHasNoFactors,
    ChallengeExpired,
    ChallengeNotFound,
    CodeRefused,
    FactorIdInvalid,
    FactorNameTaken,
    FactorNotFound,
    FactorTypeUnknown,
    PhoneFactorsDisabled,
    RemovalNeedsSecondFactor,
    SecondFactorNeeded,
    TooManyFactors,
    WebAuthnFactorsDisabled,
)
from trulybot.accounts.factors.forms import Answer, NewFactor
from trulybot.accounts.factors.wire import (
    ChallengeBody,
    EnrolmentBody,
    UnenrolledBody,
    challenge_body,
    enrolment_body,
)
from trulybot.accounts.models import Person
from trulybot.accounts.tokens import AccessClaims
from trulybot.accounts.wire import SessionBody, session_body
from trulybot.kit.db import Database
from trulybot.kit.http import Db

ENROL = (AnonymousHasNoFactors, SecondFactorNeeded, FactorNameTaken, TooManyFactors)
OTHER_KINDS = (PhoneFactorsDisabled, WebAuthnFactorsDisabled, FactorTypeUnknown)
VERIFY = (ValidationFailed, ChallengeNotFound, ChallengeExpired, AddressMismatch, CodeRefused, SecondFactorNeeded)
NAMED = (FactorIdInvalid, FactorNotFound)

router = APIRouter()


async def factor_id(factor_id: Annotated[str, Path()]) -> UUID:
    try:
        return UUID(factor_id)
    except ValueError as error:
        raise FactorIdInvalid from error


FactorId = Annotated[UUID, Depends(factor_id)]


@router.post("/factors", responses=errors(*UNREAD, *OTHER_KINDS, *ENROL, *SIGNED_OUT))
async def enrol(form: NewFactor, claims: Claims, accounts: Config, db: Db) -> EnrolmentBody:
    """Begin a factor: its secret for the authenticator app, as text, address and QR code."""
    match form.factor_type:
        case "totp":
            person = await _person(db, claims)
            made = await service.enrol(db, accounts, person, name=form.friendly_name, issuer=form.issuer)
            return enrolment_body(made)
        case "phone":
            raise PhoneFactorsDisabled
        case "webauthn":
            raise WebAuthnFactorsDisabled
        case _:
            raise FactorTypeUnknown


@router.post("/factors/{factor_id}/challenge", responses=errors(*UNREAD, *NAMED, *SIGNED_OUT, TooManyRequests))
async def challenge(factor_id: FactorId, claims: Claims, db: Db, device: From) -> ChallengeBody:
    """Ask to be asked for a code; it can be answered for five minutes, from the same address."""
    async with db.system("challenge a second factor") as tx:
        person = await sessions.live_person(tx, claims)
        return challenge_body(await service.challenge(tx, person, factor_id, device))


@router.post("/factors/{factor_id}/verify", responses=errors(*UNREAD, *VERIFY, *NAMED, *SIGNED_OUT, TooManyRequests))
async def verify(
    factor_id: FactorId, form: Answer, claims: Claims, accounts: Config, db: Db, device: From
) -> SessionBody:
    """Answer a challenge with the app's code: the same session at `aal2`, with new tokens."""
    person = await _person(db, claims)
    try:
        challenge_id = UUID(form.challenge_id)
    except ValueError as error:
        raise ValidationFailed(reason="challenge_id must be a valid UUID") from error
    grant = await service.verify(
        db, accounts, person, factor_id, challenge_id=challenge_id, code=form.code, device=device
    )
    return session_body(accounts, grant)


@router.delete("/factors/{factor_id}", responses=errors(RemovalNeedsSecondFactor, *NAMED, *SIGNED_OUT))
async def unenrol(factor_id: FactorId, claims: Claims, db: Db) -> UnenrolledBody:
    """Remove a factor. A verified one only from a session that has shown one."""
    async with db.system("remove a second factor") as tx:
        await service.remove(tx, await sessions.live_person(tx, claims), factor_id)
    return {"id": str(factor_id)}


async def _person(db: Database, claims: AccessClaims) -> Person:
    async with db.system("read user") as tx:
        return await sessions.live_person(tx, claims)
