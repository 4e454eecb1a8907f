"""What a model costs when nobody said it."""

import pytest

from trulybot.llm.prices import ASSUMED, NOTHING, PRICES, Price, price_of

MINI = PRICES["gpt-4o-mini"]


@pytest.mark.parametrize(
    ("name", "base_url", "price"),
    [
        ("gpt-4o-mini", None, MINI),
        ("gpt-4o-mini-2024-07-18", None, MINI),
        ("gpt-4o-mini", "https://models.example/v1", MINI),
        ("gpt-4o-mini-but-dear", None, ASSUMED),
        ("unheard-of", None, ASSUMED),
        ("unheard-of", "https://models.example/v1", ASSUMED),
        ("unheard-of", "https://8.8.8.8/v1", ASSUMED),
        ("llama", "http://localhost:8080/v1", NOTHING),
        ("llama", "http://ollama:11434/v1", NOTHING),
        ("llama", "http://10.0.0.7/v1", NOTHING),
        ("llama", "http://[::1]:8080/v1", NOTHING),
    ],
)
def test_what_is_counted_where_nobody_said_a_price(name: str, base_url: str | None, price: Price):
    assert price_of(name, base_url) == price
