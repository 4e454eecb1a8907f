"""The publish gate: a change of the knowledge or of the bot waits until a golden set has been asked of it."""

import asyncio
from dataclasses import replace
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

from tests.providers import Provider, says
from tests.world import Person, World
from trulybot.documents import held as held_documents
from trulybot.documents import service as documents
from trulybot.settings import Settings
from trulybot.workspaces.identity import Member

RETURNS = "You may send back anything unused within 30 days. Send it in its own box."
HOURS = "The workshop is open from nine to six on weekdays, and closed on Sundays."
QUESTION = "How long do I have to send something back?"
UNSURE = "Are you open in the morning?"  # answered, yet not with the confidence that a strict bot asks for


async def gated(world: World, question: str | None = None, person: Person | None = None) -> Person:
    """
    A shop whose changes are held until it still says how long things may be sent back.

    question: one more that is asked. person: whose shop it is; Alice's without.
    """
    alice = person or await world.alice()
    returns = await alice.knows(RETURNS, title="Returns", external_id="returns")
    await alice.knows(HOURS, title="Opening hours", external_id="hours")
    await world.work()
    set_id = (await alice.post("/api/golden-sets", {"name": "What people ask"})).json()["id"]
    golden = [
        {"question": QUESTION, "answers": ["30 days"]},
        {"question": "May I send something back?", "document_ids": [returns["id"]]},
    ]
    more = [{"question": question, "answers": ["nine to six"]}] if question else []
    await alice.post(f"/api/golden-sets/{set_id}/questions", {"questions": golden + more})
    response = await alice.request("PUT", "/api/publish-gate", json={"set_id": set_id, "minimum": 0.9})
    assert response.status_code == 200, response.text
    return alice


async def gate(person: Person) -> dict[str, Any]:
    return dict((await person.get("/api/publish-gate")).json())


async def breaks(world: World, alice: Person) -> dict[str, Any]:
    """A change after which the set is not answered as it should be."""
    held = await alice.knows(RETURNS.replace("30", "14"), title="Returns", external_id="returns")
    await world.work()
    return held


async def answer(person: Person) -> str:
    return str((await person.asks(QUESTION))["answer"])


async def test_a_change_that_passes_is_published_by_itself_in_the_place_of_what_it_replaces(world: World):
    alice = await gated(world)
    before = {one["external_id"]: one["id"] for one in (await alice.get("/api/documents")).json()["items"]}

    held = await alice.knows(RETURNS + " Sofas are collected at your door.", title="Returns", external_id="returns")
    await alice.knows("Gift vouchers are good for three years.", title="Vouchers", external_id="vouchers")
    assert held["held"]
    await world.work()

    after = (await alice.get("/api/documents")).json()["items"]
    assert (await gate(alice))["state"] == "open"
    assert not any(one["held"] for one in after)
    assert {one["external_id"]: one["id"] for one in after}["returns"] == before["returns"]
    assert "Sofas are collected" in (await alice.asks("Who collects sofas?"))["answer"]
    assert "three years" in (await alice.asks("How long is a voucher good for?"))["answer"]
    assert "held.passed" in (await alice.get("/api/audit-log")).text


async def test_a_change_that_breaks_an_answer_stays_held_and_says_which(world: World):
    alice = await gated(world)

    await breaks(world, alice)

    now = await gate(alice)
    assert (now["state"], now["ready"], now["verdict"]["passed"]) == ("refused", 1, False)
    assert len(now["verdict"]["wrong"]) == 1
    run = (await alice.get(f"/api/golden-runs/{now['candidate']['id']}")).json()
    assert run["turned"]["wrong"] == now["verdict"]["wrong"]
    visitor = await alice.visitor()
    assert "30 days" in await answer(visitor)
    assert "14 days" not in (await alice.post("/api/search", {"query": QUESTION})).text


