"""The commands in docs/api.md, run as they stand there."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.factories import make_alert, make_space, make_token

pytestmark = [
    pytest.mark.journey,
    pytest.mark.enable_socket,
    pytest.mark.django_db(transaction=True),
]
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "api.md"
BLOCK = re.compile(r"```(sh|json)\n(.*?)```", re.DOTALL)


def test_every_command_of_the_document_works(live_server):
    space = make_space(slug="shop")
    make_alert(space, labels={"job": "shop"}, summary="the shop is slow")
    token, secret = make_token(space, "write", name="docs")
    environ = {"PATH": os.environ["PATH"], "BKM": live_server.url, "TOKEN": secret}
    blocks = BLOCK.findall(DOCUMENT.read_text())
    outputs = []

    for kind, block in blocks:
        if kind == "json":
            assert json.loads(outputs[-1]).keys() == json.loads(block).keys()
        elif not block.startswith("BKM="):
            outputs.append(_run(block, environ))

    assert len(outputs) >= 7
    assert '"acked_at":"20' in outputs[-1]
    assert '"kind":"acknowledged"' in outputs[-1]


def _run(block, environ):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout
