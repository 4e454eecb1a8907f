import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.intents import recognise


@pytest.mark.parametrize(
    ("intent", "messages"),
    [
        (
            "greeting",
            ["hi", "Hello there!", "good morning", "hola!", "नमस्ते", "你好", "Bonjour 👋", "hey, how are you?"],
        ),
        ("thanks", ["thanks", "Thank you so much!", "muchas gracias", "धन्यवाद", "谢谢", "ok thanks", "merci beaucoup"]),
        ("goodbye", ["bye", "thanks, goodbye!", "see you later", "adiós", "再见"]),
        ("human", ["human", "agent please", "I want to talk to a human", "can I speak with a real person please"]),
        ("human", ["quiero hablar con una persona", "ich möchte mit einem Menschen sprechen", "我要转人工客服"]),
        (
            "human",
            [
                "मुझे किसी इंसान से बात करनी है",
                "je veux parler à un conseiller",
                "أريد التحدث مع موظف",
                "call me back please",
            ],
        ),
        ("complaint", ["I want to file a complaint", "worst experience ever", "quiero poner una queja", "我要投诉"]),
        (
            "lead",
            ["ana@example.com", "my email is ana@example.com", "+91 98765 43210", "call me on 555-010-9999 tomorrow"],
        ),
        (
            "about",
            [
                "are you a robot?",
                "who are you",
                "what's your name?",
                "which company were you made by",
                "who is your boss",
            ],
        ),
        ("about", ["what kind of things can you help me with?", "what questions can I ask you"]),
        ("affirm", ["yes", "yes, please", "that's right", "okay", "sí", "हाँ", "是的"]),
        ("deny", ["no", "nope, that's not it", "that is incorrect", "no gracias", "нет", "नहीं"]),
        ("off_topic", ["tell me a joke", "what is the meaning of life", "how old are you", "讲个笑话"]),
    ],
)
def test_messages_that_ask_nothing_of_the_documents(intent, messages):
    assert [recognise(message) for message in messages] == [intent] * len(messages)


@pytest.mark.parametrize(
    "message",
    [
        "Hi, how do I cancel my order?",
        "thanks, and where do I send it?",
        "How do I become an agent?",
        "Can a person with two passports apply?",
        "How do I file a complaint against a repair shop?",
        "If I need to file a complaint later, what happens then?",
        "Do you offer human resources software?",
        "What is the goodbye policy?",
        "Can I register with ana@example.com twice?",
        "what can a real estate agent deduct",
        "hours",
        "my card was declined",
        "你好，怎么退款？",
        "1234567890123456789012345",
        "http://192.168.1.1/",
        "",
        "👍",
        "What is your pet policy?",
        "Will your employer see it?",
        "What is your age limit?",
        "Tell me interesting facts about the bakery",
        "What do you sell?",
        "Where do you deliver from?",
        "Is it true that returns are free?",
        "no invoice came with my order",
        "yes I want to change my delivery address",
    ],
)
def test_a_question_is_never_taken_for_small_talk(message):
    assert recognise(message) == "question"


def test_whoever_writes_a_lot_has_a_question():
    assert recognise("thank you " * 100) == "question"


@given(st.text())
def test_any_message_has_an_intent(message):
    assert recognise(message)
