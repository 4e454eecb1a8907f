"""A past answer with the passages of its day."""

from tests.world import Person, World


async def replayed(person: Person, answer: dict[str, object]) -> dict[str, dict[str, object]]:
    response = await person.get(f"/api/chat/{answer['message_id']}/replay")
    assert response.status_code == 200, response.text
    return dict(response.json())


async def test_an_answer_is_replayed_with_what_it_read_then(world: World):
    alice = await world.alice()
    await alice.knows("A pot of tea is 4 euros.", external_id="tea", title="Tea")
    await world.work()
    visitor = await alice.visitor()
    answer = await visitor.asks("How much is a pot of tea?")
    await alice.knows("A pot of tea is 5 euros.", external_id="tea", title="Tea")
    await world.work()

    replay = await replayed(alice, answer)

    assert replay["question"] == "How much is a pot of tea?"
    assert (replay["then"]["answer"], replay["now"]["answer"]) == (
        "A pot of tea is 4 euros.",
        "A pot of tea is 5 euros.",
    )
    assert replay["changed"] is True
    [then], [now] = replay["then"]["passages"], replay["now"]["passages"]
    assert (then["text"], then["state"]) == ("A pot of tea is 4 euros.", "only_here")
    assert (now["text"], now["state"]) == ("A pot of tea is 5 euros.", "only_here")
    assert then["score"] > 0.5
    assert replay["then"]["knowledge_version"] < replay["now"]["knowledge_version"]


async def test_a_replay_keeps_nothing_and_says_when_nothing_changed(world: World):
    alice = await world.alice()
    await alice.knows("A pot of tea is 4 euros.", external_id="tea", title="Tea")
    await world.work()
    answer = await alice.asks("How much is a pot of tea?")

    first, second = await replayed(alice, answer), await replayed(alice, answer)

    assert first == second
    assert first["changed"] is False
    assert first["then"]["passages"][0]["state"] == "same"


async def test_a_stranger_and_a_visitor_replay_nothing(world: World):
    alice, charlie = await world.alice(), await world.charlie()
    await alice.knows("A pot of tea is 4 euros.")
    visitor = await alice.visitor()
    answer = await visitor.asks("How much is a pot of tea?")

    path = f"/api/chat/{answer['message_id']}/replay"
    assert (await charlie.get(path)).status_code == 404
    assert (await visitor.get(path)).status_code == 403
