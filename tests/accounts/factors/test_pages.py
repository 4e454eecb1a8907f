"""Two-factor sign-in at a browser, without JavaScript, in the whole product."""

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx

from tests.accounts.factors.steps import App, time_passes
from tests.world import PASSWORD, World
from trulybot.kit.db import Database

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"


@dataclass
class Browser:
    """A browser of its own, with its own cookies."""

    http: httpx.AsyncClient
    email: str

    @property
    def secret(self) -> str:
        return str(self.http.cookies["trulybot"])

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def sends(self, path: str, **fields: str) -> httpx.Response:
        return await self.http.post(path, data=fields)

    async def signs_up(self) -> None:
        response = await self.sends("/sign-up", email=self.email, password=PASSWORD, workspace_name="Acme")
        assert response.status_code == 303, response.text

    async def signs_in(self, password: str = PASSWORD, **fields: str) -> httpx.Response:
        return await self.sends("/sign-in", email=self.email, password=password, **fields)

    async def sets_up(self, name: str = "My phone") -> tuple[App, list[str]]:
        """The app, and the recovery codes of the first."""
        begun = await self.sends("/account/second-factors", factor_name=name)
        path = begun.headers["location"]
        page = (await self.get(path)).text
        seed = re.sub(r"\s", "", re.search(r'<code class="key"[^>]*>([^<]+)<', page)[1])  # type: ignore[index]
        app = App(path.rpartition("/")[2], seed)
        done = await self.sends(path, code=app.code())
        assert done.status_code in (200, 303), done.text
        return app, re.findall(r"<code>(\d{4} \d{4} \d{4})</code>", done.text)


@asynccontextmanager
async def browser(world: World, email: str = "", agent: str = FIREFOX) -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    headers = {"Origin": "http://trulybot.test", "Accept": "text/html", "User-Agent": agent}
    async with httpx.AsyncClient(transport=transport, base_url="http://trulybot.test", headers=headers) as http:
        yield Browser(http, email or f"{uuid4().hex}@example.com")


async def test_setting_up_shows_picture_and_key_and_ten_codes_once(world: World):
    async with browser(world) as ana:
        await ana.signs_up()
        before = ana.secret

        app, codes = await ana.sets_up()

        assert len(set(codes)) == 10
        assert ana.secret != before
        again = await ana.get(f"/account/second-factors/{app.factor_id}")
        page = (await ana.get("/account")).text
        assert again.status_code == 404
        assert app.seed not in page
        assert "<strong>10</strong> recovery codes left" in page
        assert not any(code in page for code in codes)


async def test_signing_in_asks_for_the_code_and_then_goes_where_one_wanted(world: World, db: Database):
    async with browser(world) as ana, browser(world, ana.email) as laptop:
        await ana.signs_up()
        app, _ = await ana.sets_up()
        await time_passes(db, app)

        signed_in = await laptop.signs_in(next="/dashboard/team")
        half_way = laptop.secret
        asked = await laptop.get(signed_in.headers["location"])
        form = await laptop.get(asked.headers["location"])
        done = await laptop.sends("/sign-in/second-factor", code=app.code(), next="/dashboard/team")

        assert asked.headers["location"] == "/sign-in/second-factor?next=/dashboard/team"
        assert 'autocomplete="one-time-code"' in form.text
        assert (done.status_code, done.headers["location"]) == (303, "/dashboard/team")
        assert laptop.secret != half_way
        assert (await laptop.get("/dashboard")).status_code == 200


async def test_half_way_in_nothing_else_can_be_done(world: World):
    async with browser(world) as ana, browser(world, ana.email) as thief:
        await ana.signs_up()
        app, _ = await ana.sets_up()
        await thief.signs_in()

        for path in ("/dashboard", "/account", "/dashboard/team"):
            answer = await thief.get(path)
            assert answer.headers["location"].startswith("/sign-in/second-factor"), path
        for path in ("/account/password", "/account/email", f"/account/second-factors/{app.factor_id}/removal"):
            answer = await thief.sends(path, current_password=PASSWORD, new_password="another good one")
            assert answer.headers["location"].startswith("/sign-in/second-factor"), path
        api = await thief.get("/api/user/profile")

        assert (api.status_code, api.json()["error"]["code"]) == (401, "second_factor_required")
        assert (await thief.get("/api/user/sessions")).status_code == 401


