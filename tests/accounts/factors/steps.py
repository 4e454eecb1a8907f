"""What people do with their authenticator app, in the words of the API."""

import time
from dataclasses import dataclass
from typing import Any

import pyotp

from tests.accounts.served import Client, bearer
from trulybot.accounts.factors.codes import STEP_SECONDS
from trulybot.kit.db import Database


@dataclass
class App:
    """An authenticator app that holds one factor."""

    factor_id: str
    seed: str

    def code(self, steps: int = 0) -> str:
        """The code of now, or of so many half minutes later."""
        return pyotp.TOTP(self.seed).at(int(time.time()) + steps * STEP_SECONDS)

    def wrong(self) -> str:
        """One that is none of those around now."""
        right = {self.code(steps) for steps in range(-3, 4)}
        return next(code for number in range(1000) if (code := f"{number:06}") not in right)


async def enrols(client: Client, token: str, name: str = "", **fields: Any) -> App:
    form = {"factor_type": "totp", "friendly_name": name, **fields}
    response = await client.post("/auth/v1/factors", json=form, headers=bearer(token))
    assert response.status_code == 200, response.text
    return App(response.json()["id"], response.json()["totp"]["secret"])


async def is_challenged(client: Client, token: str, app: App, **headers: str) -> str:
    path = f"/auth/v1/factors/{app.factor_id}/challenge"
    response = await client.post(path, headers=bearer(token) | headers)
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


async def answers(client: Client, token: str, app: App, challenge_id: str, code: str) -> Any:
    path = f"/auth/v1/factors/{app.factor_id}/verify"
    return await client.post(path, json={"challenge_id": challenge_id, "code": code}, headers=bearer(token))


async def verifies(client: Client, token: str, app: App, code: str | None = None) -> dict[str, Any]:
    """The session at aal2."""
    response = await answers(client, token, app, await is_challenged(client, token, app), code or app.code())
    assert response.status_code == 200, response.text
    return dict(response.json())


async def guarded(client: Client, **fields: Any) -> tuple[dict[str, Any], App]:
    """Somebody new with a second factor: their session at aal2, and the app."""
    session = await client.signs_up(**fields)
    app = await enrols(client, session["access_token"], "phone")
    return await verifies(client, session["access_token"], app), app


async def time_passes(db: Database, app: App) -> None:
    """As if no code of the app had been used yet."""
    async with db.system("test") as tx:
        await tx.run("update trulybot_auth.factors set last_used_step = 0 where id = %(id)s", id=app.factor_id)
