"""The words that carry a claim, in the languages that we know them in, each brought to one form."""

from typing import Final


def _by_word(table: dict[str, str]) -> dict[str, str]:
    return {word: name for name, words in table.items() for word in words.split()}


NUMBER_WORDS: Final = _by_word(
    {
        "2": "two zwei dos deux due dois duas twee दो",
        "3": "three drei tres trois tre três drie तीन",
        "4": "four vier cuatro quatre quattro quatro चार",
        "5": "five fünf cinco cinq cinque vijf पाँच पांच",
        "6": "six sechs seis sei zes छह छः",
        "7": "seven sieben siete sept sette sete zeven सात",
        "8": "eight acht ocho huit otto oito आठ",
        "9": "nine neun nueve neuf nove negen नौ",
        "10": "ten zehn diez dix dieci dez tien दस",
        "11": "eleven elf once onze undici ग्यारह",
        "12": "twelve zwölf doce douze dodici doze twaalf बारह dozen dutzend docena douzaine",
        "13": "thirteen dreizehn trece treize tredici treze",
        "14": "fourteen vierzehn catorce quatorze quattordici catorze veertien चौदह",
        "15": "fifteen fünfzehn quince quinze quindici vijftien पंद्रह",
        "16": "sixteen sechzehn dieciséis seize sedici dezesseis",
        "17": "seventeen siebzehn diecisiete",
        "18": "eighteen achtzehn dieciocho diciotto dezoito",
        "19": "nineteen neunzehn diecinueve",
        "20": "twenty zwanzig veinte vingt venti vinte twintig बीस",
        "24": "vierundzwanzig veinticuatro ventiquattro चौबीस",
        "25": "twenty-five fünfundzwanzig veinticinco पच्चीस",
        "30": "thirty dreißig dreissig treinta trente trenta trinta dertig तीस",
        "40": "forty vierzig cuarenta quarante quaranta quarenta चालीस",
        "45": "fünfundvierzig",
        "50": "fifty fünfzig cincuenta cinquante cinquanta cinquenta पचास",
        "60": "sixty sechzig sesenta soixante sessanta sessenta साठ",
        "70": "seventy siebzig setenta settanta",
        "80": "eighty achtzig ochenta ottanta oitenta",
        "90": "ninety neunzig noventa novanta नब्बे",
        "100": "hundred hundert cien ciento cent cento cem honderd सौ",
        "1000": "thousand tausend mil mille हज़ार हजार",
        "1000000": "million millón millones milhão",
        "0.5": "half halb halbe hälfte mitad medio demi metà metade आधा",
        "2x": "double twice doppelt doble doppio dobro",
    }
)

UNITS: Final = _by_word(
    {
        "USD": "$ usd dollar dollars dólar dólares dollari",
        "EUR": "€ eur euro euros",
        "GBP": "£ gbp pound-sterling quid",
        "INR": "₹ inr rs rupee rupees rupien rupias roupies रुपये रुपए रुपया 卢比",
        "JPY": "¥ jpy yen",
        "CNY": "cny rmb yuan 元",
        "%": "% percent prozent porcentaje pourcent percento प्रतिशत",
        "second": "second seconds sekunde sekunden segundo segundos seconde secondes secondi 秒",
        "minute": "minute minutes min mins minuten minuto minutos minuti मिनट 分钟",
        "hour": "hour hours hr hrs stunde stunden hora horas heure heures ora ore uren घंटे घंटा 小时",
        "day": "day days tag tage tagen día días dia dias jour jours giorno giorni dag dagen "
        "werktag werktage werktagen werktags दिन दिनों 天 日",
        "week": "week weeks woche wochen semana semanas semaine semaines settimana settimane weken सप्ताह हफ्ते 周",
        "month": "month months monat monate monaten mes meses mois mese mesi maand maanden महीने महीना माह 个月 月",
        "year": "year years jahr jahre jahren año años ano anos an ans année années anno anni jaar साल वर्ष 年",
        "kg": "kg kilo kilos kilogram kilograms kilogramm kilogramos",
        "g": "g gram grams gramm gramos",
        "lb": "lb lbs pound pounds",
        "oz": "oz ounce ounces",
        "km": "km kilometre kilometres kilometer kilometers kilómetros",
        "mile": "mile miles mi meilen millas",
        "m": "metre metres meter meters metros",
        "cm": "cm centimetre centimetres centimeter centimeters",
        "mm": "mm",
        "inch": "inch inches",
        "foot": "ft foot feet",
        "l": "l litre litres liter liters litros",
        "ml": "ml",
        "GB": "gb gigabyte gigabytes",
        "MB": "mb megabyte megabytes",
        "TB": "tb terabyte terabytes",
        "W": "w watt watts",
        "V": "v volt volts",
        "C": "°c celsius",
        "F": "°f fahrenheit",
    }
)

MONTHS: Final = _by_word(
    {
        "1": "january januar enero janvier gennaio janeiro januari जनवरी jan",
        "2": "february februar febrero février febbraio fevereiro februari फरवरी feb",
        "3": "march märz marzo mars março maart मार्च",
        "4": "april abril avril aprile अप्रैल apr",
        "5": "may mai mayo maggio maio mei मई",
        "6": "june juni junio juin giugno junho जून jun",
        "7": "july juli julio juillet luglio julho जुलाई jul",
        "8": "august agosto août augustus अगस्त aug",
        "9": "september septiembre septembre settembre setembro सितंबर sep sept",
        "10": "october oktober octubre octobre ottobre outubro अक्टूबर oct okt",
        "11": "november noviembre novembre novembro नवंबर nov",
        "12": "december dezember diciembre décembre dicembre dezembro दिसंबर dec dez",
    }
)
del MONTHS["may"]  # mostly a verb; a date with it is held by its number

