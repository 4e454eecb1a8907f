"""Of the forty things an attacker tries: tokens that are forged, and tokens that were made for something else."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OctKey

from tests.world import PASSWORD, Person, World


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def forged(world: World, person: Person) -> Iterator[tuple[str, str]]:
    """Tokens that no workspace may open to, each by its trick."""
    header, payload, signature = person.token.split(".")
    keys = world.app.state.accounts.tokens.keys
    head, body = (json.loads(base64.urlsafe_b64decode(text + "==")) for text in (header, payload))
    public = json.dumps(keys.published()[0]).encode()

    def signed(changes: dict[str, Any], **more: Any) -> str:
        claims = {name: value for name, value in (body | changes).items() if value is not None}
        registry = jwt.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
        return jwt.encode(head | more, claims, keys.signing, registry=registry)

    for algorithm in ("none", "None", "nOnE", "HS256"):
        start = f"{part(head | {'alg': algorithm})}.{payload}"
        seal = hmac.digest(public, start.encode(), hashlib.sha256)
        yield f"alg {algorithm}, no signature", f"{start}."
        yield f"alg {algorithm}, by the public key", f"{start}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"
    for kid in ("../../../../dev/null", "' union select 'x' --", "", 7, None, ["first"], "a" * 5000):
        yield (
            f"kid {str(kid)[:20]}",
            signed({}, kid=kid) if isinstance(kid, str) else f"{part(head | {'kid': kid})}.{payload}.{signature}",
        )
    for name in ("jku", "x5u"):
        yield name, signed({}, **{name: "https://evil.example/keys.json"})
    yield "jwk", signed({}, jwk=keys.published()[0])
    for changes in (
        {"exp": 1},
        {"exp": None},
        {"nbf": 9_999_999_999},
        {"iat": 9_999_999_999},
        {"iss": "https://evil.example/auth/v1"},
        {"aud": "anon"},
        {"sub": None},
        {"sub": "' or 1=1 --"},
        {"sub": str(uuid4())},
        {"session_id": str(uuid4())},
        {"role": "service_role"},
        {"role": "anon", "sub": None, "aud": None},
    ):
        yield f"claims {changes}", signed(changes)
    for token in (
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{person.token}.",
        f".{person.token}",
        f"{header}..{signature}",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{header}.{part({'sub': str(person.user_id)})}.{signature}",
        "...",
        "a.b.c",
        "eyJ.eyJ.x" * 500,
        f"{part({'alg': 'dir', 'enc': 'A256GCM', 'zip': 'DEF'})}....",
        "tb_sk_" + "a" * 40,
        "tb_sk_",
        "sb_secret_aaaaaaaaaaaaaaaa",
        "null",
    ):
        yield f"text {token[:40]}", token
    # A visitor's token is signed with a key of its own.
    visitor = {
        "aud": "visitor",
        "sub": str(uuid4()),
        "workspace_id": str(person.workspace_id),
        "origin": "",
        "exp": 9**10,
    }
    yield (
        "a visitor of somebody's own",
        jwt.encode({"alg": "HS256"}, visitor, OctKey.import_key("a guess of 32 bytes or more......")),
    )


async def test_item_22_a_forged_token_opens_nothing_and_breaks_nothing(world: World):
    alice = await world.alice()
    calls = [("GET", "/api/user/profile"), ("POST", "/api/chat"), ("GET", "/api/documents")]

    answers = {
        (trick, path): (
            await world.http.request(
                method,
                path,
                headers={"Authorization": f"Bearer {token}"},
                json={"message": "hello"} if method == "POST" else None,
            )
        ).status_code
        for trick, token in forged(world, alice)
        for method, path in calls
    }

    assert {call: status for call, status in answers.items() if status not in (401, 403)} == {}
    assert (await alice.get("/api/user/profile")).status_code == 200


async def test_item_23_a_token_for_one_thing_does_not_open_another(world: World):
    alice = await world.alice()
    session = (
        await world.http.post("/auth/v1/token?grant_type=password", json={"email": alice.email, "password": PASSWORD})
    ).json()
    visitor = await alice.visitor()

    async def status(token: str, **headers: str) -> int:
        sent = {"Authorization": f"Bearer {token}", **headers}
        return (await world.http.get("/api/documents", headers=sent)).status_code

    assert await status(session["refresh_token"]) == 401
    assert await status(visitor.token, Origin="https://shop.example") == 403
    assert await status(visitor.token, Origin="https://evil.example") == 403
    assert await status(visitor.token) == 403
