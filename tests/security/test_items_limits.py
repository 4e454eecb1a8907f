"""Items 26 and 27 of the forty things an attacker tries: lock-out, and ways around a limit."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.redis_server import RedisServer
from tests.world import PASSWORD, Person, World
from trulybot.kit import limits
from trulybot.kit.aside import finish_asides
from trulybot.settings import Settings

VICTIM, ATTACKER, ELSEWHERE = "198.51.100.7", "203.0.113.66", "198.51.100.8"
PROXY = "10.0.0.1"
SIGN_IN = "/auth/v1/token?grant_type=password"


@asynccontextmanager
async def at(world: World, address: str, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """The product, as somebody at this address reaches it."""
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False, client=(address, 4711))
    sent = {"X-Supabase-Api-Version": "2024-01-01", **headers}
    async with httpx.AsyncClient(transport=transport, base_url="http://trulybot.test", headers=sent) as http:
        yield http


async def tries(world: World, email: str, password: str, *, address: str) -> httpx.Response:
    async with at(world, address) as http:
        return await http.post(SIGN_IN, json={"email": email, "password": password})


async def guesses(world: World, email: str, times: int, *, address: str) -> list[int]:
    return [(await tries(world, email, f"guess {number}", address=address)).status_code for number in range(times)]


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def cookies_of(world: World, email: str, *, address: str) -> Mapping[str, str]:
    """What a browser keeps that has signed in and out again."""
    async with at(world, address) as http:
        origin = {"Origin": "http://trulybot.test"}
        signed_in = await http.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=origin)
        assert signed_in.status_code == 303
        await http.post("/sign-out", headers=origin)
        return dict(http.cookies)


@pytest.fixture
async def alice(world: World) -> Person:
    return await world.alice()


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[World]:
    """With GoTrue's own amounts, behind a proxy."""
    amounts = {"gotrue_rate_limit_otp": 30, "gotrue_rate_limit_token_refresh": 150, "gotrue_rate_limit_verify": 30}
    async with World.running(replace(settings, trusted_proxies=(ip_network(f"{PROXY}/32"),), **amounts)) as world:  # type: ignore[arg-type]
        yield world


async def test_item_26_ten_wrong_passwords_from_an_address_are_the_last_for_a_while(world: World, alice: Person):
    assert await guesses(world, alice.email, 11, address=ATTACKER) == [400] * 10 + [429]

    refused = await tries(world, alice.email, PASSWORD, address=ATTACKER)

    assert code(refused) == (429, "over_request_rate_limit")
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60


async def test_item_26_guesses_at_once_are_no_more_than_one_after_the_other(world: World, alice: Person):
    async with at(world, ATTACKER) as http, asyncio.TaskGroup() as group:
        sent = [
            group.create_task(http.post(SIGN_IN, json={"email": alice.email, "password": f"guess {number}"}))
            for number in range(30)
        ]

    assert sum(one.result().status_code == 400 for one in sent) == 10


async def test_item_26_a_guesser_cannot_keep_the_owner_out_from_elsewhere(world: World, alice: Person):
    await guesses(world, alice.email, 12, address=ATTACKER)

    assert (await tries(world, alice.email, PASSWORD, address=VICTIM)).status_code == 200


async def test_item_26_many_guessers_keep_out_strangers_and_neither_old_addresses_nor_old_browsers(
    world: World, alice: Person
):
    kept = await cookies_of(world, alice.email, address=ELSEWHERE)
    assert (await tries(world, alice.email, PASSWORD, address=VICTIM)).status_code == 200
    for number in range(10):
        await guesses(world, alice.email, 10, address=f"192.0.2.{number}")

    stranger = await tries(world, alice.email, PASSWORD, address=ATTACKER)
    from_old_address = await tries(world, alice.email, PASSWORD, address=VICTIM)
    async with at(world, "192.0.2.200") as browser:
        browser.cookies.update(kept)
        form = {"email": alice.email, "password": PASSWORD}
        from_old_browser = await browser.post("/sign-in", data=form, headers={"Origin": "http://trulybot.test"})

    assert code(stranger) == (429, "over_request_rate_limit")
    assert from_old_address.status_code == 200
    assert from_old_browser.status_code == 303


