"""The end of a workspace and of an account: announced, taken back, complete."""

from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from tests.world import PASSWORD, Person, World
from trulybot.documents.files import Files
from trulybot.kit.db import Database
from trulybot.operations.deletion import delete_what_is_due
from trulybot.operations.embedded import DATABASE
from trulybot.settings import WORKER_LOGIN


@pytest.fixture
def superuser(superuser_url: str):
    with psycopg.connect(superuser_url.replace(f"/{DATABASE}?", "/suite?"), autocommit=True) as connection:
        yield connection


async def the_day_comes(world: World, superuser: psycopg.Connection, **ids: UUID) -> None:
    """Two weeks pass for these, and the worker does what is due."""
    if "workspace_id" in ids:
        superuser.execute(
            "update workspace_deletions set due_at = now() where workspace_id = %s", (ids["workspace_id"],)
        )
    if "user_id" in ids:
        superuser.execute(
            "update trulybot_auth.account_deletions set due_at = now() where user_id = %s", (ids["user_id"],)
        )
    db = Database(world.settings.database_url(WORKER_LOGIN), size=2)
    await db.open()
    await delete_what_is_due(db, Files(world.settings.files_directory))
    await db.close()


def rows_of(superuser: psycopg.Connection, workspace_id: UUID) -> dict[str, int]:
    """How many rows each table still has of a workspace, where it has any."""
    tables = superuser.execute(
        """
        select c.table_schema, c.table_name
          from information_schema.columns c
          join information_schema.tables t using (table_schema, table_name)
         where c.column_name = 'workspace_id' and t.table_type = 'BASE TABLE'
        """
    ).fetchall()
    counts = {}
    for schema, table in tables:
        found = superuser.execute(
            psycopg.sql.SQL("select count(*) from {} where workspace_id = %s").format(
                psycopg.sql.Identifier(schema, table)
            ),
            (workspace_id,),
        ).fetchone()
        if found and found[0]:
            counts[f"{schema}.{table}"] = found[0]
    return counts


async def filled(world: World) -> Person:
    """A workspace with something of everything, a file among it."""
    alice = await world.alice()
    await alice.post("/api/text-upload", files={"file": ("returns.txt", b"Returns are accepted within 30 days.")})
    await world.work()
    visitor = await alice.visitor()
    await visitor.asks("How long may I return things?")
    await visitor.asks("Please write to me at ana@example.com")
    await alice.post("/api/api-keys", {"name": "website"})
    await alice.post("/api/workspaces/invitations", {"email": "new@example.com", "role": "agent"})
    return alice


async def test_a_deleted_workspace_leaves_nothing(world: World, superuser):
    alice = await filled(world)
    folder = Path(world.settings.files_directory) / str(alice.workspace_id)
    assert any(folder.iterdir())

    planned = await alice.post("/api/workspaces/deletion", {"name": "Acme"})
    await the_day_comes(world, superuser, workspace_id=alice.workspace_id)

    assert planned.status_code == 202
    assert planned.json()["removes"]["documents"] == 1
    assert rows_of(superuser, alice.workspace_id) == {}
    assert not folder.exists()
    assert (await alice.get("/api/user/profile")).status_code == 403  # she has an account, and no workspace
    assert (await alice.post("/api/workspaces", {"name": "Anew"})).status_code == 201


async def test_before_the_day_all_is_there_but_the_bot_is_silent(world: World, superuser):
    alice = await filled(world)
    bot = await alice.bot()

    await alice.post("/api/workspaces/deletion", {"name": "Acme"})
    await the_day_comes(world, superuser)

    assert len((await alice.get("/api/documents")).json()["items"]) == 1
    assert (await world.http.get(f"/api/widget/config/{bot}")).status_code == 404
    headers = {"Origin": "https://shop.example"}
    assert (await world.http.post("/api/widget/session", json={"bot": bot}, headers=headers)).status_code == 404


async def test_a_deletion_can_be_taken_back(world: World, superuser):
    alice = await filled(world)
    bot = await alice.bot()
    await alice.post("/api/workspaces/deletion", {"name": "Acme"})

    response = await alice.delete("/api/workspaces/deletion")
    await the_day_comes(world, superuser, workspace_id=alice.workspace_id)

    assert response.status_code == 204
    assert (await alice.get("/api/workspaces/deletion")).json()["due_at"] is None
    assert len((await alice.get("/api/documents")).json()["items"]) == 1
    assert (await world.http.get(f"/api/widget/config/{bot}")).status_code == 200


async def test_only_an_owner_who_knows_its_name_ends_a_workspace(world: World):
    alice = await world.alice()
    admin = await world.joins(alice, "admin")

    misnamed = await alice.post("/api/workspaces/deletion", {"name": "Something else"})
    not_theirs = await admin.post("/api/workspaces/deletion", {"name": "Acme"})

    assert misnamed.status_code == not_theirs.status_code == 403
    assert (await alice.get("/api/workspaces/deletion")).json()["due_at"] is None


async def test_members_of_a_deleted_workspace_are_at_home_in_another(world: World, superuser):
    alice = await world.alice()
    bob = await world.joins(alice, "agent")
    home = next(one["id"] for one in (await bob.get("/api/workspaces")).json()["items"] if one["name"] != "Acme")
    await bob.request("POST", "/api/workspaces/deletion", json={"name": "Their own"}, headers={"X-Workspace-Id": home})

    await the_day_comes(world, superuser, workspace_id=UUID(home))

    assert rows_of(superuser, UUID(home)) == {}
    assert (await bob.get("/api/user/profile")).json()["workspace"]["name"] == "Acme"