async def test_who_answers_for_the_bot_may_publish_it_all_the_same(world: World):
    alice = await gated(world)
    agent, admin = await world.joins(alice, "agent"), await world.joins(alice, "admin")
    await breaks(world, alice)

    refused = await agent.post("/api/publish-gate/publication")
    published = await admin.post("/api/publish-gate/publication")

    assert refused.status_code == 403
    assert published.json() == {"documents": 1, "answers": 0, "bot": False}
    assert "14 days" in await answer(alice)
    assert "held.published" in (await alice.get("/api/audit-log")).text


async def test_the_set_that_a_gate_asks_is_changed_by_those_alone_who_may_change_the_gate(world: World):
    alice = await gated(world)
    agent = await world.joins(alice, "agent")
    questions = f"/api/golden-sets/{(await gate(alice))['set_id']}/questions"
    one = f"/api/golden-questions/{(await alice.get(questions)).json()['items'][0]['id']}"

    refused = [
        await agent.post(questions, {"questions": [{"question": "Anything?"}]}),
        await agent.patch(one, {"answers": ["14 days"]}),
        await agent.delete(one),
    ]
    changed = await alice.patch(one, {"answers": ["30 days"]})
    await alice.delete("/api/publish-gate")
    removed = await agent.delete(one)

    assert [response.status_code for response in refused] == [403] * 3
    assert (changed.status_code, removed.status_code) == (200, 204)


async def test_what_is_withdrawn_never_answers(world: World):
    alice = await gated(world)
    await breaks(world, alice)

    withdrawn = await alice.post("/api/publish-gate/withdrawal")
    again = await alice.post("/api/publish-gate/withdrawal")

    assert withdrawn.json() == {"documents": 1, "answers": 0, "bot": False}
    assert again.json()["error"]["code"] == "nothing_held"
    assert "30 days" in await answer(alice)
    assert (await alice.get("/api/documents/summary")).json()["total"] == 2


async def test_the_answers_of_a_held_file_are_tried_and_answer_nobody_until_they_are_published(world: World):
    alice = await gated(world)
    rows = f"Question,Answer\n{QUESTION},A fortnight; pack it well.\nCan I bring my dog?,Dogs are welcome.\n"
    await alice.post("/api/text-upload", files={"file": ("faq.csv", rows.encode())})
    await world.work()
    now = await gate(alice)
    visitor = await alice.visitor()
    held = [await visitor.asks("can i bring my dog"), await visitor.asks(QUESTION)]
    async with world.without_embedder():
        held.append(await visitor.asks("Can I bring my dog, please?"))

    await alice.post("/api/publish-gate/publication")
    published = await visitor.asks("can i bring my dog")

    assert (now["state"], len(now["verdict"]["wrong"])) == ("refused", 2)
    assert "curated" not in [reply["source"] for reply in held]
    assert "30 days" in held[1]["answer"]
    assert (published["source"], published["answer"]) == ("curated", "Dogs are welcome.")


async def test_going_back_to_an_earlier_version_leaves_what_is_held_alone(world: World):
    alice = await gated(world)
    versions = (await alice.get("/api/knowledge/versions")).json()["items"]
    before = versions[0]["version"]
    await breaks(world, alice)
    await alice.knows(RETURNS.replace("30", "10"), title="Returns", external_id="returns")
    await world.work()
    held = (await alice.get("/api/knowledge/versions")).json()["items"][0]["version"]

    response = await alice.post(f"/api/knowledge/versions/{before}/restoration")
    still = await gate(alice)
    await alice.post("/api/publish-gate/publication")
    back = (await alice.post(f"/api/knowledge/versions/{held}/restoration")).json()
    await world.work()

    assert response.json()["error"]["code"] == "nothing_to_restore"
    assert (still["state"], still["ready"]) == ("refused", 1)
    assert [(change["title"], change["step"]) for change in back["documents"]] == [("Returns", "put_back")]
    assert "30 days" in await answer(alice)


