import io

import pytest
from django.core.management import CommandError, call_command

from bkmonitor.strategies.models import Strategy
from tests.factories import make_space, make_strategy

pytestmark = pytest.mark.django_db
RULES = """
groups:
  - name: g
    rules:
      - alert: A
        expr: up == 0
        labels: {severity: ticket}
      - record: a:b
        expr: up
"""


def run(*args):
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text(RULES)
    return str(path)


def test_an_import_says_what_became_of_every_rule(file):
    space = make_space()

    told = run("import_rules", file, "--space", space.slug)

    assert Strategy.objects.get(space=space).name == "A"
    assert told == (
        f"create  A ({file}:5 A)\n"
        "        the severity “ticket” became a warning\n"
        f"refuse  a:b ({file}:8 a:b)\n"
        "        it records a series and raises no alert\n"
        "1 create, 0 change, 0 keep, 1 refuse\n"
    )


def test_a_dry_run_writes_nothing(file):
    space = make_space()

    told = run("import_rules", file, "--space", space.slug, "--dry-run")

    assert told.endswith("dry run: 1 create, 0 change, 0 keep, 1 refuse\n")
    assert not Strategy.objects.exists()


def test_fields_that_change_are_named(file):
    space = make_space()
    run("import_rules", file, "--space", space.slug)
    Strategy.objects.update(expression="down")

    assert "change  A [expression]" in run("import_rules", file, "--space", space.slug)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("rules.yml", "groups: [", "line 2"),
        ("rules.yml", "\xff", "codec"),
        ("none.yml", "", "No such file"),
    ],
)
def test_a_file_that_cannot_be_read_ends_the_command(tmp_path, path, text, told):
    (tmp_path / "rules.yml").write_text(text, encoding="latin-1")

    with pytest.raises(CommandError, match=told):
        run("import_rules", str(tmp_path / path), "--space", make_space().slug)


def test_a_space_that_is_not_there_is_told_with_those_that_are(file):
    make_space(slug="shop")

    with pytest.raises(CommandError, match="'ship'; there are: shop"):
        run("import_rules", file, "--space", "ship")


def test_an_export_is_a_rule_file_of_one_space():
    space = make_space()
    make_strategy(space, name="Mine")
    make_strategy(name="Theirs")

    told = run("export_rules", "--space", space.slug)

    assert "alert: Mine" in told
    assert "Theirs" not in told
