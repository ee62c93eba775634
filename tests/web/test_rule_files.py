import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from bkmonitor.strategies.models import Strategy
from tests.factories import make_space, make_strategy
from tests.web.clients import text

pytestmark = pytest.mark.django_db
RULES = """
groups:
- name: g
  rules:
  - {alert: A, expr: up == 0, labels: {severity: ticket}}
  - {record: "a:b", expr: up}
"""


@pytest.fixture
def url(admin_client):
    return f"/s/{admin_client.space.slug}/strategies/import/"


def file(content, name="mine.yml"):
    return SimpleUploadedFile(name, content)


def test_a_text_is_shown_as_what_would_become_of_it_and_nothing_is_saved(
    admin_client, url
):
    page = text(admin_client.post(url, {"text": RULES}))

    assert "rules.yml: 1 new, 0 changed, 0 unchanged, 1 not taken" in page
    assert "the severity “ticket” became a warning" in page
    assert "it records a series and raises no alert" in page
    assert "g / A, line 5" in page
    assert "Import 1 strategy" in page
    assert not Strategy.objects.exists()


def test_a_file_goes_before_a_text_and_its_text_is_what_is_confirmed(admin_client, url):
    given = {"file": file(RULES.encode()), "text": "groups: []"}

    answer = admin_client.post(url, given)

    assert "mine.yml: 1 new" in text(answer)
    assert answer.context["text"] == RULES


def test_what_is_confirmed_is_saved(admin_client, url):
    confirmed = {"text": RULES.replace("\n", "\r\n"), "name": "mine.yml", "confirmed": "1"}  # fmt: skip

    answer = admin_client.post(url, confirmed, follow=True)

    assert "Imported: 1 new, 0 changed, 1 not taken." in text(answer)
    made = Strategy.objects.get(space=admin_client.space)
    assert (made.name, made.created_by) == ("A", admin_client.user)


def test_what_would_change_is_shown_beside_what_it_was(admin_client, url):
    make_strategy(admin_client.space, name="A", expression="down")

    page = text(admin_client.post(url, {"text": RULES}))

    assert "0 new, 1 changed" in page
    assert "<del>down</del> → <ins>up == 0</ins>" in page


def test_what_changes_nothing_has_nothing_to_confirm(admin_client, url):
    admin_client.post(url, {"text": RULES, "confirmed": "1"})

    page = text(admin_client.post(url, {"text": RULES}))

    assert "0 new, 0 changed, 1 unchanged" in page
    assert 'name="confirmed"' not in page


def test_a_file_without_rules_says_so(admin_client, url):
    assert "There is no rule in it." in text(admin_client.post(url, {"text": "groups: []"}))  # fmt: skip


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"text": " "}, "Choose a file, or paste its text."),
        ({"file": file(b"")}, "Choose a file, or paste its text."),
        ({"file": file(b"\xff\xfe")}, "This is no text in UTF-8."),
        ({"text": "groups: ["}, "rules.yml, line 2"),
        ({"file": file(b"a" * 1_100_000)}, "more than 1048576 characters"),
    ],
)
def test_what_is_no_rule_file_is_told_above_the_form(admin_client, url, given, told):
    answer = admin_client.post(url, given)

    assert answer.status_code == 200
    assert told in text(answer)


def test_a_confirmed_file_that_fits_no_more_changes_nothing(admin_client, url):
    make_strategy(admin_client.space, name="A", kind="composite")

    admin_client.post(url, {"text": RULES, "confirmed": "1"})

    assert Strategy.objects.get().expression == "cpu"


def test_an_export_is_a_file_of_ones_own_space(admin_client):
    make_strategy(admin_client.space, name="Mine")
    make_strategy(make_space(), name="Theirs")
    slug = admin_client.space.slug

    answer = admin_client.get(f"/s/{slug}/strategies/export/")

    assert answer["Content-Disposition"] == f'attachment; filename="{slug}.yml"'
    assert b"alert: Mine" in answer.content
    assert b"Theirs" not in answer.content


def test_the_list_leads_to_both(admin_client):
    slug = admin_client.space.slug
    empty = text(admin_client.get(f"/s/{slug}/strategies/"))
    make_strategy(admin_client.space)

    page = text(admin_client.get(f"/s/{slug}/strategies/"))

    assert f"/s/{slug}/strategies/import/" in empty
    assert f"/s/{slug}/strategies/export/" not in empty
    assert f"/s/{slug}/strategies/export/" in page


def test_it_is_told_in_the_readers_language(admin_client, url, catalogue):
    admin_client.user.language = "zh-hans"
    admin_client.user.save()

    page = text(admin_client.post(url, {"text": RULES}))

    assert "它只记录序列，不产生告警" in page