async def test_the_same_content_is_not_held_and_a_better_one_takes_the_place_of_what_is(world: World):
    alice = await gated(world)
    same = await alice.knows(RETURNS, title="Returns", external_id="returns")
    worse = await breaks(world, alice)

    better = await alice.knows(RETURNS + " Postage is free.", title="Returns", external_id="returns")
    await world.work()

    assert not same["held"]
    assert better["id"] == worse["id"]
    assert (await gate(alice))["state"] == "open"
    assert "Postage is free" in (await alice.asks("Is postage free when I send something back?"))["answer"]


async def test_deletions_are_not_held_and_the_gate_stays_up_while_something_is(world: World):
    alice = await gated(world)
    held = await breaks(world, alice)
    set_id = (await gate(alice))["set_id"]
    live = next(one for one in (await alice.get("/api/documents")).json()["items"] if one["external_id"] == "hours")

    deleted = await alice.delete(f"/api/documents/{live['id']}")
    down = await alice.delete("/api/publish-gate")
    needed = await alice.delete(f"/api/golden-sets/{set_id}")
    await alice.delete(f"/api/documents/{held['id']}")
    down_now = await alice.delete("/api/publish-gate")

    assert deleted.status_code == 204
    assert (down.json()["error"]["code"], needed.json()["error"]["code"]) == ("still_held", "golden_set_in_use")
    assert down_now.status_code == 204
    assert "30 days" in await answer(alice)


async def test_a_change_of_the_bot_that_breaks_an_answer_stays_held_and_visitors_meet_the_old_one(world: World):
    alice = await gated(world, question=UNSURE)

    changed = (await alice.patch("/api/bot", {"caution": "strict", "monthly_budget_usd": "20.00"})).json()
    await world.work()

    now, bot = await gate(alice), (await alice.get("/api/bot")).json()
    assert (now["state"], now["ready"], now["bot"]) == ("refused", 0, True)
    assert len(now["verdict"]["wrong"]) == 1
    assert (changed["caution"], changed["held"]["caution"]) == ("balanced", "strict")
    assert (bot["caution"], bot["held"]["caution"], bot["monthly_budget_usd"]) == ("balanced", "strict", "20.00")
    assert (await (await alice.visitor()).asks(UNSURE))["answered"]
    down = await alice.delete("/api/publish-gate")
    assert down.json()["error"]["code"] == "still_held"
    published = await (await world.joins(alice, "admin")).post("/api/publish-gate/publication")
    assert published.json() == {"documents": 0, "answers": 0, "bot": True}
    assert not (await (await alice.visitor()).asks(UNSURE))["answered"]
    log = (await alice.get("/api/audit-log")).text
    assert "bot.held" in log
    assert "held.bot_published" in log


async def test_a_change_of_the_bot_that_passes_goes_live_with_the_documents_beside_it(world: World):
    alice = await gated(world)

    await alice.knows("Gift vouchers are good for three years.", title="Vouchers", external_id="vouchers")
    await alice.patch("/api/bot", {"instructions": "Call our customers guests."})
    await alice.patch("/api/bot", {"tone": "formal"})
    held = (await alice.get("/api/bot")).json()
    await world.work()

    bot = (await alice.get("/api/bot")).json()
    assert (held["tone"], held["instructions"]) == ("friendly", "")
    assert (bot["tone"], bot["instructions"], bot["held"]) == ("formal", "Call our customers guests.", None)
    assert (await gate(alice))["state"] == "open"
    assert "three years" in (await alice.asks("How long is a voucher good for?"))["answer"]
    assert "held.bot_passed" in (await alice.get("/api/audit-log")).text


async def test_a_change_of_the_bot_can_be_withdrawn_or_taken_back(world: World):
    alice = await gated(world, question=UNSURE)
    await alice.patch("/api/bot", {"caution": "strict"})
    await world.work()

    withdrawn = await alice.post("/api/publish-gate/withdrawal")
    after = (await alice.get("/api/bot")).json()
    await alice.patch("/api/bot", {"tone": "brief"})
    back = (await alice.patch("/api/bot", {"tone": "friendly"})).json()

    assert withdrawn.json() == {"documents": 0, "answers": 0, "bot": True}
    assert (after["caution"], after["held"], back["held"]) == ("balanced", None, None)
    assert (await gate(alice))["state"] == "open"
    assert "held.bot_withdrawn" in (await alice.get("/api/audit-log")).text


