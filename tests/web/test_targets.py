import pytest

from bkmonitor.metrics.models import ScrapeTarget
from bkmonitor.metrics.scrape_config import target_labels
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Scraped
from tests.factories import NOON, make_scrape_target
from tests.fakes import FakeTsdb
from tests.web.clients import client_of, text

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "node web-1",
    "url": "http://web-1.example.org:9100/metrics",
    "interval_s_0": "30",
    "interval_s_1": "1",
    "labels": "dc=fra",
    "verify_tls": "on",
    "enabled": "on",
}


def scraped(target, **fields):
    labels = {**target_labels(target), "space": target.space.slug}
    told = {"up": True, "error": "", "duration_s": 0.02, "samples": 812, "at": NOON}
    return Scraped(job="any", labels=labels, **told | fields)


def test_the_list_shows_the_health_of_each_target(admin_client):
    space = admin_client.space
    good, bad = (
        make_scrape_target(space, name="good"),
        make_scrape_target(space, name="bad"),
    )
    make_scrape_target(space, name="waiting")
    make_scrape_target(name="elsewhere")
    store = FakeTsdb(
        targets=[scraped(good), scraped(bad, up=False, error="connection refused")]
    )

    with replaced_by(store):
        page = text(admin_client.get(f"/s/{space.slug}/targets/"))

    assert "812" in page
    assert "connection refused" in page
    assert "it has not been scraped yet" in page
    assert "elsewhere" not in page


def test_the_list_costs_the_same_for_few_or_many(
    admin_client, django_assert_max_num_queries
):
    space = admin_client.space
    for _ in range(60):
        make_scrape_target(space)

    with replaced_by(FakeTsdb()), django_assert_max_num_queries(10):
        page = text(admin_client.get(f"/s/{space.slug}/targets/?state=enabled"))

    assert page.count("data-row") == 50


def test_an_empty_list_says_what_to_do(admin_client, settings):
    settings.VM_WRITE_URL = settings.VM_QUERY_URL = ""

    page = text(admin_client.get(f"/s/{admin_client.space.slug}/targets/"))

    assert "Nothing is scraped yet" in page
    assert "BKM_VM_WRITE_URL" in page


def test_a_target_is_made(admin_client):
    space = admin_client.space

    admin_client.post(
        f"/s/{space.slug}/targets/new/", TYPED | {"bearer_token": "s3cr3t"}
    )

    made = ScrapeTarget.objects.get(space=space)
    assert (made.url, made.interval_s, made.labels) == (
        TYPED["url"],
        30,
        {"dc": "fra"},
    )
    assert made.bearer_token == "s3cr3t"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "web-1:9100"}, "id_url_error"),
        ({"labels": "space=other"}, "id_labels_error"),
        ({"interval_s_0": "2"}, "must be a number of seconds from 5"),
        ({"password": "x"}, "id_username_error"),
        ({"ca_certificate": "nonsense"}, "id_ca_certificate_error"),
        ({"name": "taken"}, "id_name_error"),
    ],
)
def test_what_the_room_refuses_stands_beside_its_field(admin_client, change, field):
    space = admin_client.space
    make_scrape_target(space, name="taken")

    answer = admin_client.post(f"/s/{space.slug}/targets/new/", TYPED | change)

    assert field in text(answer)
    assert ScrapeTarget.objects.count() == 1


def test_credentials_stay_without_being_shown_and_go_when_asked(admin_client):
    target = make_scrape_target(
        admin_client.space, url=TYPED["url"], bearer_token="s3cr3t"
    )
    url = f"/s/{admin_client.space.slug}/targets/{target.pk}/"

    page = text(admin_client.get(url))
    admin_client.post(url, TYPED)
    target.refresh_from_db()
    kept = target.bearer_token
    admin_client.post(url, TYPED | {"forget": "on"})

    target.refresh_from_db()
    assert "s3cr3t" not in page
    assert (kept, target.bearer_token) == ("s3cr3t", "")


def test_credentials_do_not_go_to_another_server_unseen(admin_client):
    target = make_scrape_target(admin_client.space, bearer_token="s3cr3t")

    answer = admin_client.post(
        f"/s/{admin_client.space.slug}/targets/{target.pk}/", TYPED
    )

    assert "id_bearer_token_error" in text(answer)
    assert "given for another server" in text(answer)


def test_a_deleted_target_is_gone(admin_client):
    target = make_scrape_target(admin_client.space)

    admin_client.post(f"/s/{admin_client.space.slug}/targets/{target.pk}/remove/")

    assert not ScrapeTarget.objects.exists()


def test_viewers_see_targets_and_no_form():
    client, space = client_of("viewer")
    target = make_scrape_target(space)

    with replaced_by(FakeTsdb()):
        assert client.get(f"/s/{space.slug}/targets/").status_code == 200
    assert client.get(f"/s/{space.slug}/targets/{target.pk}/").status_code == 403
    assert client.get(f"/s/{space.slug}/targets/new/").status_code == 403


def test_a_target_of_another_space_is_not_there(admin_client):
    other = make_scrape_target()

    ours = admin_client.get(f"/s/{admin_client.space.slug}/targets/{other.pk}/")
    theirs = admin_client.get(f"/s/{other.space.slug}/targets/")

    assert (ours.status_code, theirs.status_code) == (404, 404)
