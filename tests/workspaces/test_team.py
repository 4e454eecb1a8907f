"""Who belongs, who is invited, and what a role may do to another."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from tests.world import Person, World
from trulybot.operations.embedded import DATABASE
from trulybot.workspaces.identity import Member


async def invite(by: Person, email: str, role: str = "agent") -> dict[str, str]:
    response = await by.post("/api/workspaces/invitations", {"email": email, "role": role})
    assert response.status_code == 201, response.text
    return dict(response.json())


async def accept(who: Person, link: str):
    return await who.post("/api/workspaces/invitations/acceptance", {"token": link.rpartition("/")[2]})


async def members_of(person: Person) -> dict[str, str]:
    items = (await person.get("/api/workspaces/members")).json()["items"]
    return {item["id"]: item["role"] for item in items}


async def test_an_invited_person_belongs_once_they_said_yes(world: World):
    alice, bob = await world.alice(), await world.person("Bob's")
    invitation = await invite(alice, bob.email)

    before = await members_of(alice)
    response = await accept(bob, invitation["link"])

    assert response.status_code == 201
    assert response.json()["name"] == "Acme"
    assert str(bob.user_id) not in before
    assert (await members_of(alice))[str(bob.user_id)] == "agent"
    assert (await alice.get("/api/workspaces/invitations")).json()["items"] == []
    assert {one["name"] for one in (await bob.get("/api/workspaces")).json()["items"]} == {"Acme", "Bob's"}


async def test_a_workspace_that_is_named_is_the_one_that_is_used_from_then_on(world: World):
    alice = await world.alice()
    bob = await world.joins(alice, "agent")
    theirs = str(alice.workspace_id)

    named = await bob.get("/api/user/profile", headers={"X-Workspace-Id": theirs})
    later = await bob.get("/api/user/profile")

    assert named.json()["workspace"]["id"] == later.json()["workspace"]["id"] == theirs
    assert later.json()["role"] == "agent"


async def test_an_invitation_is_of_no_use_to_another_person(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    invitation = await invite(alice, f"{uuid4().hex}@example.com")

    response = await accept(charlie, invitation["link"])

    assert response.status_code == 403
    assert response.json()["error"]["code"] == "invitation_of_another"
    assert str(charlie.user_id) not in await members_of(alice)


async def test_a_guessed_link_opens_nothing_not_even_to_whoever_is_invited(world: World):
    alice, bob = await world.alice(), await world.person("Bob's")
    await invite(alice, bob.email)

    response = await accept(bob, "https://trulybot.test/invitations/" + "a" * 43)

    assert response.status_code == 404
    assert str(bob.user_id) not in await members_of(alice)


async def test_a_link_works_once_and_a_withdrawn_or_renewed_one_not_at_all(world: World):
    alice, bob = await world.alice(), await world.person("Bob's")
    renewed = await invite(alice, bob.email)
    withdrawn = await invite(alice, bob.email)
    await alice.delete(f"/api/workspaces/invitations/{withdrawn['id']}")
    used = await invite(alice, bob.email)
    await accept(bob, used["link"])

    for link in (renewed["link"], withdrawn["link"], used["link"]):
        assert (await accept(bob, link)).status_code == 404


async def test_an_invitation_ends_after_its_days(world: World, superuser_url: str):
    alice, bob = await world.alice(), await world.person("Bob's")
    invitation = await invite(alice, bob.email)
    as_superuser(superuser_url, "update invitations set expires_at = now() where id = %s", invitation["id"])

    assert (await accept(bob, invitation["link"])).status_code == 404


async def test_an_address_with_an_account_and_one_without_are_invited_alike(world: World):
    alice, charlie = await world.alice(), await world.charlie()

    known, unknown = await invite(alice, charlie.email), await invite(alice, f"{uuid4().hex}@example.com")

    assert known.keys() == unknown.keys()
    assert len(str(known)) == len(str(unknown))


async def test_making_a_member_begins_as_an_invitation_too(world: World):
    alice, charlie = await world.alice(), await world.charlie()

    response = await alice.post("/api/workspaces/members", {"email": charlie.email, "role": "viewer"})

    assert response.status_code == 201
    assert str(charlie.user_id) not in await members_of(alice)
    assert (await alice.get("/api/workspaces/invitations")).json()["items"][0]["email"] == charlie.email


async def test_a_member_is_not_invited_again(world: World):
    alice = await world.alice()

    response = await alice.post("/api/workspaces/invitations", {"email": alice.email.upper(), "role": "viewer"})

    assert response.status_code == 409
    assert response.json()["error"]["code"] == "already_a_member"


@pytest.mark.parametrize(
    ("role", "target", "wanted", "status"),
    [
        ("owner", "owner", "viewer", 200),
        ("owner", "viewer", "owner", 200),
        ("admin", "agent", "admin", 200),
        ("admin", "agent", "owner", 403),
        ("admin", "owner", "viewer", 403),
        ("agent", "viewer", "agent", 403),
        ("viewer", "agent", "viewer", 403),
    ],
)
async def test_a_role_is_changed_by_those_above_it(world: World, role: str, target: str, wanted: str, status: int):
    alice = await world.alice()
    actor, other = await world.joins(alice, role), await world.joins(alice, target)

    response = await actor.patch(f"/api/workspaces/members/{other.user_id}", {"role": wanted})

    assert response.status_code == status
    assert (await members_of(alice))[str(other.user_id)] == (wanted if status == 200 else target)


@pytest.mark.parametrize(("role", "status"), [("admin", 201), ("agent", 403), ("viewer", 403)])
async def test_who_may_invite(world: World, role: str, status: int):
    actor = await world.joins(await world.alice(), role)

    response = await actor.post("/api/workspaces/invitations", {"email": "new@example.com", "role": "agent"})
    as_owner = await actor.post("/api/workspaces/invitations", {"email": "new2@example.com", "role": "owner"})

    assert response.status_code == status
    assert as_owner.status_code == 403


async def test_the_database_lets_nobody_make_themselves_an_owner(world: World, db):
    alice = await world.alice()
    viewer = await world.joins(alice, "viewer")

    forged = Member(viewer.user_id, alice.workspace_id, "owner", viewer.email, uuid4())
    async with db.workspace(forged) as tx:
        outcome = await tx.value("select private.change_role(%(id)s, 'owner')", id=viewer.user_id)

    assert outcome == "forbidden"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with db.workspace(forged) as tx:
            await tx.run("update memberships set role = 'owner' where user_id = %(id)s", id=viewer.user_id)


async def test_the_last_owner_stays(world: World):
    alice = await world.alice()
    other = await world.joins(alice, "owner")

    left = await other.delete(f"/api/workspaces/members/{other.user_id}")
    stays = await alice.delete(f"/api/workspaces/members/{alice.user_id}")
    keeps = await alice.patch(f"/api/workspaces/members/{alice.user_id}", {"role": "admin"})

    assert left.status_code == 204
    assert stays.status_code == keeps.status_code == 409
    assert stays.json()["error"]["code"] == "last_owner"


async def test_of_two_owners_who_leave_at_once_one_stays(world: World):
    alice = await world.alice()
    other = await world.joins(alice, "owner")

    answers = await asyncio.gather(*(who.delete(f"/api/workspaces/members/{who.user_id}") for who in (alice, other)))

    assert sorted(answer.status_code for answer in answers) == [204, 409]


async def test_a_removed_member_is_refused_at_once_and_so_are_their_keys(world: World):
    alice = await world.alice()
    admin = await world.joins(alice, "admin")
    key = (await admin.post("/api/api-keys", {"name": "theirs"})).json()["key"]

    await alice.delete(f"/api/workspaces/members/{admin.user_id}")

    headers = {"X-Workspace-Id": str(alice.workspace_id)}
    assert (await admin.get("/api/documents", headers=headers)).status_code == 403
    program = Person(admin.http, "", admin.user_id, key)
    assert (await program.get("/api/documents")).status_code == 401
    assert (await admin.get("/api/user/profile")).json()["workspace"]["id"] != str(alice.workspace_id)


async def test_whoever_may_make_no_keys_any_more_keeps_none(world: World):
    alice = await world.alice()
    admin = await world.joins(alice, "admin")
    key = (await admin.post("/api/api-keys", {"name": "theirs"})).json()["key"]

    await alice.patch(f"/api/workspaces/members/{admin.user_id}", {"role": "viewer"})

    assert (await Person(admin.http, "", admin.user_id, key).get("/api/documents")).status_code == 401


async def test_a_stranger_changes_nothing_of_a_team(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    invitation = await invite(alice, "somebody@example.com")

    answers = [
        await charlie.patch(f"/api/workspaces/members/{alice.user_id}", {"role": "viewer"}),
        await charlie.delete(f"/api/workspaces/members/{alice.user_id}"),
        await charlie.delete(f"/api/workspaces/invitations/{invitation['id']}"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len(await members_of(charlie)) == 1


async def test_a_further_workspace_is_entered_at_once(world: World):
    alice = await world.alice()

    response = await alice.post("/api/workspaces", {"name": "Second"})

    assert response.status_code == 201
    assert (await alice.get("/api/user/profile")).json()["workspace"]["name"] == "Second"
    assert (await alice.get("/api/user/profile")).json()["role"] == "owner"


async def test_somebody_who_left_every_workspace_can_begin_one(world: World):
    alice = await world.alice()
    bob = await world.joins(alice, "agent")
    home = next(one["id"] for one in (await bob.get("/api/workspaces")).json()["items"] if one["name"] != "Acme")
    second = await world.person("Second owner")
    invitation = (
        await bob.request(
            "POST",
            "/api/workspaces/invitations",
            json={"email": second.email, "role": "owner"},
            headers={"X-Workspace-Id": home},
        )
    ).json()
    await accept(second, invitation["link"])
    for workspace in (home, str(alice.workspace_id)):
        left = await bob.request(
            "DELETE", f"/api/workspaces/members/{bob.user_id}", headers={"X-Workspace-Id": workspace}
        )
        assert left.status_code == 204, left.text

    nowhere = await bob.get("/api/user/profile")
    began = await bob.post("/api/workspaces", {"name": "Anew"})

    assert nowhere.status_code == 403
    assert began.status_code == 201
    assert (await bob.get("/api/user/profile")).json()["workspace"]["name"] == "Anew"


async def test_nobody_leaves_themselves_a_way_back(world: World):
    alice, removed_ones_friend, demoted_ones_friend = [await world.alice() for _ in range(3)]
    removed, demoted = await world.joins(alice, "admin"), await world.joins(alice, "owner")
    way_back = await invite(removed, removed_ones_friend.email, "admin")
    way_up = await invite(demoted, demoted_ones_friend.email, "owner")

    await alice.delete(f"/api/workspaces/members/{removed.user_id}")
    await alice.patch(f"/api/workspaces/members/{demoted.user_id}", {"role": "admin"})

    assert (await accept(removed_ones_friend, way_back["link"])).status_code == 404
    assert (await accept(demoted_ones_friend, way_up["link"])).status_code == 404
    assert (await alice.get("/api/workspaces/invitations")).json()["items"] == []


async def test_an_owners_invitation_is_not_taken_back_by_inviting_anew(world: World):
    alice, bob = await world.alice(), await world.person("Bob's")
    admin = await world.joins(alice, "admin")
    invitation = await invite(alice, bob.email, "owner")

    anew = await admin.post("/api/workspaces/invitations", {"email": bob.email, "role": "viewer"})

    assert anew.status_code == 403
    assert (await accept(bob, invitation["link"])).status_code == 201
    assert (await members_of(alice))[str(bob.user_id)] == "owner"


async def test_nobodys_mailbox_is_filled_with_invitations(world: World):
    victim, statuses = f"{uuid4().hex}@example.com", []
    for owner in (await world.alice(), await world.charlie()):
        for tag in range(6):
            form = {"email": victim.replace("@", f"+{tag}@"), "role": "viewer"}
            statuses.append((await owner.post("/api/workspaces/invitations", form)).status_code)

    assert statuses == [201] * 10 + [429] * 2


def as_superuser(superuser_url: str, statement: str, *values: object) -> None:
    """What no login of ours may: make time pass."""
    with psycopg.connect(superuser_url.replace(f"/{DATABASE}?", "/suite?"), autocommit=True) as connection:
        connection.execute(statement, values)
