import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.language import detect


@pytest.mark.parametrize(
    ("language", "messages"),
    [
        ("en", ["Where is my order?", "hi there", "refund policy?", "where do I find my W-2 form"]),
        ("es", ["¿Dónde está mi pedido?", "hola que tal", "cuanto cuesta el envio"]),
        ("fr", ["Où est ma commande ?", "je veux un remboursement", "merci beaucoup"]),
        ("de", ["Wo ist meine Bestellung?", "ich brauche hilfe", "öffnungszeiten"]),
        ("it", ["Dov'è il mio ordine?", "quanto costa la spedizione"]),
        ("pt", ["Onde está meu pedido?", "vocês entregam em Portugal?"]),
        ("nl", ["Waar is mijn bestelling?", "ik wil mijn geld terug"]),
        ("tr", ["Siparişim nerede?", "para iadesi istiyorum"]),
        ("id", ["bagaimana cara mengganti kata sandi", "terima kasih"]),
        ("pl", ["Gdzie jest moje zamówienie?", "jak zmienić hasło"]),
        ("vi", ["Đơn hàng của tôi ở đâu?"]),
        ("ru", ["Где мой заказ?", "спасибо"]),
        ("uk", ["Де моє замовлення?"]),
        ("ar", ["أين طلبي؟", "أريد استرداد أموالي"]),
        ("fa", ["سفارش من کجاست؟"]),
        ("ur", ["میرا آرڈر کہاں ہے؟"]),
        ("hi", ["मेरा ऑर्डर कहाँ है?", "mujhe agent se baat karni hai"]),
        ("mr", ["माझी ऑर्डर कुठे आहे?"]),
        ("bn", ["আমার অর্ডার কোথায়?"]),
        ("ta", ["எனது ஆர்டர் எங்கே?"]),
        ("te", ["నా ఆర్డర్ ఎక్కడ ఉంది?"]),
        ("zh", ["我的订单在哪里？", "iPhone 15 多少钱"]),
        ("ja", ["注文はどこですか？", "送料はいくら"]),
        ("ko", ["제 주문은 어디에 있나요?"]),
        ("th", ["สั่งซื้อของฉันอยู่ที่ไหน"]),
        ("he", ["איפה ההזמנה שלי?"]),
        ("el", ["Πού είναι η παραγγελία μου;"]),
    ],
)
def test_short_messages_are_told_apart(language, messages):
    assert [detect(message) for message in messages] == [language] * len(messages)


def test_the_locale_speaks_where_the_words_do_not():
    assert detect("AB-1234", "pt-BR") == "pt"
    assert detect("AB-1234", None) == "en"
    assert detect("12:30 ?", "de_AT") == "de"


def test_the_words_are_believed_before_the_locale():
    assert detect("Where can I find my order?", "es-MX") == "en"


@given(st.text(), st.one_of(st.none(), st.text(max_size=10)))
def test_any_message_has_a_language(message, locale):
    assert detect(message, locale)