DAYS: Final = _by_word(
    {
        "mon": "monday mondays mon montag montags lunes lundi lunedì segunda-feira maandag सोमवार 周一 星期一",
        "tue": "tuesday tuesdays tue dienstag dienstags martes mardi martedì dinsdag मंगलवार 周二 星期二",
        "wed": "wednesday wednesdays wed mittwoch mittwochs miércoles mercredi mercoledì woensdag बुधवार 周三 星期三",
        "thu": "thursday thursdays thu donnerstag donnerstags jueves jeudi giovedì donderdag गुरुवार 周四 星期四",
        "fri": "friday fridays fri freitag freitags viernes vendredi venerdì vrijdag शुक्रवार 周五 星期五",
        "sat": "saturday saturdays samstag samstags sábado sábados samedi sabato zaterdag शनिवार 周六 星期六",
        "sun": "sunday sundays sonntag sonntags domingo domingos dimanche domenica zondag रविवार 周日 星期日 星期天",
    }
)

NEGATIONS: Final = frozenset(
    "not no never neither nor none nobody nothing nowhere cannot without unable refuse refused forbidden prohibited "
    "unless except excluding excluded nicht kein keine keinen keiner keinem nie niemals ohne weder verboten außer "
    "ausgeschlossen sin nunca ningún ninguna ninguno jamás tampoco prohibido prohibida excepto salvo ne pas sans "
    "jamais aucun aucune interdit sauf interdite non senza mai nessun nessuna vietato não sem nenhum nenhuma proibido "
    "niet geen nooit zonder verboden नहीं मत बिना कभी".split()
)
SPACELESS_NEGATIONS: Final = ("不", "没", "無", "无法", "禁止", "ない", "ません")

# What a sentence may claim only where its source does: each kind in any of its words.
ABSOLUTE: Final[dict[str, frozenset[str]]] = {
    name: frozenset(words.split())
    for name, words in {
        "always": "always immer siempre toujours sempre altijd हमेशा anytime 24/7 jederzeit",
        "never": "never nie niemals nunca jamás jamais mai nooit कभी",
        "free": "free gratis kostenlos kostenfrei gratuito gratuita gratuit gratuite gratuitamente मुफ्त मुफ़्त निःशुल्क "
        "complimentary",
        "unlimited": "unlimited unbegrenzt ilimitado ilimitada illimité illimitato limitless",
        "guarantee": "guarantee guaranteed guarantees garantiert garantie garantizado garantizamos garanti garantito "
        "warranty garantía garantia वारंटी गारंटी",
        "lifetime": "lifetime forever lebenslang vida vie vita permanently",
        "instant": "instantly instant immediately sofort inmediatamente immédiatement immediatamente तुरंत",
        "everyone": "everyone everybody anyone anybody jeder todos everywhere anywhere worldwide weltweit",
        "every": "all every each alle jede jeden todo toda todas todos tous toutes tutti tutte सभी हर any",
        "only": "only solely exclusively nur ausschließlich solo solamente únicamente sólo seulement uniquement "
        "soltanto apenas somente alleen केवल सिर्फ",
    }.items()
}

# Pairs of which a retelling must not swap one for the other.
OPPOSITES: Final[tuple[tuple[frozenset[str], frozenset[str]], ...]] = tuple(
    (frozenset(one.split()), frozenset(other.split()))
    for one, other in (
        (
            "open opens opened geöffnet abierto abierta abierta abiertos ouvert ouverte aperto aberto offen",
            "closed closes close geschlossen cerrado cerrada cerrados fermé fermée chiuso fechado",
        ),
        (
            "included includes include inklusive incluido incluye inclus compris incluso",
            "excluded excludes exclude excluding extra exklusive excluido exclu escluso",
        ),
        ("before vor antes avant prima", "after nach después après dopo depois"),
        ("minimum least mindestens mínimo", "maximum most höchstens máximo"),
        ("more over above über más plus", "less under below unter menos moins fewer"),
        ("accept accepts accepted akzeptieren aceptamos", "refuse refuses decline declines reject rejects rejected"),
        (
            "allowed permitted erlaubt permitido permis welcome may can",
            "forbidden prohibited verboten prohibido interdit banned",
        ),
        ("required mandatory must obligatory erforderlich obligatorio obligatoire", "optional freiwillig opcional"),
        ("with mit con avec com", "without ohne sin sans senza sem"),
        ("increase increases higher raised rises", "decrease decreases lower reduced lowered"),
        ("refundable", "non-refundable nonrefundable"),
        ("available verfügbar disponible", "unavailable"),
        ("earliest first", "latest last"),
        ("buyer customer customers you", "seller"),
        ("inside indoors indoor", "outside outdoors outdoor"),
        ("weekdays weekday workdays", "weekends weekend"),
        ("morning mornings morgens", "evening evenings abends"),
        ("upstairs", "downstairs"),
        ("left links", "right rechts"),
    )
)
