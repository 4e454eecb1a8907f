"""The API's description says what the API does: read as a document, drawn as a page, and tried by schemathesis."""

import asyncio
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
import requests
import schemathesis
from fastapi.routing import iter_route_contexts
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from playwright.async_api import async_playwright
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.world import SHOP, World
from trulybot.kit.openapi import operations, resolved

Json = dict[str, Any]

EXAMPLES = 4  # a way of making requests and a call; by hand, try a hundred
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture
async def document(world: World) -> Json:
    return (await world.http.get("/openapi.json")).json()


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


async def test_the_description_is_a_valid_one(document: Json):
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

        for details in await page.locator("details").all():
            await details.evaluate("details => { details.open = true }")
        assert await page.evaluate("document.documentElement.scrollWidth") == width
        assert await page.locator("#post_api_text_upload").is_visible()
        assert complaints == []
        await browser.close()


class Caller:
    """Someone whom schemathesis plays. headers: what each request carries, in place of what was generated."""

    def __init__(self, headers: Mapping[str, str] | None) -> None:
        self.headers = headers
        self.session = requests.Session()

    def tries(self, operation: APIOperation, address: str, most: int) -> list[str]:
        """The complaints about an operation."""
        found: list[str] = []
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                self._attempt(operation, mode, address, most)()
            except Unsatisfiable:  # what takes nothing cannot be given anything wrong
                continue
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  (a complaint, whatever its kind)
                found.append(f"{operation.label} ({mode.value}): {error}\n{getattr(error, 'exceptions', '')}")
        return found

    def _attempt(self, operation: APIOperation, mode: GenerationMode, address: str, most: int) -> Callable[[], None]:
        @seed(1)
        @hypothesis_settings(
            max_examples=most,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def attempt(case: Case) -> None:
            if self.headers is not None:
                for name in ("Authorization", "X-Workspace-Id"):
                    case.headers.pop(name, None)
                case.cookies.clear()
            response = case.call(base_url=address, session=self.session, headers=dict(self.headers or {}), timeout=20)
            case.validate_response(response, checks=CHECKS)

        return attempt


async def callers(world: World) -> dict[str, Caller]:
    alice = await world.alice()
    visitor = await alice.visitor()
    await alice.knows("We are open from nine to six on weekdays.", title="Opening hours")
    key = (await alice.post("/api/api-keys", {"name": "a program"})).json()["key"]
    return {
        "an owner": Caller({"Authorization": f"Bearer {alice.token}"}),
        "a key": Caller({"Authorization": f"Bearer {key}"}),
        "a visitor": Caller({"Authorization": f"Bearer {visitor.token}", "Origin": SHOP}),
        "nobody": Caller(None),
    }


def last(operation: APIOperation) -> bool:
    """Signing out comes last, so that everything before it is tried by somebody who is signed in."""
    return operation.path.endswith("/logout")


@pytest.mark.parametrize("who", ["an owner", "a key", "a visitor", "nobody"])
async def test_schemathesis_finds_no_fault_of_ours_and_no_undocumented_answer(world: World, live: str, who: str):
    caller = (await callers(world))[who]
    description = schemathesis.openapi.from_dict(world.app.openapi())
    found = [result.ok() for result in description.get_all_operations()]
    # The accounts' second address is the same code.
    tried = sorted((one for one in found if not one.path.startswith("/api/auth/")), key=last)

    complaints = await asyncio.to_thread(
        lambda: [complaint for operation in tried for complaint in caller.tries(operation, live, EXAMPLES)]
    )

    assert complaints == []
