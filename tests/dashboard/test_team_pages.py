"""The pages about people, keys and the workspace itself, as a browser without JavaScript uses them."""

import re
from uuid import uuid4

import httpx
import pytest

from tests.pages import OURS, a_browser
from tests.world import PASSWORD, World


async def send(browser: httpx.AsyncClient, path: str, **data: object) -> httpx.Response:
    return await browser.post(path, data=data, headers=OURS)


async def test_an_owner_invites_somebody_who_joins_by_the_link(world: World):
    alice, email = await world.alice(), f"{uuid4().hex}@example.com"

    async with a_browser(world, alice) as browser:
        invited = await send(browser, "/dashboard/team/invitations", email=email, role="agent")
    link = re.search(r"/invitations/[\w-]+", invited.text)
    assert invited.status_code == 201
    assert link

    async with a_browser(world) as browser:
        offer = await browser.get(link[0])
        form = {"email": email, "password": PASSWORD, "workspace_name": "Own", "next": link[0]}
        signed_up = await send(browser, "/sign-up", **form)
        joined = await send(browser, signed_up.headers["location"])
        dashboard = await browser.get(joined.headers["location"])

    assert "Acme" in offer.text
    assert signed_up.headers["location"] == link[0]
    assert joined.status_code == 303
    assert '<h1 class="page-title" dir="auto">Acme</h1>' in dashboard.text


async def test_an_invitation_opened_by_somebody_else_says_whom_it_is_for(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    made = await alice.post("/api/workspaces/invitations", {"email": "new@example.com", "role": "agent"})
    path = "/invitations/" + made.json()["link"].rpartition("/")[2]

    async with a_browser(world, charlie) as browser:
        page = await browser.get(path)
        refused = await send(browser, path)

    assert "new@example.com" in page.text
    assert charlie.email in page.text
    assert refused.status_code == 403


async def test_an_invitation_that_is_over_says_so(world: World):
    async with a_browser(world) as browser:
        page = await browser.get("/invitations/never-was-one")

    assert page.status_code == 404
    assert "This invitation is over" in page.text


async def test_a_wrong_address_is_said_beside_the_field_and_kept(world: World):
    async with a_browser(world, await world.alice()) as browser:
        page = await send(browser, "/dashboard/team/invitations", email="nobody", role="agent")

    assert page.status_code == 400
    assert 'value="nobody"' in page.text
    assert "invalid format" in page.text


async def test_an_owner_changes_a_role_and_removes_a_member(world: World):
    alice = await world.alice()
    bob = await world.joins(alice, "agent")

    async with a_browser(world, alice) as browser:
        await send(browser, f"/dashboard/team/members/{bob.user_id}/role", role="admin")
        changed = await browser.get("/dashboard/team")
        await send(browser, f"/dashboard/team/members/{bob.user_id}/removal")
        removed = await browser.get("/dashboard/team")
        last = await send(browser, f"/dashboard/team/members/{alice.user_id}/removal")

    assert '<option value="admin" selected>' in changed.text
    assert bob.email not in removed.text
    assert last.status_code == 409
    assert "at least one owner" in last.text


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        ("admin", {"/dashboard", "/dashboard/team", "/dashboard/keys", "/dashboard/settings"}),
        ("agent", {"/dashboard", "/dashboard/team", "/dashboard/settings"}),
        ("viewer", {"/dashboard", "/dashboard/settings"}),
    ],
)
async def test_each_role_sees_the_pages_it_may_open_and_no_others(world: World, role: str, opens: set[str]):
    member = await world.joins(await world.alice(), role)
    paths = ("/dashboard", "/dashboard/team", "/dashboard/keys", "/dashboard/settings")

    async with a_browser(world, member) as browser:
        home = await browser.get("/dashboard")
        answers = {path: (await browser.get(path)).status_code for path in paths}

    linked = set(re.findall(r'<li><a href="(/dashboard[^"]*)"', home.text)) & set(paths)
    assert linked == opens
    assert answers == {path: 200 if path in opens else 403 for path in paths}


async def test_a_viewer_is_offered_nothing_that_would_be_refused(world: World):
    alice = await world.alice()
    await alice.knows("We are open on Mondays.", title="Hours")
    viewer = await world.joins(alice, "viewer")

    async with a_browser(world, viewer) as browser:
        page = await browser.get("/dashboard")
        upload = await browser.post("/dashboard/documents", files={"file": ("a.txt", b"Anything.")}, headers=OURS)
        origins = await send(browser, "/dashboard/origins", origins="https://evil.example")

    assert "Hours" in page.text
    assert "Drop files here" not in page.text
    assert "/deletion" not in page.text
    assert "Sites that may show" not in page.text
    assert upload.status_code == origins.status_code == 403