async def test_item_26_a_browser_is_known_for_its_own_accounts_alone(world: World, alice: Person):
    charlie = await world.charlie()
    kept = await cookies_of(world, charlie.email, address=ELSEWHERE)
    for number in range(10):
        await guesses(world, alice.email, 10, address=f"192.0.2.{number}")

    async with at(world, ELSEWHERE) as browser:
        browser.cookies.update(kept)
        form = {"email": alice.email, "password": PASSWORD}
        refused = await browser.post("/sign-in", data=form, headers={"Origin": "http://trulybot.test"})

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many wrong attempts" in refused.text


async def test_item_26_one_password_tried_on_many_accounts_stops_the_address(world: World, alice: Person):
    for number in range(100):
        await tries(world, f"somebody{number}@example.com", "Winter2026", address=ATTACKER)

    assert code(await tries(world, alice.email, PASSWORD, address=ATTACKER)) == (429, "over_request_rate_limit")
    assert (await tries(world, alice.email, PASSWORD, address=VICTIM)).status_code == 200


async def test_item_26_a_right_password_forgets_the_wrong_ones(world: World, alice: Person):
    for _ in range(3):
        assert await guesses(world, alice.email, 9, address=VICTIM) == [400] * 9
        assert (await tries(world, alice.email, PASSWORD, address=VICTIM)).status_code == 200


async def test_item_26_who_has_no_account_is_locked_out_in_the_same_words(world: World, alice: Person):
    nobody = f"{uuid4().hex}@example.com"
    answers: list[list[Any]] = []
    for email, address in ((alice.email, ATTACKER), (nobody, ELSEWHERE)):
        told = [await tries(world, email, "guess", address=address) for _ in range(12)]
        # The seconds go on while we ask.
        answers.append([(one.status_code, re.sub(r"\d+ sec", "N sec", one.text), sorted(one.headers)) for one in told])

    assert answers[0] == answers[1]


async def test_item_26_whoever_is_guessed_at_is_told_by_mail_once(world: World, alice: Person):
    for number in range(3):
        await guesses(world, alice.email, 11, address=f"192.0.2.{number}")
    await guesses(world, "nobody@example.com", 11, address=ATTACKER)
    await finish_asides(10)

    async with world.app.state.db.system("what was sent") as tx:
        sent = await tx.value(
            "select array_agg(recipient) from trulybot_auth.mails where kind = 'locked_out' and recipient = %(email)s",
            email=alice.email,
        )
    assert sent == [alice.email]


async def test_item_27_no_header_of_their_own_gives_a_stranger_another_address(world: World, alice: Person):
    names = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP")
    statuses = []
    for number in range(12):
        claims = dict.fromkeys(names, f"192.0.2.{number}") | {"Forwarded": f"for=192.0.2.{number}"}
        async with at(world, ATTACKER, **claims) as http:
            tried = await http.post(SIGN_IN, json={"email": alice.email, "password": "guess"})
            statuses.append(tried.status_code)

    assert statuses == [400] * 10 + [429] * 2


async def test_item_27_behind_a_proxy_only_what_it_added_counts(strict: World):
    alice = await strict.alice()
    statuses = []
    for number in range(12):
        async with at(strict, PROXY, **{"X-Forwarded-For": f"192.0.2.{number}, {ATTACKER}"}) as http:
            tried = await http.post(SIGN_IN, json={"email": alice.email, "password": "guess"})
            statuses.append(tried.status_code)
    async with at(strict, PROXY, **{"X-Forwarded-For": VICTIM}) as http:
        other = await http.post(SIGN_IN, json={"email": alice.email, "password": PASSWORD})

    assert statuses == [400] * 10 + [429] * 2
    assert other.status_code == 200


