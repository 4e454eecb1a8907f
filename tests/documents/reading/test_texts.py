import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trulybot.documents.reading.texts import clean, decode, one_line

GERMAN = "Größe falsch? Rückgabe möglich für 30 Tage, Preis 4,90 €."
RUSSIAN = "Товар можно вернуть в течение тридцати дней со дня покупки, если он не был в употреблении."
JAPANESE = "お買い上げ日から三十日以内であれば、未使用の商品を返品できます。送料はお客様のご負担となります。"
CHINESE = "自购买之日起三十天内，未使用的商品可以退货。\n运费由顾客承担。请保留收据。\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (RUSSIAN, "utf-16-le"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        ("La garantie dure 24 mois, à partir de l'achat. Café, naïve, Müller.", "latin-1"),
        ("a", "utf-8"),
    ],
)
def test_a_text_is_decoded_from_the_encoding_it_was_written_in(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_text_cut_in_the_middle_of_a_character_keeps_the_rest() -> None:
    text = decode(codecs.BOM_UTF16_LE + GERMAN.encode("utf-16-le")[:-1])

    assert text == GERMAN[:-1] + "\ufffd"


@pytest.mark.parametrize("data", [bytes(range(256)) * 4, b"\x00" * 400, b"\x1f\x8b\x08" + bytes(range(3, 250)) * 3])
def test_bytes_that_are_no_text_are_none(data: bytes) -> None:
    assert decode(data) is None


def test_a_stray_nul_is_left_out() -> None:
    text = decode(b"Refund window:\x00 14 days\x00\x00 after delivery")

    assert text is not None
    assert clean(text) == "Refund window: 14 days after delivery"


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("one\n\n\n\n\ntwo   \n", "one\n\ntwo"),
        ("non\u00a0breaking\u3000space", "non breaking space"),
        ("soft\u00adhyphen, zero\u200bwidth, \ufeffmark", "softhyphen, zerowidth, mark"),
        ("a" + " " * 300_000 + "b", "a" + " " * 39 + "b"),
        ("half \ud83d a pair", "half  a pair"),
        ("e\ufb03cient \ufb01re", "efficient fire"),
        ("\ufe8e\ufedf\ufecc\ufeae\ufe91\ufef4\ufe94", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629"),
        ("½ m² of №1", "½ m² of №1"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_text_is_cleaned_without_changing_its_words(written: str, cleaned: str) -> None:
    assert clean(written) == cleaned


@given(st.text())
def test_clean_text_can_be_stored_and_stays_clean(text: str) -> None:
    cleaned = clean(text)

    assert cleaned.encode("utf-8").count(0) == 0
    assert clean(cleaned) == cleaned
    assert len(one_line(text).splitlines()) <= 1


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_not(data: bytes) -> None:
    text = decode(data)

    assert text is None or isinstance(clean(text), str)
