"""The audit log as its owner reads it: over the API, as a file, on a page."""

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.world import PASSWORD, Person, World
from trulybot.audit.actions import Action
from trulybot.kit.security import SecurityEvent

SOURCES = Path(__file__).parents[2] / "trulybot"


async def acts(person: Person, **which: str) -> list[dict[str, Any]]:
    response = await person.get("/api/audit-log", params=which)
    assert response.status_code == 200, response.text
    return list(response.json()["items"])


async def test_what_people_do_is_told(world: World):
    alice = await world.alice()
    document = await alice.knows("We are open on Mondays.")
    await alice.delete(f"/api/documents/{document['id']}")
    key = (await alice.post("/api/api-keys", {"name": "website"})).json()
    await alice.delete(f"/api/api-keys/{key['id']}")
    await alice.patch("/api/widget/config", {"position": "start"})
    await alice.patch("/api/user/profile", {"name": "Alice", "workspace_name": "Acme & Daughters"})
    await alice.post("/auth/v1/logout?scope=others")

    told_ = [(act["action"], act["text"]) for act in await acts(alice)]

    assert told_[::-1] == [
        ("workspace.founded", "founded the workspace"),
        ("sign_in", "signed in by password"),
        ("document.added", "added documents: 1"),
        ("document.removed", "removed a document"),
        ("key.made", "made the API key “website”"),
        ("key.removed", "removed an API key"),
        ("widget.changed", "changed the widget: position"),
        ("profile.changed", "changed their profile"),
        ("workspace.renamed", "renamed the workspace to “Acme & Daughters”"),
        ("sign_out", "signed out (others)"),
    ]
    assert {act["actor_id"] for act in await acts(alice)} == {str(alice.user_id)}


async def test_an_act_says_from_where_and_in_which_request(world: World):
    alice = await world.alice()

    await alice.request("PATCH", "/api/user/profile", json={"name": "A"}, headers={"X-Request-Id": "my-own-request"})

    [act] = await acts(alice, action="profile.changed")
    assert (act["request_id"], act["address"]) == ("my-own-request", "127.0.0.1")


async def test_a_key_acts_in_its_own_name(world: World):
    alice = await world.alice()
    key = (await alice.post("/api/api-keys", {"name": "website", "scopes": ["documents:write"]})).json()

    headers = {"Authorization": f"Bearer {key['key']}"}
    await world.http.post("/api/text-upload", json={"text": "Hello"}, headers=headers)

    [act] = await acts(alice, action="document.added")
    assert (act["actor_kind"], act["actor_id"]) == ("key", key["id"])


async def test_what_changes_nothing_is_no_act(world: World):
    alice = await world.alice()
    for _ in range(2):
        await alice.knows("The same text.")

    assert len(await acts(alice, action="document.added")) == 1


async def test_a_failed_sign_in_is_told_once_a_minute(world: World):
    alice = await world.alice()
    for _ in range(3):
        await world.http.post(
            "/auth/v1/token?grant_type=password", json={"email": alice.email, "password": "wrong wrong"}
        )
    await world.app.state.security.flush()

    [act] = await acts(alice, action="sign_in.failed")
    assert (act["actor_kind"], act["actor_id"]) == ("system", None)


