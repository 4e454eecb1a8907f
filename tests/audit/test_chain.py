"""The chain of acts: unbroken under load, and whatever is done to it behind our back is found."""

import asyncio
import json
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import errors

from tests.world import Person, World
from trulybot.audit import service as audit
from trulybot.audit.chain import Broken, Head, read_heads, verify
from trulybot.cli import main
from trulybot.kit.db import Database
from trulybot.workspaces.identity import Member

ACTS = 6
LOADED = 200


@dataclass
class Log:
    """A workspace's audit log, and the login that may do anything to it."""

    workspace_id: UUID
    owner_url: str
    superuser_url: str

    def verified(self, noted: dict[tuple[UUID, int], bytes] | None = None) -> list[Head | Broken]:
        return list(verify(self.owner_url, workspace_id=self.workspace_id, noted=noted))

    def broken_at(self) -> int | None:
        [found] = self.verified()
        return found.seq if isinstance(found, Broken) else None

    def tamper(self, query: str, **more: object) -> None:
        """As a superuser who switches the triggers off."""
        with psycopg.connect(self.superuser_url) as connection:
            connection.execute("set session_replication_role = replica")
            assert connection.execute(query.encode(), {"w": self.workspace_id, **more}).rowcount > 0


def member(person: Person) -> Member:
    return Member(person.user_id, person.workspace_id, "owner", person.email, uuid4())


async def act(db: Database, who: Member, **details: str | int | bool | None) -> None:
    async with db.workspace(who) as tx:
        await audit.record(tx, "profile.changed", by=who, **details)


async def act_and_fail(db: Database, who: Member) -> None:
    async with db.workspace(who) as tx:
        await audit.record(tx, "profile.changed", by=who)
        raise ZeroDivisionError


@pytest.fixture
async def log(world: World, db: Database, owner_url: str, superuser_of_the_database: str) -> Log:
    """With some acts of Alice's, in texts that are hard to write down."""
    alice = await world.alice()
    who = member(alice)
    for number in range(ACTS):
        await act(db, who, name='नमस्ते "\\\x01\n\t/\u2028é', count=number, flag=True, nothing=None, longer_key="x" * 300)
    return Log(alice.workspace_id, owner_url, superuser_of_the_database)


def test_a_log_that_nobody_touched_holds(log: Log):
    [head] = log.verified()

    assert isinstance(head, Head)
    assert head.seq >= ACTS


CHANGE = "update audit_log set {} where workspace_id = %(w)s and seq = 4"
TAMPERING: dict[str, tuple[str, int]] = {
    "who": (CHANGE.format("actor_id = 'somebody else'"), 4),
    "what": (CHANGE.format("action = 'sign_out'"), 4),
    "when": (CHANGE.format("at = at + interval '1 microsecond'"), 4),
    "details": (CHANGE.format("""details = details || '{"count": 99}'"""), 4),
    "from where": (CHANGE.format("address = '203.0.113.9'"), 4),
    "a hash": (CHANGE.format("hash = sha256('x')"), 4),
    "removed in the middle": ("delete from audit_log where workspace_id = %(w)s and seq = 4", 4),
    "removed at the beginning": ("delete from audit_log where workspace_id = %(w)s and seq = 1", 1),
    "the end's hash": ("update audit_heads set hash = sha256('x') where workspace_id = %(w)s", -1),
    "the end put back": ("update audit_heads set seq = 3 where workspace_id = %(w)s", -1),
    "the end removed": ("delete from audit_heads where workspace_id = %(w)s", -1),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_what_is_changed_behind_our_back_is_found_where_it_is(log: Log, what: str):
    query, place = TAMPERING[what]
    last = log.verified()[0].seq

    log.tamper(query)

    assert log.broken_at() == (place if place > 0 else last)


def test_two_rows_in_each_others_place_are_found(log: Log):
    move = "update audit_log set seq = %(to)s where workspace_id = %(w)s and seq = %(from_)s"

    for from_, to in ((3, 1000), (4, 3), (1000, 4)):
        log.tamper(move, from_=from_, to=to)

    assert log.broken_at() == 3


def test_a_row_that_was_slipped_in_is_found(log: Log):
    log.tamper("update audit_log set seq = seq + 1000 where workspace_id = %(w)s and seq >= 4")
    log.tamper("update audit_log set seq = seq - 999 where workspace_id = %(w)s and seq >= 1000")
    log.tamper(
        """
        insert into audit_log
        select (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(), 'seq', 4))).*
          from audit_log l where workspace_id = %(w)s and seq = 3
        """
    )

    assert log.broken_at() == 4


def test_a_tail_that_was_cut_off_is_found(log: Log):
    last = log.verified()[0].seq

    log.tamper("delete from audit_log where workspace_id = %(w)s and seq > %(last)s", last=last - 2)

    [broken] = log.verified()
    assert isinstance(broken, Broken)
    assert str(broken).endswith(f"rows {last - 1} to {last} are missing at the end")


def test_a_log_that_was_rewritten_with_its_end_is_found_by_what_was_noted_elsewhere(log: Log):
    [head] = log.verified()
    noted = read_heads(str(head))
    log.tamper("delete from audit_log where workspace_id = %(w)s and seq > 3")
    log.tamper(
        """
        update audit_heads h set seq = l.seq, hash = l.hash
          from audit_log l where l.workspace_id = %(w)s and h.workspace_id = %(w)s and l.seq = 3
        """
    )

    assert isinstance(log.verified()[0], Head)  # it holds in itself
    assert isinstance(log.verified(noted)[0], Broken)


def test_nobody_is_let_in_to_change_it(log: Log, owner_url: str, database_url: str):
    statements = (
        "update public.audit_log set action = 'sign_out'",
        "delete from public.audit_log",
        "truncate public.audit_log cascade",
    )
    claims = json.dumps({"workspace_id": str(log.workspace_id)})
    for url in (owner_url, database_url):
        for role in (
            ("none",) if url == owner_url else ("none", "member", "authenticated", "visitor", "trulybot_system")
        ):
            for statement in statements:
                with psycopg.connect(url) as connection:
                    connection.execute(
                        "select set_config('role', %s, true), set_config('request.jwt.claims', %s, true)",
                        (role, claims),
                    )
                    try:
                        assert connection.execute(statement.encode()).rowcount == 0
                    except errors.InsufficientPrivilege:
                        connection.rollback()

    assert log.broken_at() is None
    assert log.verified()[0].seq >= ACTS


@pytest.mark.parametrize("verb", ["update audit_log set action = 'x'", "delete from audit_log", "truncate audit_log"])
def test_even_a_superuser_meets_the_trigger(log: Log, verb: str):
    with (
        psycopg.connect(log.superuser_url) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="append-only"),
    ):
        connection.execute(verb.encode())


