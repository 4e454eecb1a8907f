"""The API's description says what the API does: read as a document, and drawn as a page."""

import re
import shutil
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from fastapi.routing import iter_route_contexts
from playwright.async_api import async_playwright
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.world import World
from trulybot.app import build
from trulybot.kit.openapi import operations, resolved
from trulybot.settings import Settings

Json = dict[str, Any]

EXAMPLES = 4  # a way of making requests and a call; by hand, try a hundred
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(settings: Settings) -> Json:
    return build(settings).openapi()


def bodies(operation: Json) -> Iterator[tuple[str, Json]]:
    """Everything that is sent and answered, each with its media type's description."""
    for kind, media in operation.get("requestBody", {}).get("content", {}).items():
        yield f"request {kind}", media
    for status, answer in operation["responses"].items():
        for kind, media in answer.get("content", {}).items():
            yield f"{status} {kind}", media


def examples(media: Mapping[str, Any]) -> list[Any]:
    if "example" in media:
        return [media["example"]]
    return [given["value"] for given in media.get("examples", {}).values()]


def statuses(operation: Json) -> set[str]:
    return set(operation["responses"])


async def test_the_description_is_a_valid_one(world: World, document: Json):
    assert (await world.http.get("/openapi.json")).json() == document
    schemathesis.openapi.from_dict(document).validate()


async def test_every_route_for_programs_is_described(world: World, document: Json):
    routes = {
        (method.lower(), route.path_format)
        for route in iter_route_contexts(world.app.routes)
        if route.path.startswith(("/api/", "/auth/")) and "{rest:" not in route.path
        for method in route.methods
    }

    assert len(routes) > 50
    assert routes <= {(method, path) for method, path, _ in operations(document)}


async def test_every_operation_says_what_it_does(document: Json):
    silent = [
        (method, path)
        for method, path, operation in operations(document)
        if not operation["summary"] or not operation["description"] or operation["summary"].endswith(".")
    ]
    ids = [operation["operationId"] for _, _, operation in operations(document)]

    assert silent == []
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9_]+", id) for id in ids)


async def test_every_request_and_answer_has_an_example_that_its_schema_allows(document: Json):
    wrong = []
    for method, path, operation in operations(document):
        for name, media in bodies(operation):
            if name.startswith("5XX") or "multipart" in name:
                continue
            validator = jsonschema_rs.validator_for({**media["schema"], "components": document["components"]})
            given = examples(media)
            says_nothing = resolved(document, media["schema"]).get("maxProperties") == 0
            if not given or not all(example not in (None, {}, []) or says_nothing for example in given):
                wrong.append((method, path, name, "no example"))
            wrong += [(method, path, name, str(error)) for example in given for error in validator.iter_errors(example)]

    assert wrong == []


async def test_every_operation_names_what_can_go_wrong(document: Json):
    missing = []
    for method, path, operation in operations(document):
        expected = {"5XX"}
        if "security" in operation:
            expected |= {"401", "403"}
        if "requestBody" in operation:
            expected |= {"400", "413"}
            expected |= set() if path.startswith(("/auth/", "/api/auth/")) else {"415"}
        if "{" in path:  # GoTrue knows nobody by an id that is none
            expected |= {"404"} if path.startswith(("/auth/", "/api/auth/")) else {"400", "404"}
        missing += [(method, path, status) for status in expected - statuses(operation)]

    assert missing == []
    assert "HTTPValidationError" not in str(document)


async def test_every_way_to_say_who_one_is_is_described(document: Json):
    schemes = document["components"]["securitySchemes"]

    assert set(schemes) == {"AccessToken", "ApiKey", "VisitorToken", "Cookie"}
    chat = document["paths"]["/api/chat"]["post"]
    assert chat["security"] == [{"AccessToken": []}, {"Cookie": []}, {"ApiKey": []}, {"VisitorToken": []}]
    assert set(chat["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    upload = document["paths"]["/api/text-upload"]["post"]["requestBody"]
    assert set(upload["content"]) == {"application/json", "multipart/form-data"}


async def test_a_body_that_is_not_json_is_answered_with_415(world: World):
    alice = await world.alice()

    response = await alice.request(
        "POST", "/api/chat", content=b'{"message": "hello"}', headers={"Content-Type": "text/plain"}
    )

    assert (response.status_code, response.json()["error"]["code"]) == (415, "unsupported_media_type")


async def test_the_reference_page_shows_every_call_and_runs_no_script(world: World, document: Json):
    response = await world.http.get("/docs")

    assert response.status_code == 200
    assert "script-src 'nonce-" in response.headers["content-security-policy"]
    assert "<script" not in response.text
    assert " style=" not in response.text
    missing = [
        operation["operationId"]
        for _, path, operation in operations(document)
        if f'id="{operation["operationId"]}"' not in response.text and not path.startswith("/api/auth/")
    ]
    assert missing == []


@pytest.mark.parametrize("width", [375, 1280])
async def test_the_reference_page_fits_a_phone_and_a_desk(live: str, width: int):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": width, "height": 800})
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))

        await page.goto(f"{live}/docs#post_api_text_upload")

        await page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await page.locator("#post_api_text_upload").is_visible()
        assert complaints == []
        await browser.close()
