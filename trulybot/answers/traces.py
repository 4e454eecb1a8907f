"""What an answer was made from, so that it can be replayed later."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from trulybot.answers.ranking import Ranked
from trulybot.answers.search import Found

READ = 8  # passages: a model reads half as many, a quotation fewer; the rest shows what came near


@dataclass
class Trace:
    """
    Filled while a question is answered. knowledge_version: None when nothing was looked up.

    curated_answer: the owner's own answer that was told, by its id.
    """

    knowledge_version: int | None = None
    passages: Sequence[Ranked] = field(default_factory=tuple)
    curated_answer: UUID | None = None

    def keep(self, found: Found) -> None:
        self.knowledge_version, self.passages = found.knowledge_version, found.passages[:READ]
