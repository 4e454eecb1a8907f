"""
What is not answered like a question: a cry for help, a threat, and what nobody may ask for.

Our own rules are few and narrow, since refusing somebody who meant no harm is a harm too; they need no network and cost
no time. The provider's endpoint, where it has one, hears more, and is asked while the passages are being found.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

Harm = Literal["self_harm", "refused"]

_SELF_HARM = re.compile(
    r"\b(?:want|wanna|going|plan(?:ning)?|ready|decided|wish)\s+(?:i (?:could|was)\s+)?"
    r"(?:to\s+)?(?:die\b|dead\b|end my life\b|end it all\b)"
    r"|\b(?:thinking|thought) (?:about|of) (?:suicide|killing myself|ending my life)\b"
    r"|\bi(?:'m|’m| am| feel)\s+(?:so |very )?suicidal\b"
    r"|\b(?:kill|killing|hurt|hurting|harm|harming|cut|cutting) myself\b(?! (?:laughing|some slack|off|on))"
    r"|\b(?:commit|committing) suicide\b"
    r"|\b(?:quiero|voy a) (?:morir(?:me)?|suicidarme|matarme|quitarme la vida)\b"
    r"|\bich (?:will|möchte) (?:sterben|nicht mehr leben)\b|\bmich umbringen\b|\bmir das leben nehmen\b"
    r"|\b(?:je veux|j'ai envie de|je vais) (?:mourir|me suicider|me tuer)\b"
    r"|\b(?:quero|vou) (?:morrer|me matar|me suicidar)\b"
    r"|मैं (?:मरना|आत्महत्या)|आत्महत्या करना चाह|जीना नहीं चाह"
    r"|我(?:想|要)(?:死|自杀)|不想活了",
    re.IGNORECASE,
)
_THREAT = re.compile(
    r"\bi(?:'ll|’ll| will|'m going to|’m going to| am going to|'m gonna)\s+(?:kill|shoot|stab|murder|rape|bomb)\s+"
    r"(?:you|him|her|them|your|everyone|everybody|all of)\b"
    r"|\b(?:kill|gas|exterminate|lynch)\s+all\s+(?:the\s+)?(?:jews|muslims|christians|hindus|sikhs|blacks|whites|gays|"
    r"immigrants|foreigners|women)\b"
    r"|\bte voy a (?:matar|violar)\b"
    r"|\b(?:ich bringe (?:dich|euch|sie) um|ich werde (?:dich|euch) (?:töten|umbringen))\b"
    r"|\bje vais (?:te|vous) (?:tuer|violer)\b|\bvou te matar\b|मैं तुम्हें (?:मार डालूँगा|मार दूँगा|जान से)|我要杀了你",
    re.IGNORECASE,
)
_CHILD = (
    r"(?:child(?:ren)?|kids?|minors?|underage|pre-?teens?|toddlers?|little (?:girls?|boys?)|"
    r"(?:[1-9]|1[0-7])[- ]year[- ]old)"
)
_SEXUAL = (
    r"(?:porn\w*|nudes|(?:naked|nude) (?:pictures?|photos?|pics|images?)|erotic\w*|"
    r"sexual (?:content|stor\w+|images?|acts?|videos?|photos?))"
)
_MINORS = re.compile(
    rf"\b{_CHILD}\b.{{0,40}}\b{_SEXUAL}\b|\b{_SEXUAL}\b.{{0,40}}\b{_CHILD}\b|\bchild porn", re.IGNORECASE
)

# The provider's categories that we act on. An angry customer is no harm, and neither is a question about one.
SELF_HARM: Final = frozenset(("self-harm", "self-harm/intent"))
REFUSED: Final = frozenset(
    ("hate/threatening", "harassment/threatening", "sexual/minors", "illicit/violent", "self-harm/instructions")
)

LONGEST = 4000  # characters that are looked at

CARING: Mapping[str, str] = {
    "en": "I'm sorry that you are going through this. Please talk to somebody now: your local emergency number,"
    " or a crisis line at findahelpline.com. A person from our team can also get in touch: leave your "
    "email address here.",
    "es": "Siento mucho que estés pasando por esto. Habla con alguien ahora: el número de emergencias de tu "
    "país o una línea de ayuda en findahelpline.com. También puede contactarte una persona de nuestro "
    "equipo: deja aquí tu correo.",
    "de": "Es tut mir leid, dass Sie das durchmachen. Bitte sprechen Sie jetzt mit jemandem: mit dem Notruf "
    "Ihres Landes oder einer Krisenhilfe auf findahelpline.com. Auch ein Mensch aus unserem Team meldet "
    "sich gern: Hinterlassen Sie hier Ihre E-Mail-Adresse.",
    "fr": "Je suis désolé que vous traversiez cela. Parlez à quelqu'un maintenant : le numéro d'urgence de "
    "votre pays ou une ligne d'écoute sur findahelpline.com. Une personne de notre équipe peut aussi vous"
    " contacter : laissez ici votre adresse e-mail.",
    "pt": "Lamento muito que esteja a passar por isto. Fale com alguém agora: o número de emergência do seu "
    "país ou uma linha de apoio em findahelpline.com. Uma pessoa da nossa equipa também pode contactá-lo:"
    " deixe aqui o seu e-mail.",
    "hi": "मुझे दुख है कि आप इस दौर से गुज़र रहे हैं। कृपया अभी किसी से बात करें: अपने देश का आपातकालीन नंबर या"
    " findahelpline.com पर हेल्पलाइन। हमारी टीम का कोई व्यक्ति भी आपसे बात कर सकता है: अपना ईमेल यहाँ "
    "छोड़ें।",
    "zh": "很抱歉您正经历这些。请现在就与人谈谈：拨打当地的急救电话，或在 findahelpline"
    ".com 找到援助热线。我们的同事也可以联系您：请在此留下您的邮箱。",
}
REFUSAL: Mapping[str, str] = {
    "en": "I can't help with that. If you have a question about us, I'm glad to answer it.",
    "es": "No puedo ayudar con eso. Si tienes una pregunta sobre nosotros, la respondo con gusto.",
    "de": "Dabei kann ich nicht helfen. Wenn Sie eine Frage zu uns haben, beantworte ich sie gern.",
    "fr": "Je ne peux pas vous aider pour cela. Si vous avez une question à notre sujet, j'y réponds volontiers.",
    "pt": "Não posso ajudar com isso. Se tiver uma pergunta sobre nós, respondo com gosto.",
    "hi": "मैं इसमें मदद नहीं कर सकता। हमारे बारे में कोई सवाल हो तो ख़ुशी से जवाब दूँगा।",
    "zh": "这方面我无法提供帮助。如果您有关于我们的问题，我很乐意回答。",
}


def judge(text: str) -> Harm | None:
    """By our own rules."""
    text = text[:LONGEST]
    if _MINORS.search(text) or _THREAT.search(text):
        return "refused"
    return "self_harm" if _SELF_HARM.search(text) else None


def weighed(categories: frozenset[str]) -> Harm | None:
    """By what the provider found."""
    if categories & REFUSED:
        return "refused"
    return "self_harm" if categories & SELF_HARM else None


def said(harm: Harm, language: str) -> str:
    words = CARING if harm == "self_harm" else REFUSAL
    return words.get(language, words["en"])
