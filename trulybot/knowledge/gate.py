"""Whether there is a publish gate; what a gate does with what it holds stands in `evaluation`."""

from trulybot.kit.db import Tx


async def is_gated(tx: Tx) -> bool:
    """Whether changes are held back until they have passed their test."""
    return bool(
        await tx.value(
            "select exists (select from publish_gates where workspace_id = %(workspace_id)s)",
            workspace_id=tx.workspace_id,
        )
    )
