import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import World
from trulybot.answers.kindred import nearest
from trulybot.documents.keywords import question_terms

# What a shop of many languages knows; each is asked for with the embedder away.
KNOWN = {
    "Returns": "Our return policy: send anything back within 30 days, unused and in its box.",
    "Kettle AB-1234": "The kettle AB-1234 holds 1.7 litres and switches itself off.",
    "Versand": "Die Lieferzeit beträgt drei Werktage. Bestellungen ab 50 Euro sind versandkostenfrei.",
    "Gewährleistung": "Auf alle Möbel gilt eine Frist von zwei Jahren für jede Garantie.",
    "शिपिंग": "दिल्ली में डिलीवरी दो दिन में होती है।",
    "விநியோகம்": "சென்னையில் இரண்டு நாட்களில் பொருட்கள் வழங்கப்படும்.",
    "الشحن": "يستغرق التوصيل إلى القاهرة يومين.",
    "退款": "退款会在七天内到账。",
    "営業時間": "土曜日の営業時間は十時から二時までです。",
}


QUESTIONS = {
    "retrun polcy": "Returns",
    "how big is the ketle": "Kettle AB-1234",
    "AB1234": "Kettle AB-1234",
    "ab 1234?": "Kettle AB-1234",
    "Wie lang ist die Garantiefrist?": "Gewährleistung",
    "Welche Lieferzeiten?": "Versand",
    "डिलिवरी दिल्ली": "शिपिंग",
    "சென்னை பொருள்": "விநியோகம்",
    "متى يصل التوصيل": "الشحن",
    "怎么退款": "退款",
    "土曜日は何時まで": "営業時間",
}


async def test_words_of_any_script_find_their_passage_without_the_embedder(world: World):
    alice = await world.alice()
    await alice.post("/api/text-upload", {"documents": [{"title": title, "text": KNOWN[title]} for title in KNOWN]})
    await world.work()

    async with world.without_embedder():
        found = {
            question: (await alice.post("/api/search", {"query": question, "limit": 1})).json()["results"][0]["title"]
            for question in QUESTIONS
        }

    assert found == QUESTIONS


@pytest.mark.parametrize(
    ("asked", "known", "meant"),
    [
        ("retrun", ["return", "retail"], ["return"]),
        ("acount", ["account", "accord"], ["account"]),
        ("shippping", ["shipping"], ["shipping"]),
        ("rückgabe", ["rückgabefrist"], ["rückgabefrist"]),
        ("garantiefrist", ["garanti", "frist"], ["garanti", "frist"]),
        ("lieferungszeit", ["lieferung", "zeit"], ["lieferung", "zeit"]),
        ("code", ["cope", "coda", "cove"], ["coda", "cope"]),
        ("zebra", ["kettle"], []),
    ],
)
def test_a_word_is_taken_for_the_nearest(asked, known, meant):
    terms = [question_terms(word)[0] for word in known]

    assert nearest(question_terms(asked)[0], terms) == [question_terms(word)[0] for word in meant]


@given(st.text("abcdefgh", min_size=4, max_size=12), st.data())
def test_one_mistake_behind_the_beginning_is_always_forgiven(word, data):
    place = data.draw(st.integers(2, len(word) - 1))

    assert word in nearest(word[:place] + "z" + word[place:], [word])
    assert word in nearest(word[:place] + "z" + word[place + 1 :], [word])