async def test_the_list_goes_on_from_page_to_page(world: World):
    alice = await world.alice()
    for number in range(5):
        await alice.patch("/api/user/profile", {"name": f"Alice {number}"})

    numbers, cursor = [], None
    while True:
        page = (await alice.get("/api/audit-log", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        numbers += [act["seq"] for act in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert numbers == list(range(7, 0, -1))


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "9" * 40, "٣"])
async def test_a_cursor_of_another_list_is_refused(world: World, cursor: str):
    alice = await world.alice()

    assert (await alice.get("/api/audit-log", params={"cursor": cursor})).status_code == 400


async def test_the_end_of_time_is_no_fault_of_ours(world: World):
    alice = await world.alice()

    page = await alice.get("/dashboard/audit?to=9999-12-31")
    listed = await alice.get("/api/audit-log", params={"cursor": "9" * 19})

    assert page.status_code == 200
    assert listed.status_code == 400


async def test_it_is_found_by_what_who_and_when(world: World):
    alice = await world.alice()
    await alice.patch("/api/user/profile", {"name": "Alice"})
    [changed] = await acts(alice, action="profile.changed")

    assert await acts(alice, actor="nobody") == []
    assert len(await acts(alice, actor=str(alice.user_id))) == 3
    assert await acts(alice, to="2020-01-01T00:00:00Z") == []
    assert (await acts(alice, **{"from": changed["at"]}))[-1] == changed


async def test_a_stranger_reads_none_of_it(world: World):
    alice, charlie = await world.alice(), await world.charlie()

    theirs = await acts(charlie)
    response = await charlie.get("/api/audit-log", headers={"X-Workspace-Id": str(alice.workspace_id)})

    assert {act["actor_id"] for act in theirs} == {str(charlie.user_id)}
    assert response.status_code == 403


async def test_programs_and_visitors_may_not_read_it(world: World):
    alice = await world.alice()
    key = (await alice.post("/api/api-keys", {"name": "website"})).json()
    visitor = await alice.visitor()

    for path in ("/api/audit-log", "/api/audit-log/export"):
        by_key = await world.http.get(path, headers={"Authorization": f"Bearer {key['key']}"})
        assert (by_key.status_code, (await visitor.get(path)).status_code) == (403, 403)


async def test_an_outsider_can_check_the_exported_lines(world: World):
    """By the words of the guide alone, with nothing of ours."""
    alice = await world.alice()
    await alice.patch("/api/user/profile", {"workspace_name": 'नमस्ते "\\ = é'})

    response = await alice.get("/api/audit-log/export?format=jsonl")

    previous = "00" * 32
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [line["action"] for line in lines][-1] == "audit.exported"
    for number, line in enumerate(lines, 1):
        details = {key: line["details"][key] for key in sorted(line["details"], key=lambda key: (len(key), key))}
        at = line["at"].replace("+00:00", "Z")
        who = [line["actor_kind"], line["actor_id"], line["action"], line["subject"]]
        hashed = [previous, str(alice.workspace_id), number, line["id"], at, *who, details]
        text = json.dumps([*hashed, line["address"], line["request_id"]], ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == line["hash"]
        previous = line["hash"]


async def test_the_table_is_safe_to_open(world: World):
    alice = await world.alice()
    await alice.patch("/api/user/profile", {"workspace_name": "=HYPERLINK(1)"})

    response = await alice.get("/api/audit-log/export?action=workspace.renamed")

    assert response.headers["content-type"].startswith("text/csv")
    assert "attachment" in response.headers["content-disposition"]
    [row] = csv.DictReader(io.StringIO(response.text.removeprefix("\ufeff")))
    assert UUID(row["id"])
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


async def test_the_page_tells_it_in_sentences(world: World):
    alice = await world.alice()
    await alice.post("/api/api-keys", {"name": "<b>website</b>"})
    ours = {"Origin": "http://trulybot.test"}

    await world.http.post("/sign-in", data={"email": alice.email, "password": PASSWORD}, headers=ours)
    page = await world.http.get("/dashboard/audit?action=key.made")
    nothing = await world.http.get("/dashboard/audit?action=key.made&to=2020-01-01")
    file = await world.http.get("/dashboard/audit/export?format=jsonl&action=key.made")
    world.http.cookies.clear()

    assert "made the API key “&lt;b&gt;website&lt;/b&gt;”" in page.text
    assert "founded the workspace" not in page.text
    assert "Nothing matches." in nothing.text
    assert len(file.text.splitlines()) == 1


def test_every_security_event_has_its_sentence():
    assert {event.value for event in SecurityEvent} <= {action.value for action in Action}


def test_an_act_of_a_later_version_is_shown_by_its_name():
    assert Action.told("robot.taught", {}) == "robot.taught"


def test_a_sentence_whose_details_are_missing_can_be_read():
    assert Action.told("key.made", {}) == "made the API key “…”"


def test_every_act_has_a_name_and_a_sentence():
    assert all(action.sentence and action.value == action.value.lower() for action in Action)