async def test_item_27_an_ipv6_network_is_one_address(world: World, alice: Person):
    statuses = []
    for number in range(12):
        answer = await tries(world, alice.email, "guess", address=f"2001:db8:1:2:{number:x}::{number:x}")
        statuses.append(answer.status_code)

    assert statuses == [400] * 10 + [429] * 2
    assert (await tries(world, alice.email, PASSWORD, address="2001:db8:1:3::1")).status_code == 200


async def test_item_27_an_ipv4_address_is_the_same_on_an_ipv6_socket(world: World, alice: Person):
    await guesses(world, alice.email, 10, address=ATTACKER)

    assert (await tries(world, alice.email, "guess", address=f"::ffff:{ATTACKER}")).status_code == 429


async def test_item_27_another_spelling_of_a_path_is_the_same_endpoint(strict: World):
    spellings = ("/auth/v1/verify", "/api/auth/verify", "/auth/v1/verify/", "/AUTH/v1/Verify", "/auth//v1/verify")
    spellings += ("/auth/v1/%76erify", "/auth/v1/verify?x=1", "/auth/v1/verify//")
    async with at(strict, ATTACKER) as http:
        for number in range(30):
            path = spellings[number % len(spellings)]
            assert (await http.request(("GET", "POST")[number % 2], path, json={})).status_code != 429

        refused = [(await http.post(path, json={})).status_code for path in spellings]

    assert refused == [429] * len(spellings)


@pytest.mark.parametrize(
    "spelled",
    [
        "{0}@example.com",
        "{0}+tag@example.com",
        "{0}+other@example.com",
        "{1}.{2}@example.com",
        "\uff21{0}@ｅxample.com",
    ],
)
async def test_item_27_another_spelling_of_an_email_is_the_same_mailbox(world: World, spelled: str):
    name = uuid4().hex
    limiter, limit = world.app.state.limiter, world.app.state.accounts.limits.email_again
    first = f"a{name}@example.com" if spelled.startswith("\uff21") else f"{name}@example.com"
    await limiter.take(limit, first)

    with pytest.raises(limits.LimitReached):
        await limiter.take(limit, spelled.format(name, name[:3], name[3:]).upper())


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer.running() as server:
        yield server


async def test_item_27_without_redis_sign_in_stays_limited(settings: Settings, redis: RedisServer):
    async with World.running(replace(settings, redis_url=redis.url)) as world:
        alice = await world.alice()
        assert await guesses(world, alice.email, 6, address=ATTACKER) == [400] * 6

        redis.kill()

        assert await guesses(world, alice.email, 6, address=ATTACKER) == [400] * 4 + [429] * 2
        assert await guesses(world, "nobody@example.com", 11, address=ATTACKER) == [400] * 10 + [429]
        ready = await world.http.get("/api/monitoring/ready")
        assert (ready.status_code, ready.json()["checks"]["redis"]["state"]) == (200, "degraded")
        redis.start()


async def test_item_27_one_limit_holds_over_all_processes(settings: Settings, redis: RedisServer):
    shared = replace(settings, redis_url=redis.url)
    async with World.running(shared) as one, World.running(shared) as other:
        alice = await one.alice()
        statuses = [
            *await guesses(one, alice.email, 5, address=ATTACKER),
            *await guesses(other, alice.email, 6, address=ATTACKER),
        ]
        ready = (await one.http.get("/api/monitoring/ready")).json()["checks"]["redis"]

    assert statuses == [400] * 10 + [429]
    assert ready["state"] == "ok"


async def test_item_26_a_computer_left_open_does_not_give_away_the_password(world: World, alice: Person):
    change = {"password": "another horse battery", "current_password": "guess"}

    statuses = [(await alice.request("PUT", "/auth/v1/user", json=change)).status_code for _ in range(11)]

    assert statuses == [400] * 10 + [429]
    assert (await tries(world, alice.email, PASSWORD, address=VICTIM)).status_code == 200
