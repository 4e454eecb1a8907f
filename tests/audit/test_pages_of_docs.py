"""What the guides say of acts and alerts is what the code does."""

from pathlib import Path

from trulybot.audit.actions import Action
from trulybot.operations.alert_rules import RULES

DOCS = Path(__file__).parents[2] / "docs"


def test_the_guide_lists_every_act():
    lines = (DOCS / "security" / "trail.md").read_text("utf-8").splitlines()
    listed = [line for line in lines if line.startswith("| `")]

    assert listed == [f"| `{action.value}` | {action.sentence} |" for action in Action]


def test_the_guide_explains_every_alert():
    text = (DOCS / "alerts.md").read_text("utf-8")
    headings = [line.strip("#` ") for line in text.splitlines() if line.startswith("## `")]

    assert headings == [rule.name for rule in RULES]
    for rule in RULES:
        assert f"## `{rule.name}`\n\n{rule.means}\n" in text
        assert f"- Why then: {rule.reason}\n- What to do: {rule.what_to_do}\n" in text
