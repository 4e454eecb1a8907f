"""What can go wrong at a gate."""

from trulybot.kit.errors import Conflict, NotFound


class NoGate(NotFound):
    """There is no publish gate here: changes go live at once."""

    status, code = 404, "no_publish_gate"


class NothingHeld(Conflict):
    """Nothing that could be published, tried or withdrawn is held back."""

    status, code = 409, "nothing_held"


class StillHeld(Conflict):
    """Changes are held back still. Publish or withdraw them first."""

    status, code = 409, "still_held"
