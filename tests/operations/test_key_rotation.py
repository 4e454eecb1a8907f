"""A new key for every secret, while the product runs, whatever happens in between."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from tests.servers import SECRET_KEY
from tests.world import World
from trulybot.kit.keyring import Keyring, KeyringLocked, key_of
from trulybot.operations import key_rotation
from trulybot.operations.key_rotation import SEALED, Rotation
from trulybot.operations.launch import StartError
from trulybot.settings import Settings

# Hashes and digests, which nothing opens, and what is sealed by other means; see their columns' comments.
OTHER_BYTES = {
    ("api_keys", "hash"),
    ("audit_heads", "hash"),
    ("audit_log", "hash"),
    ("audit_log", "previous_hash"),
    ("data_keys", "wrapped"),
    ("conflict_dismissals", "fingerprint"),
    ("conflicts", "fingerprint"),
    ("curated_phrasings", "wording_hash"),
    ("document_versions", "content_hash"),
    ("documents", "content_hash"),
    ("invitations", "token_hash"),
    ("flow_states", "code_hash"),
    ("kept_answers", "question_hash"),
    ("one_time_tokens", "code_hash"),
    ("one_time_tokens", "link_hash"),
    ("provider_flows", "browser_hash"),
    ("provider_flows", "state_hash"),
    ("provider_tokens", "code_hash"),
    ("recovery_codes", "hash"),
    ("refresh_tokens", "hash"),
    ("repeatable_requests", "answer"),
    ("repeatable_requests", "body_hash"),
    ("repeatable_requests", "key_hash"),
    ("sessions", "cookie_hash"),
    ("source_pages", "content_hash"),
}
SEED = "JBSWY3DPEHPK3PXP"


def at_once(_seconds: float) -> None:
    """As if every process had learned already."""


class Killed(BaseException):
    pass


class Seeds:
    """Second factors of somebody, with their seeds as the database keeps them."""

    def __init__(self, superuser_url: str, user_id: UUID) -> None:
        self.superuser_url, self.user_id = superuser_url, user_id

    async def add(self, ring: Keyring, count: int) -> list[UUID]:
        ids = [uuid4() for _ in range(count)]
        rows = [(id, self.user_id, str(id), await ring.seal(SEED, purpose=f"totp seed {id}")) for id in ids]
        with psycopg.connect(self.superuser_url) as connection, connection.cursor() as cursor:
            cursor.executemany(
                "insert into trulybot_auth.factors (id, user_id, friendly_name, seed) values (%s, %s, %s, %s)", rows
            )
        return ids

    def all(self) -> dict[UUID, bytes]:
        with psycopg.connect(self.superuser_url) as connection:
            rows = connection.execute("select id, seed from trulybot_auth.factors where user_id = %s", (self.user_id,))
            return dict(rows.fetchall())

    def keys(self) -> set[UUID]:
        return {key_of(seed) for seed in self.all().values()}


@pytest.fixture
async def seeds(world: World, superuser_of_the_database: str) -> Seeds:
    """Of the only ones there are: a rotation takes everything, and tests before left some that open with no key."""
    with psycopg.connect(superuser_of_the_database) as connection:
        for table in ("factors", "mails", "provider_tokens"):
            connection.execute(sql.SQL("delete from trulybot_auth.{}").format(sql.Identifier(table)))
    alice = await world.alice()
    return Seeds(superuser_of_the_database, alice.user_id)


@pytest.fixture
def ring(world: World) -> Keyring:
    found: Keyring = world.app.state.keyring
    return found


async def test_everything_is_sealed_anew_and_opens(seeds: Seeds, ring: Keyring, settings: Settings):
    ids = await seeds.add(ring, 3)
    before = seeds.keys()

    done = Rotation(settings, wait=at_once).rotate()

    assert seeds.keys() == {done.key_id}
    assert done.key_id not in before
    assert done.resealed >= len(ids)
    # The ring knows only the key before; it learns the new one from the value.
    assert [await ring.open(seed, purpose=f"totp seed {id}") for id, seed in seeds.all().items()] == [SEED] * len(ids)


async def test_what_a_process_seals_with_the_old_key_meanwhile_is_sealed_anew_too(
    seeds: Seeds, ring: Keyring, settings: Settings
):
    await seeds.add(ring, 1)
    late: list[bytes] = []

    def meanwhile(_seconds: float) -> None:
        [id] = seeds.all()
        old = next(key for key in ring._keys.values() if key.id in before)
        late.append(key_rotation.seal(old, SEED, purpose=f"totp seed {id}"))
        with psycopg.connect(seeds.superuser_url) as connection:
            connection.execute("update trulybot_auth.factors set seed = %s where id = %s", (late[0], id))

    before = seeds.keys()
    done = Rotation(settings, wait=meanwhile).rotate()

    assert key_of(late[0]) in before
    assert seeds.keys() == {done.key_id}


async def test_a_rotation_that_was_killed_goes_on_with_the_same_key(
    seeds: Seeds, ring: Keyring, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    await seeds.add(ring, 5)
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    change: Callable[..., object] = key_rotation._change
    changed = 0

    def killed_at_the_fourth(column: key_rotation.SealedColumn) -> object:
        nonlocal changed
        changed += 1
        if changed == 4:
            raise Killed
        return change(column)

    monkeypatch.setattr(key_rotation, "_change", killed_at_the_fourth)
    with pytest.raises(Killed):
        Rotation(settings, wait=at_once).rotate()
    monkeypatch.setattr(key_rotation, "_change", change)
    half = seeds.keys()

    done = Rotation(settings, wait=at_once).rotate()

    assert len(half) == 2
    assert done.key_id in half
    assert seeds.keys() == {done.key_id}
    for id, seed in seeds.all().items():
        assert await ring.open(seed, purpose=f"totp seed {id}") == SEED


async def test_a_retired_key_opens_for_a_day_and_then_goes(seeds: Seeds, ring: Keyring, settings: Settings):
    sealed = await ring.seal("from a mail that is still on its way", purpose="test")
    rotation = Rotation(settings, wait=at_once)

    rotation.rotate()
    assert await Keyring(ring._db, SECRET_KEY).open(sealed, purpose="test") == "from a mail that is still on its way"

    with psycopg.connect(seeds.superuser_url) as connection:
        connection.execute(
            "update trulybot_auth.data_keys set retired_at = now() - interval '25 hours' where retired_at is not null"
        )
    assert rotation.rotate().removed >= 1
    assert key_of(sealed) not in {key.id for key in rotation.uses()}


async def test_what_opens_with_no_key_is_left_and_counted(seeds: Seeds, ring: Keyring, settings: Settings):
    first, second = await seeds.add(ring, 2)
    with psycopg.connect(seeds.superuser_url) as connection:  # one row's secret in another's place
        connection.execute(
            """
            update trulybot_auth.factors
               set seed = (select seed from trulybot_auth.factors where id = %s)
             where id = %s
            """,
            (first, second),
        )
    swapped = seeds.all()[second]

    done = Rotation(settings, wait=at_once).rotate()

    assert done.unreadable == 1
    assert seeds.all()[second] == swapped
    assert key_of(swapped) in {key.id for key in Rotation(settings).uses()}
    with psycopg.connect(seeds.superuser_url) as connection:
        connection.execute("delete from trulybot_auth.factors where id = %s", (second,))


async def test_the_keys_move_to_a_new_secret_key(seeds: Seeds, ring: Keyring, settings: Settings):
    sealed = await ring.seal("secret", purpose="test")
    new = "the secret key that comes after it, long enough"
    try:
        Rotation(replace(settings, secret_key=new, secret_key_previous=SECRET_KEY)).rewrap()

        assert await Keyring(ring._db, new).open(sealed, purpose="test") == "secret"
        with pytest.raises(KeyringLocked):
            await Keyring(ring._db, SECRET_KEY).open(sealed, purpose="test")
    finally:
        Rotation(replace(settings, secret_key_previous=new)).rewrap()
    assert await Keyring(ring._db, SECRET_KEY).open(sealed, purpose="test") == "secret"


async def test_without_the_old_secret_key_nothing_is_changed(ring: Keyring, settings: Settings):
    sealed = await ring.seal("secret", purpose="test")

    with pytest.raises(StartError, match="SECRET_KEY_PREVIOUS"):
        Rotation(replace(settings, secret_key="a" * 40)).rewrap()

    assert await Keyring(ring._db, SECRET_KEY).open(sealed, purpose="test") == "secret"


def test_two_rotations_do_not_meet(settings: Settings):
    def another(_seconds: float) -> None:
        with pytest.raises(StartError, match="at work"):
            Rotation(settings, wait=at_once).rotate()

    Rotation(settings, wait=another).rotate()


def test_every_column_of_bytes_is_sealed_anew_or_known_to_be_something_else(owner_url: str):
    with psycopg.connect(owner_url) as connection:
        rows = connection.execute(
            """
            select table_name::text, column_name::text from information_schema.columns
             where table_schema in ('public', 'trulybot_auth', 'private') and data_type = 'bytea'
            """
        ).fetchall()

    assert set(rows) == OTHER_BYTES | {(column.table, column.column) for column in SEALED}


def test_the_rotation_sees_every_row_of_what_it_seals(owner_url: str):
    """Row security would hide them without a word."""
    with psycopg.connect(owner_url) as connection:
        for column in SEALED:
            verbs = connection.execute(
                """
                select p.polcmd::text from pg_policy p
                 where p.polrelid = %s::regclass
                   and pg_get_expr(p.polqual, p.polrelid) = 'true'
                   and exists (select from unnest(p.polroles) r where pg_has_role(current_user, r, 'usage'))
                """,
                (f"{column.schema}.{column.table}",),
            ).fetchall()
            found = "".join(verb for (verb,) in verbs)

            assert "*" in found or {"r", "w"} <= set(found), column.table
