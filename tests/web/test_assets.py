"""What the pages load is what bin/assets makes of package.json."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "bkmonitor" / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))


def test_versions_in_file_names_are_those_of_the_lock():
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    names = {
        "tabler": wanted["@tabler/core"],
        "htmx": wanted["htmx.org"],
        "uplot": wanted["uplot"],
        "icons": wanted["@tabler/icons"],
    }
    texts = [path.read_text() for path in [*TEMPLATES, *WEB.rglob("*.py")]]
    found = re.findall(r"vendor/([a-z]+)-(\d+\.\d+\.\d+)", "\n".join(texts))

    assert {name for name, _ in found} == set(names)
    assert all(names[name] == version for name, version in found)


def test_the_lock_names_no_registry():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_every_icon_that_is_used_is_in_the_sprite():
    listed = set((WEB / "icons.txt").read_text().split())
    texts = "\n".join(path.read_text() for path in TEMPLATES)
    used = set(re.findall(r"\{% icon ['\"]([a-z0-9-]+)", texts))
    used |= set(re.findall(r"icon_name=['\"]([a-z0-9-]+)", texts))
    code = "\n".join((WEB / name).read_text() for name in ("states.py", "context.py"))
    used |= set(re.findall(r"(?:Look\(|Place\([^,]+, )\"([a-z0-9-]+)\"", code))

    assert used - listed == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_what_the_content_policy_forbids(path):
    text = path.read_text()

    assert not re.search(r"\sstyle=|\son[a-z]+=|hx-on|<style|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"hx-trigger=\"[^\"]*\[", text)
