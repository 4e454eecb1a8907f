"""
Who asks, before what they sent is read.

A route names who may call it by a dependency. FastAPI would read and parse the body first, and a stranger could have us
take in a megabyte, or be told what is wrong with it. So the dependency is marked with the question it asks, and the
gate asks it when the first byte of the body is wanted. Each question is asked once a request.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trulybot.kit.refusals import unless_refused

T = TypeVar("T")
Question = Callable[[Request], Awaitable[T]]
Dependency = TypeVar("Dependency", bound=Callable[..., Any])


def asks(question: Question[Any]) -> Callable[[Dependency], Dependency]:
    """Mark a dependency with what it asks; the dependency itself gets the answer by `answer_to`."""

    def mark(dependency: Dependency) -> Dependency:
        dependency.asks = question  # type: ignore[attr-defined]
        return dependency

    return mark


async def answer_to(question: Question[T], request: Request) -> T:
    """What the question came to for this request. Raises whatever it raises."""
    known: dict[Question[Any], Any] = request.scope.setdefault("state", {}).setdefault("answers", {})
    if question not in known:
        known[question] = await question(request)
    return known[question]  # type: ignore[no-any-return]


async def answers_of(route: APIRoute, request: Request) -> list[Any]:
    """What each question of a route comes to for this request. Raises whatever they raise."""
    return [await answer_to(question, request) for question in _questions_of(route.dependant)]


class Gate:
    """Lets nobody's body in before the route's questions are answered."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._questions: dict[int, list[Question[Any]]] = {}  # by the id of a route, which lives as long as the app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_open = False

        async def receive_from_the_known() -> Message:
            nonlocal is_open
            if not is_open:
                await self._ask(scope)
                is_open = True
            return await receive()

        await unless_refused(self.app, scope, receive_from_the_known, send)

    async def _ask(self, scope: Scope) -> None:
        route = scope.get("route")
        if not isinstance(route, APIRoute):
            return
        if id(route) not in self._questions:
            self._questions[id(route)] = list(_questions_of(route.dependant))
        for question in self._questions[id(route)]:
            await answer_to(question, Request(scope))


def _questions_of(dependant: Dependant) -> Iterator[Question[Any]]:
    for dependency in dependant.dependencies:
        question = getattr(dependency.call, "asks", None)
        if question is not None:
            yield question
        else:
            yield from _questions_of(dependency)
