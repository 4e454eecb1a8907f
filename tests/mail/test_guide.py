"""The operator's guide, held to the code."""

import re
from pathlib import Path

from trulybot.mail.kinds import Kind

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "mail.md").read_text("utf-8")


def table(heading: str) -> list[str]:
    """What stands in the first column of the first table below a heading, where it is in backticks."""
    rows = re.findall(r"^\| (`.*?) \|", GUIDE.partition(f"## {heading}\n")[2].partition("\n## ")[0], re.MULTILINE)
    return [name for row in rows for name in re.findall("`([^`]+)`", row)]


def test_the_guide_lists_every_kind_of_mail_and_no_other():
    assert table("What is sent") == [str(kind) for kind in Kind]


def test_the_guide_explains_every_reason_why_a_mail_was_not_sent():
    code = "".join((ROOT / "trulybot" / "mail" / name).read_text("utf-8") for name in ("smtp.py", "delivery.py"))
    reasons = set(re.findall(r'(?:Later|Refused|_judged|_named)\(\s*"(\w+)"', code))
    reasons |= set(re.findall(r'name = "(\w+)" if .* else "(\w+)"', code)[0])
    reasons |= set(re.findall(r'"(\w+)" if certificate else "(\w+)"', code)[0])
    reasons |= set(re.findall(r'"failed", "(\w+)"', code))

    assert set(table("When it does not arrive")) == reasons
