"""
The language of a visitor's message, which is often three words long.

A script decides where it belongs to one language; where several share it, letters and the small words that no message
can do without decide. A statistical model (py3langid) is no better on such messages, takes 74 MB in every
process and half a second to load; one of words can be read, and mended by adding a word.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

DEFAULT = "en"
# More is not needed to tell, and a message may be a pasted book.
READ_CHARACTERS = 400
LANGUAGE_PASSAGES = 3  # enough text to tell a language by

# `\w` leaves out the vowel signs of Indic and Arabic words.
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f\u064b-\u0655\u0900-\u0963\u0971-\u0dff])+")

# Scripts of one language, or nearly so, by their blocks. Where a script has two, `_LETTERS` knows the second.
_SCRIPTS = (
    ("el", "\u0370", "\u03ff"),
    ("ru", "\u0400", "\u052f"),
    ("hy", "\u0530", "\u058f"),
    ("he", "\u0590", "\u05ff"),
    ("ar", "\u0600", "\u06ff"),
    ("hi", "\u0900", "\u097f"),
    ("bn", "\u0980", "\u09ff"),
    ("pa", "\u0a00", "\u0a7f"),
    ("gu", "\u0a80", "\u0aff"),
    ("or", "\u0b00", "\u0b7f"),
    ("ta", "\u0b80", "\u0bff"),
    ("te", "\u0c00", "\u0c7f"),
    ("kn", "\u0c80", "\u0cff"),
    ("ml", "\u0d00", "\u0d7f"),
    ("si", "\u0d80", "\u0dff"),
    ("th", "\u0e00", "\u0e7f"),
    ("lo", "\u0e80", "\u0eff"),
    ("my", "\u1000", "\u109f"),
    ("ka", "\u10a0", "\u10ff"),
    ("am", "\u1200", "\u137f"),
    ("km", "\u1780", "\u17ff"),
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7af"),
    ("zh", "\u3400", "\u9fff"),
)

# The languages that stand for a script which others write as well.
_SHARED = frozenset({"ru", "ar", "hi"})

# Letters that one language has and its neighbours in the same script do not.
_LETTERS: Mapping[str, str] = {
    "uk": "іїєґ",
    "be": "ў",
    "sr": "ђћџљњј",
    "mk": "ѓќѕ",
    "kk": "әғқңөұүһ",
    "fa": "پچژگ",
    "ur": "ٹڈڑںےۓہھ",
    "mr": "ळ",
    "de": "ß",
    "es": "ñ¿¡",
    "pt": "ãõ",
    "pl": "łąęńśźż",
    "cs": "ěřůť",
    "tr": "ğış",
    "ro": "țșăţ",
    "vi": "ơưđạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    "sv": "å",
    "hu": "őű",
}

# The commonest small words, and the words that visitors' messages begin with. A word of several languages counts for
# each of them, so only what tells them apart decides.
_WORDS: Mapping[str, str] = {
    "en": """the a an is are was were do does did how what when where which who why can could would will shall
        should i my me we our us you your it its this that these those there of for with from to on in at by not
        don't have has had be been and or if any some get want need help please hi hello hey thanks thank refund
        order password account price cost shipping delivery hours opening free trial track package policy card
        payment subscription about cancel return invoice much many again yes good morning""",
    "es": """el la los las un una unos es son está están estoy ser qué que cómo como cuándo cuando dónde donde cuál
        cuáles cuánto cuanto cuesta quién por para con sin del de al en mi mis tu su sus yo me nos no sí si y o pero
        muy más quiero quisiera necesito puedo puede pueden tengo tiene hay hola buenos buenas días tardes gracias
        favor ayuda pedido cuenta contraseña envío envio devolver precio precios horario tarjeta factura llega tal
        fue hizo entre desde hasta sobre durante cual era eran ha han había se lo le les este esta ese esa""",
    "fr": """le la les un une des du de est sont suis êtes être ai a avez ont qu' que quoi qui où quand comment
        combien pourquoi quel quelle quels quelles mon ma mes votre vos je j' il elle nous vous ne pas n' et ou mais
        avec sans pour dans sur par au aux ce cette ces c' d' l' s' plus très bonjour salut bonsoir merci beaucoup
        svp plaît veux voudrais besoin puis peux pouvez aide commande compte remboursement livraison facture mot
        passe prix colis carte abonnement tarifs retour horaires ouverture annuler changer coûte""",
    "it": """il lo la gli le un uno una è sono sei siamo che cosa chi come quando dove dov' quanto quale quali
        perché mio mia miei tuo vostro di del della dei delle da dal in nel nella con senza per su al alla non e o
        ma più molto ho ha hai posso può potete vorrei voglio ciao salve buongiorno buonasera grazie mille prego
        aiuto bisogno ordine rimborso spedizione fattura pacco prezzi prezzo costa orari apertura reso spedite
        questo questa annullare abbonamento arrivato cambio carta""",
    "de": """der die das den dem des ein eine einen einem einer ist sind bin war wird werden wie was wann wo wer
        warum welche welcher welches wieviel ich mein meine meinen meiner mir mich wir uns ihr ihre sie es du dein
        und oder aber nicht kein keine mit ohne für von vom zu zum zur im in am auf an aus bei nach über kann können
        könnt möchte will habe hat haben gibt hallo guten tag morgen danke vielen dank bitte hilfe brauche
        bestellung konto passwort versand rechnung paket kostet kosten preise öffnungszeiten rückgabe kündigen geld
        liefert abo""",
    "pt": """o os um uma é são está estão estou que quem como quando onde qual quais quanto quantos por para com sem
        do da dos das de no na nos nas ao à em meu minha meus minhas seu sua eu me nós você vocês não sim e ou mas
        muito mais quero queria preciso posso pode podem tenho tem há olá oi bom dia boa tarde obrigado obrigada
        favor ajuda pedido conta senha frete entrega reembolso fatura pacote preços preço custa cartão horário
        funcionamento política devolução cancelar assinatura tudo bem chegou entregam pagar""",
    "nl": """de het een is zijn ben was wordt hoe wat wanneer waar wie waarom welke hoeveel ik mijn mij me wij we
        ons onze jullie uw u je jij en of maar niet geen met zonder voor van naar op in aan uit bij kan kunnen kunt
        wil graag heb heeft hebben hallo hoi goedemorgen goedendag dag dank dankjewel bedankt wel alstublieft hulp
        nodig bestelling wachtwoord factuur verzendkosten kosten pakket openingstijden geld terug betalen klopt
        wijzig""",
    "tr": """bir bu şu ve veya ile için ne nasıl nerede nereden neden niçin kim hangi kaç kadar mi mı mu mü miyim
        mıyım ben benim sen siz sizin biz bizim değil var yok çok daha istiyorum ihtiyacım lütfen merhaba selam
        günaydın teşekkür teşekkürler ederim yardım sipariş siparişim şifre şifremi iade kargo ücreti fatura faturam
        hesap hesabım fiyat saatleri çalışma yanlış""",
    "id": """yang dan atau dengan untuk dari di ke ini itu apa apakah bagaimana kapan dimana mana siapa mengapa
        kenapa berapa saya aku kami kita anda kamu tidak bukan ada bisa dapat mau ingin butuh sudah belum akan halo
        hai selamat pagi siang sore malam terima kasih tolong bantuan pesanan akun sandi kata pengembalian dana
        biaya pengiriman faktur harga jam buka cara salah bayar kartu""",
    "pl": """jest są być jak co kiedy gdzie kto dlaczego który która które ile czy ja mój moja moje mnie mi my nas
        wy nie tak i lub ale z ze na do od po dla przez w we o się mogę może można chcę chciałbym potrzebuję mam
        dzień dobry cześć dziękuję proszę pomoc pomocy zamówienie zwrot hasło faktura wysyłka kosztuje konto godziny
        otwarcia zapłacić kartą pieniędzy""",
    "sv": """är var vad när hur vem varför vilken vilket jag min mitt mina mig vi vår du din ni er det den en ett
        och eller men inte med utan för från till på av om kan vill har hej god morgon tack mycket snälla hjälp
        behöver beställning lösenord faktura frakten frakt kostar pengarna tillbaka konto öppettider ändrar""",
    "da": """er hvor hvad hvornår hvordan hvem hvorfor hvilken jeg min mit mine mig vi du din det den en et og eller
        men ikke med uden for fra til på af om kan vil har hej goddag tak hjælp brug bestilling adgangskode faktura""",
    "ro": """este sunt unde ce când cum cine de care cât eu meu mea mele noi voi nu da și sau dar cu fără pentru din
        la pe în vreau pot aveți am bună ziua salut mulțumesc ajutor comanda parola factura livrare costă""",
    "cs": """je jsou kde co kdy jak kdo proč který která které kolik já můj moje mě my nás vy ne ano a nebo ale s na
        do od po pro přes v ve o se mohu můžu chci potřebuji mám dobrý den ahoj děkuji prosím pomoc objednávka heslo
        faktura""",
    "vi": """là ở đâu gì khi nào làm sao thế ai tại bao nhiêu tôi của chúng bạn không có và hoặc với cho từ
        đến này được muốn cần xin chào cảm ơn giúp đơn hàng mật khẩu hoàn tiền phí vận chuyển giờ mở cửa""",
    "ru": """и в не на я что как где когда почему кто какой какие сколько мой моя мое мне мы вы ваш это есть ли для
        с по у из можно хочу нужно привет здравствуйте спасибо пожалуйста помощь заказ пароль вернуть деньги""",
    "uk": """де що як коли чому хто який скільки мій моя моє мені ми ви ваш це чи для та із можна хочу потрібно
        вітаю дякую будь ласка замовлення гроші""",
    "bg": """къде какво как кога защо кой колко моят моята мен ние вие вашият това ли за със от може искам нужно
        здравейте благодаря моля помощ поръчка парола""",
    "mr": """आहे आहेत माझी माझा माझे मला कसा कशी कसे कुठे काय आणि नाही हवा हवी हवे पाहिजे तुमची तुमचा करायचा मी
        ची चा""",
    "hi": """mujhe hai hain kya kaise kahan kab kyun mera meri mere karna karni karo chahiye nahi nahin aap aapka
        hum tum kitna paise paisa wapas baat kar raha rahi mujhko apna namaste dhanyavad है हैं मेरा मेरी मुझे क्या
        कैसे कहाँ नहीं""",
    "fa": """است من شما را از که این چگونه چطور کجاست کجا چه می سلام ممنون سفارش رمز برای آیا هست""",
    "ar": """في من على أين كيف متى ما ماذا هل كم لماذا أنا لي هذا هذه مرحبا شكرا السلام عليكم أريد طلبي الطلب حسابي
        كلمة""",
}
_VOCABULARIES = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_LANGUAGES_OF: Mapping[str, tuple[str, ...]] = {
    word: tuple(language for language, words in _VOCABULARIES.items() if word in words)
    for word in frozenset().union(*_VOCABULARIES.values())
}
# What a letter of one language's own weighs beside a word.
_LETTER_WEIGHT = 1.5


def detect(text: str, locale: str | None = None) -> str:
    """
    The message's language, ISO 639-1.

    locale: the visitor's own setting, such as pt-BR. It speaks where the words do not, and between two languages.
    """
    text = unicodedata.normalize("NFC", text[:READ_CHARACTERS]).casefold()
    expected = (locale or "").replace("_", "-").partition("-")[0].casefold()
    script = _script(text)
    scores = _scores(text)
    if script and script not in _SHARED:
        return script
    if expected in scores:
        scores[expected] += 0.5
    if script:
        scores[script] = scores.get(script, 0.0) + 0.75
    best = max(scores, key=lambda language: scores[language], default="")
    if best:
        return best
    return expected or DEFAULT


def crosses_languages(passages: Sequence[str], language: str) -> bool:
    """Whether the best passages are in another language than the question. passages: their texts, best first."""
    text = " ".join(passages[:LANGUAGE_PASSAGES])
    return bool(text) and detect(text) != language


def _script(text: str) -> str:
    """The language to which most of the letters belong by their script alone; empty for Latin and for none."""
    counts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            language = _of_character(character)
            counts[language] = counts.get(language, 0) + 1
    if counts.get("ja"):
        return "ja"
    # Product names stay Latin in every script, so a third of foreign letters is enough.
    total = sum(counts.values())
    foreign = max((language for language in counts if language), key=lambda language: counts[language], default="")
    return foreign if foreign and counts[foreign] * 3 >= total else ""


def _of_character(character: str) -> str:
    if character < "\u0370":
        return ""
    for language, first, last in _SCRIPTS:
        if first <= character <= last:
            return language
    return ""


def _scores(text: str) -> dict[str, float]:
    scores: dict[str, float] = {}
    for word in set(_WORD.findall(text)):
        # A single letter is as often a form, a size or a list's number as a word.
        languages = _LANGUAGES_OF.get(word, ()) if len(word) > 1 or not word.isascii() else ()
        for language in languages:
            # A word of one language tells more than one that three share.
            scores[language] = scores.get(language, 0.0) + 1 / len(languages)
    letters = set(text)
    for language, own in _LETTERS.items():
        if seen := letters.intersection(own):
            scores[language] = scores.get(language, 0.0) + _LETTER_WEIGHT + 0.1 * len(seen)
    return scores
