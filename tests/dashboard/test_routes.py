"""The owner's pages: who sees them, what they take, and how they answer a browser without JavaScript and with it."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.pages import OURS, a_browser
from tests.world import PASSWORD, Person

PARTIAL = {**OURS, "X-Partial": "true"}
PDF = Path(__file__).parents[1] / "samples" / "returns-policy.pdf"
NOBODYS = "01a20386-0000-7000-8000-000000000000"

# Every change that the dashboard can make: its path, and a form that it takes.
CHANGES = {
    "/dashboard/documents": {"files": {"file": ("a.txt", b"We are open on Mondays.")}},
    f"/dashboard/documents/{NOBODYS}/deletion": {"data": {}},
    "/dashboard/try": {"data": {"question": "Hello"}},
    "/dashboard/origins": {"data": {"origins": "https://shop.example"}},
}


async def documents_of(person: Person) -> list[str]:
    return [document["title"] for document in (await person.get("/api/documents")).json()["items"]]


async def test_the_dashboard_shows_what_the_bot_knows_and_the_script_tag(world):
    alice = await world.alice()
    await alice.knows("We are open on Mondays.", title="<script>alert(1)</script>")

    async with a_browser(world, alice) as browser:
        page = await browser.get("/dashboard")

    assert page.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>alert(1)" not in page.text
    tag = f"&lt;script src=&#34;http://trulybot.test/widget.js&#34; data-bot=&#34;{await alice.bot()}&#34; async&gt;"
    assert tag in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_first_page_leads_to_the_dashboard(world):
    response = await world.http.get("/")

    assert (response.status_code, response.headers["location"]) == (303, "/dashboard")


async def test_who_is_not_signed_in_is_led_to_signing_in_and_back(world):
    async with a_browser(world) as browser:
        response = await browser.get("/dashboard")

    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?next=/dashboard")


@pytest.mark.parametrize("path", CHANGES)
async def test_a_form_whose_session_has_ended_leads_to_a_page_that_can_be_opened(world, path):
    async with a_browser(world) as browser:
        response = await browser.post(path, headers=OURS, **CHANGES[path])

    assert (response.status_code, response.headers["location"]) == (303, "/sign-in?next=/dashboard")


async def test_a_script_whose_session_has_ended_is_told_so(world):
    async with a_browser(world) as browser:
        response = await browser.post("/dashboard/try", data={"question": "Hello"}, headers=PARTIAL)

    assert response.status_code == 401


async def test_signing_out_closes_the_dashboard(world):
    async with a_browser(world, await world.alice()) as browser:
        await browser.post("/sign-out", headers=OURS)

        assert (await browser.get("/dashboard")).status_code == 303


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://trulybot.test"},
        {"Origin": "http://trulybot.test:8080"},
        {"Origin": "http://trulybot.test.evil.example"},
        {"Referer": "https://evil.example/http://trulybot.test"},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Sec-Fetch-Site": "same-site"},
    ],
    ids=lambda headers: " ".join(headers.values()) or "no origin",
)
async def test_a_page_of_another_site_changes_nothing(world, path, headers):
    alice = await world.alice()

    async with a_browser(world, alice) as browser:
        response = await browser.post(path, headers=headers, **CHANGES[path])

    assert response.status_code == 403
    assert "text/html" in response.headers["content-type"]
    assert await documents_of(alice) == []
    assert (await alice.get("/api/widget/config")).json()["allowed_origins"] == []


@pytest.mark.parametrize("path", CHANGES)
async def test_a_form_that_pretends_to_be_text_is_refused(world, path):
    async with a_browser(world, await world.alice()) as browser:
        response = await browser.post(path, content="question=Hello", headers={**OURS, "Content-Type": "text/plain"})

    assert response.status_code == 415


@pytest.mark.parametrize("path", CHANGES)
async def test_nothing_changes_by_a_link(world, path):
    async with a_browser(world, await world.alice()) as browser:
        response = await browser.get(path)

    assert response.status_code == 405
    assert "text/html" in response.headers["content-type"]


async def test_a_key_or_a_visitor_has_no_dashboard(world):
    alice = await world.alice()
    key = (await alice.post("/api/api-keys", {"name": "all"})).json()["key"]
    visitor = await alice.visitor()

    for token in (key, visitor.token):
        response = await visitor.http.get("/dashboard", headers={"Authorization": f"Bearer {token}"})

        assert response.status_code in (403, 404)
        assert "Acme" not in response.text


async def test_without_a_script_an_upload_leads_back_to_the_page(world):
    alice = await world.alice()

    async with a_browser(world, alice) as browser:
        response = await browser.post("/dashboard/documents", headers=OURS, **CHANGES["/dashboard/documents"])

    assert (response.status_code, response.headers["location"]) == (303, "/dashboard#knowledge")
    assert await documents_of(alice) == ["a"]


async def test_with_a_script_an_upload_is_answered_with_its_rows(world):
    alice = await world.alice()
    files = [("file", ("a.txt", b"We are open on Mondays.")), ("file", ("b.txt", b"Delivery is free."))]

    async with a_browser(world, alice) as browser:
        response = await browser.post("/dashboard/documents", files=files, headers=PARTIAL)

    assert response.status_code == 202
    assert response.text.count('<li class="document"') == 2
    assert "<html" not in response.text


async def test_a_file_that_cannot_be_taken_is_explained(world):
    alice = await world.alice()
    empty = {"file": ("empty.pdf", b"")}

    async with a_browser(world, alice) as browser:
        page = await browser.post("/dashboard/documents", files=empty, headers=OURS)
        notice = await browser.post("/dashboard/documents", files=empty, headers=PARTIAL)
        nothing = await browser.post("/dashboard/documents", files={"other": ("", b"")}, headers=OURS)

    assert 400 <= page.status_code < 500
    assert page.status_code == notice.status_code
    assert "<h2" in page.text
    assert notice.text.count('role="alert"') == page.text.count('role="alert"') == 1
    assert nothing.status_code == 400
    assert await documents_of(alice) == []


async def test_a_request_that_is_too_large_is_explained_too(world):
    async with a_browser(world, await world.alice()) as browser:
        declared = {**OURS, "Content-Length": "200000000", "Content-Type": "multipart/form-data; boundary=b"}
        page = await browser.post("/dashboard/documents", headers=declared, content=b"")
        notice = await browser.post("/dashboard/documents", headers={**declared, "X-Partial": "1"}, content=b"")

    assert page.status_code == notice.status_code == 413
    assert "<h1>A request may hold up to 100 MB.</h1>" in page.text
    assert 'role="alert">A request may hold up to 100 MB.<' in notice.text


async def test_an_owner_deletes_a_document(world):
    alice = await world.alice()
    first, second = [await alice.knows(f"We are open on {day}.", title=day) for day in ("Monday", "Tuesday")]

    async with a_browser(world, alice) as browser:
        plain = await browser.post(f"/dashboard/documents/{first['id']}/deletion", headers=OURS)
        scripted = await browser.post(f"/dashboard/documents/{second['id']}/deletion", headers=PARTIAL)
        again = await browser.post(f"/dashboard/documents/{second['id']}/deletion", headers=PARTIAL)

    assert (plain.status_code, plain.headers["location"]) == (303, "/dashboard#knowledge")
    assert (scripted.status_code, scripted.text) == (204, "")
    assert again.status_code == 404
    assert await documents_of(alice) == []


async def test_a_stranger_cannot_delete_or_see_a_document(world):
    alice, charlie = await world.alice(), await world.charlie()
    document = await alice.knows("We are open on Mondays.", title="Opening hours of Acme")

    async with a_browser(world, charlie) as browser:
        theirs = await browser.post(f"/dashboard/documents/{document['id']}/deletion", headers=PARTIAL)
        nobodys = await browser.post(f"/dashboard/documents/{NOBODYS}/deletion", headers=PARTIAL)
        page = await browser.get("/dashboard")

    assert (theirs.status_code, theirs.text) == (nobodys.status_code, nobodys.text)
    assert theirs.status_code == 404
    assert "Opening hours of Acme" not in page.text
    assert await documents_of(alice) == ["Opening hours of Acme"]


async def test_a_trial_shows_the_answer_beside_the_places_it_comes_from(world):
    alice = await world.alice()
    await alice.post("/api/text-upload", files={"file": ("returns-policy.pdf", PDF.read_bytes())})
    await world.work()

    async with a_browser(world, alice) as browser:
        form = {"question": "How long do I have to return something?"}
        trial = await browser.post("/dashboard/try", data=form, headers=PARTIAL)
        page = await browser.post("/dashboard/try", data=form, headers=OURS)

    assert trial.text.startswith('<div id="trial">')
    assert "within 45 days of delivery" in trial.text
    assert "<bdi>Returns</bdi><small><bdi>Returns, shipping and warranty, page 1</bdi></small>" in trial.text
    assert "Quoted from a document" in trial.text
    assert "<h1" in page.text
    assert "within 45 days of delivery" in page.text


async def test_a_trial_of_an_empty_bot_says_what_would_help(world):
    async with a_browser(world, await world.alice()) as browser:
        trial = await browser.post("/dashboard/try", data={"question": "<b>When</b> are you open?"}, headers=PARTIAL)

    assert "No answer found" in trial.text
    assert "A document about it would help." in trial.text
    assert "&lt;b&gt;When&lt;/b&gt;" in trial.text


@pytest.mark.parametrize("question", ["", "  \n", "x" * 8001])
async def test_a_trial_needs_a_question(world, question):
    async with a_browser(world, await world.alice()) as browser:
        trial = await browser.post("/dashboard/try", data={"question": question}, headers=PARTIAL)

    assert "Write a question of up to" in trial.text


async def test_an_owner_allows_websites(world):
    alice = await world.alice()

    async with a_browser(world, alice) as browser:
        lines = "shop.example\r\n\r\nhttp://localhost:8001/page\r\nhttps://shop.example"
        saved = await browser.post("/dashboard/origins", data={"origins": lines}, headers=PARTIAL)

    assert saved.text.startswith("<form")
    assert "Saved" in saved.text
    assert (await alice.get("/api/widget/config")).json()["allowed_origins"] == [
        "https://shop.example",
        "http://localhost:8001",
    ]


async def test_a_wrong_website_is_named_and_stays_to_be_corrected(world):
    alice = await world.alice()
    lines = "https://shop.example\nnot a website"

    async with a_browser(world, alice) as browser:
        response = await browser.post("/dashboard/origins", data={"origins": lines}, headers=PARTIAL)

    assert response.status_code == 400
    assert "This is not a website&#39;s address: not a website." in response.text
    assert lines in response.text
    assert (await alice.get("/api/widget/config")).json()["allowed_origins"] == []


async def test_open_pages_hear_what_changed_before_they_listened_and_what_changes_then(world, live):
    alice, charlie = await world.alice(), await world.charlie()
    async with httpx.AsyncClient(base_url=live) as browser:
        form = {"email": alice.email, "password": PASSWORD}
        await browser.post("/sign-in", data=form, headers={"Origin": live})
        before = {"since": "2026-01-01T00:00:00Z"}
        await alice.knows("We are open on Mondays.", title="Before")
        async with browser.stream("GET", "/dashboard/documents/events", params=before) as events:
            lines = events.aiter_lines()

            await heard(lines, "Before")
            await charlie.knows("We are open on Sundays.", title="Of another workspace")
            await alice.knows("We are open on Tuesdays.", title="After")
            await world.work()
            said = await heard(lines, "After")

    assert "Of another workspace" not in said


async def heard(lines: AsyncIterator[str], word: str) -> str:
    """What is said up to this word."""
    said = ""
    async for line in lines:
        said += line
        if word in line:
            return said
    raise AssertionError(f"the stream ended before {word}")


@pytest.mark.parametrize("path", ["/nowhere", "/dashboard/nowhere", "/widget/nowhere.js", "/assets/1/nowhere.css"])
async def test_a_browser_that_asks_for_nothing_we_have_gets_a_page(world, path):
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    response = await world.http.get(path, headers=accept)

    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "There is nothing here." in response.text


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html"])
async def test_the_api_answers_a_browser_like_everyone_else(world, accept):
    response = await world.http.get("/api/nowhere", headers={"Accept": accept})

    assert response.json()["error"]["code"] == "not_found"


async def test_a_program_gets_json_everywhere(world):
    response = await world.http.get("/nowhere", headers={"Accept": "*/*"})

    assert response.json()["error"]["code"] == "not_found"


async def test_there_is_an_icon_for_whoever_asks_without_having_read_a_page(world):
    response = await world.http.get("/favicon.ico")

    assert (response.status_code, response.headers["content-type"]) == (200, "image/svg+xml; charset=utf-8")