async def test_the_log_goes_with_its_workspace(log: Log):
    with psycopg.connect(log.superuser_url) as connection:
        connection.execute("delete from workspaces where id = %s", (log.workspace_id,))

    assert log.verified() == []


async def test_two_hundred_acts_at_once_make_one_unbroken_chain(world: World, db: Database, owner_url: str):
    alice = await world.alice()
    who = member(alice)
    before = len((await alice.get("/api/audit-log?limit=200")).json()["items"])

    await asyncio.gather(*(act(db, who, count=number) for number in range(LOADED)))

    [head] = verify(owner_url, workspace_id=alice.workspace_id)
    assert isinstance(head, Head)
    assert head.seq == before + LOADED


async def test_an_act_that_is_rolled_back_leaves_no_gap(world: World, db: Database, owner_url: str):
    alice = await world.alice()
    who = member(alice)

    with pytest.raises(ZeroDivisionError):
        await act_and_fail(db, who)
    await act(db, who)

    [head] = verify(owner_url, workspace_id=alice.workspace_id)
    assert isinstance(head, Head)


async def test_nobody_acts_in_anothers_name_or_workspace(world: World, db: Database):
    alice, charlie = await world.alice(), await world.charlie()
    who = member(charlie)

    async with db.workspace(who) as tx:
        await audit.record(tx, "profile.changed", by=member(alice), note="forged")
    with pytest.raises(errors.InsufficientPrivilege):
        async with db.workspace(who) as tx:
            await audit.record(tx, "profile.changed", by=who, workspace_id=alice.workspace_id)

    entry = (await charlie.get("/api/audit-log?action=profile.changed")).json()["items"][0]
    assert entry["actor_id"] == str(charlie.user_id)
    assert (await alice.get("/api/audit-log?action=profile.changed")).json()["items"] == []


def test_the_command_prints_the_ends_and_fails_where_one_is_broken(
    log: Log, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
):
    monkeypatch.setenv("DATABASE_URL", log.owner_url)
    monkeypatch.setenv("SECRET_KEY", "s" * 32)
    one = ["trulybot", "audit", "verify", "--workspace", str(log.workspace_id)]
    monkeypatch.setattr("sys.argv", one)
    main()
    printed = capsys.readouterr().out
    noted = tmp_path / "ends"
    noted.write_text(printed)
    monkeypatch.setattr("sys.argv", [*one, "--against", str(noted)])
    main()

    log.tamper(TAMPERING["who"][0])

    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert f"{log.workspace_id} 4" in capsys.readouterr().err
