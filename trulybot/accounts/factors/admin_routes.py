"""Anybody's second factors, for an operator's programs."""

from fastapi import APIRouter

from trulybot.accounts.admin.access import Operator
from trulybot.accounts.admin.errors import NoSuchUser, NotAllowed, NoUserId
from trulybot.accounts.admin.routes import UserId
from trulybot.accounts.asking import UNREAD, errors
from trulybot.accounts.errors import BadJwt, NoAuthorization
from trulybot.accounts.factors import queries, service
from trulybot.accounts.factors.errors import FactorIdInvalid, FactorNameTaken, FactorNotFound
from trulybot.accounts.factors.forms import FactorChange
from trulybot.accounts.factors.routes import FactorId
from trulybot.accounts.queries import user
from trulybot.accounts.wire import FactorBody, factor_body
from trulybot.kit.db import Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.http import Db

STRANGER = (NoAuthorization, BadJwt, NotAllowed)
NAMED = (NoUserId, NoSuchUser, FactorIdInvalid, FactorNotFound)

router = APIRouter(prefix="/admin/users/{user_id}/factors", dependencies=[Operator])


@router.get("", responses=errors(*STRANGER, NoUserId, NoSuchUser))
async def list_factors(user_id: UserId, db: Db) -> list[FactorBody]:
    """A person's second factors."""
    async with db.system("list second factors") as tx:
        await _known(tx, user_id)
        return [factor_body(factor) for factor in await queries.of(tx, user_id)]


@router.put("/{factor_id}", responses=errors(*UNREAD, *STRANGER, *NAMED, FactorNameTaken))
async def rename_factor(user_id: UserId, factor_id: FactorId, form: FactorChange, db: Db) -> FactorBody:
    """Give a factor another name."""
    async with db.system("rename a second factor") as tx:
        await _known(tx, user_id)
        factor = await service.factor_of(tx, user_id, factor_id)
        return factor_body(await service.rename(tx, factor, form.friendly_name) if form.friendly_name else factor)


@router.delete("/{factor_id}", responses=errors(*STRANGER, *NAMED))
async def remove_factor(user_id: UserId, factor_id: FactorId, db: Db) -> FactorBody:
    """Remove a factor, as for somebody who has lost it; they are told by mail."""
    async with db.system("remove a second factor") as tx:
        await _known(tx, user_id)
        await queries.hold(tx, user_id)
        factor = await service.factor_of(tx, user_id, factor_id)
        await service.take_away(tx, factor)
    return factor_body(factor)


async def _known(tx: Tx, user_id: UserId) -> None:
    try:
        await user(tx, user_id)
    except NotFound as error:
        raise NoSuchUser from error