async def test_a_wrong_code_is_said_in_the_form(world: World):
    async with browser(world) as ana, browser(world, ana.email) as laptop:
        await ana.signs_up()
        app, _ = await ana.sets_up()
        await laptop.signs_in()

        answer = await laptop.sends("/sign-in/second-factor", code=app.wrong(), next='"><script>')

        assert answer.status_code == 422
        assert "This code is not right" in answer.text
        assert '"><script>' not in answer.text


async def test_half_way_in_lasts_a_quarter_of_an_hour(world: World, db: Database):
    async with browser(world) as ana, browser(world, ana.email) as laptop:
        await ana.signs_up()
        app, _ = await ana.sets_up()
        await laptop.signs_in()
        async with db.system("test") as tx:
            await tx.run(
                "update trulybot_auth.sessions set created_at = now() - interval '16 minutes' where aal = 'aal1'"
            )

        answer = await laptop.sends("/sign-in/second-factor", code=app.code(1))

        assert answer.headers["location"] == "/sign-in"
        assert (await ana.get("/account")).status_code == 200


async def test_nobody_half_way_is_led_to_sign_in_or_on(world: World):
    async with browser(world) as nobody, browser(world) as ana:
        await ana.signs_up()

        assert (await nobody.get("/sign-in/second-factor")).headers["location"] == "/sign-in"
        assert (await nobody.sends("/sign-in/second-factor", code="123456")).headers["location"] == "/sign-in"
        assert (await ana.get("/sign-in/second-factor?next=//evil.example")).headers["location"] == "/dashboard"


async def test_a_recovery_code_lets_in_once_and_a_mail_says_so(world: World, db: Database):
    async with browser(world) as ana, browser(world, ana.email) as first, browser(world, ana.email) as second:
        await ana.signs_up()
        _, codes = await ana.sets_up()
        await first.signs_in()
        await second.signs_in()

        used = await first.sends("/sign-in/second-factor", code=codes[0])
        again = await second.sends("/sign-in/second-factor", code=codes[0])

        assert used.headers["location"] == "/dashboard"
        assert "<strong>9</strong> recovery codes left" in (await first.get("/account")).text
        assert again.status_code != 303 or again.headers["location"] == "/sign-in"
        async with db.system("test") as tx:
            kinds = await tx.value(
                "select array_agg(kind order by created_at) from trulybot_auth.mails where recipient = %(to)s",
                to=ana.email,
            )
        assert kinds[-2:] == ["factor_added", "recovery_code_used"]


async def test_the_database_holds_no_recovery_code(world: World, db: Database):
    async with browser(world) as ana:
        await ana.signs_up()
        _, codes = await ana.sets_up()

    async with db.system("test") as tx:
        dump = await tx.value("select string_agg(c::text, '|') from trulybot_auth.recovery_codes c")
    for code in codes:
        assert code.replace(" ", "").encode().hex() not in dump
        assert code.replace(" ", "") not in dump


async def test_new_recovery_codes_replace_the_old(world: World):
    async with browser(world) as ana, browser(world, ana.email) as laptop:
        await ana.signs_up()
        _, old = await ana.sets_up()

        new = re.findall(r"<code>(\d{4} \d{4} \d{4})</code>", (await ana.sends("/account/recovery-codes")).text)

        await laptop.signs_in()
        assert (await laptop.sends("/sign-in/second-factor", code=old[0])).status_code == 422
        assert (await laptop.sends("/sign-in/second-factor", code=new[0].replace(" ", "-"))).status_code == 303


async def test_guessing_recovery_codes_is_held_up(world: World):
    async with browser(world) as ana, browser(world, ana.email) as thief:
        await ana.signs_up()
        await ana.sets_up()
        await thief.signs_in()

        answers = [await thief.sends("/sign-in/second-factor", code="1234 5678 9012") for _ in range(11)]

        assert [answer.status_code for answer in answers] == [422] * 10 + [429]
        assert "Wait a quarter of an hour" in answers[-1].text


async def test_removing_the_only_app_makes_the_password_enough(world: World):
    async with browser(world) as ana, browser(world, ana.email) as laptop:
        await ana.signs_up()
        app, _ = await ana.sets_up()

        removed = await ana.sends(f"/account/second-factors/{app.factor_id}/removal")

        await laptop.signs_in()
        assert removed.headers["location"] == "/account?saved=factor-removed"
        assert (await laptop.get("/dashboard")).status_code == 200
        assert "Not set up yet" in (await ana.get("/account")).text


