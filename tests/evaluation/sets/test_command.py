"""`trulybot eval` on a server that runs, with a workspace's own golden sets."""

import asyncio
from pathlib import Path

import pytest

from tests.world import World
from trulybot.evaluation.command import of_workspace
from trulybot.evaluation.server import CannotMeasure


async def test_a_workspaces_own_set_is_asked_by_its_key(world: World, live: str, tmp_path: Path, capsys):
    alice = await world.alice()
    await alice.knows("You may send back anything unused within 30 days.", title="Returns")
    await world.work()
    key = (await alice.post("/api/api-keys", {"name": "eval"})).json()["key"]
    set_id = (await alice.post("/api/golden-sets", {"name": "Mine"})).json()["id"]
    question = {"question": "How long do I have to send something back?", "answers": ["30 days"]}
    await alice.post(f"/api/golden-sets/{set_id}/questions", {"questions": [question]})

    asking = asyncio.create_task(
        asyncio.to_thread(of_workspace, live, key, "Mine", kept=tmp_path, json_file=tmp_path / "all.json")
    )
    while not asking.done():
        await world.work()
    await asking

    assert "| Mine | 1.000 | 1.000" in capsys.readouterr().out
    with pytest.raises(CannotMeasure, match="no golden set"):
        await asyncio.to_thread(of_workspace, live, key, "Yours", kept=tmp_path, json_file=None)
