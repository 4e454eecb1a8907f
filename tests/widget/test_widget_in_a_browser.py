"""The widget in a strict page, talking to a played server that can also fail in ways that ours should not."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

import trulybot.widget
from tests.browser import PHONE, Visit, stored

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATIC = Path(trulybot.widget.__file__).parent / "static"
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
PASSAGE = "We have our own van. Standard delivery takes three to five working days. Plants travel on Mondays only."
ANSWER = {
    "conversation_id": "01a20386-0000-7000-8000-000000000001",
    "message_id": "01a20386-0000-7000-8000-000000000002",
    "answer": "Standard delivery takes three to five working days.",
    "answered": True,
    "language": "en",
    "citations": [{"title": "Delivery", "text": PASSAGE, "url": "javascript:alert(1)"}],
    "suggestions": [],
}


def event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n"


@dataclass
class PlayedServer:
    """Answers as a test told it to, and remembers what it was asked."""

    answer: dict[str, Any] = field(default_factory=lambda: dict(ANSWER))
    breaks: int = 0
    expired: set[str] = field(default_factory=set)
    sessions: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    rated: list[tuple[str, str]] = field(default_factory=list)
    refuses_ratings: bool = False
    origin: str = ""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/widget.js", self.script),
                Route("/widget/{name}.js", self.script),
                Route("/api/widget/config/{bot}", self.config),
                Route("/api/widget/session", self.session, methods=["POST", "OPTIONS"]),
                Route("/api/chat", self.chat, methods=["POST", "OPTIONS"]),
                Route("/api/chat/{id}/feedback", self.feedback, methods=["POST", "OPTIONS"]),
            ]
        )

    async def script(self, request: Request) -> Response:
        name = request.path_params.get("name", "widget")
        return FileResponse(STATIC / f"{name}.js", media_type="text/javascript", headers=OPEN_TO_ALL)

    async def config(self, _request: Request) -> Response:
        colours = {"accent": "#123456", "on_accent": "red;} * {display:none"}
        config = {"name": "Willow & Pine", "texts": {}, "colors": colours, "suggested_questions": ["How long?"]}
        return JSONResponse(config, headers=OPEN_TO_ALL)

    async def session(self, request: Request) -> Response:
        if request.method == "POST":
            self.sessions += 1
        return JSONResponse({"token": f"visitor-{self.sessions}", "expires_in": 3600}, headers=OPEN_TO_ALL)

    async def chat(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(headers=OPEN_TO_ALL)
        self.asked.append(await request.json())
        if request.headers["authorization"] in self.expired:
            return JSONResponse({}, 401, headers=OPEN_TO_ALL)
        return StreamingResponse(self.stream(), media_type="text/event-stream", headers=OPEN_TO_ALL)

    async def feedback(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(headers=OPEN_TO_ALL)
        self.rated.append((request.path_params["id"], (await request.json())["rating"]))
        return JSONResponse({}, 429 if self.refuses_ratings else 200, headers=OPEN_TO_ALL)

    async def stream(self) -> AsyncIterator[str]:
        yield event("start", {"conversation_id": self.answer["conversation_id"]})
        words = self.answer["answer"].split(" ")
        for at, word in enumerate(words):
            yield event("delta", {"text": (" " if at else "") + word})
            if at == 1 and self.breaks:
                self.breaks -= 1
                return
        yield event("done", self.answer)


def shop(host: str) -> Starlette:
    """A page under as strict a policy as the widget promises to live with, Trusted Types included."""
    policy = (
        f"default-src 'self'; script-src 'self' {host}; connect-src {host}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    head = f'<script src="{host}/widget.js" data-bot="tb_bot_1" async></script>'
    page = f'<!doctype html><html lang="en"><title>Shop</title>{head}<button id="own">Ours</button><div>'

    async def show(_request: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    return Starlette(routes=[Route("/{path:path}", show)])


async def listen(app: Starlette) -> tuple[str, uvicorn.Server, asyncio.Task[None]]:
    held = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[held]))
    return f"http://127.0.0.1:{held.getsockname()[1]}", server, task


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[PlayedServer]:
    played = PlayedServer()
    host, *widget = await listen(played.app())
    played.origin, *page = await listen(shop(host))
    yield played
    for listening, task in (widget, page):
        listening.should_exit = True
        await task


@pytest_asyncio.fixture(loop_scope="session")
async def page(server: PlayedServer, visit: Visit) -> Page:
    return await visit(server.origin)


async def ask(page: Page, question: str) -> None:
    await page.locator("truly-bot .launcher").click()
    await page.locator("truly-bot textarea").fill(question)
    await page.locator("truly-bot textarea").press("Enter")


async def test_nothing_is_stored_and_no_session_begins_before_the_first_click(page, server):
    await page.locator("truly-bot .launcher").hover()
    await expect(page.locator("truly-bot dialog")).to_be_attached()

    assert await stored(page) == {}
    assert server.sessions == 0


async def test_an_answer_comes_with_its_source_and_the_quoted_words_marked(page, server):
    await ask(page, "How long does delivery take?")

    await page.locator("truly-bot .note").click()

    await expect(page.locator("truly-bot .source mark")).to_have_text(
        "Standard delivery takes three to five working days"
    )
    await expect(page.locator("truly-bot .source a")).to_have_count(0)


async def test_escape_closes_the_source_then_the_panel_and_gives_the_focus_back(page, server):
    await ask(page, "How long does delivery take?")
    await page.locator("truly-bot .note").click()

    await page.keyboard.press("Escape")
    await expect(page.locator("truly-bot .note")).to_be_focused()
    await page.keyboard.press("Escape")

    await expect(page.locator("truly-bot dialog")).to_be_hidden()
    await expect(page.locator("truly-bot .launcher")).to_be_focused()


async def test_what_the_bot_says_is_never_html(page, server):
    said = "<img src=x onerror=alert(1)> javascript:alert(1) https://shop.example/a?b=1&c=2. mailto:a@shop.example"
    server.answer["answer"] = said

    await ask(page, "hello")

    await expect(page.locator("truly-bot .note")).to_be_visible()
    await expect(page.locator("truly-bot .text img")).to_have_count(0)
    links = page.locator("truly-bot .text a")
    assert [await link.get_attribute("href") for link in await links.all()] == [
        "https://shop.example/a?b=1&c=2",
        "mailto:a@shop.example",
    ]
    assert await links.first.get_attribute("rel") == "noopener noreferrer nofollow ugc"


async def test_a_broken_answer_is_asked_again_under_the_same_id(page, server):
    server.breaks = 1
    await ask(page, "How long?")

    await page.get_by_role("button", name="Try again").click()

    await expect(page.locator("truly-bot .note")).to_be_visible()
    await expect(page.locator("truly-bot .lines > .visitor")).to_have_count(1)
    first, second = server.asked
    assert first["message_id"] == second["message_id"]


async def test_an_expired_session_is_renewed_without_a_word(page, server):
    server.expired.add("Bearer visitor-1")

    await ask(page, "How long?")

    await expect(page.locator("truly-bot .note")).to_be_visible()
    assert server.sessions == 2


async def test_an_honest_i_do_not_know_looks_different_and_offers_other_questions(page, server):
    server.answer |= {"answered": False, "answer": "I could not find this.", "citations": [], "suggestions": ["Hours?"]}

    await ask(page, "Who are you?")

    await expect(page.locator("truly-bot .unanswered .state")).to_have_text("No answer found")
    await expect(page.locator("truly-bot .unanswered .offer")).to_have_text("Hours?")


async def test_only_the_newest_reply_offers_questions_and_none_that_was_asked(page, server):
    server.answer |= {"answered": False, "citations": [], "suggestions": ["Hours?", "Delivery?", "Returns?"]}
    await ask(page, "Who are you?")

    await page.get_by_role("button", name="Hours?").click()

    await expect(page.locator("truly-bot .bot .text")).to_have_count(2)
    await expect(page.locator("truly-bot .offers")).to_have_count(1)
    await expect(page.locator("truly-bot .offer")).to_have_text(["Delivery?", "Returns?"])


async def test_a_long_answer_is_read_from_its_beginning_and_a_short_one_to_its_end(page, server):
    for text in ("A short answer.", "A long answer.\n\n" + "With a line.\n\n" * 60, "Short again."):
        server.answer["answer"] = text
        asked = page.locator("truly-bot .visitor")
        number = await asked.count()
        if number == 0:
            await page.locator("truly-bot .launcher").click()
        await page.locator("truly-bot textarea").fill("How?")
        await page.locator("truly-bot textarea").press("Enter")

        newest = page.locator("truly-bot .bot").nth(number)
        await expect(newest.locator(".note")).to_be_attached()
        await expect(asked.nth(number)).to_be_in_viewport(ratio=1)
        if "long" not in text:
            await expect(newest).to_be_in_viewport(ratio=1)


async def test_whoever_reads_further_up_is_left_in_peace(page, server):
    server.answer["answer"] = "A long answer.\n\n" + "With a line.\n\n" * 60
    await ask(page, "How?")
    await expect(page.locator("truly-bot .note")).to_be_attached()
    scroller = page.locator("truly-bot .talk .scroller")

    await page.locator("truly-bot").evaluate("bot => bot.send('And then?')")
    await scroller.evaluate("scroller => scroller.scrollTop = 7")
    await expect(page.locator("truly-bot .note")).to_have_count(2)

    assert await scroller.evaluate("scroller => scroller.scrollTop") == 7


async def test_the_conversation_goes_on_after_a_change_of_page(page, server):
    await ask(page, "How long?")
    await expect(page.locator("truly-bot .note")).to_be_visible()

    await page.goto(server.origin + "/another")

    await expect(page.locator("truly-bot .lines > li")).to_have_count(2)
    await page.locator("truly-bot textarea").fill("And plants?")
    await page.locator("truly-bot textarea").press("Enter")
    await expect(page.locator("truly-bot .note")).to_have_count(2)
    assert server.sessions == 1
    assert server.asked[1]["conversation_id"] == ANSWER["conversation_id"]


async def test_a_screen_reader_hears_whole_sentences(page, server):
    server.answer["answer"] = "First it is packed. Then it is sent. You get a mail."

    await ask(page, "How?")

    await expect(page.locator("truly-bot [role=log] p")).to_have_text(
        ["Looking for the answer…", "First it is packed. ", "Then it is sent. ", "You get a mail."]
    )


async def test_enter_that_ends_a_word_of_an_input_method_sends_nothing(page, server):
    await page.locator("truly-bot .launcher").click()
    writing = page.locator("truly-bot textarea")
    await writing.fill("こんにちは")
    await writing.evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )

    await expect(writing).to_have_value("こんにちは")
    await writing.press("Shift+Enter")
    await expect(writing).to_have_value("こんにちは\n")
    assert server.asked == []


async def test_on_a_phone_it_fills_the_screen_and_keeps_the_focus(page, server):
    await page.set_viewport_size(PHONE)
    await page.locator("truly-bot .launcher").click()
    dialog = page.locator("truly-bot dialog")

    assert await dialog.bounding_box() == {"x": 0, "y": 0, "width": 375, "height": 740}
    assert await dialog.get_attribute("aria-modal") == "true"
    for _ in range(12):
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.id") != "own"


async def test_only_a_plain_colour_becomes_style(page, server):
    await page.locator("truly-bot .launcher").wait_for()

    assert await page.locator("truly-bot").evaluate("e => e.style.cssText") == "--accent: #123456;"


async def test_calls_made_before_it_loads_are_kept(page, server):
    await page.add_init_script("window.TrulyBot = [['on', 'open', () => document.title = 'heard'], ['send', 'Hello']]")
    await page.goto(server.origin)

    await expect(page.locator("truly-bot .visitor")).to_contain_text("Hello")
    await expect(page).to_have_title("heard")


async def test_an_answer_that_a_change_of_page_cut_off_is_fetched_on_the_next(page, server):
    server.breaks = 1
    await ask(page, "How long?")
    await expect(page.locator("truly-bot .failed")).to_be_visible()

    await page.goto(server.origin + "/another")

    await expect(page.locator("truly-bot .note")).to_be_visible()
    assert server.asked[0]["message_id"] == server.asked[1]["message_id"]


async def test_a_thumb_is_told_once_pressed_and_may_turn_and_is_remembered(page, server):
    await ask(page, "How long?")
    helped = page.get_by_role("button", name="This helped")
    did_not = page.get_by_role("button", name="This did not help")

    for thumb in (helped, did_not):
        async with page.expect_response("**/feedback"):
            await thumb.click()
    await expect(helped).to_have_attribute("aria-pressed", "false")
    await page.goto(server.origin + "/another")

    await expect(did_not).to_have_attribute("aria-pressed", "true")
    assert server.rated == [(ANSWER["message_id"], "up"), (ANSWER["message_id"], "down")]


async def test_a_thumb_that_could_not_be_told_does_not_stay_pressed(page, server):
    server.refuses_ratings = True
    await ask(page, "How long?")

    await page.get_by_role("button", name="This helped").click()

    await expect(page.get_by_role("button", name="This helped")).to_have_attribute("aria-pressed", "false")
    assert server.rated == [(ANSWER["message_id"], "up")]
