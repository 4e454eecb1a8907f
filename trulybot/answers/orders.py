"""Sentences of a document that order a language model about: no knowledge, so that none reads them or rests on them."""

import re

from trulybot.documents.sentences import sentences

_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|rules?|prompts?|guidelines|directives)\b"
    r"|\b(?:system|developer|assistant)\s*(?:prompt|message|instruction|override|note)?\s*:\s*\S"
    r"|\b(?:new|updated|hidden|secret)\s+(?:rules?|instructions?|system prompt)\s*:"
    r"|\byou are now\b|\bfrom now on,?\s+(?:you|end|begin|answer|reply|respond|always|never)\b"
    r"|\b(?:when|if)\s+(?:you are\s+)?asked\b.{0,80}\b(?:say|answer|reply|respond|tell|link|recommend)\b"
    r"|\b(?:end|begin|start|finish|preface)\s+(?:each|every|all|any|your)\s+(?:answers?|repl(?:y|ies)|responses?|messages?)\b"
    r"|\b(?:print|reveal|repeat|output|show)\b.{0,30}\b(?:system prompt|your (?:instructions|rules|prompt))\b"
    r"|\b(?:ignoriere|vergiss)\b.{0,40}\b(?:anweisungen|regeln)\b"
    r"|\b(?:ignora|olvida)\b.{0,40}\b(?:instrucciones|reglas|istruzioni|regole|instruções|regras)\b"
    r"|\b(?:ignore|oublie|oubliez)\b.{0,40}\b(?:consignes|règles)\b"
    r"|忽略.{0,10}(?:指令|指示|规则)|निर्देशों को (?:अनदेखा|नज़रअंदाज़)",
    re.IGNORECASE,
)


def without_orders(text: str) -> str:
    """The text without the sentences that order a model about; as it is where there is none."""
    if _ORDER.search(text) is None:
        return text
    return " ".join(one.text for one in sentences(text) if _ORDER.search(one.text) is None)
