"""What can go wrong with golden sets."""

from trulybot.kit.errors import Conflict


class NameTaken(Conflict):
    """There is a golden set of this name already."""

    status, code = 409, "golden_set_exists"


class NothingToAsk(Conflict):
    """The set holds no question yet."""

    status, code = 409, "golden_set_empty"


class SetFull(Conflict):
    """A golden set holds at most {most} questions."""

    status, code = 409, "golden_set_full"


class RunInProgress(Conflict):
    """A golden set of this workspace is being asked already. Wait until that run has ended."""

    status, code = 409, "golden_run_in_progress"


class GateNeedsIt(Conflict):
    """The publish gate asks this set. Take the gate down first, or have it ask another."""

    status, code = 409, "golden_set_in_use"
