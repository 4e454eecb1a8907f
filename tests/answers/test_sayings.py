from dataclasses import fields
from typing import get_args

import pytest

from trulybot.answers import sayings
from trulybot.answers.intents import Intent
from trulybot.answers.language import detect


@pytest.mark.parametrize("language", sayings.SAYINGS)
def test_every_saying_is_there_and_in_its_language(language):
    said = sayings.SAYINGS[language]

    assert all(getattr(said, field.name).strip() for field in fields(said))
    assert detect(said.unanswered) == language
    assert detect(said.human) == language


@pytest.mark.parametrize("intent", get_args(Intent))
def test_every_intent_has_a_reply(intent):
    assert sayings.reply(intent, "en")


def test_an_unknown_language_is_answered_in_english():
    assert sayings.unanswered("xx") == sayings.unanswered("en")
    assert sayings.name("xx") == "English"


def test_a_wish_for_a_person_is_a_handover():
    assert sayings.source("human") == sayings.source("complaint") == "handover"
    assert sayings.source("greeting") == "smalltalk"
