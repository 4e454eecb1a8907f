"""Every call of the Python client that is about codes, links, changes and administration, of both its kinds."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from supabase import create_client
from supabase_auth.errors import AuthApiError

from tests.accounts.clients.conftest import Mailbox, Make, done
from tests.accounts.hook import Hook
from tests.accounts.served import PASSWORD, fresh


async def confirmed(make: Make, mailbox: Mailbox, **fields: Any) -> tuple[Any, dict[str, Any]]:
    """A client that is signed in, and the form that its person signed up with."""
    client, form = make(), fresh(**fields)
    made = await done(client.sign_up(form))
    assert made.session is None
    letter = await mailbox(form["email"], "confirmation")
    await done(client.verify_otp({"type": "signup", "email": form["email"], "token": letter.code}))
    return client, form


async def refused(call: Any) -> str:
    with pytest.raises(AuthApiError) as refusal:
        await done(call())
    return str(refusal.value.code)


async def test_a_sign_up_is_confirmed_and_signs_in(client_of: Make, mailbox: Mailbox):
    client, form = await confirmed(client_of, mailbox)

    session = await done(client.get_session())
    assert session.user.email == form["email"]
    assert (await done(client.get_user())).user.email_confirmed_at is not None


async def test_a_forgotten_password_is_replaced(client_of: Make, mailbox: Mailbox):
    _, form = await confirmed(client_of, mailbox)
    client = client_of()

    await done(client.reset_password_for_email(form["email"], {"redirect_to": "https://evil.example"}))
    letter = await mailbox(form["email"], "recovery")
    await done(client.verify_otp({"type": "recovery", "token_hash": letter.token}))
    await done(client.update_user({"password": "another good one"}))
    await done(client.sign_out())
    await done(client.sign_in_with_password({"email": form["email"], "password": "another good one"}))

    assert "evil" not in letter.link
    assert await refused(lambda: client.verify_otp({"type": "recovery", "token_hash": letter.token})) == "otp_expired"


async def test_a_code_signs_in_and_up(client_of: Make, mailbox: Mailbox):
    client, email = client_of(), fresh()["email"]

    await done(client.sign_in_with_otp({"email": email, "options": {"data": {"name": "Ana"}}}))
    letter = await mailbox(email, "magic_link")
    signed_in = await done(client.verify_otp({"type": "email", "email": email, "token": letter.code}))

    assert signed_in.user.user_metadata == {"name": "Ana"}
    stranger = fresh()["email"]
    await done(client.sign_in_with_otp({"email": stranger, "options": {"should_create_user": False}}))


async def test_a_link_of_pkce_is_exchanged(client_of: Make, mailbox: Mailbox):
    client, email = client_of(flow_type="pkce"), fresh()["email"]

    await done(client.sign_in_with_otp({"email": email}))
    letter = await mailbox(email, "magic_link")
    async with httpx.AsyncClient() as browser:
        led = await browser.get(f"{client._url}/verify?{letter.link.partition('?')[2]}")
    code = httpx.URL(led.headers["location"]).params["code"]
    exchanged = await done(client.exchange_code_for_session({"auth_code": code}))

    assert exchanged.user.email == email
    assert letter.token.startswith("pkce_")


async def test_an_email_is_changed_by_both_addresses(client_of: Make, mailbox: Mailbox):
    client, form = await confirmed(client_of, mailbox)
    new = fresh()["email"]

    asked = await done(client.update_user({"email": new}))
    old_letter, new_letter = await mailbox(form["email"], "email_change_current"), await mailbox(new, "email_change")
    await done(client.resend({"type": "email_change", "email": "nobody-" + form["email"]}))
    async with httpx.AsyncClient() as browser:
        await browser.get(f"{client._url}/verify?{old_letter.link.partition('?')[2]}")
    changed = await done(client.verify_otp({"type": "email_change", "email": new, "token": new_letter.code}))

    assert asked.user.new_email == new
    assert changed.user.email == new


async def test_a_password_is_changed_with_a_nonce(client_of: Make, mailbox: Mailbox):
    client, form = await confirmed(client_of, mailbox)

    await done(client.reauthenticate())
    letter = await mailbox(form["email"], "reauthentication")
    await done(client.update_user({"password": "another good one", "nonce": letter.code}))

    assert len(letter.code) == 6


async def test_a_confirmation_is_sent_again(client_of: Make, mailbox: Mailbox):
    client, email = client_of(), fresh()["email"]
    await done(client.sign_in_with_otp({"email": email}))
    await mailbox(email, "magic_link")

    await done(client.resend({"type": "signup", "email": email}))

    assert (await mailbox(email, "confirmation")).code


async def test_somebody_anonymous_becomes_somebody(client_of: Make, mailbox: Mailbox):
    client, email = client_of(), fresh()["email"]

    anonymous = await done(client.sign_in_anonymously({"options": {"data": {"a": 1}}}))
    await done(client.update_user({"email": email}))
    letter = await mailbox(email, "email_change")
    known = await done(client.verify_otp({"type": "email_change", "email": email, "token": letter.code}))

    assert anonymous.user.is_anonymous is True
    assert known.user.id == anonymous.user.id
    assert (known.user.is_anonymous, known.user.email) == (False, email)


async def test_a_phone_signs_up_and_in(client_of: Make, texts: Hook):
    client, phone = client_of(), f"1415{uuid4().int % 10**7:07}"

    made = await done(client.sign_up({"phone": f"+{phone}", "password": PASSWORD}))
    code = await texted(texts, phone, 1)
    await done(client.verify_otp({"type": "sms", "phone": f"+{phone}", "token": code}))
    await done(client.sign_out())
    back = await done(client.sign_in_with_password({"phone": f"+{phone}", "password": PASSWORD}))

    assert made.session is None
    assert back.user.phone == phone
    assert back.user.phone_confirmed_at is not None


async def texted(texts: Hook, phone: str, number: int) -> str:
    for _ in range(3000):
        if len(texts.codes.get(phone, [])) >= number:
            return texts.codes[phone][-1]
        await asyncio.sleep(0.01)
    raise AssertionError(f"no text to {phone}")


async def test_twenty_refreshes_at_once_leave_one_chain(client_of: Make, mailbox: Mailbox):
    client, _ = await confirmed(client_of, mailbox)
    token = (await done(client.get_session())).refresh_token

    def refresh() -> Any:
        return asyncio.run(_refresh(client_of, token))

    refreshed = await asyncio.gather(*(asyncio.to_thread(refresh) for _ in range(20)))

    assert len({session.refresh_token for session in refreshed}) == 1
    assert (await done(client_of().refresh_session(refreshed[0].refresh_token))).session is not None


async def _refresh(make: Make, token: str) -> Any:
    client = make()
    session = (await done(client.refresh_session(token))).session
    await done(client.close())
    return session


async def test_what_is_not_offered_says_so(client_of: Make, mailbox: Mailbox):
    client, _ = await confirmed(client_of, mailbox)

    assert await refused(lambda: client.sign_in_with_sso({"domain": "example.com"})) == "saml_provider_disabled"


async def test_an_administrator_has_every_call(client_of: Make, mailbox: Mailbox):
    admin, form = client_of(admin=True).admin, fresh()

    made = (await done(admin.create_user(form | {"email_confirm": True, "user_metadata": {"a": 1}}))).user
    read = (await done(admin.get_user_by_id(made.id))).user
    changed = (await done(admin.update_user_by_id(made.id, {"app_metadata": {"plan": "x"}, "ban_duration": "1h"}))).user
    await done(admin.update_user_by_id(made.id, {"ban_duration": "none"}))
    listed = await done(admin.list_users(page=1, per_page=5))
    link = await done(admin.generate_link({"type": "recovery", "email": form["email"]}))
    client = client_of()
    session = (await done(client.verify_otp({"type": "recovery", "token_hash": link.properties.hashed_token}))).session
    await done(admin.sign_out(session.access_token))
    await done(admin.delete_user(made.id))

    assert read.id == made.id
    assert changed.app_metadata["plan"] == "x"
    assert made.id in [user.id for user in listed]
    assert await refused(lambda: admin.get_user_by_id(made.id)) == "user_not_found"
    assert await refused(client_of().admin.list_users) == "no_authorization"


async def test_an_administrator_invites(client_of: Make, mailbox: Mailbox):
    email = fresh()["email"]

    invited = (await done(client_of(admin=True).admin.invite_user_by_email(email, {"data": {"a": 1}}))).user
    letter = await mailbox(email, "invite")
    came = await done(client_of().verify_otp({"type": "invite", "token_hash": letter.token}))

    assert invited.invited_at is not None
    assert came.user.id == invited.id


async def test_the_whole_client_of_supabase_signs_in(whole_url: str, mailbox: Mailbox):
    supabase = create_client(whole_url.removesuffix("/auth/v1"), "sb_publishable_" + "p" * 22)
    form = fresh()

    supabase.auth.sign_up({"email": form["email"], "password": form["password"]})
    letter = await mailbox(form["email"], "confirmation")
    signed_in = supabase.auth.verify_otp({"type": "signup", "email": form["email"], "token": letter.code})

    assert signed_in.user is not None
    assert supabase.auth.get_user() is not None
    supabase.auth.sign_out()
