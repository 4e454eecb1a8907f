"""The API does what its description says: schemathesis makes requests of it, right and wrong ones."""

import asyncio
import threading
from collections.abc import Callable, Mapping

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.world import SHOP, World

EXAMPLES = 4  # a way of making requests, each sent by everybody; by hand, try a hundred
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


class Caller:
    """Someone whom schemathesis plays. headers: what each request carries, in place of what was generated."""

    def __init__(self, name: str, headers: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.headers = headers
        self.session = requests.Session()

    def sends(self, case: Case, address: str) -> None:
        """Raises what schemathesis complains about."""
        if self.headers is not None:
            for name in ("Authorization", "X-Workspace-Id"):
                case.headers.pop(name, None)
            case.cookies.clear()
        response = case.call(base_url=address, session=self.session, headers=dict(self.headers or {}), timeout=20)
        case.validate_response(response, checks=CHECKS)


def tries(operation: APIOperation, callers: list[Caller], address: str, most: int) -> list[str]:
    """
    The complaints about an operation. Making a request takes longer than answering it, so each is sent by every caller;
    whoever carries what was generated comes first.
    """
    found: list[str] = []
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        def complain(who: str, error: object, mode: GenerationMode = mode) -> None:
            found.append(f"{operation.label} ({mode.value}) as {who}: {error}\n{getattr(error, 'exceptions', '')}")

        try:
            _attempt(operation, mode, callers, address, most, complain)()
        except Unsatisfiable:  # what takes nothing cannot be given anything wrong
            continue
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  (a complaint, whatever its kind)
            complain("nobody yet", error)
    return found


def _attempt(
    operation: APIOperation,
    mode: GenerationMode,
    callers: list[Caller],
    address: str,
    most: int,
    complain: Callable[[str, object], None],
) -> Callable[[], None]:
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
        for caller in callers:
            try:
                caller.sends(case, address)
            except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001  (a complaint, whatever its kind)
                complain(caller.name, error)

    return attempt


async def everybody(world: World) -> list[Caller]:
    alice = await world.alice()
    visitor = await alice.visitor()
    await alice.knows("We are open from nine to six on weekdays.", title="Opening hours")
    key = (await alice.post("/api/api-keys", {"name": "a program"})).json()["key"]
    return [
        Caller("nobody"),
        Caller("a visitor", {"Authorization": f"Bearer {visitor.token}", "Origin": SHOP}),
        Caller("a key", {"Authorization": f"Bearer {key}"}),
        Caller("an owner", {"Authorization": f"Bearer {alice.token}"}),
    ]


def last(operation: APIOperation) -> bool:
    """Signing out comes last, so that everything before it is tried by somebody who is signed in."""
    return operation.path.endswith("/logout")


@pytest.mark.timeout(600)
async def test_schemathesis_finds_no_fault_of_ours_and_no_undocumented_answer(world: World, live: str):
    callers = await everybody(world)
    description = schemathesis.openapi.from_dict(world.app.openapi())
    found = [result.ok() for result in description.get_all_operations()]
    # The accounts' second address is the same code.
    tried = sorted((one for one in found if not one.path.startswith("/api/auth/")), key=last)
    over = threading.Event()

    def all_of_it() -> list[str]:
        complaints: list[str] = []
        for operation in tried:
            if over.is_set():  # the server ended, and every further request would wait for it
                break
            complaints += tries(operation, callers, live, EXAMPLES)
        return complaints

    try:
        complaints = await asyncio.to_thread(all_of_it)
    finally:
        over.set()

    assert complaints == []