async def test_nobody_but_its_people_learns_of_a_held_change(world: World):
    alice, charlie = await gated(world), await world.charlie()
    await alice.patch("/api/bot", {"instructions": "Call our customers guests."})

    withdrawn = await charlie.post("/api/publish-gate/withdrawal")
    await charlie.patch("/api/bot", {"tone": "formal"})

    assert withdrawn.status_code == 404
    assert (await charlie.get("/api/bot")).json()["held"] is None
    held = (await alice.get("/api/bot")).json()["held"]
    assert (held["instructions"], held["tone"]) == ("Call our customers guests.", "friendly")


async def test_a_set_is_asked_of_the_model_that_would_write(settings: Settings):
    own_network = replace(settings, trulybot_model_private=(ip_network("127.0.0.0/8"),))
    async with Provider.playing(says("14 days. [1]")) as provider, World.running(own_network) as world:
        alice = await gated(world)
        await alice.patch("/api/bot", {"base_url": provider.url, "api_key": "sk-of-alice"})

        await alice.patch("/api/bot", {"model": "our-own"})
        await alice.asks(QUESTION)
        asked_by_the_live = {request.body["model"] for request in provider.requests}
        provider.requests.clear()
        await world.work()

        assert "our-own" not in asked_by_the_live
        assert "our-own" in {request.body["model"] for request in provider.requests}
        assert (await alice.get("/api/bot/usage")).json()["calls"] > 0


async def test_a_key_that_leaked_is_out_of_use_at_once_and_what_is_held_stays_held(settings: Settings):
    own_network = replace(settings, trulybot_model_private=(ip_network("127.0.0.0/8"),))
    async with Provider.playing(says("30 days. [1]")) as provider, World.running(own_network) as world:
        alice = await gated(world)
        await alice.patch("/api/bot", {"base_url": provider.url, "api_key": "sk-that-leaked-0123456789"})
        await alice.patch("/api/bot", {"tone": "formal"})

        bot = (await alice.patch("/api/bot", {"api_key": "sk-of-today-9876543210"})).json()
        await alice.asks(QUESTION)

        assert (bot["api_key_hint"], bot["tone"], bot["held"]["tone"]) == ("sk-…3210", "friendly", "formal")
        assert {one.headers["authorization"] for one in provider.requests} == {"Bearer sk-of-today-9876543210"}


async def test_a_strangers_gate_is_their_own(world: World):
    alice, charlie = await gated(world), await world.charlie()
    set_id = (await gate(alice))["set_id"]

    foreign = await charlie.request("PUT", "/api/publish-gate", json={"set_id": set_id})
    none = await charlie.get("/api/publish-gate")

    assert foreign.status_code == 404
    assert none.json()["error"]["code"] == "no_publish_gate"


async def test_publishing_and_deleting_what_it_replaces_wait_for_each_other_and_in_no_ring(world: World):
    alice = await gated(world)
    await breaks(world, alice)
    replaced = next(
        UUID(one["id"])
        for one in (await alice.get("/api/documents")).json()["items"]
        if one["external_id"] == "returns" and not one["held"]
    )
    db = world.app.state.db
    who = Member(alice.user_id, alice.workspace_id, "owner", alice.email, uuid4())

    async def publishes() -> int:
        async with db.workspace(who) as tx:
            return await held_documents.publish(tx)

    async with db.workspace(who) as tx:
        await tx.run("select from documents where id = %(id)s for update", id=replaced)
        publishing = asyncio.create_task(publishes())
        while not await tx.value("select exists (select from pg_locks where not granted)"):
            await asyncio.sleep(0)
        await documents.take_out(tx, [replaced])

    assert await publishing == 0  # what was held to replace it goes with it
    assert (await gate(alice))["state"] == "open"
