"""Why a curated answer is not kept."""

from trulybot.kit.errors import Conflict


class AnswersFull(Conflict):
    """A workspace keeps up to {limit} curated answers. Remove some first."""

    status, code = 409, "curated_answers_full"
