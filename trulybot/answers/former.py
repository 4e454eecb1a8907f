"""Embedders of models that were changed from, for as long as a workspace still answers by one."""

import asyncio
from collections.abc import Sequence

from trulybot.answers.answering import Answering
from trulybot.kit.db import Database
from trulybot.llm.embeddings import Embedder

LOOK_SECONDS = 30.0


async def keep_asking(db: Database, answering: Answering, known: Sequence[Embedder]) -> None:
    """Have questions embedded by those of the known models, too, that still answer somewhere; ends when none does."""
    while True:
        async with db.system("models that still answer") as tx:
            models: list[str] = await tx.value("select array(select private.answering_models())")
        answering.former = [one for one in known if one.model in models]
        if not answering.former:
            return
        await asyncio.sleep(LOOK_SECONDS)
