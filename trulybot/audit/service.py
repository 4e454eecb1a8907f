"""Write down who did what, in the transaction of the act, and read it."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from psycopg.types.json import Jsonb

from trulybot.audit.actions import Action
from trulybot.kit.db import Tx
from trulybot.kit.ids import uuid7
from trulybot.kit.security import origin
from trulybot.kit.text import storable

DETAIL_CHARACTERS = 200  # a name or an id; a log is no place for documents


class Who(Protocol):
    """Somebody who acts. actor_kind: person, key, visitor or operator."""

    @property
    def actor_kind(self) -> str: ...
    @property
    def actor_id(self) -> str: ...


@dataclass(frozen=True)
class Someone:
    """A person of whom nothing is at hand but the id."""

    user_id: UUID
    actor_kind = "person"

    @property
    def actor_id(self) -> str:
        return str(self.user_id)


async def record(
    tx: Tx,
    action: str,
    *,
    by: Who | None,
    subject: UUID | str | None = None,
    workspace_id: UUID | None = None,
    **details: str | int | bool | None,
) -> None:
    """
    Add an act to the audit log; it is there if this transaction commits.

    Record last: the end of the workspace's chain is locked until the transaction ends, and whatever else the
    transaction did before has then held nobody up. Only an act by which the actor leaves the workspace comes before
    leaving.

    by: None for the product itself. In a workspace's transaction the database names whoever its claims name, so that
    nobody can act in another's name. workspace_id: for an act outside of a workspace's transaction; that of a person
    who acts on their own account is their home, and who has none leaves no trace here.
    action: one of Action's, with the details that its sentence names; names and ids, never what people wrote.
    """
    here = origin()
    await tx.run(
        "select private.record_act(%(id)s, %(action)s, %(actor_kind)s, %(actor_id)s, %(subject)s, %(details)s, "
        "%(address)s, %(request_id)s, %(workspace_id)s)",
        id=uuid7(),
        action=Action(action).value,
        actor_kind=by.actor_kind if by else "system",
        actor_id=by.actor_id if by else None,
        subject=str(subject) if subject is not None else None,
        details=Jsonb({name: _short(value) for name, value in details.items()}),
        address=here.address,
        request_id=here.request_id,
        workspace_id=workspace_id,
    )


def _short(value: str | int | bool | None) -> str | int | bool | None:
    return storable(value)[:DETAIL_CHARACTERS] if isinstance(value, str) else value
