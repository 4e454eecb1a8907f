"""What a workspace can do: begin, show itself, hand out keys."""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Mapping
from uuid import UUID

from trulybot.accounts.models import Person
from trulybot.audit import service as audit
from trulybot.audit.actions import Action
from trulybot.audit.service import Someone, Who
from trulybot.kit.db import Database, Tx
from trulybot.kit.errors import NotFound
from trulybot.kit.ids import uuid7
from trulybot.workspaces import queries
from trulybot.workspaces.access import KEY_SCOPES, KeyScope
from trulybot.workspaces.identity import API_KEY_PREFIX, Member
from trulybot.workspaces.models import ApiKey, Limits, NewApiKey, ProfilePage, Workspace

NAME_CHARACTERS = 200
HINT_CHARACTERS = 11  # the prefix and five more: tells keys apart, gives 30 of 256 bits away

# Every tier is without limit until plans are sold.
LIMITS = Limits(monthly_conversations=None, monthly_uploads=None)


async def found(tx: Tx, user_id: UUID, email: str, metadata: Mapping[str, object]) -> None:
    """A new person's first workspace, under the name they gave or else after their email."""
    wished = metadata.get("workspace_name")
    name = _clean(wished) if isinstance(wished, str) else ""
    await _found(tx, user_id, email, name or _clean(email.partition("@")[0]) or "My workspace")


async def found_another(db: Database, person: Person, name: str) -> Workspace:
    """A further workspace, or the first after having left every other; the one they are in from now on."""
    async with db.system("found a workspace") as tx:
        workspace_id = await _found(tx, person.user_id, person.email, _clean(name) or "My workspace")
    async with db.workspace(Member(person.user_id, workspace_id, "owner", person.email, person.session_id)) as tx:
        return await queries.workspace(tx)


async def change_profile(tx: Tx, name: str | None, locale: str | None, *, by: Member) -> None:
    """None: stays as it is."""
    await queries.change_profile(tx, by.user_id, name=name, locale=locale)
    await audit.record(tx, Action.PROFILE_CHANGED, by=by)


async def rename(tx: Tx, name: str, *, by: Member) -> None:
    await queries.rename(tx, name)
    await audit.record(tx, Action.WORKSPACE_RENAMED, by=by, subject=by.workspace_id, name=name)


async def enter(tx: Tx, user_id: UUID, workspace_id: UUID) -> None:
    """The workspace that this person is in from now on; nothing happens where they do not belong."""
    await tx.run(
        "select private.enter_workspace(%(user_id)s, %(workspace_id)s)", user_id=user_id, workspace_id=workspace_id
    )


async def workspace(tx: Tx) -> Workspace:
    """The open one."""
    return await queries.workspace(tx)


async def readdress(tx: Tx, user_id: UUID, email: str) -> None:
    """The person's email changed."""
    await tx.run("select private.readdress(%(user_id)s, %(email)s)", user_id=user_id, email=email)


async def profile(tx: Tx, who: Member, workspaces: list[Workspace]) -> ProfilePage:
    """workspaces: all of the person's, since this transaction sees only the open one."""
    person = await queries.profile(tx, who.user_id)
    return ProfilePage(
        id=person.id,
        email=who.email,
        name=person.name,
        locale=person.locale,
        role=who.role,
        workspace=await queries.workspace(tx),
        workspaces=workspaces,
        subscription_tier=person.subscription_tier,
        subscription_status=person.subscription_status,
        usage=await queries.usage(tx),
        limits=LIMITS,
    )


async def make_key(tx: Tx, name: str, scopes: list[KeyScope] | None, *, by: Member) -> NewApiKey:
    """A key with the scopes asked for, or all that a key may have."""
    secret = API_KEY_PREFIX + secrets.token_urlsafe(32)
    kept = await queries.add_key(
        tx,
        id=uuid7(),
        name=name,
        hash=hashlib.sha256(secret.encode()).digest(),
        hint=secret[:HINT_CHARACTERS],
        scopes=list(dict.fromkeys(scopes or KEY_SCOPES)),
        created_by=by.user_id,
    )
    await audit.record(tx, Action.KEY_MADE, by=by, subject=kept.id, name=name)
    return NewApiKey(**kept.__dict__, key=secret)


async def keys(tx: Tx) -> list[ApiKey]:
    return await queries.keys(tx)


async def remove_key(tx: Tx, key_id: UUID, *, by: Who) -> None:
    """
    End a key at once.

    Raises:
        NotFound: There is none with this id in the workspace.
    """
    if not await queries.remove_key(tx, key_id):
        raise NotFound
    await audit.record(tx, Action.KEY_REMOVED, by=by, subject=key_id)


async def _found(tx: Tx, user_id: UUID, email: str, name: str) -> UUID:
    founded: UUID = await tx.value(
        "select private.found_workspace(%(user_id)s, %(email)s, %(name)s, %(slug)s, %(bot_key)s)",
        user_id=user_id,
        email=email,
        name=name,
        slug=_slug(name),
        bot_key=f"tb_bot_{secrets.token_urlsafe(18)}",
    )
    await audit.record(tx, Action.WORKSPACE_FOUNDED, by=Someone(user_id), workspace_id=founded)
    return founded


def _clean(name: str) -> str:
    """One line of visible text."""
    visible = "".join(c for c in name if unicodedata.category(c)[0] != "C" or c == "\t")
    return " ".join(visible.split())[:NAME_CHARACTERS].strip()


def _slug(name: str) -> str:
    """The name as it can stand in an address, and six random characters that keep it unique."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] + "-" + secrets.token_hex(3)
