"""What TrulyBot says by itself, in the visitor's language, and in English where we have no words of ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from trulybot.answers.intents import Intent

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


@dataclass(frozen=True, slots=True)
class Sayings:
    """
    name: the language's English name, for a prompt. unanswered: promises nothing and says what can be done.
    about: to questions about the bot. further: to a yes or a no that answers nothing. No field is ever empty.
    """

    name: str
    unanswered: str
    greeting: str
    thanks: str
    goodbye: str
    human: str
    complaint: str
    lead: str
    about: str
    further: str


def unanswered(language: str) -> str:
    """The honest answer when the passages do not hold one."""
    return _in(language).unanswered


def reply(intent: Intent, language: str) -> str:
    """What we say to a message that asks nothing of the documents."""
    sayings = _in(language)
    replies: Mapping[Intent, str] = {
        "greeting": sayings.greeting,
        "thanks": sayings.thanks,
        "goodbye": sayings.goodbye,
        "human": sayings.human,
        "complaint": sayings.complaint,
        "lead": sayings.lead,
        "about": sayings.about,
        "off_topic": sayings.about,
        "affirm": sayings.further,
        "deny": sayings.further,
    }
    return replies.get(intent, sayings.unanswered)


def source(intent: Intent) -> Literal["smalltalk", "handover"]:
    """What kind of answer that reply is."""
    return "handover" if intent in ("human", "complaint") else "smalltalk"


def name(language: str) -> str:
    """A language's English name, and English for one that we do not speak."""
    return _in(language).name


def _in(language: str) -> Sayings:
    return SAYINGS.get(language, SAYINGS["en"])


