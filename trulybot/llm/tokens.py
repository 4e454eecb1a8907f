"""How many tokens a text is at most, for any model: cheap, and never too little, since money and room hang on it."""

import re

_WORDS = re.compile(r"[A-Za-z]+")
CHARACTERS_A_TOKEN = 3.2  # of English words under any tokenizer of today; 4 is their average
A_MESSAGE = 6  # what frames each


def estimated(text: str) -> int:
    """An upper estimate. What is no Latin letter counts as a token each, which holds for Hindi and Chinese too."""
    latin = sum(max(1.0, len(word) / CHARACTERS_A_TOKEN) for word in _WORDS.findall(text))
    spaces = text.count(" ")
    letters = sum(map(len, _WORDS.findall(text)))
    return round(latin) + (len(text) - letters - spaces) + A_MESSAGE
