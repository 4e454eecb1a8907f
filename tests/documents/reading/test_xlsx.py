from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documents.reading import making
from trulybot.documents.reading import xlsx
from trulybot.documents.reading.archive import Archive
from trulybot.documents.reading.models import Answered, Limits, Reading, ReadingError


def read(data: bytes) -> Reading:
    return xlsx.read(Archive(data, Limits()), Limits())


def test_each_row_carries_its_columns_and_its_sheet() -> None:
    prices = [["Item", "Price"], ["Oak chair", (120, "€#,##0.00")], ["Pine table", (1340.5, "€#,##0.00")]]

    reading = read(making.xlsx(Prices=prices))

    assert reading.sections[0].heading == ("Prices",)
    assert reading.sections[0].text == "Item: Oak chair; Price: €120.00\n\nItem: Pine table; Price: €1,340.50"


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.15, "0%", "15%"),
        (0.155, "0.0%", "15.5%"),
        (12.5, '0.00 "EUR"', "12.50 EUR"),
        (12.5, "[$€-407] #,##0.00", "€ 12.50"),
        (1234567, "#,##0", "1,234,567"),
        (-3, "0.00", "-3.00"),
        (3.0, "0.##", "3"),
        (0.1, "General", "0.1"),
        (1e21, "General", "1e+21"),
        (7, "#,##0.00;[Red](#,##0.00)", "7.00"),
        (-7, "#,##0.00;[Red](#,##0.00)", "(7.00)"),
        (date(2026, 3, 1), "dd.mm.yyyy", "2026-03-01"),
        (True, "General", "yes"),
        ("#N/A", "General", ""),
        (None, "General", ""),
    ],
)
def test_a_value_is_read_as_its_sheet_shows_it(value: object, number_format: str, shown: str) -> None:
    assert xlsx.shown(value, number_format) == shown


@given(st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=30))
def test_no_number_format_stops_the_reader(value: float, number_format: str) -> None:
    assert isinstance(xlsx.shown(value, number_format), str)


def test_empty_rows_part_tables_that_have_columns_of_their_own() -> None:
    rows = [
        ["Day", "Hours"],
        ["Monday", "9-17"],
        ["Sunday", "closed"],
        [],
        ["Zone", "Fee"],
        ["Spain", "5 EUR"],
        ["Peru", "9 EUR"],
    ]

    texts = [section.text for section in read(making.xlsx(Sheet1=rows)).sections]  # type: ignore[arg-type]

    assert texts == [
        "Day: Monday; Hours: 9-17\n\nDay: Sunday; Hours: closed",
        "Zone: Spain; Fee: 5 EUR\n\nZone: Peru; Fee: 9 EUR",
    ]


def test_a_list_of_questions_becomes_answers() -> None:
    rows: list[list[object]] = [
        ["Frage", "Alternativen", "Antwort"],
        ["Wann kommt mein Paket?", "Wo ist mein Paket? | Lieferzeit", "In drei Tagen."],
        ["Nur eine Frage?", "", ""],
    ]

    reading = read(making.xlsx(FAQ=rows))

    assert reading.answered == [
        Answered("Wann kommt mein Paket?", ("Wo ist mein Paket?", "Lieferzeit"), "In drei Tagen.")
    ]
    assert reading.sections[0].heading == ("FAQ", "Wann kommt mein Paket?")


def test_a_workbook_with_a_document_type_is_refused() -> None:
    evil = making.archive(
        {
            "[Content_Types].xml": "<Types/>",
            "xl/workbook.xml": '<!DOCTYPE w [<!ENTITY a "aaaa">]><workbook>&a;</workbook>',
        }
    )

    with pytest.raises(ReadingError) as refusal:
        read(evil)

    assert refusal.value.code == "damaged_file"


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_read_or_refused(place: int, noise: bytes) -> None:
    sound = making.xlsx(Prices=[["Item", "Price"], ["Oak chair", 120]])
    place %= len(sound)

    try:
        reading = read(sound[:place] + noise + sound[place + len(noise) :])
    except ReadingError:
        return

    assert isinstance(reading, Reading)
