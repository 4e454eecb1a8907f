"""Ask golden questions through the public API."""

import time
from collections.abc import Callable, Sequence

from trulybot.evaluation.golden import Golden
from trulybot.evaluation.judging import Outcome, judge
from trulybot.evaluation.server import Http

LOOKED_AT = 50  # passages a question; several may be of one document
MOST_SAID = 20  # turns of two people that a search is told
TURNS_BEFORE = 3  # of a person's, asked again in a conversation of their own, so that a follow-up has one

Progress = Callable[[int, int], None]


def ask_all(program: Http, questions: Sequence[Golden], progress: Progress) -> list[Outcome]:
    outcomes = []
    for done, question in enumerate(questions, 1):
        outcomes.append(_ask(program, question))
        progress(done, len(questions))
    return outcomes


def _ask(program: Http, question: Golden) -> Outcome:
    history = [{"role": role, "text": text} for role, text in question.history[-MOST_SAID:]]
    lookup = {"query": question.text, "limit": LOOKED_AT, "history": history}
    results = program.post("/api/search", lookup)["results"]
    documents = list(dict.fromkeys(result["external_id"] for result in results))
    message = {"message": question.text}
    for role, text in question.history[-2 * TURNS_BEFORE :]:
        if role == "user":
            earlier = program.post("/api/chat", {**message, "message": text})
            message["conversation_id"] = earlier["conversation_id"]
    began = time.perf_counter()
    reply = program.post("/api/chat", message)
    return judge(question, documents, reply, "external_id", (time.perf_counter() - began) * 1000)
