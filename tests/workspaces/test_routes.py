"""Profiles and API keys."""

from uuid import UUID

import pytest

from tests.world import Person
from trulybot.workspaces.access import KEY_SCOPES, ROLES

# A request for each scope, which tells it from the others.
REQUESTS = {
    "chat": ("POST", "/api/chat", {"message": "Hello"}),
    "search": ("POST", "/api/search", {"query": "opening hours"}),
    "documents:read": ("GET", "/api/documents", None),
    "documents:write": ("POST", "/api/text-upload", {"text": "We are open on Mondays."}),
    "leads:read": ("GET", "/api/leads", None),
    "keys:write": ("GET", "/api/api-keys", None),
    "widget:write": ("GET", "/api/widget/config", None),
    "workspace:read": ("GET", "/api/user/profile", None),
    "workspace:write": ("PATCH", "/api/user/profile", {"workspace_name": "Taken over"}),
}


async def make_key(person: Person, **form: object) -> dict[str, str]:
    response = await person.post("/api/api-keys", {"name": "website", **form})
    assert response.status_code == 201, response.text
    return dict(response.json())


def program(person: Person, key: str) -> Person:
    """A program that has the key, and nothing else of the person."""
    return Person(person.http, "", person.user_id, key)


async def test_a_new_owner_reads_their_profile(world):
    alice = await world.alice()

    profile = (await alice.get("/api/user/profile")).json()

    assert profile["id"] == str(alice.user_id)
    assert profile["email"] == alice.email
    assert (profile["role"], profile["subscription_tier"], profile["subscription_status"]) == (
        "owner",
        "ultra",
        "trial",
    )
    assert profile["workspace"]["name"] == "Acme"
    assert profile["workspaces"] == [profile["workspace"]]
    assert profile["usage"]["monthly_conversations"] == profile["usage"]["monthly_uploads"] == 0
    assert set(profile["limits"]) == {"monthly_conversations", "monthly_uploads"}


async def test_the_profile_counts_what_was_used(world):
    alice = await world.alice()
    await alice.knows("We are open on Mondays.")
    conversation = (await alice.asks("When are you open?"))["conversation_id"]
    await alice.asks("And on Sundays?", conversation_id=conversation)

    usage = (await alice.get("/api/user/profile")).json()["usage"]

    assert (usage["monthly_conversations"], usage["monthly_uploads"]) == (1, 1)


async def test_changing_a_profile_leaves_what_was_not_sent(world):
    alice = await world.alice()

    await alice.patch("/api/user/profile", {"name": " Ana Silva ", "locale": "pt-BR"})
    changed = (await alice.patch("/api/user/profile", {"workspace_name": "Ação & Söhne"})).json()

    assert (changed["name"], changed["locale"], changed["workspace"]["name"]) == ("Ana Silva", "pt-BR", "Ação & Söhne")
    assert (await alice.get("/api/user/profile")).json() == changed


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"locale": "Portuguese"}, "locale"),
        ({"workspace_name": ""}, "workspace_name"),
        ({"role": "admin"}, "role"),
        ({"workspace_id": "01a20386-0000-7000-8000-000000000000"}, "workspace_id"),
        ({"subscription_tier": "free"}, "subscription_tier"),
        ({"email": "other@example.com"}, "email"),
    ],
)
async def test_what_is_not_the_owners_to_change_is_refused(world, change, field):
    alice = await world.alice()

    response = await alice.patch("/api/user/profile", change)

    assert response.status_code == 400
    assert response.json()["error"]["details"][0]["field"] == field
    assert (await alice.get("/api/user/profile")).json() == alice.profile


async def test_a_stranger_has_a_profile_of_their_own(world):
    alice, charlie = await world.alice(), await world.charlie()

    await charlie.patch("/api/user/profile", {"workspace_name": "Mine now"})

    assert (await alice.get("/api/user/profile")).json()["workspace"]["name"] == "Acme"
    assert (await world.http.get("/api/user/profile")).status_code == 401


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in REQUESTS.values()])
async def test_naming_a_foreign_workspace_is_refused(world, method, path):
    alice, charlie = await world.alice(), await world.charlie()

    for name in (str(alice.workspace_id), "01a20386-0000-7000-8000-000000000000", "nonsense", ""):
        response = await charlie.request(method, path, headers={"X-Workspace-Id": name}, json={})

        assert (response.status_code, response.json()["error"]["code"]) == (403, "not_a_member")


async def test_naming_ones_own_workspace_is_fine(world):
    alice = await world.alice()

    response = await alice.get("/api/user/profile", headers={"X-Workspace-Id": str(alice.workspace_id).upper()})

    assert response.json()["workspace"]["id"] == str(alice.workspace_id)