async def test_a_key_is_shown_once_with_what_it_may_do(world: World):
    async with a_browser(world, await world.alice()) as browser:
        made = await send(browser, "/dashboard/keys", name="My <b>program</b>", scopes=["chat", "search"])
        again = await browser.get("/dashboard/keys")
        key_id = re.search(r"/dashboard/keys/([\w-]+)/removal", again.text)
        assert key_id
        await send(browser, f"/dashboard/keys/{key_id[1]}/removal")
        gone = await browser.get("/dashboard/keys")

    key = re.search(r"tb_sk_[\w-]{20,}", made.text)
    assert made.status_code == 201
    assert key
    assert key[0] not in again.text
    assert "chat, search" in again.text
    assert "&lt;b&gt;program" in again.text
    assert "<b>program" not in again.text
    assert "No keys yet" in gone.text


async def test_a_key_without_a_name_or_a_purpose_is_asked_for_one(world: World):
    async with a_browser(world, await world.alice()) as browser:
        nameless = await send(browser, "/dashboard/keys", name=" ", scopes=["chat"])
        aimless = await send(browser, "/dashboard/keys", name="website")

    assert nameless.status_code == aimless.status_code == 400
    assert "Say what it is for" in nameless.text
    assert "at least one thing" in aimless.text


async def test_a_workspace_is_renamed_ended_and_kept(world: World):
    async with a_browser(world, await world.alice()) as browser:
        renamed = await send(browser, "/dashboard/settings/name", name="Acme & Co")
        misnamed = await send(browser, "/dashboard/settings/deletion", ending="Acme")
        await send(browser, "/dashboard/settings/deletion", ending="Acme & Co")
        ending = await browser.get("/dashboard/settings")
        await send(browser, "/dashboard/settings/deletion/cancellation")
        kept = await browser.get("/dashboard/settings")

    assert "Acme &amp; Co" in renamed.text
    assert misnamed.status_code == 403
    assert "will be deleted on" in ending.text
    assert "will be deleted on" not in kept.text


async def test_an_owner_says_how_sure_the_bot_has_to_be(world: World):
    alice = await world.alice()
    viewer = await world.joins(alice, "viewer")

    async with a_browser(world, alice) as browser:
        saved = await send(browser, "/dashboard/settings/caution", caution="careful")
    async with a_browser(world, viewer) as browser:
        refused = await send(browser, "/dashboard/settings/caution", caution="eager")

    assert '<option value="careful" selected>' in saved.text
    assert refused.status_code == 403
    assert (await alice.get("/api/bot")).json()["caution"] == "careful"


async def test_a_person_moves_between_their_workspaces(world: World):
    alice = await world.alice()

    async with a_browser(world, alice) as browser:
        await send(browser, "/begin", name="Second")
        second = await browser.get("/dashboard")
        await send(browser, f"/dashboard/workspaces/{alice.workspace_id}/entry")
        first = await browser.get("/dashboard")

    assert ">Second</h1>" in second.text
    assert ">Acme</h1>" in first.text


async def test_a_stranger_cannot_enter_a_workspace(world: World):
    alice, charlie = await world.alice(), await world.charlie()

    async with a_browser(world, charlie) as browser:
        await send(browser, f"/dashboard/workspaces/{alice.workspace_id}/entry")
        page = await browser.get("/dashboard")

    assert "Acme" not in page.text


async def test_who_belongs_nowhere_is_led_to_begin_something(world: World):
    alice = await world.alice()
    owner = await world.joins(alice, "owner")

    async with a_browser(world, alice) as browser:
        await send(browser, f"/dashboard/team/members/{alice.user_id}/removal")
        sent_on = await browser.get("/dashboard")
        page = await browser.get("/begin")

    assert sent_on.headers["location"] == "/begin"
    assert "A new workspace" in page.text
    assert (await owner.get("/api/user/profile")).json()["role"] == "owner"


async def test_an_account_is_ended_and_kept_in_the_browser(world: World):
    async with a_browser(world, await world.alice()) as browser:
        asked = await browser.get("/account/deletion")
        ended = await send(browser, "/account/deletion", password=PASSWORD)
        kept = await send(browser, "/account/deletion/cancellation")
        after = await browser.get("/account/deletion")

    assert "Acme" in asked.text
    assert "will be deleted on" in ended.text
    assert kept.status_code == 303
    assert "will be deleted on" not in after.text
