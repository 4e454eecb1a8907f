from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from trulybot.answers.quoting import quote, readable
from trulybot.answers.ranking import Candidate, Ranked
from trulybot.documents.keywords import question_terms

RETURNS = "We are a small shop. You can return shoes within thirty days. Send them to Pune. We sell hats as well."


def passage(text, *, number=1, title="Shop", heading="", meaning=None, cosines=(), words=0.5):
    candidate = Candidate(UUID(int=number), UUID(int=number), None, title, None, heading, text, meaning, cosines, 1.0)
    return Ranked(candidate, 0.5 + 0.1 * words, meaning, words)


def asked(question):
    return dict.fromkeys(question_terms(question), 2.0)


def texts(quotes):
    return [part.text for part in quotes]


def test_the_sentence_that_answers_is_quoted_with_the_next():
    quotes = quote([passage(RETURNS)], asked("how do I return shoes"), most=2)

    assert texts(quotes) == ["You can return shoes within thirty days.", "Send them to Pune."]


def test_a_quote_is_bound_to_its_place():
    for part in quote([passage(RETURNS)], asked("return shoes")):
        assert part.passage.text[part.start : part.end] == part.text


def test_vectors_find_the_sentence_across_languages():
    found = passage(RETURNS, meaning=0.85, cosines=[0.75, 0.86, 0.78, 0.76])

    assert texts(quote([found], asked("devolver zapatos"), most=1)) == ["You can return shoes within thirty days."]


def test_vectors_of_an_older_cut_are_not_trusted():
    found = passage(RETURNS, meaning=0.85, cosines=[0.99])

    assert texts(quote([found], asked("return shoes"), most=1)) == ["You can return shoes within thirty days."]


def test_when_the_title_asks_the_text_begins_with_the_answer():
    found = passage(
        "Open the settings. Press the red button. Then everything is gone.", title="How do I delete my account?"
    )

    assert texts(quote([found], asked("delete account"), most=1)) == ["Open the settings."]


def test_quotes_come_in_reading_order():
    quotes = quote(
        [passage(RETURNS), passage("Shoes are returned by post.", number=2, words=0.49)], asked("return shoes")
    )

    places = [(part.passage.passage_id.int, part.start) for part in quotes]
    assert places == sorted(places)


def test_what_was_left_out_is_marked():
    first = passage("One is here. Two is here. Three is here.")
    quotes = quote([first], {"one": 3.0, "three": 2.0}, most=3)
    apart = [quotes[0], quotes[2]]

    assert readable(quotes) == "One is here. Two is here. Three is here."
    assert readable(apart) == "One is here. … Three is here."


def test_passages_are_set_apart():
    quotes = quote([passage("Alpha."), passage("Beta.", number=2)], {"alpha": 1.0, "beta": 1.0})

    assert readable(quotes) == "Alpha.\n\nBeta."


def test_nothing_is_quoted_from_nothing():
    assert quote([], {"a": 1.0}) == []
    assert quote([passage(" ")], {"a": 1.0}) == []
    assert readable([]) == ""


HOURS = "Our shop is open:\n\nDay: Monday; Hours: closed\nDay: Saturday; Hours: 10 am to 4 pm\nDay: Sunday; Hours: none"


def test_a_passage_about_something_else_is_not_quoted():
    hours = passage("We are open on Saturday from 10 am to 4 pm.", words=0.6)
    returns = passage("You may return anything unused within 30 days.", number=2, words=0.05)

    assert texts(quote([hours, returns], asked("when are you open on Saturday"))) == [hours.text]


def test_a_row_of_a_table_is_quoted_alone():
    assert texts(quote([passage(HOURS)], asked("saturday"))) == ["Day: Saturday; Hours: 10 am to 4 pm"]


def test_a_table_of_which_no_row_is_named_is_quoted_whole():
    week = "\n".join(f"Day: {day}; Hours: 10 am to 4 pm" for day in ("Monday", "Tuesday", "Friday", "Saturday"))

    quotes = quote([passage(f"Our shop is open:\n\n{week}")], asked("when is your shop open"))

    assert readable(quotes) == f"Our shop is open:\n{week}"


def test_a_long_table_is_not():
    rows = "\n".join(f"Town: Place {number}; Price: {number} pounds" for number in range(30))

    assert len(quote([passage(rows)], asked("delivery"))) <= 3


def test_a_sentence_that_points_back_takes_along_what_it_speaks_of():
    found = passage("A gift card is valid for three years. It cannot be exchanged for cash.")

    quotes = quote([found], {"cash": 3.0, "exchang": 3.0})

    assert readable(quotes) == "A gift card is valid for three years. It cannot be exchanged for cash."


def test_what_stands_under_the_heading_that_is_asked_for_comes_first():
    holidays = passage("We are closed at Easter.", heading="Opening hours › Holidays")
    hours = passage("From ten to four.", number=2, heading="Opening hours")

    first = quote([holidays, hours], {"open": 2.0, "hour": 2.0})[-1]

    assert first.passage is hours


def test_a_sentence_that_announces_a_list_takes_it_along():
    needed = passage("You need the following:\n- A passport\n- Two photographs\n- Patience")

    quotes = quote([needed], asked("what do you need"))

    assert readable(quotes) == "You need the following:\nA passport\nTwo photographs"


def test_a_heading_takes_along_what_stands_below_it():
    found = passage("Returning shoes\nSend them to Pune.")

    assert texts(quote([found], asked("returning shoes"))) == ["Returning shoes", "Send them to Pune."]


def test_the_next_paragraph_is_another_matter():
    found = passage("You can return shoes within thirty days.\n\nWe sell hats as well.")

    assert texts(quote([found], asked("return shoes"))) == ["You can return shoes within thirty days."]


def test_what_two_documents_say_is_said_once():
    twice = [passage("We open at ten.", number=number, words=0.5) for number in (1, 2)]

    assert texts(quote(twice, asked("when do you open"))) == ["We open at ten."]


def test_rows_keep_their_lines_and_prose_an_ellipsis():
    rows = quote([passage(HOURS)], asked("monday sunday hours"))

    assert readable(rows) == "Day: Monday; Hours: closed\nDay: Sunday; Hours: none"


@given(st.text(), st.text())
def test_whatever_stands_in_a_passage_can_be_quoted(text, question):
    quotes = quote([passage(text, title=question)], asked(question))

    assert len(quotes) <= 3
    for part in quotes:
        assert text[part.start : part.end] == part.text
    readable(quotes)
