"""Tables that are lists of questions and answers: which column asks, which answers."""

import re
from collections import Counter
from collections.abc import Sequence

from trulybot.documents.reading.models import Answered
from trulybot.documents.reading.texts import one_line

MARK = re.compile(r"[?？؟]\s*$")
# Several ways to ask, in one cell.
BETWEEN = re.compile(r"\s*[\n|]\s*")

# How people name such columns. Compared in small letters, without what stands around the word.
ASKING = frozenset(
    """question questions q query faq frage fragen pregunta preguntas pergunta perguntas demande domanda domande vraag
    vragen soru вопрос вопросы питання سؤال السؤال सवाल प्रश्न প্রশ্ন கேள்வி ప్రశ్న 问题 問題 质问 質問 質問文 질문
    pytanie otázka kysymys fråga spørsmål spørgsmål intrebare întrebare kérdés pertanyaan คำถาม ερώτηση שאלה""".split()
)
ANSWERING = frozenset(
    """answer answers a reply response antwort antworten respuesta respuestas resposta respostas réponse réponses
    reponse risposta risposte antwoord antwoorden cevap yanıt ответ ответы відповідь إجابة الإجابة جواب जवाब उत्तर উত্তর
    பதில் జవాబు సమాధానం 答案 回答 答え 답변 답 odpowiedź odpověď vastaus svar răspuns raspuns válasz jawaban คำตอบ
    απάντηση תשובה""".split()
)
OTHERWISE = frozenset(
    """alternative alternatives variant variants variation variations paraphrase paraphrases phrasings synonyms
    alternativen varianten variantes alternativas variante varianti alternatieven варианты""".split()
)
_AROUND = re.compile(r"^[^\w\u0900-\u0dff]+|[^\w\u0900-\u0dff]+$")


def answered(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Answered]:
    """The rows as questions with answers, when the columns say that they are that; those with both filled in."""
    places = [_meaning(name) for name in names]
    if "answer" not in places or "question" not in places:
        return []
    asks, answers = places.index("question"), places.index("answer")
    others = [place for place, meaning in enumerate(places) if meaning in ("question", "other") and place != asks]
    found = []
    for row in rows:
        cells = [cell.strip() for cell in row] + [""] * (len(places) - len(row))
        if cells[asks] and cells[answers]:
            more = [one_line(one) for place in others for one in BETWEEN.split(cells[place])]
            found.append(Answered(one_line(cells[asks]), tuple(filter(None, more)), cells[answers]))
    return found


def column_of_questions(names: Sequence[str], rows: Sequence[Sequence[str]]) -> int | None:
    """The column that asks in most rows, by its name or by question marks, when another one answers."""
    places = [_meaning(name) for name in names]
    if "question" in places and "answer" in places:
        return places.index("question")
    asked = Counter(number for row in rows for number, cell in enumerate(row) if MARK.search(cell))
    column, count = asked.most_common(1)[0] if asked else (0, 0)
    return column if count > len(rows) / 2 and any(len(row) > 1 for row in rows) else None


def _meaning(name: str) -> str:
    words = _AROUND.sub("", one_line(name).casefold()).split()
    whole = " ".join(words)
    for meaning, known in (("question", ASKING), ("answer", ANSWERING), ("other", OTHERWISE)):
        if whole in known or (len(words) == 2 and words[0] in known and words[1].isdigit()):
            return meaning
    return ""
