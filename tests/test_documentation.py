"""What the documents point at is there, and the two READMEs say the same."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# A file of ours named in the text; what has a blank, a star or capitals is a form.
NAMED = re.compile(r"`((?:bin|bkmonitor|docs|support-files|tests)/[a-z0-9_./-]+)`")
TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(\w+)`")
ROW = re.compile(r"^\|(?! fault \||---).*$", re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Return the names that GitHub gives to a document's headings."""
    headings = HEADING.findall(CODE.sub("", path.read_text()))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def by_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def defined_in(name: str) -> set[str]:
    """Return the names of the tests that a file of tests defines."""
    path = ROOT / name
    tree = ast.parse(path.read_text() if path.exists() else "")
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_link_leads_somewhere(path):
    dead = []
    for link in LINK.findall(CODE.sub("", path.read_text())):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        where, _, heading = link.partition("#")
        target = path.parent / where if where else path
        if not target.exists() or (heading and heading not in anchors(target)):
            dead.append(link)

    assert dead == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_file_that_is_named_is_there(path):
    named = set(NAMED.findall(path.read_text()))

    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)
def test_every_test_that_is_named_is_there(path):
    named = TEST.findall(path.read_text())

    assert [each for each in named if each[1] not in defined_in(each[0])] == []


def test_every_fault_of_the_peer_names_its_test():
    rows = ROW.findall((ROOT / "docs" / "peer-faults.md").read_text())

    assert len(rows) > 30
    for row in rows:
        assert TEST.search(row), row


def test_both_readmes_point_at_the_same_and_give_the_same_commands():
    english, chinese = (
        (ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md")
    )

    def shown(text: str) -> tuple[list[str], list[str]]:
        links = [link for link in LINK.findall(text) if "README" not in link]
        lines = [
            line.split("#")[0].strip()
            for line in "".join(CODE.findall(text)).split("\n")
        ]
        return links, lines

    assert shown(english) == shown(chinese)
