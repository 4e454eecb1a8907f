"""
What a message wants, by rules that would rather take a greeting for a question than a question for a greeting.

Small talk is recognised only when every word of the message belongs to it, so "hi, how do I cancel?" stays a question.
A wish for a person and a complaint are recognised by phrases that questions about the documents do not use.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal

Intent = Literal[
    "question", "greeting", "thanks", "goodbye", "human", "complaint", "lead", "about", "affirm", "deny", "off_topic"
]

# Whoever writes more has something to ask.
LONGEST_CHARACTERS = 160

_WORD = re.compile(r"(?:[\w'’]|[\u0300-\u036f\u064b-\u0655\u0900-\u0963\u0971-\u0dff\u0e31-\u0e4e])+")
_SPACELESS = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")

_GREETINGS = """hi hello hey hiya howdy greetings yo morning hola buenas buenos días dias tardes noches bonjour
bonsoir salut coucou hallo moin servus guten tag morgen abend grüß ciao salve buongiorno buonasera olá ola oi bom
dia boa tarde noite hoi goedemorgen goedendag merhaba selam günaydın halo hai selamat pagi siang sore malam привет
здравствуйте здравствуй добрый день вечер утро привіт вітаю مرحبا مرحبًا اهلا أهلا السلام عليكم صباح مساء الخير नमस्ते
नमस्कार हैलो हेलो namaste নমস্কার হ্যালো আসসালামু আলাইকুম வணக்கம் హలో నమస్కారం నమస్తే 你好 您好 早上好 嗨 こんにちは
おはよう おはようございます こんばんは 안녕하세요 안녕 xin chào สวัสดี สวัสดีครับ สวัสดีค่ะ שלום γεια cześć dzień
dobry hej hejsan"""
_THANKS = """thanks thank thankful gratitude thx ty tysm cheers appreciate appreciated grateful gracias merci danke
dankeschön grazie obrigado obrigada dank bedankt dankjewel teşekkürler teşekkür ederim terima kasih makasih спасибо
благодарю дякую شكرا شكرًا धन्यवाद शुक्रिया dhanyavad shukriya ধন্যবাদ நன்றி ధన్యవాదాలు 谢谢 謝謝 多谢 非常感谢 ありがとう
ありがとうございます 감사합니다 고마워요 cảm ơn ขอบคุณ ขอบคุณครับ ขอบคุณค่ะ תודה ευχαριστώ dziękuję tack"""
_GOODBYES = """bye goodbye cya farewell later adiós adios chao revoir tschüss tschüs wiedersehen arrivederci tchau
doei dag görüşürüz hoşçakal dadah пока свидания بباي अलविदा বিদায় 再见 再見 拜拜 さようなら またね 안녕히 tạm biệt
לְהִתְרָאוֹת pa"""  # Words that may stand beside them and ask for nothing. None of them names a thing.
_FILLERS = """a all am an and answer are assistance assist been bot bunch chat chatting day do doing everything for
good great have help helped helpful helping how how's i i'm information is it it's lot lots many me million much my
nice night of ok okay one perfect pleasure really reply response see seeing so soon speak speaking support talk
talking team that that's the then there this time to today trying very was welcome well were what's up will with
wonderful again evening afternoon you your you're going now 's just meet day's guys everyone everybody friend sir
madam out fun around next until conversation sincere glad happy amazing awesome excellent best cool enjoy enjoyed
later things alright ai muchas mucho muchísimas mil qué que tal está estás cómo como todo todos bien muy hasta luego
mañana por tu su la el ayuda beaucoup mille vous pour votre aide tout le monde ça va au à bientôt bonne journée et
vielen herzlichen schön sehr ihre hilfe dir ihnen wie geht's geht es zusammen auf für die molte tante mille prego
tutti come stai va per l'aiuto a presto e buona giornata muito tudo bem pela ajuda até logo você com todos je wel u
hartelijk voor hulp tot ziens allemaal çok için yardımınız nasılsınız nasılsın iyi günler banyak atas bantuannya apa
kabar большое за помощь до как дела всем вам جزيلا لك كيف حالك مع السلامة बहुत आपका आप कैसे हैं बहुत-बहुत আপনাকে
অনেক কেমন আছেন மிகவும் 您 你 的 了 吗 非常"""
# Words that are asking for a person when nothing else is said.
_PERSONS = """human person agent operator representative advisor adviser people somebody someone staff asesor
persona humano agente conseiller humain mitarbeiter mensch operatore umano atendente pessoa humana оператор человек
موظف 人工 真人 客服 人工客服 真人客服 転送 担当者 オペレーター 상담원 इंसान एजेंट"""
_PERSON_FILLERS = """a an the real live please me get i need want now to with talk speak chat por favor un una con
bitte einen s'il vous plaît svp per favore quero necesito quiero 请 我要 我想 转 接 找 は お願いします 주세요 연결
चाहिए"""

_ASKS = re.compile(r"^(how|what|when|where|why|which|who|does|do|did|is|are|should|could you explain)\b")
_QUESTION_MARK = re.compile("[?？؟]")
_HUMAN = (
    r"\b(talk|speak|chat|deal|connected|connect me|put me|transfer me|hand me over|escalate|pass me)\b.{0,30}"
    r"\b(human|person|people|agent|representative|rep|operator|advis[eo]r|manager|supervisor|colleagues?|"
    r"someone|somebody|customer (service|support|care)|(support|sales|billing) (team|department)|department)\b",
    r"\b(get|give|want|need|prefer|find) (me )?(an? |the )?(real |live |actual )?"
    r"(human|agent|representative|operator)\b",
    r"\b(not|don'?t|rather not|tired of|sick of|stop) .{0,20}\b(chat|talk|talking|speak|chatting) (to|with) "
    r"(a |an |this )?(robot|bot|machine|computer)\b",
    r"\b(call|phone|ring) me (back|about)\b|\b(phone|ring) me\b|^(please )?call me( please)?$",
    r"\b(live|real|human) (agent|person|human|representative)\b.{0,15}\b(available|there|please|around)\b",
    r"\bcontact (a|an|your) (support |human |live )?(agent|human|representative)\b",
    r"\bis (anyone|anybody|someone|somebody) there\b|\bwho can i (talk|speak) (to|with)\b|\breal human being\b",
    r"\b(hablar|chatear|comunic\w+|pás[ae]me) con (un |una |el |la |algún )?"
    r"(persona|humano|agente|asesor|representante|operador|encargado|alguien|atención al cliente)\b",
    r"\bparler (à|avec) (un |une |quelqu'un|l')?(humain|personne|conseiller|agent|responsable|quelqu'un)?\b",
    r"\b(mit (einem|einer|jemandem|jemand)\b.{0,20}(menschen|mitarbeiter(in)?|person|berater(in)?)?\b.{0,15}"
    r"(sprechen|reden|verbinden|chatten))\b",
    r"\bverbinden\b.{0,40}\bmitarbeiter\b|\bmit einem (menschen|mitarbeiter)\b",
    r"\bparlare con (un |una |l')?(operatore|umano|persona|consulente|qualcuno|responsabile)\b",
    r"\bfalar com (um |uma |o |a |algu[eé]m)?(atendente|humano|pessoa|agente|respons[aá]vel|algu[eé]m)?\b",
    r"(поговорить|связаться|соедините)\b.{0,20}(оператор|человек|менеджер|сотрудник)\w*",
    r"(التحدث|اتحدث|أتحدث|التكلم) (مع|إلى|الى) (موظف|شخص|إنسان|انسان|أحد|ممثل)",
    r"(इंसान|व्यक्ति|एजेंट|किसी).{0,12} से बात",
    r"\b(agent|insaan|insan|kisi) se baat\b",
    r"(转|轉|接|找|要).{0,3}(人工|真人)|人工客服|真人客服",
    r"(担当者|オペレーター|人間|人)と(話|はな)|有人(対応|チャット)",
    r"(상담원|사람)(과|이랑|하고|을|와)?.{0,6}(연결|통화|상담|얘기|이야기|대화)",
)
_COMPLAINT = (
    r"\b(file|make|lodge|submit|register) an? (formal )?complaint\b(?! (against|with|about an?))",
    r"\bcomplain about (you|your|this|the (service|staff|quality))\b",
    r"\b(unacceptable|ridiculous service|disgraceful|furious|appalling)\b",
    r"\b(worst|terrible|awful|horrible|disgusting|poor) (customer )?(service|experience|support|company|business)\b",
    r"\b(service|support|staff|experience|website) (is|was|were|are) (so )?"
    r"(terrible|awful|horrible|rude|useless|a mess)\b",
    r"\b(disappointed|dissatisfied|fed up) (with|by) (your|the|this)\b|\bextremely disappointed\b",
    r"\bdemand (my money|a refund)\b",
    r"\b(one|1)[- ]star review\b",
    r"\b(late|broken|wrong|missing|damaged) again\b|\bwhat kind of (business|company|service) is this\b",
    r"\b(second|third|fourth|fifth) time (this|that|my|it|i|you)\b|\bkeeps crashing\b",
    r"\bstill (no|haven't|have not) (received |got |had )?(a |my |any )?(refund|answer|reply|response|delivery"
    r"|parcel) after\b",
    r"\b(stopped working|broke|died) after (a|an|one|two|three|a few|only) \w+\b",
    r"\b(your (last )?answer was wrong|nothing you (told|said) .{0,12}worked)\b",
    r"\byou (people )?keep ignoring\b|\bhow badly i was treated\b|\bwas rude to me\b",
    r"\b(poner|presentar|hacer) una (queja|reclamación)\b|\bmuy decepcionad[oa]\b",
    r"\bfaire une réclamation\b|\btrès déçue?\b|\bporter plainte contre vous\b",
    r"\bmich beschweren\b|\beine frechheit\b|\bsehr enttäuscht\b",
    r"\bfare (un )?reclamo\b|\bmolto delus[oa]\b",
    r"\bfazer uma reclamação\b|\bmuito decepcionad[oa]\b",
    r"\bжалоба на ваш\w*|\bхочу пожаловаться\b",
    r"تقديم شكوى|शिकायत (करनी|दर्ज)|投诉|投訴|クレームを|불만을 (제기|접수)",
)
_GREETING = (
    r"^((hi|hey|hello|hi there|hey there) )?(what's new|are you (ok|okay|alright|doing (ok|okay|alright|well"
    r"|good)))( today)?$",
    r"^(i (want|need|would like|'d like|wanna) to know|i'd like to know|(will you |would you |can you "
    r"|please )?tell me|let me know)"
    r" how (you|the ai|the bot) (is|are)( doing)?( today)?$",
    r"^((it is|it's|how) )?(good|nice|great|lovely) to (see|meet|hear from) you( again)?$|^is everything (ok"
    r"|okay|alright)( today)?$"
    r"|^(what|how) are you feeling( today)?$",
    r"^((hi|hey|hello|hi there|hey there) )?"
    r"(how (are|r) (you|u)( doing)?|how's it going|how is it going|what's up)( today)?$",
    r"^(qué tal|cómo estás|ça va|comment ça va|wie geht's|wie geht es (dir|ihnen)|come stai|come va|tudo bem)$",
    r"^(как дела|كيف حالك|आप कैसे हैं|कैसे हो|你好吗)$",
)
_ABOUT = (
    r"^(hey |hi |so |ok )?(are you|r u|you are) (really |actually |just |even )?(an? )?"
    r"(real|human|robot|bot|person|machine|computer|ai|alive|chatbot)( or (an? )?\w+( \w+)?)?$",
    r"^(who|what) (are|r) (you|u)( really| exactly)?$",
    r"^(what is|what's|whats|tell me|may i have|can you tell me) your name( please| again| anyway)?$",
    r"^(who|which company|what company) (made|built|created|designed|programmed) you$",
    r"^what (can|could|do) you (do|help)( for me| me| me with| with)?$|^how can you help( me)?$",
    r"^(quién|qué) eres$|^eres un (robot|bot|humano)$|^(qui es-tu|qui êtes-vous|êtes-vous un robot)$",
    r"^(wer|was) (bist du|sind sie)$|^(bist du|sind sie) ein (roboter|bot|mensch)$|^(chi sei|sei un robot)$",
    r"^(quem é você|você é um robô)$|^(кто ты|ты бот|ты робот)$|^(من أنت|هل أنت روبوت)$|^(आप कौन हैं|तुम कौन हो)$",
    r"^(你是谁|你是机器人吗|您是真人吗)$|^(あなたは(誰|だれ)ですか|ロボットですか)$",
)
# Of the bot itself. “You” in a question about the business ("what do you sell") is not asked with these words.
_ABOUT_THE_BOT = (
    r"\b(who|what (company|firm|group|person)|which (company|firm)|name the (person|group)\b.{0,20})\b.{0,12}\b"
    r"(made|built|created|designed|programmed|assembled|developed) (you|this bot|this chatbot|this ai)\b",
    r"\byour (maker|creator|programmer|inventor)\b|^(what's|who's|who is|who was) your (boss|employer)('s name)?$"
    r"|\bsomeone else your boss\b",
    r"\b(what|which) (company|firm) (were|are) you (designed|made|built|created) by\b",
    r"\bwhat company (designed|did the design for) this\b|\bfor this design what company\b",
    r"\b(who|whom) (do you (work for|report to)|employs you|is your job with)\b|\bwhat (company"
    r"|firm) do you work for\b",
    r"^where do you work$",
    r"\b(what|how) (should|do|can|would you like me to|may) i? ?(call|address) you\b|\bwhat (name )?(do"
    r"|would) you (want|like) "
    r"(me )?to (use|call you)\b|\bwhat should (you be called|i call you)\b|\bwhat you are called\b"
    r"|\bhow do you say your name\b",
    r"^((please )?(give|tell) me|can (you tell me|i know|i have)|what('s| is)|i('d"
    r"| would) like to know)( what)? your (real |own |preferred )?name\b",
    r"^(could|would|can) you be (an? )?(human|person|robot|bot|computer|machine)$|\bare you an? person that's real\b",
    r"\bsay you are an? (computer|human|robot|bot|machine)\b|^(do i own you|am i in charge of you)$",
    r"\bwhat (can|could|would) you (be able to )?do (for|with) me\b|\bwhat (can|could) you do to (help"
    r"|make yourself useful)\b",
    r"\b(what|which) (kinds?|types?|sorts?|kid)?( of)? ?(things?|tasks?|questions?|stuff|subjects|topics"
    r"|areas)\b.{0,14}\b"
    r"(can you (help|do)|are you (able to (help|do)|familiar|(the most )?experienced)|(do )?you (like|excel"
    r"|know how)|you can (help|do)"
    r"|(can|could) i ask you|i can ask you)\b",
    r"\bwhat (you can|can you) (help|assist) (me )?with\b|\bwhat you can do for me\b|\bexamples of what to ask you\b",
    r"\bwhat (are you programmed to do|knowledge do you have)\b|\bwhat subjects (do you|you) like\b",
)
# What is asked of anybody but a business: answered by saying what we are for.
_OFF_TOPIC = (
    r"\b(tell|give|know|say|share|have|hear) (me |us )?(any |an? |some )?(good |funny |another )?(jokes?|riddle)\b",
    r"\b(fun|amusing|unusual|random) facts?\b|\b(tell|give) me something funny about\b",
    r"\bmeaning (of|to) life\b|\bpoint of life\b|\blife's (true )?meaning\b|\banswer to life\b"
    r"|\bbeing alive has any meaning\b",
    r"\byour (own )?(age|birthday|birthdate|hobbies|hobby|home planet|origin)( are| is| right now| today)?$"
    r"|^are you a pet owner\b",
    r"^how old (would|are|r) (you|u)( be| now| exactly)?$|\b(years|long) have you been alive\b|^when (were"
    r"|was) you born\b",
    r"\b(pets|hobbies) do you (own|have)$|^do you have (any )?([\w ]* )?pets?$|^cats or dogs\b.*\byou",
    r"^(so )?(from )?where (do|did|are|have) you (come|coming|from)( from)?$|^where (do you call home|(were"
    r"|was) you born)\b"
    r"|^what location were you born\b",
    r"\bhow (do|to) you spend your (free|spare) time\b",
    r"^(cuéntame|dime|raconte-moi|erzähl mir|raccontami|me conte) (un chiste|une blague|einen witz"
    r"|una barzelletta|uma piada)$",
    r"^(расскажи (мне )?(анекдот|шутку)|اخبرني نكتة|أخبرني نكتة|एक चुटकुला सुनाओ|(मुझे )?चुटकुला सुनाओ|讲个笑话|给我讲个笑话)$",
)
_AFFIRM = (
    r"^(oh |ok |well )?(yes|yeah|yep|yup|ya|yea|sure|okay|ok|of course|definitely|absolutely|exactly|correct"
    r"|right|affirmative|"
    r"agreed|indeed|certainly|10 4|roger that|great|perfect|i agree|you're right|you are right|please do|fine)"
    r"( (yes|please|sure|it is|i do|i would|of course|ai|that's (right|correct)|that is (right|correct|factual|true)|"
    r"this is true|that happens to be correct))*$",
    r"^(that's|thats|that is|that would be|it's|it is|this is) (very |so |absolutely |definitely |most )*(true"
    r"|correct|right|factual)$",
    r"^yes is my (answer|response)$|^(i will|i'll|i'd|i would) say yes( as my response)?$"
    r"|^my answer( to your question)? is yes$"
    r"|^that checks out$|^(please )?let's do (it|that)$|^can we please$",
    r"^(sí|si|claro|vale|por supuesto|oui|bien sûr|d'accord|ja|genau|klar|sicher|natürlich|sì|certo|va bene|sim"
    r"|claro que sim|evet|tamam|ya|да|конечно|хорошо"
    r"|نعم|حسنا|أجل|हाँ|हां|जी हाँ|ठीक है|হ্যাঁ|ஆம்|అవును|是|是的|好|好的|对|はい|ええ|そうです|네|예)$",
)
_DENY = (
    r"^(no|nope|nah|negative|not really|not now|not right now|never mind|nevermind|false|wrong|incorrect"
    r"|definitely not|of course not)"
    r"( (no|thanks|thank you|not it|that's not it|it is not|it isn't|definitely not|you are wrong|you're wrong))*$",
    r"^(no |nope )?(that|that's|it|it's|this|the statement|you)( is| are| was|'s| has to be| can't be| isn't"
    r"| got)?( so| very much| most "
    r"definitely| definitely| not| that| a| the)* (false|wrong|wrong answer|incorrect|true|right|correct"
    r"|falsehood|negatory|no)$",
    r"^there is no way( in \w+)? that is true$|^(i'd|i would) say no$|^no that's? (isn't|is not) (right|correct|true)$",
    r"^(no gracias|non merci|non|nein|nein danke|no grazie|não|não obrigado|hayır|tidak|нет|нет спасибо|لا"
    r"|لا شكرا|नहीं|जी नहीं|না|இல்லை|కాదు|"
    r"不|不是|不要|没有|いいえ|아니요)$",
)
_GOODBYE = (
    r"^(it (was|has been|is) |it's been |was )?(so |really |very |a |great |good |nice |awesome |lovely "
    r"|pleasure |wonderful |fun )+"
    r"(to )?(talk|talking|speak|speaking|chat|chatting)( to| with)?( you)?( today)?( (bye|goodbye))?$",
    r"^(catch|see|talk to|speak to) (you|ya|u) (later|soon|around|tomorrow|again)$|^(best |kind "
    r"|warm )?regards$|^signing off$",
    r"^(that's|that is|that will be|that'll be) all( i (need|needed|wanted))?\b.{0,20}\b(going|day|bye|goodbye|now)$",
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_PHONE = re.compile(r"(?<![\w(/.-])\+?[0-9](?:[ ().-]{0,2}[0-9]){7,14}(?![\w)/.#])")
# With an address or number, how many more words a message may have and still be nothing but that.
LEAD_WORDS = 8


def recognise(message: str) -> Intent:
    """What the message wants; a question whenever that is possible."""
    text = unicodedata.normalize("NFC", message.strip()).casefold().replace("’", "'")
    if not text or len(text) > LONGEST_CHARACTERS:
        return "question"
    words = _WORD.findall(text)
    if not words:
        return "question"
    plain = " ".join(words)
    asks = bool(_ASKS.match(plain) or _QUESTION_MARK.search(text))
    if not asks and _is_lead(text):
        return "lead"
    for intent, rules in _PHRASES.items():
        if any(rule.search(plain) for rule in rules) and not (intent == "complaint" and asks):
            return intent
    for small_talk, (own, others) in _VOCABULARY.items():
        if _consists_of(words, own, others):
            return small_talk
    return "question"


def _is_lead(text: str) -> bool:
    """Whether it is an email address or a telephone number, with hardly a word around it."""
    rest, found = _EMAIL.subn(" ", text)
    if not found:
        rest, found = _PHONE.subn(" ", text)
    return bool(found) and len(_WORD.findall(rest)) <= LEAD_WORDS


def _consists_of(words: Sequence[str], own: frozenset[str], others: frozenset[str]) -> bool:
    """Whether one word at least is `own` and no word is neither; a text without spaces is one word."""
    if len(words) == 1 and _SPACELESS.search(words[0]):
        return words[0].rstrip("了啊呀吗哦的") in own or words[0] in own
    return any(word in own for word in words) and all(word in own or word in others for word in words)


def _set(*lists: str) -> frozenset[str]:
    return frozenset(word for words in lists for word in words.casefold().split())


# In this order: "thanks, bye" is a goodbye, and "hi, thanks" is thanks.
_VOCABULARY: Mapping[Intent, tuple[frozenset[str], frozenset[str]]] = {
    "goodbye": (_set(_GOODBYES), _set(_FILLERS, _THANKS)),
    "thanks": (_set(_THANKS), _set(_FILLERS, _GREETINGS)),
    "greeting": (_set(_GREETINGS), _set(_FILLERS)),
    "human": (_set(_PERSONS), _set(_PERSON_FILLERS)),
}
_PHRASES: Mapping[Intent, Sequence[re.Pattern[str]]] = {
    "human": [re.compile(rule) for rule in _HUMAN],
    "complaint": [re.compile(rule) for rule in _COMPLAINT],
    "about": [re.compile(rule) for rule in (*_ABOUT, *_ABOUT_THE_BOT)],
    "greeting": [re.compile(rule) for rule in _GREETING],
    "affirm": [re.compile(rule) for rule in _AFFIRM],
    "deny": [re.compile(rule) for rule in _DENY],
    "goodbye": [re.compile(rule) for rule in _GOODBYE],
    "off_topic": [re.compile(rule) for rule in _OFF_TOPIC],
}