async def test_factors_change_only_soon_after_signing_in(world: World, db: Database):
    async with browser(world) as ana:
        await ana.signs_up()
        async with db.system("test") as tx:
            await tx.run("update trulybot_auth.sessions set created_at = created_at - interval '25 hours'")

        answer = await ana.sends("/account/second-factors", factor_name="phone")

        assert answer.status_code == 403
        assert "You signed in more than a day ago" in answer.text


async def test_the_password_changes_only_with_the_present_one(world: World):
    async with browser(world) as ana, browser(world, ana.email) as laptop:
        await ana.signs_up()
        await laptop.signs_in()

        missing = await ana.sends("/account/password", new_password="another good one")
        wrong = await ana.sends("/account/password", current_password="wrong", new_password="another good one")
        right = await ana.sends("/account/password", current_password=PASSWORD, new_password="another good one")

        assert missing.status_code == wrong.status_code == 400
        assert "This is not your password." in wrong.text
        assert right.headers["location"] == "/account?saved=password"
        assert (await laptop.get("/account")).headers["location"] == "/sign-in?next=/account"
        assert (await ana.get("/account?saved=password")).status_code == 200


async def test_the_email_changes_only_with_the_password(world: World):
    async with browser(world) as ana:
        await ana.signs_up()
        wanted = f"{uuid4().hex}@example.com"

        refused = await ana.sends("/account/email", new_email=wanted)
        taken = await ana.sends("/account/email", new_email=wanted, email_password=PASSWORD)

        assert refused.status_code == 400
        assert taken.headers["location"] in ("/account?saved=email", "/account?saved=email-waits")
        assert wanted in (await ana.get("/account")).text


async def test_sessions_are_listed_with_their_devices_and_end_at_once(world: World):
    phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
    async with browser(world) as ana, browser(world, ana.email, agent=phone) as mobile:
        await ana.signs_up()
        await mobile.signs_in()
        page = html.unescape((await ana.get("/account")).text)
        (path,) = re.findall(r'action="(/account/sessions/[^"]+)"', page)

        ended = await ana.sends(path)

        assert page.index("Firefox on Linux") < page.index("This device") < page.index("Chrome on Android")
        assert ended.headers["location"] == "/account?saved=session"
        assert (await mobile.get("/account")).headers["location"] == "/sign-in?next=/account"


async def test_every_other_session_ends_at_a_word(world: World):
    async with browser(world) as ana, browser(world, ana.email) as second, browser(world, ana.email) as third:
        await ana.signs_up()
        await second.signs_in()
        await third.signs_in()

        await ana.sends("/account/other-sessions/end")

        assert (await ana.get("/account")).status_code == 200
        for other in (second, third):
            assert (await other.get("/account")).status_code == 303


async def test_a_strangers_session_and_factor_are_not_found(world: World):
    async with browser(world) as ana, browser(world) as charlie:
        await ana.signs_up()
        await charlie.signs_up()
        app, _ = await ana.sets_up()
        (session,) = [one["id"] for one in (await ana.get("/api/user/sessions")).json()["items"]]

        assert (await charlie.sends(f"/account/sessions/{session}/end")).status_code == 404
        assert (await charlie.get(f"/account/second-factors/{app.factor_id}")).status_code == 404
        assert (await charlie.sends(f"/account/second-factors/{app.factor_id}", code=app.code(1))).status_code == 404
        assert (await charlie.sends(f"/account/second-factors/{app.factor_id}/removal")).status_code == 404
        assert (await ana.get("/account")).status_code == 200


async def test_another_site_changes_nothing(world: World):
    async with browser(world) as ana:
        await ana.signs_up()
        ana.http.headers["Origin"] = "https://evil.example"

        for path in ("/account/password", "/account/second-factors", "/account/other-sessions/end"):
            assert (await ana.sends(path)).status_code == 403, path


async def test_who_left_the_set_up_half_way_begins_again_under_the_same_name(world: World):
    async with browser(world) as ana:
        await ana.signs_up()
        left = await ana.sends("/account/second-factors", factor_name="My phone")

        _, codes = await ana.sets_up("My phone")

        assert (await ana.get(left.headers["location"])).status_code == 404
        assert "My phone" in (await ana.get("/account")).text
    assert len(codes) == 10