SAYINGS: Mapping[str, Sayings] = {
    "en": Sayings(
        "English",
        "I don't know that: I found nothing about it in what I have read. You can ask in other words, or leave your "
        "email address so that a person can answer you.",
        "Hello! What would you like to know?",
        "You're welcome! Is there anything else?",
        "Goodbye, and have a good day!",
        "Of course. Please leave your email address here, so that a person from our team can answer you.",
        "I'm sorry to hear that. Please leave your email address here, so that a person from our team can look into "
        "it.",
        "Thank you, we have noted that. Is there anything else you would like to know?",
        "I'm an automated assistant. I answer questions from what this business has written down.",
        "All right. What would you like to know?",
    ),
    "es": Sayings(
        "Spanish",
        "Eso no lo sé: no he encontrado nada sobre ello en lo que he leído. Puedes preguntarlo con otras palabras o "
        "dejar tu correo electrónico para que te responda una persona.",
        "¡Hola! ¿Qué te gustaría saber?",
        "¡De nada! ¿Algo más?",
        "¡Adiós, que tengas un buen día!",
        "Por supuesto. Deja aquí tu correo electrónico para que te responda una persona de nuestro equipo.",
        "Lo siento mucho. Deja aquí tu correo electrónico para que una persona de nuestro equipo lo revise.",
        "Gracias, lo hemos anotado. ¿Quieres saber algo más?",
        "Soy un asistente automático. Respondo con lo que esta empresa ha puesto por escrito.",
        "De acuerdo. ¿Qué te gustaría saber?",
    ),
    "fr": Sayings(
        "French",
        "Je ne le sais pas : je n'ai rien trouvé à ce sujet dans ce que j'ai lu. Vous pouvez reformuler la question ou "
        "laisser votre adresse e-mail pour qu'une personne vous réponde.",
        "Bonjour ! Que souhaitez-vous savoir ?",
        "Je vous en prie ! Autre chose ?",
        "Au revoir et bonne journée !",
        "Bien sûr. Laissez ici votre adresse e-mail pour qu'une personne de notre équipe vous réponde.",
        "J'en suis désolé. Laissez ici votre adresse e-mail pour qu'une personne de notre équipe s'en occupe.",
        "Merci, c'est noté. Souhaitez-vous savoir autre chose ?",
        "Je suis un assistant automatique. Je réponds à partir de ce que cette entreprise a écrit.",
        "D'accord. Que souhaitez-vous savoir ?",
    ),
    "de": Sayings(
        "German",
        "Das weiß ich nicht: In dem, was ich gelesen habe, steht nichts dazu. Fragen Sie gern mit anderen Worten, oder "
        "hinterlassen Sie Ihre E-Mail-Adresse, damit Ihnen ein Mensch antworten kann.",
        "Hallo! Was möchten Sie wissen?",
        "Gern geschehen! Haben Sie noch eine Frage?",
        "Auf Wiedersehen und einen schönen Tag!",
        "Gern. Bitte hinterlassen Sie hier Ihre E-Mail-Adresse, damit Ihnen jemand aus unserem Team antworten kann.",
        "Das tut mir leid. Bitte hinterlassen Sie hier Ihre E-Mail-Adresse, damit sich jemand aus unserem Team darum "
        "kümmern kann.",
        "Danke, das ist notiert. Möchten Sie noch etwas wissen?",
        "Ich bin ein automatischer Assistent. Ich antworte aus dem, was dieses Unternehmen aufgeschrieben hat.",
        "In Ordnung. Was möchten Sie wissen?",
    ),
    "it": Sayings(
        "Italian",
        "Non lo so: non ho trovato nulla in proposito in ciò che ho letto. Può chiederlo con altre parole oppure "
        "lasciare il suo indirizzo e-mail perché le risponda una persona.",
        "Buongiorno! Che cosa desidera sapere?",
        "Prego! Posso aiutarla in altro?",
        "Arrivederci e buona giornata!",
        "Certamente. Lasci qui il suo indirizzo e-mail perché le risponda una persona del nostro team.",
        "Mi dispiace. Lasci qui il suo indirizzo e-mail perché una persona del nostro team se ne occupi.",
        "Grazie, ne abbiamo preso nota. Desidera sapere altro?",
        "Sono un assistente automatico. Rispondo con ciò che questa azienda ha scritto.",
        "Va bene. Che cosa vorresti sapere?",
    ),
    "pt": Sayings(
        "Portuguese",
        "Isso eu não sei: não encontrei nada sobre isso no que li. Você pode perguntar com outras palavras ou deixar "
        "seu e-mail para que uma pessoa responda.",
        "Olá! O que você gostaria de saber?",
        "De nada! Posso ajudar em mais alguma coisa?",
        "Até logo e tenha um bom dia!",
        "Claro. Deixe aqui seu e-mail para que uma pessoa da nossa equipe responda.",
        "Sinto muito. Deixe aqui seu e-mail para que uma pessoa da nossa equipe cuide disso.",
        "Obrigado, anotamos. Gostaria de saber mais alguma coisa?",
        "Sou um assistente automático. Respondo com o que esta empresa escreveu.",
        "Tudo bem. O que você gostaria de saber?",
    ),
    "nl": Sayings(
        "Dutch",
        "Dat weet ik niet: ik heb er niets over gevonden in wat ik heb gelezen. U kunt het anders vragen, of uw "
        "e-mailadres achterlaten zodat een mens u kan antwoorden.",
        "Hallo! Wat wilt u weten?",
        "Graag gedaan! Kan ik nog iets voor u doen?",
        "Tot ziens en een fijne dag!",
        "Natuurlijk. Laat hier uw e-mailadres achter, zodat iemand van ons team u kan antwoorden.",
        "Dat spijt me. Laat hier uw e-mailadres achter, zodat iemand van ons team ernaar kan kijken.",
        "Dank u, dat is genoteerd. Wilt u nog iets weten?",
        "Ik ben een automatische assistent. Ik antwoord met wat dit bedrijf heeft opgeschreven.",
        "Goed. Wat wilt u weten?",
    ),
    "tr": Sayings(
        "Turkish",
        "Bunu bilmiyorum: okuduklarımda bununla ilgili bir şey bulamadım. Başka sözcüklerle sorabilir ya da bir "
        "kişinin size yanıt vermesi için e-posta adresinizi bırakabilirsiniz.",
        "Merhaba! Ne öğrenmek istersiniz?",
        "Rica ederim! Başka bir sorunuz var mı?",
        "Hoşça kalın, iyi günler!",
        "Elbette. Ekibimizden birinin size yanıt verebilmesi için lütfen e-posta adresinizi buraya bırakın.",
        "Bunun için üzgünüm. Ekibimizden birinin ilgilenebilmesi için lütfen e-posta adresinizi buraya bırakın.",
        "Teşekkürler, not ettik. Başka bir şey öğrenmek ister misiniz?",
        "Ben otomatik bir asistanım. Bu işletmenin yazdıklarından yanıt veriyorum.",
        "Tamam. Ne öğrenmek istersiniz?",
    ),
    "id": Sayings(
        "Indonesian",
        "Saya tidak tahu: saya tidak menemukan apa pun tentang itu dalam yang sudah saya baca. Silakan bertanya dengan "
        "kata lain, atau tinggalkan alamat email agar seseorang dapat menjawab Anda.",
        "Halo! Apa yang ingin Anda ketahui?",
        "Sama-sama! Ada lagi yang ingin ditanyakan?",
        "Sampai jumpa, semoga hari Anda menyenangkan!",
        "Tentu. Silakan tinggalkan alamat email Anda di sini agar seseorang dari tim kami dapat menjawab.",
        "Kami mohon maaf. Silakan tinggalkan alamat email Anda di sini agar seseorang dari tim kami dapat "
        "menanganinya.",
        "Terima kasih, sudah kami catat. Ada lagi yang ingin Anda ketahui?",
        "Saya asisten otomatis. Saya menjawab dari apa yang telah ditulis oleh bisnis ini.",
        "Baik. Apa yang ingin Anda ketahui?",
    ),
    "ru": Sayings(
        "Russian",
        "Этого я не знаю: в том, что я прочитал, об этом ничего нет. Вы можете спросить другими словами или оставить "
        "адрес электронной почты, чтобы вам ответил человек.",
        "Здравствуйте! Что вы хотели бы узнать?",
        "Пожалуйста! Что-нибудь ещё?",
        "До свидания, хорошего дня!",
        "Конечно. Оставьте здесь адрес электронной почты, и вам ответит сотрудник нашей команды.",
        "Мне очень жаль. Оставьте здесь адрес электронной почты, чтобы сотрудник нашей команды разобрался в этом.",
        "Спасибо, мы это записали. Хотите узнать что-нибудь ещё?",
        "Я автоматический помощник. Я отвечаю по тому, что написала эта компания.",
        "Хорошо. Что вы хотели бы узнать?",
    ),
    "ar": Sayings(
        "Arabic",
        "لا أعرف ذلك: لم أجد شيئًا عنه فيما قرأته. يمكنك السؤال بكلمات أخرى، أو ترك بريدك الإلكتروني ليجيبك أحد "
        "الأشخاص.",
        "مرحبًا! ماذا تود أن تعرف؟",
        "على الرحب والسعة! هل هناك شيء آخر؟",
        "إلى اللقاء، أتمنى لك يومًا سعيدًا!",
        "بالطبع. من فضلك اترك بريدك الإلكتروني هنا ليجيبك شخص من فريقنا.",
        "يؤسفني ذلك. من فضلك اترك بريدك الإلكتروني هنا لينظر شخص من فريقنا في الأمر.",
        "شكرًا، لقد سجلنا ذلك. هل تود معرفة شيء آخر؟",
        "أنا مساعد آلي. أجيب مما كتبته هذه الشركة.",
        "حسنًا. ماذا تودّ أن تعرف؟",
    ),
    "hi": Sayings(
        "Hindi",
        "यह मुझे नहीं पता: मैंने जो पढ़ा है उसमें इसके बारे में कुछ नहीं मिला। आप दूसरे शब्दों में पूछ सकते हैं, या अपना ईमेल पता छोड़ "
        "सकते हैं ताकि कोई व्यक्ति आपको उत्तर दे सके।",
        "नमस्ते! आप क्या जानना चाहेंगे?",
        "आपका स्वागत है! क्या कुछ और जानना है?",
        "नमस्ते, आपका दिन शुभ हो!",
        "ज़रूर। कृपया अपना ईमेल पता यहाँ छोड़ें, ताकि हमारी टीम का कोई व्यक्ति आपको उत्तर दे सके।",
        "हमें खेद है। कृपया अपना ईमेल पता यहाँ छोड़ें, ताकि हमारी टीम का कोई व्यक्ति इसे देख सके।",
        "धन्यवाद, हमने लिख लिया है। क्या आप कुछ और जानना चाहेंगे?",
        "मैं एक स्वचालित सहायक हूँ। मैं इस व्यवसाय की लिखी बातों से उत्तर देता हूँ।",
        "ठीक है। आप क्या जानना चाहेंगे?",
    ),
    "bn": Sayings(
        "Bengali",
        "এটা আমি জানি না: আমি যা পড়েছি তাতে এ বিষয়ে কিছু পাইনি। আপনি অন্যভাবে জিজ্ঞাসা করতে পারেন, অথবা আপনার ইমেল ঠিকানা "
        "রেখে যেতে পারেন যাতে একজন মানুষ উত্তর দিতে পারেন।",
        "নমস্কার! আপনি কী জানতে চান?",
        "আপনাকে স্বাগতম! আর কিছু জানতে চান?",
        "বিদায়, আপনার দিন শুভ হোক!",
        "অবশ্যই। অনুগ্রহ করে এখানে আপনার ইমেল ঠিকানা রেখে যান, যাতে আমাদের দলের কেউ উত্তর দিতে পারেন।",
        "আমরা দুঃখিত। অনুগ্রহ করে এখানে আপনার ইমেল ঠিকানা রেখে যান, যাতে আমাদের দলের কেউ বিষয়টি দেখতে পারেন।",
        "ধন্যবাদ, আমরা লিখে রেখেছি। আপনি কি আর কিছু জানতে চান?",
        "আমি একটি স্বয়ংক্রিয় সহকারী। এই ব্যবসা যা লিখেছে তা থেকে আমি উত্তর দিই।",
        "ঠিক আছে। আপনি কী জানতে চান?",
    ),
    "ta": Sayings(
        "Tamil",
        "அது எனக்குத் தெரியாது: நான் படித்தவற்றில் அதைப் பற்றி எதுவும் இல்லை. வேறு சொற்களில் கேட்கலாம், அல்லது ஒருவர் பதிலளிக்க "
        "உங்கள் மின்னஞ்சல் முகவரியை விட்டுச் செல்லலாம்.",
        "வணக்கம்! நீங்கள் என்ன தெரிந்துகொள்ள விரும்புகிறீர்கள்?",
        "மகிழ்ச்சி! வேறு ஏதாவது தெரிய வேண்டுமா?",
        "போய் வாருங்கள், இனிய நாளாக அமையட்டும்!",
        "நிச்சயமாக. எங்கள் குழுவில் ஒருவர் பதிலளிக்க, உங்கள் மின்னஞ்சல் முகவரியை இங்கே விட்டுச் செல்லுங்கள்.",
        "வருந்துகிறோம். எங்கள் குழுவில் ஒருவர் இதைக் கவனிக்க, உங்கள் மின்னஞ்சல் முகவரியை இங்கே விட்டுச் செல்லுங்கள்.",
        "நன்றி, குறித்துக்கொண்டோம். வேறு ஏதாவது தெரிய வேண்டுமா?",
        "நான் ஒரு தானியங்கி உதவியாளர். இந்த நிறுவனம் எழுதியவற்றிலிருந்து பதிலளிக்கிறேன்.",
        "சரி. நீங்கள் என்ன தெரிந்துகொள்ள விரும்புகிறீர்கள்?",
    ),
    "te": Sayings(
        "Telugu",
        "అది నాకు తెలియదు: నేను చదివిన వాటిలో దాని గురించి ఏమీ దొరకలేదు. మీరు వేరే మాటల్లో అడగవచ్చు, లేదా ఒక వ్యక్తి సమాధానం "
        "ఇవ్వడానికి మీ ఇమెయిల్ చిరునామా ఇవ్వవచ్చు.",
        "నమస్కారం! మీరు ఏమి తెలుసుకోవాలనుకుంటున్నారు?",
        "సంతోషం! ఇంకేమైనా తెలుసుకోవాలా?",
        "వెళ్ళి రండి, మీ రోజు శుభంగా ఉండాలి!",
        "తప్పకుండా. మా బృందంలోని ఒకరు సమాధానం ఇవ్వడానికి దయచేసి మీ ఇమెయిల్ చిరునామా ఇక్కడ ఇవ్వండి.",
        "క్షమించండి. మా బృందంలోని ఒకరు దీన్ని చూడడానికి దయచేసి మీ ఇమెయిల్ చిరునామా ఇక్కడ ఇవ్వండి.",
        "ధన్యవాదాలు, మేము రాసుకున్నాము. మీరు ఇంకేమైనా తెలుసుకోవాలనుకుంటున్నారా?",
        "నేను ఒక స్వయంచాలక సహాయకుడిని. ఈ వ్యాపారం రాసిన వాటి నుండి సమాధానం ఇస్తాను.",
        "సరే. మీరు ఏమి తెలుసుకోవాలనుకుంటున్నారు?",
    ),
    "zh": Sayings(
        "Chinese",
        "这个我不知道：在我读过的资料里没有找到相关内容。您可以换一种说法再问，或留下您的邮箱，让工作人员回复您。",
        "您好！请问您想了解什么？",
        "不客气！还有其他问题吗？",
        "再见，祝您愉快！",
        "好的。请在这里留下您的邮箱，我们的工作人员会回复您。",
        "非常抱歉。请在这里留下您的邮箱，以便我们的工作人员处理。",
        "谢谢，我们已经记下了。您还想了解什么吗？",
        "我是自动助手，根据这家企业写下的资料回答问题。",
        "好的。请问您想了解什么？",
    ),
    "ja": Sayings(
        "Japanese",
        "申し訳ありませんが、分かりません。読んだ資料の中に該当する内容が見つかりませんでした。別の言葉でお尋ねいただくか、"
        "担当者がお答えできるようメールアドレスをお残しください。",
        "こんにちは。何をお知りになりたいですか？",
        "どういたしまして。ほかにご質問はありますか？",
        "さようなら。よい一日を。",
        "承知しました。担当者がお答えできるよう、こちらにメールアドレスをお残しください。",
        "申し訳ございません。担当者が確認できるよう、こちらにメールアドレスをお残しください。",
        "ありがとうございます。承りました。ほかにお知りになりたいことはありますか？",
        "自動応答のアシスタントです。この事業者が書いた内容をもとにお答えします。",
        "承知しました。何をお知りになりたいですか？",
    ),
    "ko": Sayings(
        "Korean",
        "그것은 알지 못합니다. 제가 읽은 자료에서 관련 내용을 찾지 못했습니다. 다른 말로 다시 물어보시거나, "
        "담당자가 답변드릴 수 있도록 이메일 주소를 남겨 주세요.",
        "안녕하세요! 무엇을 알고 싶으신가요?",
        "천만에요! 더 궁금한 점이 있으신가요?",
        "안녕히 가세요. 좋은 하루 보내세요!",
        "알겠습니다. 저희 팀의 담당자가 답변드릴 수 있도록 여기에 이메일 주소를 남겨 주세요.",
        "죄송합니다. 저희 팀의 담당자가 확인할 수 있도록 여기에 이메일 주소를 남겨 주세요.",
        "감사합니다. 기록해 두었습니다. 더 알고 싶으신 것이 있나요?",
        "저는 자동 응답 도우미입니다. 이 업체가 적어 둔 내용으로 답합니다.",
        "알겠습니다. 무엇을 알고 싶으신가요?",
    ),
}
