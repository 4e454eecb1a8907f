"""How often somebody may do something: counted in memory, in a real Redis, and across its absence."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.redis_server import RedisServer
from trulybot.kit import limits
from trulybot.kit.limit_keys import account, mailbox, place, telephone
from trulybot.kit.limit_stores import BoundedMemory
from trulybot.kit.limits import Limit, Limiter, LimitReached

KEY = b"a key that processes share"
TEN = Limit("ten", 10, 60, "address", "for these tests")
ANA = "203.0.113.9"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(clock=clock)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer.running() as server:
        yield server


@pytest.fixture
async def redis(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Redis]:
    """An empty Redis, looked for often when it is away."""
    monkeypatch.setattr(limits, "LOOK_AGAIN_SECONDS", 0.01)
    client = Redis.from_url(server.url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def shared(redis: Redis, server: RedisServer) -> AsyncIterator[list[Limiter]]:
    """What two processes would have."""
    both = [Limiter(KEY, redis_url=server.url), Limiter(KEY, redis_url=server.url)]
    yield both
    for one in both:
        await one.close()


async def let_through(limiters: list[Limiter], limit: Limit, times: int, key: str = ANA) -> int:
    """How many of so many at once are allowed; whatever else happens is a failure of the test."""
    tries = [limiters[number % len(limiters)].take(limit, key) for number in range(times)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert all(isinstance(one, limits.Standing | LimitReached) for one in outcomes), outcomes
    return sum(isinstance(one, limits.Standing) for one in outcomes)


async def until_back(limiter: Limiter) -> None:
    async with asyncio.timeout(30):
        while limiter.is_alone:
            await asyncio.sleep(0.01)


async def test_a_limit_lets_exactly_its_amount_through(limiter: Limiter):
    assert await let_through([limiter], TEN, 200) == 10
    assert await let_through([limiter], TEN, 200, key="203.0.113.10") == 10


async def test_a_refusal_says_what_and_how_long(limiter: Limiter, clock: Clock):
    await let_through([limiter], TEN, 10)
    clock.now += 20.5

    with pytest.raises(LimitReached) as refused:
        await limiter.take(TEN, ANA)

    assert (refused.value.status, refused.value.code) == (429, "limit_reached")
    assert refused.value.headers["Retry-After"] == "40"
    assert refused.value.message == "Too many requests. Try again in 40 seconds."


@pytest.mark.parametrize("pause", [0, 1, 29, 59, 61, 75, 119])
async def test_whoever_waits_as_told_is_let_through_and_not_a_second_before(limiter: Limiter, clock: Clock, pause: int):
    await let_through([limiter], TEN, 7)
    clock.now += pause
    await let_through([limiter], TEN, 200)

    for _ in range(30):
        with pytest.raises(LimitReached) as refused:
            await limiter.take(TEN, ANA)
        clock.now += refused.value.seconds - 1
        with pytest.raises(LimitReached):
            await limiter.take(TEN, ANA)
        clock.now += 1
        await limiter.take(TEN, ANA)


async def test_no_window_of_its_length_has_twice_the_amount(limiter: Limiter, clock: Clock):
    allowed: list[float] = []
    for _ in range(600):
        clock.now += 0.7
        allowed += [clock.now] * await let_through([limiter], TEN, 3)

    fullest = max(sum(then <= at < then + 60 for at in allowed) for then in allowed)
    assert fullest <= 11  # a sliding window takes the older hits as spread evenly


async def test_each_limit_counts_by_itself_and_may_have_words_of_its_own(limiter: Limiter, clock: Clock):
    mails = Limit("mails", 1, 60, "email", "…", code="over_email_send_rate_limit", says="Wait {seconds} seconds.")
    await let_through([limiter], TEN, 10)
    await limiter.take(mails, ANA)
    clock.now += 0.5

    with pytest.raises(LimitReached) as refused:
        await limiter.take(mails, ANA)

    assert (refused.value.code, refused.value.message) == ("over_email_send_rate_limit", "Wait 60 seconds.")


async def test_looking_counts_nothing_and_forgetting_forgets(limiter: Limiter):
    await let_through([limiter], TEN, 10)

    assert (await limiter.peek(TEN, ANA)).remaining == 0
    await limiter.clear(TEN, ANA)
    assert (await limiter.peek(TEN, ANA)).remaining == 10
    assert (await limiter.take(TEN, ANA, cost=4)).remaining == 6


async def test_a_flood_of_addresses_takes_bounded_memory_and_pushes_out_no_other_limit(clock: Clock):
    memory = BoundedMemory(clock=clock, most_keys=100)
    memory.add("sign-ins/ana", 60, 9)

    for number in range(5000):
        memory.add(f"everything/{number}", 60, 1)

    assert len(memory) == 101
    assert memory.stand("sign-ins/ana", 60)[2] == 9
    assert memory.stand("everything/4999", 60)[2] == 1


async def test_two_processes_share_a_limit_in_redis(shared: list[Limiter]):
    assert await let_through(shared, TEN, 40) == 10


async def test_redis_and_memory_tell_the_same(shared: list[Limiter]):
    told = []
    for one in (shared[0], Limiter()):
        await one.take(TEN, ANA, cost=3)
        await let_through([one], TEN, 20)
        told.append((await one.peek(TEN, ANA)).remaining)
        with pytest.raises(LimitReached) as refused:
            await one.take(TEN, ANA)
        told.append(refused.value.seconds)

    assert told == [0, 60, 0, 60]


async def test_what_one_process_forgets_the_other_forgets(shared: list[Limiter]):
    await let_through(shared, TEN, 10)

    await shared[0].clear(TEN, ANA)

    assert await let_through([shared[1]], TEN, 20) == 10


async def test_redis_is_told_nothing_of_a_person(shared: list[Limiter], redis: Redis):
    for by, key in (("address", ANA), ("email", "ana@example.com"), ("account", f"ana@example.com {ANA}")):
        await shared[0].take(Limit(f"by-{by}", 1, 60, by, "…"), key)  # type: ignore[arg-type]
    await shared[0].take(Limit("questions", 1, 60, "workspace", "…"), "019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11")

    keys = [key.decode() for key in await redis.keys("*")]

    assert len(keys) == 4
    assert not any(part in key for key in keys for part in ("ana", "example", "203.0"))
    assert any("019a6e0c-5d1c-7c3e-9a53-0d8f0b6c2f11" in key for key in keys)
    assert all([await redis.pttl(key) > 0 for key in keys])


async def test_a_limit_outlives_redis_and_redis_comes_back_by_itself(shared: list[Limiter], server: RedisServer):
    one = shared[0]
    assert await let_through([one], TEN, 6) == 6

    server.kill()
    assert await let_through([one], TEN, 200) == 4
    assert one.is_alone

    server.start()
    await until_back(one)
    # Redis has forgotten all of it; whoever remembers still holds the limit.
    assert await let_through([one], TEN, 200) == 0
    assert await let_through([one], TEN, 200, key="203.0.113.10") == 10


async def test_nobody_is_lost_while_redis_dies_under_load(shared: list[Limiter], server: RedisServer):
    many = Limit("many", 100, 60, "address", "…")
    load = asyncio.gather(*(let_through(shared, many, 20) for _ in range(50)))
    await asyncio.sleep(0)
    server.kill()

    let = sum(await load)

    # Each process goes on from what it has counted itself: at most its own whole amount.
    assert 100 <= let <= 200
    server.start()


async def test_a_redis_that_hangs_holds_up_the_first_and_not_everybody(shared: list[Limiter], server: RedisServer):
    many = Limit("hung", 1000, 60, "address", "…")
    async with asyncio.timeout(20):
        with server.hanging():
            for _ in range(200):
                await shared[0].take(many, ANA)

    await until_back(shared[0])
    assert not shared[0].is_alone


async def test_a_redis_that_was_never_there_is_no_reason_not_to_start(tmp_path: Any):
    limiter = Limiter(KEY, redis_url=f"unix://{tmp_path}/none.sock")

    assert await let_through([limiter], TEN, 200) == 10
    await limiter.close()


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:0DB8:1:2::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_an_address_is_a_place(host: str, named: str):
    assert place(host) == named


@pytest.mark.parametrize(
    "spelled",
    [
        "ana.b@example.com",
        "ANA.B@EXAMPLE.com",
        "anab+shop@example.com",
        "a.n.a.b+x+y@example.com.",
        " ana.b@example.com ",
        "\uff41\uff4e\uff41.b@example.com",
        "ana.b@ｅxample.com",
    ],
)
def test_a_mailbox_is_one_however_it_is_spelled(spelled: str):
    assert mailbox(spelled) == "anab@example.com"


def test_what_is_no_address_is_still_counted():
    assert mailbox("nonsense") == mailbox("Nonsense")
    assert mailbox("ana@bücher.example") == mailbox("ana@XN--bcher-kva.example")
    assert account("ANA+x@Example.com") == "ana+x@example.com"
    assert telephone("+49 (151) 123") == "49151123"