async def test_a_deleted_account_leaves_nothing_and_takes_its_own_workspace_along(world: World, superuser):
    alice = await filled(world)
    other = await world.alice()
    bob = await world.joins(other, "agent")

    planned = await alice.post("/api/user/deletion", {"password": PASSWORD})
    await bob.post("/api/user/deletion", {})
    await the_day_comes(world, superuser, user_id=alice.user_id)
    await the_day_comes(world, superuser, user_id=bob.user_id)

    assert planned.json()["workspaces"] == ["Acme"]
    assert rows_of(superuser, alice.workspace_id) == {}
    for person in (alice, bob):
        assert (await person.get("/api/user/profile")).status_code == 401
        form = {"email": person.email, "password": PASSWORD}
        assert (await world.http.post("/auth/v1/token?grant_type=password", json=form)).status_code == 400
        assert superuser.execute(
            "select count(*) from trulybot_auth.users where id = %s", (person.user_id,)
        ).fetchone() == (0,)
    assert len((await other.get("/api/workspaces/members")).json()["items"]) == 1


async def test_an_account_that_others_depend_on_is_not_deleted(world: World):
    alice = await world.alice()
    bob = await world.joins(alice, "agent")

    refused = await alice.post("/api/user/deletion", {"password": PASSWORD})
    await alice.patch(f"/api/workspaces/members/{bob.user_id}", {"role": "owner"})
    accepted = await alice.post("/api/user/deletion", {"password": PASSWORD})

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "only_owner"
    assert "Acme" in refused.json()["error"]["message"]
    assert accepted.status_code == 202


async def test_an_account_is_kept_when_its_person_thinks_again(world: World, superuser):
    alice = await world.alice()
    await alice.post("/api/user/deletion", {"password": PASSWORD})

    response = await alice.delete("/api/user/deletion")
    await the_day_comes(world, superuser, user_id=alice.user_id)

    assert response.status_code == 204
    assert (await alice.get("/api/user/profile")).status_code == 200


async def test_an_old_session_alone_does_not_end_an_account(world: World, superuser):
    alice = await world.alice()
    superuser.execute(
        "update trulybot_auth.sessions set created_at = created_at - interval '2 days' where user_id = %s",
        (alice.user_id,),
    )

    without = await alice.post("/api/user/deletion", {})
    wrong = await alice.post("/api/user/deletion", {"password": "wrong"})
    right = await alice.post("/api/user/deletion", {"password": PASSWORD})

    assert [without.status_code, wrong.status_code, right.status_code] == [403, 403, 202]


async def test_a_deletion_that_failed_half_way_is_finished_the_next_time(world: World, superuser, monkeypatch):
    alice = await filled(world)
    await alice.post("/api/workspaces/deletion", {"name": "Acme"})

    def disk_is_away(*_: object) -> None:
        raise OSError("the disk is away")

    with monkeypatch.context() as broken:
        broken.setattr(Files, "forget_workspace", disk_is_away)
        with pytest.raises(OSError, match="disk"):
            await the_day_comes(world, superuser, workspace_id=alice.workspace_id)
    assert rows_of(superuser, alice.workspace_id) != {}
    await the_day_comes(world, superuser)

    assert rows_of(superuser, alice.workspace_id) == {}


async def test_an_account_whose_workspace_others_have_joined_waits_and_keeps_nobody_else_waiting(
    world: World, superuser
):
    alice, charlie = await world.alice(), await world.charlie()
    for person in (alice, charlie):
        await person.post("/api/user/deletion", {"password": PASSWORD})
    bob = await world.joins(alice, "viewer")
    superuser.execute(
        "update trulybot_auth.account_deletions set due_at = now() - interval '1 day' where user_id = %s",
        (alice.user_id,),
    )

    await the_day_comes(world, superuser, user_id=charlie.user_id)
    waits = await alice.get("/api/user/profile")
    await alice.patch(f"/api/workspaces/members/{bob.user_id}", {"role": "owner"})
    await the_day_comes(world, superuser)

    assert rows_of(superuser, charlie.workspace_id) == {}
    assert waits.status_code == 200
    assert (await alice.get("/api/user/profile")).status_code == 401
    assert (await bob.get("/api/user/profile")).json()["workspace"]["id"] == str(alice.workspace_id)


async def test_nobody_joins_a_workspace_whose_day_has_come(world: World, superuser):
    alice, bob = await world.alice(), await world.person("Bob's")
    form = {"email": bob.email, "role": "owner"}
    token = (await alice.post("/api/workspaces/invitations", form)).json()["link"].rpartition("/")[2]
    await alice.post("/api/workspaces/deletion", {"name": "Acme"})
    superuser.execute("update workspace_deletions set due_at = now() where workspace_id = %s", (alice.workspace_id,))

    response = await bob.post("/api/workspaces/invitations/acceptance", {"token": token})

    assert response.status_code == 404
    assert response.json()["error"]["code"] == "invitation_over"


async def test_the_end_of_an_account_is_no_place_to_guess_its_password(world: World, superuser):
    alice = await world.alice()
    superuser.execute(
        "update trulybot_auth.sessions set created_at = created_at - interval '2 days' where user_id = %s",
        (alice.user_id,),
    )
    guesses = world.app.state.accounts.limits.proofs.amount

    wrong = [(await alice.post("/api/user/deletion", {"password": f"guess {n}"})).status_code for n in range(guesses)]
    right = await alice.post("/api/user/deletion", {"password": PASSWORD})

    assert wrong == [403] * guesses
    assert right.status_code == 429
