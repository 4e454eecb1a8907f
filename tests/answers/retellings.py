"""
Sentences that a model might make of a passage: the faithful, which may be said, and the distorted, which may not.

Each source is a passage with its language; kinds name what was changed. `#` before a faithful one: it is a translation.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    source: str
    sentence: str
    kind: str
    translated: bool


SOURCES: tuple[tuple[str, tuple[str, ...], dict[str, tuple[str, ...]]], ...] = (
    (
        "You may return anything within 60 days, unused and in its box. Sale items cannot be returned. "
        "Refunds are paid within 5 business days to the card you used.",
        (
            "You may return anything within 60 days, as long as it is unused and in its box.",
            "You have sixty days to return unused items in their box.",
            "Sale items cannot be returned.",
            "We do not take sale items back, they can't be returned.",
            "The refund is paid to the card you used within five business days.",
            "#Puede devolver cualquier artículo dentro de 60 días.",
            "#Die Erstattung erfolgt innerhalb von 5 Werktagen.",
            "#Los artículos rebajados no se pueden devolver.",
        ),
        {
            "number": (
                "You may return anything within 90 days, unused and in its box.",
                "You have ninety days to return unused items in their box.",
                "You have sixteen days to return unused items.",
                "Refunds are paid within 15 business days to the card you used.",
                "Refunds are paid within 60 business days to the card you used.",
                "#Puede devolver cualquier artículo dentro de 30 días.",
                "#Sie können alles innerhalb von neunzig Tagen zurückgeben.",
            ),
            "negation": (
                "Sale items can be returned.",
                "You may not return anything within 60 days.",
                "You cannot return anything unused within 60 days.",
                "Refunds are not paid to the card you used.",
                "Refunds are never paid within 5 business days.",
                "#Los reembolsos nunca se pagan en 5 días.",
                "#Sie können innerhalb von 60 Tagen nichts zurückgeben, das ist nicht erlaubt.",
            ),
            "unit": (
                "You may return anything within 60 weeks, unused and in its box.",
                "Refunds are paid within 5 hours to the card you used.",
                "You may return anything within 60 months, unused and in its box.",
            ),
            "absolute": (
                "You may always return anything within 60 days, unused and in its box.",
                "Returns are free within 60 days, unused and in its box.",
                "We guarantee refunds within 5 business days to the card you used.",
            ),
        },
    ),
    (
        "Standard shipping costs $4.90 and takes 3 to 5 days. Express shipping costs $12 and arrives the next day. "
        "We ship to Canada and Mexico only. Orders over $75 ship free.",
        (
            "Standard shipping costs $4.90 and takes 3 to 5 days.",
            "Express shipping is $12 and arrives the next day.",
            "Orders over $75 ship free.",
            "We only ship to Canada and Mexico.",
            "Standard shipping takes three to five days.",
            "Shipping is free for orders over $75.",
            "#El envío estándar cuesta $4.90 y tarda de 3 a 5 días.",
            "#Der Expressversand kostet 12 Dollar.",
        ),
        {
            "number": (
                "Standard shipping costs $12 and takes 3 to 5 days.",
                "Express shipping costs $4.90 and arrives the next day.",
                "Standard shipping costs $4.09 and takes 3 to 5 days.",
                "Standard shipping takes 3 to 7 days.",
                "Orders over $57 ship free.",
                "Orders over $750 ship free.",
                "Express shipping costs twelve dollars and standard six dollars.",
                "#El envío exprés cuesta $15.",
            ),
            "unit": (
                "Standard shipping costs €4.90 and takes 3 to 5 days.",
                "Express shipping costs £12 and arrives the next day.",
                "Standard shipping costs $4.90 and takes 3 to 5 weeks.",
                "Orders over ₹75 ship free.",
                "#El envío exprés cuesta 12 euros.",
            ),
            "name": (
                "We ship to Canada and Brazil only.",
                "We ship to Canada, Mexico and Germany only.",
                "We ship to Norway only.",
                "#Solo enviamos a Canadá y Brasil.",
            ),
            "negation": (
                "We do not ship to Canada and Mexico.",
                "Express shipping does not arrive the next day.",
                "Orders over $75 do not ship free.",
                "Orders under $75 ship free.",
            ),
            "absolute": (
                "Standard shipping is always free.",
                "Express shipping is guaranteed to arrive the next day.",
                "We ship worldwide.",
            ),
        },
    ),
    (
        "We are open from 10:00 to 18:00 on weekdays and from 10:00 to 14:00 on Saturdays. We are closed on Sundays.",
        (
            "On Saturdays we are open from 10:00 to 14:00.",
            "We are closed on Sundays.",
            "On weekdays we are open from 10:00 to 18:00.",
            "On Saturdays we are open from 10 am to 2 pm.",
            "We open at 10:00 and close at 18:00 on weekdays.",
            "#Los sábados abrimos de 10:00 a 14:00.",
            "#Samstags haben wir von 10:00 bis 14:00 geöffnet.",
        ),
        {
            "number": (
                "On Saturdays we are open from 10:00 to 16:00.",
                "On weekdays we are open from 9:00 to 18:00.",
                "On weekdays we are open from 10 am to 8 pm.",
                "On Saturdays we are open from 10 am to 4 pm.",
                "#Los sábados abrimos de 10:00 a 20:00.",
            ),
            "date": (
                "On Fridays we are closed.",
                "On Mondays we are open from 10:00 to 14:00.",
                "We are closed on Tuesdays.",
                "#Los lunes abrimos de 10:00 a 14:00.",
                "#Dienstags haben wir geschlossen.",
            ),
            "negation": (
                "We are open on Sundays.",
                "We are not closed on Sundays.",
                "We are closed on Saturdays from 10:00 to 14:00.",
                "On Saturdays we are not open from 10:00 to 14:00.",
            ),
        },
    ),
    (
        "The warranty covers the motor for 10 years and the frame for 2 years. It does not cover batteries. "
        "Register the product before 31 March 2027 at https://acme.example/register or call +1 800 555 0199.",
        (
            "The warranty covers the motor for 10 years and the frame for 2 years.",
            "The motor is covered for ten years by the warranty.",
            "Batteries are not covered.",
            "Register the product before 31 March 2027 at https://acme.example/register.",
            "You can call +1 800 555 0199 to register the product.",
            "The warranty does not cover batteries.",
            "#La garantía cubre el motor durante 10 años.",
            "#Die Garantie gilt nicht für Batterien.",
        ),
        {
            "number": (
                "The warranty covers the motor for 12 years.",
                "The warranty covers the motor for five years and the frame for 2 years.",
                "#La garantía cubre el motor durante 20 años.",
            ),
            "date": (
                "Register the product before 31 March 2028.",
                "Register the product before 30 March 2027.",
                "Register the product before 31 October 2027.",
                "Register the product before 13 March 2027.",
                "Register the product after 31 March 2027.",
                "#Registre el producto antes del 31 de abril de 2027.",
                "#Registrieren Sie das Produkt vor dem 31. August 2027.",
            ),
            "negation": (
                "The warranty covers batteries.",
                "Batteries are covered.",
                "The warranty does not cover the motor.",
                "#La garantía no cubre el motor durante 10 años y no es válida.",
            ),
            "unit": (
                "The warranty covers the motor for 10 months and the frame for 2 years.",
                "The motor is covered for ten days by the warranty.",
            ),
            "address": (
                "Register the product at https://acme.example/registration.",
                "Register the product at https://acne.example/register.",
                "Register the product at acme-support.com.",
                "You can call +1 800 555 0198 to register the product.",
                "You can call +1 900 555 0199 to register the product.",
                "Write to register@acme.example to register the product.",
            ),
            "absolute": (
                "The warranty always covers the motor for 10 years.",
                "The motor has a lifetime warranty.",
                "The warranty covers the motor for 10 years, free of charge.",
            ),
        },
    ),
    (
        "Dr. Maria Lopez founded the clinic in Pune in 1998. Today Anil Mehta leads it. Patients book with Sunita Rao "
        "by mail to desk@clinic.example.",
        (
            "Dr. Maria Lopez founded the clinic in 1998.",
            "The clinic was founded in Pune by Maria Lopez.",
            "Anil Mehta leads it today.",
            "Patients book with Sunita Rao by mail to desk@clinic.example.",
            "#La clínica fue fundada por Maria Lopez en 1998.",
            "#Heute leitet Anil Mehta die Klinik.",
        ),
        {
            "name": (
                "Dr. Maria Gomez founded the clinic in 1998.",
                "The clinic was founded in Mumbai by Maria Lopez.",
                "The clinic is led by Rahul Mehta today.",
                "Patients book with Sunita Shah by mail.",
                "Dr. Maria Lopez founded the Apollo clinic in Pune.",
                "#La clínica fue fundada por Maria Gomez en 1998.",
                "#La clínica fue fundada en Delhi en 1998.",
            ),
            "date": (
                "Dr. Maria Lopez founded the clinic in 1989.",
                "Dr. Maria Lopez founded the clinic in Pune in 2008.",
                "#La clínica fue fundada por Maria Lopez en 1988.",
            ),
            "negation": (
                "Anil Mehta does not lead it today.",
                "Patients cannot book with Sunita Rao by mail.",
                "Dr. Maria Lopez never founded the clinic.",
            ),
            "address": (
                "Patients book by mail to help@clinic.example.",
                "Patients book by mail to desk@clinics.example.",
                "Patients book at www.clinic.example/book.",
            ),
        },
    ),
    (
        "We accept Visa, Mastercard and bank transfer. Cash is not accepted. A deposit of 20% is due when you order; "
        "the rest is due on delivery. Students get 15% off with a valid card.",
        (
            "We accept Visa, Mastercard and bank transfer.",
            "Cash is not accepted.",
            "A deposit of 20% is due when you order, and the rest on delivery.",
            "You can pay by Visa, Mastercard or bank transfer.",
            "Students with a valid card get 15% off.",
            "#Aceptamos Visa, Mastercard y transferencia bancaria.",
            "#Bargeld wird nicht akzeptiert.",
            "#Los estudiantes reciben un 15 % de descuento con un carné válido.",
        ),
        {
            "list": (
                "We accept Visa, Mastercard, cheques and bank transfer.",
                "We accept Visa, Mastercard, PayPal and bank transfer.",
                "We accept Visa, Mastercard, vouchers and crypto.",
                "You can pay by Visa, Mastercard, Amex or bank transfer.",
            ),
            "negation": (
                "Cash is accepted.",
                "We do not accept Visa, Mastercard and bank transfer.",
                "Students with a valid card do not get 15% off.",
                "#Se acepta efectivo, pero no aceptamos Visa, nunca.",
            ),
            "number": (
                "A deposit of 30% is due when you order.",
                "A deposit of 15% is due when you order.",
                "Students with a valid card get 20% off.",
                "Students with a valid card get fifty percent off.",
                "#Los estudiantes reciben un 25 % de descuento.",
            ),
            "unit": (
                "A deposit of $20 is due when you order.",
                "A deposit of 20 euros is due when you order.",
                "Students with a valid card get $15 off.",
            ),
        },
    ),
    (
        "Der Versand dauert 2 bis 4 Tage und kostet 5,90 Euro. Ab 50 Euro liefern wir kostenlos. "
        "Rücksendungen nehmen wir 14 Tage lang an, aber nicht bei Unterwäsche. Frau Schneider hilft montags.",
        (
            "Der Versand dauert 2 bis 4 Tage und kostet 5,90 Euro.",
            "Der Versand kostet 5,90 € und dauert zwei bis vier Tage.",
            "Ab 50 Euro liefern wir kostenlos.",
            "Rücksendungen nehmen wir 14 Tage lang an.",
            "Montags hilft Ihnen Frau Schneider.",
            "#Shipping takes 2 to 4 days and costs 5.90 euros.",
            "#Delivery is free from 50 euros.",
            "#Returns are taken for 14 days.",
        ),
        {
            "number": (
                "Der Versand dauert 2 bis 6 Tage und kostet 5,90 Euro.",
                "Der Versand kostet 9,50 Euro.",
                "Ab 500 Euro liefern wir kostenlos.",
                "Rücksendungen nehmen wir dreißig Tage lang an.",
                "#Shipping takes 2 to 4 days and costs 59 euros.",
            ),
            "negation": (
                "Ab 50 Euro liefern wir nicht kostenlos.",
                "Der Versand kostet keine 5,90 Euro.",
                "Rücksendungen nehmen wir niemals an.",
                "#Shipping does not cost 5.90 euros, it never takes 2 to 4 days.",
            ),
            "unit": (
                "Der Versand dauert 2 bis 4 Wochen und kostet 5,90 Euro.",
                "Der Versand kostet 5,90 Dollar.",
                "Rücksendungen nehmen wir 14 Monate lang an.",
                "#Shipping costs 5.90 pounds, that is £5.90.",
            ),
            "name": ("Montags hilft Ihnen Frau Weber.", "#Mrs Miller helps on Mondays."),
            "date": ("Dienstags hilft Ihnen Frau Schneider.", "#Mrs Schneider helps on Fridays."),
        },
    ),
    (
        "La tienda abre de lunes a viernes de 9:00 a 20:00. No abrimos los domingos. El envío cuesta 3 euros y tarda "
        "dos días. Los socios reciben un descuento del 10 %.",
        (
            "La tienda abre de lunes a viernes de 9:00 a 20:00.",
            "No abrimos los domingos.",
            "El envío cuesta 3 euros y tarda 2 días.",
            "Los socios reciben un descuento del 10 %.",
            "El envío tarda dos días y cuesta tres euros.",
            "#The shop is open Monday to Friday from 9:00 to 20:00.",
            "#We are not open on Sundays.",
            "#Members get a discount of 10%.",
        ),
        {
            "number": (
                "El envío cuesta 5 euros y tarda dos días.",
                "El envío tarda diez días.",
                "Los socios reciben un descuento del 20 %.",
                "La tienda abre de lunes a viernes de 9:00 a 21:00.",
                "#Members get a discount of 30%.",
            ),
            "date": (
                "La tienda abre los sábados de 9:00 a 20:00.",
                "No abrimos los miércoles por la tarde.",
                "#The shop is open on Saturdays from 9:00 to 20:00.",
            ),
            "negation": (
                "Abrimos los domingos.",
                "La tienda no abre de lunes a viernes de 9:00 a 20:00.",
                "Los socios nunca reciben un descuento del 10 %.",
                "El envío no cuesta 3 euros.",
            ),
            "unit": (
                "El envío cuesta 3 dólares y tarda dos días.",
                "El envío cuesta 3 euros y tarda dos semanas.",
                "#Delivery costs 3 dollars.",
            ),
        },
    ),
    (
        "Gym members may bring one guest on weekends if the guest is over 16. Lockers are not provided. "
        "The monthly fee is ₹2,500, and the joining fee is ₹1,000. Contracts end with 30 days' notice.",
        (
            "The monthly fee is ₹2,500 and the joining fee is ₹1,000.",
            "Members may bring one guest on weekends if the guest is over 16.",
            "Lockers are not provided.",
            "Contracts end with a notice of 30 days.",
            "The monthly fee is 2500 rupees.",
            "#मासिक शुल्क ₹2,500 है।",
        ),
        {
            "number": (
                "The monthly fee is ₹1,000.",
                "The monthly fee is ₹25,000.",
                "The joining fee is ₹2,500.",
                "Contracts end with 60 days' notice.",
                "Members may bring one guest on weekends if the guest is over 18.",
                "#मासिक शुल्क ₹3,500 है।",
            ),
            "condition": (
                "Members may bring one guest on weekends.",
                "Gym members may bring a guest on weekends.",
            ),
            "negation": (
                "Lockers are provided.",
                "Members may not bring a guest on weekends if the guest is over 16.",
                "Contracts never end with 30 days' notice.",
            ),
            "unit": (
                "The monthly fee is $2,500.",
                "Contracts end with 30 weeks' notice.",
                "The monthly fee is 2,500 euros.",
            ),
        },
    ),
    (
        "The X200 router has 4 ports and supports WPA3. The X300 has 8 ports and costs 120 euros. "
        "Hold the reset button for ten seconds. Firmware 2.4.1 fixes the restart. It is sold without a power cable.",
        (
            "The X200 has 4 ports and supports WPA3.",
            "The X300 router has eight ports and costs 120 euros.",
            "Hold the reset button for 10 seconds.",
            "Firmware 2.4.1 fixes the restart.",
            "The router is sold without a power cable.",
            "#El X300 tiene 8 puertos y cuesta 120 euros.",
            "#Halten Sie die Reset-Taste zehn Sekunden lang gedrückt.",
        ),
        {
            "number": (
                "The X200 has 8 ports and supports WPA3.",
                "The X300 router has four ports and costs 120 euros.",
                "Hold the reset button for thirty seconds.",
                "Firmware 2.5.1 fixes the restart.",
                "#El X300 tiene 16 puertos.",
            ),
            "name": (
                "The X400 has 4 ports and supports WPA3.",
                "The X200 has 4 ports and supports WPA2.",
                "The Y200 supports WPA3.",
            ),
            "negation": (
                "The X200 has 4 ports and does not support WPA3.",
                "The router is sold with a power cable.",
                "Firmware 2.4.1 does not fix the restart.",
                "Do not hold the reset button for ten seconds.",
            ),
            "unit": (
                "Hold the reset button for ten minutes.",
                "The X300 has 8 ports and costs 120 dollars.",
            ),
        },
    ),
    (
        "营业时间是周一至周五9:00到18:00。周日不营业。退货期限为30天。运费是15元。",
        (
            "退货期限为30天。",
            "周日不营业。",
            "运费是15元。",
            "#The return period is 30 days.",
            "#Shipping costs 15 yuan.",
        ),
        {
            "number": ("退货期限为60天。", "运费是50元。", "#The return period is 90 days."),
            "negation": ("周日营业。", "运费不是15元。"),
            "unit": ("退货期限为30个月。", "#The return period is 30 weeks.", "#Shipping costs 15 dollars."),
        },
    ),
    (
        "हम सोमवार से शनिवार तक खुले हैं। रविवार को दुकान नहीं खुलती। वापसी 30 दिन के भीतर हो सकती है। डिलीवरी का शुल्क ₹50 है।",
        (
            "वापसी 30 दिन के भीतर हो सकती है।",
            "रविवार को दुकान नहीं खुलती।",
            "डिलीवरी का शुल्क ₹50 है।",
            "#Returns are possible within 30 days.",
            "#Delivery costs ₹50.",
        ),
        {
            "number": ("वापसी 60 दिन के भीतर हो सकती है।", "डिलीवरी का शुल्क ₹500 है।", "#Delivery costs ₹90."),
            "negation": ("रविवार को दुकान खुलती है।", "वापसी 30 दिन के भीतर नहीं हो सकती है।"),
            "unit": ("वापसी 30 महीने के भीतर हो सकती है।", "#Delivery costs $50."),
        },
    ),
)


def cases() -> list[Case]:
    return [
        Case(source, one.removeprefix("#"), kind, one.startswith("#"))
        for source, faithful, distorted in SOURCES
        for kind, sentences in {"faithful": faithful, **distorted}.items()
        for one in sentences
    ]
