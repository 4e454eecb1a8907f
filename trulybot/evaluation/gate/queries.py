"""The gate's SQL."""

from uuid import UUID

from trulybot.evaluation.gate.models import Setting
from trulybot.kit.db import Tx


async def setting(tx: Tx) -> Setting | None:
    """The gate, with the last try since it was put up."""
    return await tx.maybe(
        Setting,
        """
        select g.set_id, g.minimum, r.beside as live_run_id, r.id as candidate_run_id
          from publish_gates g
          left join lateral (select id, beside
                               from golden_runs
                              where workspace_id = g.workspace_id
                                and set_id = g.set_id
                                and view = 'candidate'
                                and created_at >= g.created_at
                              order by created_at desc, id desc
                              limit 1) r on true
         where g.workspace_id = %(workspace_id)s
        """,
        workspace_id=tx.workspace_id,
    )


async def put_up(tx: Tx, set_id: UUID, minimum: float) -> None:
    await take_down(tx)
    await tx.run(
        "insert into publish_gates (set_id, minimum) values (%(set_id)s, %(minimum)s)", set_id=set_id, minimum=minimum
    )


async def take_down(tx: Tx) -> None:
    await tx.run("delete from publish_gates where workspace_id = %(workspace_id)s", workspace_id=tx.workspace_id)
