"""Help pages of a shop that does not exist, the same ones every time."""

import random
from collections.abc import Iterator

SEED = 20_24

THINGS = """kettle toaster lamp bicycle helmet backpack tent raincoat sofa bookshelf mattress blender headphones
    keyboard monitor printer camera tripod guitar drum violin stove pan knife rug curtain pillow blanket stroller crib
    scooter skateboard racket jersey sneaker sandal watch necklace wallet suitcase umbrella
    thermos heater router""".split()
MATERIALS = (
    "steel oak bamboo leather cotton glass copper ceramic linen wool aluminium carbon walnut rubber canvas".split()
)
PLACES = (
    "Lisbon Hamburg Kraków Lyon Dublin Oslo Turin Ghent Porto Malmö Vienna Seville Riga Tallinn Leeds Bruges".split()
)
TOPICS = {
    "returning": (
        "You may send the {thing} back within {n} days of the day it reached you, unused and in its own box.",
        "The refund goes to the card you paid with and takes up to {m} working days after our depot in {place} has it.",
        "If the box is damaged we keep {p} percent of the price, because the {thing} cannot be sold as new again.",
        "A return label is in your account under Orders; print it and bring the parcel to any post office.",
    ),
    "delivery of": (
        "We ship the {thing} from {place} on every working day, and most parcels arrive within {m} days.",
        "Delivery costs {n} euros; orders over {p} euros travel free, except to islands and mountain huts.",
        "When nobody is at home the carrier leaves the {thing} with a neighbour or at the nearest pickup point.",
        "You can follow the parcel with the number in our mail; it is scanned first when it leaves {place}.",
    ),
    "cleaning": (
        "Wipe the {material} parts of the {thing} with a damp cloth once every {n} days and let them dry in the shade.",
        "Never put it in a dishwasher: water above {p} degrees makes {material} go dull within a few weeks.",
        "Stains from oil come off with a spoon of baking soda, left on for {m} minutes and rinsed with cold water.",
        "Twice a year, rub in the wax that comes in the small tin; more of it is sold in our {place} store.",
    ),
    "guarantee for": (
        "The {thing} has a guarantee of {m} years from the date on the invoice, and the {material} frame one of {n}.",
        "It covers faults in the making, not scratches, falls, or repairs that someone else has tried.",
        "Send us photographs of the fault and of the serial number, which is stamped under the {material} base.",
        "Our workshop in {place} repairs it within {n} days, or sends you a new {thing} when it cannot.",
    ),
    "assembling": (
        "Two people need about {p} minutes to put the {thing} together; the tools are in the flat box.",
        "Lay the {material} pieces on a blanket first, and sort the {n} screws by their length.",
        "Tighten every bolt by hand until all {m} legs stand level, and only then with the key.",
        "A film of every step is on our site, made by the people of our {place} workshop.",
    ),
    "paying for": (
        "The {thing} can be paid by card, by bank transfer, or in {m} monthly parts without interest.",
        "Instalments are offered from {p} euros on, after a check of your credit that takes {n} seconds.",
        "A transfer must reach our bank in {place} within {n} days, or the order is cancelled without costs.",
        "Vouchers are entered on the last page, and {m} of them can be used together for one {thing}.",
    ),
}
ASKED = {
    "returning": "How many days do I have to send back the {material} {thing} from {place}?",
    "delivery of": "What does shipping the {material} {thing} from {place} cost?",
    "cleaning": "How do I get oil stains off my {material} {thing}?",
    "guarantee for": "How long is the guarantee on the {material} {thing} from {place}?",
    "assembling": "How long does it take to put the {material} {thing} together?",
    "paying for": "Can I pay for the {material} {thing} in monthly instalments?",
}


def documents(count: int, *, seed: int = SEED) -> list[dict[str, str]]:
    """One passage each."""
    return [
        {"external_id": f"page-{seed}-{number}", "title": f"{topic.capitalize()} the {material} {thing}", "text": text}
        for number, (topic, material, thing, text) in zip(range(count), _pages(random.Random(seed)), strict=False)
    ]


def questions(count: int, *, seed: int = SEED) -> list[str]:
    """No two alike, so that nothing can be remembered from one to the next."""
    chance = random.Random(seed + 1)
    asked: dict[str, None] = {}
    while len(asked) < count:
        form = chance.choice(list(ASKED.values()))
        asked[
            form.format(material=chance.choice(MATERIALS), thing=chance.choice(THINGS), place=chance.choice(PLACES))
        ] = None
    return list(asked)


def _pages(chance: random.Random) -> Iterator[tuple[str, str, str, str]]:
    while True:
        topic, material, thing = chance.choice(list(TOPICS)), chance.choice(MATERIALS), chance.choice(THINGS)
        sentences = [
            sentence.format(
                thing=thing,
                material=material,
                place=chance.choice(PLACES),
                n=chance.randint(11, 45),
                m=chance.randint(2, 10),
                p=chance.randint(46, 99),
            )
            for sentence in TOPICS[topic]
        ]
        yield topic, material, thing, " ".join(sentences)
