"""
An issuer of tokens as a process of its own: a Supabase project to those who ask as one, else an OpenID Connect issuer.

`python -m tests.accounts.issuer` prints its address. Its keys never leave it; tests have it sign what they want signed,
change its keys, or go silent.
"""

import asyncio
import atexit
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ROOT = Path(__file__).parent.parent.parent
JWT_SECRET = "the project's own secret, thirty-two characters or more"
ANON_KEY = "the project's anon key"
PASSWORD = "correct horse battery"
CODE = "123456"


@dataclass
class Issuing:
    """What the process knows. sessions: those it opened for passwords and has not closed again."""

    address: str
    keys: dict[str, Any] = field(default_factory=dict)
    is_away: bool = False
    asked: int = 0
    sessions: dict[str, str] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    def rotate(self) -> None:
        parameters = {"kid": uuid4().hex}
        self.keys = {
            "ES256": ECKey.generate_key("P-256", parameters),
            "RS256": RSAKey.generate_key(2048, {"kid": uuid4().hex}),
            "HS256": OctKey.import_key(JWT_SECRET),
        }

    def published(self) -> list[dict[str, Any]]:
        return [
            key.as_dict(private=False) | {"alg": algorithm, "use": "sig"}
            for algorithm, key in self.keys.items()
            if algorithm != "HS256"
        ]

    def token(self, claims: dict[str, Any], header: dict[str, Any]) -> str:
        algorithm = header.get("alg", "ES256")
        key = self.keys[algorithm]
        kid = {} if algorithm == "HS256" else {"kid": key.kid}
        whole = {name: value for name, value in {"alg": algorithm, "typ": "JWT", **kid, **header}.items() if value}
        return jwt.encode(whole, claims, key, algorithms=[algorithm])

    def session(self, subject: str, email: str, aal: str) -> str:
        session_id, now = str(uuid4()), int(time.time())
        claims = {
            "iss": f"{self.address}/auth/v1",
            "sub": subject,
            "aud": "authenticated",
            "role": "authenticated",
            "exp": now + 600,
            "iat": now,
            "email": email,
            "session_id": session_id,
            "aal": aal,
        }
        token = self.token(claims, {})
        self.sessions[token] = session_id
        return token

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/auth/v1/.well-known/jwks.json", self.show_keys),
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/auth/v1/token", self.password, methods=["POST"]),
                Route("/auth/v1/factors/{id}/challenge", self.challenge, methods=["POST"]),
                Route("/auth/v1/factors/{id}/verify", self.verify, methods=["POST"]),
                Route("/auth/v1/logout", self.sign_out, methods=["POST"]),
                Route("/test/sign", self.sign, methods=["POST"]),
                Route("/test/become", self.become, methods=["POST"]),
            ]
        )

    async def show_keys(self, _request: Request) -> Response:
        self.asked += 1
        if self.is_away:
            return Response(status_code=503)
        return JSONResponse({"keys": self.published()})

    async def discovery(self, _request: Request) -> Response:
        names = ("authorization_endpoint", "token_endpoint")
        return JSONResponse(
            {
                "issuer": self.address,
                "jwks_uri": f"{self.address}/auth/v1/.well-known/jwks.json",
                **{name: f"{self.address}/{name}" for name in names},
            }
        )

    async def sign(self, request: Request) -> Response:
        wish = await request.json()
        return JSONResponse({"token": self.token(wish["claims"], wish["header"])})

    async def become(self, request: Request) -> Response:
        wish = await request.json()
        if wish.get("rotate"):
            self.rotate()
        self.is_away = wish.get("away", self.is_away)
        self.people.update(wish.get("people", {}))
        return JSONResponse({"asked": self.asked, "sessions": len(self.sessions)})

    async def password(self, request: Request) -> Response:
        form = await request.json()
        person = self.people.get(form["email"])
        if request.headers.get("apikey") != ANON_KEY:
            return JSONResponse({"message": "Invalid API key"}, status_code=401)
        if person is None or form["password"] != PASSWORD:
            return JSONResponse({"code": 400, "error_code": "invalid_credentials", "msg": "…"}, status_code=400)
        if "refuses" in person:
            return JSONResponse({"code": 400, "error_code": person["refuses"], "msg": "…"}, status_code=400)
        token = self.session(person["id"], form["email"], "aal1")
        return JSONResponse({"access_token": token, "user": {"id": person["id"], "factors": person.get("factors", [])}})

    async def challenge(self, request: Request) -> Response:
        return JSONResponse({"id": f"challenge of {request.path_params['id']}"})

    async def verify(self, request: Request) -> Response:
        form, token = await request.json(), request.headers["authorization"].removeprefix("Bearer ")
        right = form == {"challenge_id": f"challenge of {request.path_params['id']}", "code": CODE}
        if token not in self.sessions or not right:
            return JSONResponse({"code": 422, "error_code": "mfa_verification_failed"}, status_code=422)
        email, person = next((email, one) for email, one in self.people.items() if one.get("factors"))
        stronger = self.session(person["id"], email, "aal2")
        del self.sessions[stronger]  # it is the same session
        return JSONResponse({"access_token": stronger})

    async def sign_out(self, request: Request) -> Response:
        self.sessions.pop(request.headers["authorization"].removeprefix("Bearer "), None)
        return Response(status_code=204)


@dataclass
class Issuer:
    """The process, as tests see it."""

    address: str
    process: "subprocess.Popen[str]" = field(repr=False)

    @classmethod
    def started(cls) -> "Issuer":
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.accounts.issuer"], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        atexit.register(process.kill)
        assert process.stdout is not None
        return cls(process.stdout.readline().strip(), process)

    def signs(self, claims: dict[str, Any], **header: Any) -> str:
        wish = {"claims": claims, "header": header}
        return str(httpx.post(f"{self.address}/test/sign", json=wish).json()["token"])

    def becomes(self, **wish: Any) -> dict[str, Any]:
        return dict(httpx.post(f"{self.address}/test/become", json=wish).json())

    def published(self) -> list[dict[str, Any]]:
        return list(httpx.get(f"{self.address}/auth/v1/.well-known/jwks.json").json()["keys"])


async def main() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    issuing = Issuing(f"http://127.0.0.1:{listener.getsockname()[1]}")
    issuing.rotate()
    server = uvicorn.Server(uvicorn.Config(issuing.application(), log_level="warning"))
    print(issuing.address, flush=True)
    await server.serve([listener])


if __name__ == "__main__":
    asyncio.run(main())