async def test_a_list_of_workspaces_holds_ones_own(world):
    alice, _ = await world.alice(), await world.charlie()

    listed = (await alice.get("/api/workspaces")).json()["items"]

    assert listed == [alice.profile["workspace"]]


async def test_a_key_is_shown_once_and_kept_as_a_hash(world, db):
    alice = await world.alice()
    made = await make_key(alice)

    listed = await alice.get("/api/api-keys")

    assert made["key"].startswith("tb_sk_")
    assert len(made["key"]) >= 48
    assert [key["id"] for key in listed.json()["items"]] == [made["id"]]
    assert made["key"] not in listed.text
    assert made["key"].startswith(listed.json()["items"][0]["hint"])
    assert len(listed.json()["items"][0]["hint"]) < 12
    async with db.system("who has this key") as tx:
        plain = await tx.value("select count(*) from private.key_by_hash(%(key)s)", key=made["key"].encode())
    assert plain == 0


async def test_using_a_key_is_noted(world):
    alice = await world.alice()
    made = await make_key(alice)

    await program(alice, made["key"]).get("/api/documents")

    (listed,) = (await alice.get("/api/api-keys")).json()["items"]
    assert made["last_used_at"] is None
    assert listed["last_used_at"] is not None


async def test_a_key_speaks_for_its_workspace_alone(world):
    alice, charlie = await world.alice(), await world.charlie()
    document = await alice.knows("We are open on Mondays.")
    key = (await make_key(charlie))["key"]

    robot = program(charlie, key)

    assert (await robot.get(f"/api/documents/{document['id']}")).status_code == 404
    assert (await robot.get("/api/documents")).json()["items"] == []


@pytest.mark.parametrize("scope", KEY_SCOPES)
async def test_a_key_may_do_what_it_was_made_for_and_nothing_else(world, scope):
    alice = await world.alice()
    robot = program(alice, (await make_key(alice, scopes=[scope]))["key"])

    allowed = []
    for name, (method, path, form) in REQUESTS.items():
        response = await robot.request(method, path, json=form)
        assert response.status_code in (200, 202, 403)
        if response.status_code != 403:
            allowed.append(name)

    assert allowed == [scope]


async def test_a_key_without_a_wish_may_do_all_that_a_key_can(world):
    alice = await world.alice()

    made = await make_key(alice)

    assert set(made["scopes"]) == set(KEY_SCOPES)


@pytest.mark.parametrize("scope", sorted(ROLES["owner"] - set(KEY_SCOPES)))
async def test_no_key_may_make_keys_or_change_the_workspace(world, scope):
    alice = await world.alice()

    response = await alice.post("/api/api-keys", {"name": "too much", "scopes": ["chat", scope]})

    assert (response.status_code, response.json()["error"]["details"][0]["field"]) == (400, "scopes.1")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a", "scopes": ["all"]},
        {"name": "a", "scopes": []},
        {"key": "a"},
    ],
)
async def test_a_key_that_cannot_be_is_refused(world, form):
    alice = await world.alice()

    assert (await alice.post("/api/api-keys", form)).status_code == 400
    assert (await alice.get("/api/api-keys")).json()["items"] == []


async def test_a_deleted_key_ends_at_once(world):
    alice = await world.alice()
    made = await make_key(alice)
    robot = program(alice, made["key"])
    before = (await robot.get("/api/documents")).status_code

    deleted = await alice.delete(f"/api/api-keys/{made['id']}")

    assert (before, deleted.status_code) == (200, 204)
    assert (await robot.get("/api/documents")).status_code == 401
    assert (await alice.delete(f"/api/api-keys/{made['id']}")).status_code == 404


async def test_a_stranger_can_neither_see_nor_end_a_key(world):
    alice, charlie = await world.alice(), await world.charlie()
    made = await make_key(alice)

    theirs = await charlie.delete(f"/api/api-keys/{made['id']}")
    nobodys = await charlie.delete("/api/api-keys/01a20386-0000-7000-8000-000000000000")

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["error"]["code"] == nobodys.json()["error"]["code"]
    assert (await charlie.get("/api/api-keys")).json()["items"] == []
    assert (await program(alice, made["key"]).get("/api/documents")).status_code == 200


@pytest.mark.parametrize("change", [lambda key: key[:-1], lambda key: key + "A", lambda key: key.upper(), lambda _: ""])
async def test_what_is_almost_a_key_is_none(world, change):
    alice = await world.alice()
    key = (await make_key(alice))["key"]
    almost = "tb_sk_" + change(key.removeprefix("tb_sk_"))

    assert (await program(alice, almost).get("/api/documents")).status_code == 401


async def test_ids_grow_with_time(world):
    alice = await world.alice()

    assert UUID((await make_key(alice))["id"]).version == 7
