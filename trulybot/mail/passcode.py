"""What opens the mailbox. By itself, because the supervisor prints it and needs nothing else of the mail."""

import base64

from trulybot.kit.keys import derive

PASSCODE_BYTES = 10  # 80 bits, which are 16 letters and figures: still copied by hand


def passcode(secret_key: str) -> str:
    """For people to copy: four groups of four."""
    letters = base64.b32encode(derive(secret_key, "mailbox passcode", length=PASSCODE_BYTES)).decode()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
