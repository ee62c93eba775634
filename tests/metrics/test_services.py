from datetime import UTC, datetime

import numpy as np
import pytest
import yaml

from bkmonitor.lib.errors import InvalidInput
from bkmonitor.lib.frame import Frame
from bkmonitor.metrics import services
from bkmonitor.metrics.models import ScrapeTarget
from bkmonitor.metrics.tsdb.current import replaced_by
from bkmonitor.metrics.tsdb.port import Result, Scraped
from tests.factories import NOON, make_scrape_target, make_space
from tests.fakes import FakeTsdb

pytestmark = pytest.mark.django_db
OWN = "http://web:8000"


def jobs():
    return yaml.safe_load(services.scrape_configuration(OWN))["scrape_configs"]


def test_a_target_is_stored_and_changed():
    space = make_space()

    target = services.save_target(space, {"name": "node", "url": "http://node:9100"})
    services.save_target(space, {"interval_s": 10}, target=target)

    stored = ScrapeTarget.objects.get()
    assert (stored.name, stored.interval_s) == ("node", 10)


def test_an_unsound_target_is_not_stored():
    with pytest.raises(InvalidInput):
        services.save_target(make_space(), {"name": "node", "url": "node"})

    assert not ScrapeTarget.objects.exists()


def test_a_name_is_taken_once_in_a_space():
    space = make_space()
    make_scrape_target(space, name="node")

    with pytest.raises(InvalidInput):
        services.save_target(space, {"name": "node", "url": "http://other"})


@pytest.mark.parametrize("secret", ["password", "bearer_token"])
def test_stored_credentials_are_not_sent_to_another_server(secret):
    name = {"username": "ann"} if secret == "password" else {}
    target = make_scrape_target(url="https://a:9100/m", **{secret: "s"}, **name)
    moved = {"url": "https://b:9100/m"}

    with pytest.raises(InvalidInput) as refused:
        services.save_target(target.space, moved, target=target)
    target.refresh_from_db()
    assert (list(refused.value.fields), target.url) == ([secret], "https://a:9100/m")

    services.save_target(target.space, moved | {secret: "t"}, target=target)
    services.save_target(target.space, {"url": "https://b:9100/n"}, target=target)
    services.save_target(
        target.space, {"url": "https://c:9100/n", secret: ""}, target=target
    )

    target.refresh_from_db()
    assert (target.url, getattr(target, secret)) == ("https://c:9100/n", "")


def test_a_field_that_is_none_is_refused():
    with pytest.raises(InvalidInput, match="spacex"):
        services.save_target(make_space(), {"spacex": 1})


def test_each_enabled_target_is_a_job_confined_to_its_space():
    space = make_space(slug="ops")
    make_scrape_target(space, enabled=False)
    target = make_scrape_target(
        space,
        name="node",
        url="https://node/probe?module=a&module=b&target=x%20y",
        interval_s=60,
        labels={"job": "nodes", "dc": "1"},
    )

    assert jobs() == [
        {
            "job_name": f"scrape-target-{target.pk}",
            "scrape_interval": "60s",
            "scrape_timeout": "10s",
            "scheme": "https",
            "metrics_path": "/probe",
            "follow_redirects": False,
            "honor_labels": False,
            "static_configs": [
                {
                    "targets": ["node:443"],
                    "labels": {
                        "job": "nodes",
                        "instance": "node:443",
                        "dc": "1",
                        "space": "ops",
                    },
                }
            ],
            "metric_relabel_configs": [
                {"action": "labeldrop", "regex": "space"},
                {"target_label": "space", "replacement": "ops"},
            ],
            "params": {"module": ["a", "b"], "target": ["x y"]},
            "tls_config": {"insecure_skip_verify": False},
        }
    ]


def test_credentials_travel_with_the_target():
    make_scrape_target(username="u", password='p"%{HOME}: ü\\')
    make_scrape_target(bearer_token="t")

    basic, bearer = jobs()

    assert basic["basic_auth"] == {"username": "u", "password": 'p"%{HOME}: ü\\'}
    assert bearer["bearer_token"] == "t"


def test_nothing_that_users_write_stands_for_the_environment_of_the_reader():
    make_scrape_target(
        name="%{A}", username="%{B}", password="%{C}", labels={"x": "%{D}"}
    )

    assert "%{" not in services.scrape_configuration(OWN)


def test_own_authorities_are_fetched_from_us(settings):
    settings.SCRAPE_TOKEN = "a=b"
    target = make_scrape_target(url="https://node", ca_certificate="PEM")

    tls = jobs()[0]["tls_config"]

    assert tls["ca_file"] == (
        f"http://scrape:a%3Db@web:8000/prometheus/scrape-config/authorities/{target.pk}"
    )
    assert services.authorities_of(target.pk) == "PEM"


def test_the_service_itself_is_scraped_into_the_built_in_space(settings):
    settings.SCRAPE_TOKEN = "token"
    make_space(slug="self", is_builtin=True)

    (job,) = jobs()

    assert job["static_configs"] == [
        {"targets": ["web:8000"], "labels": {"job": "bkmonitor", "space": "self"}}
    ]
    assert (job["metrics_path"], job["bearer_token"]) == ("/metrics", "token")


def test_the_jobs_alone():
    make_scrape_target()

    assert isinstance(
        yaml.safe_load(services.scrape_configuration(OWN, bare=True)), list
    )


def test_the_configuration_costs_the_same_for_one_target_or_many(
    django_assert_num_queries,
):
    for _ in range(5):
        make_scrape_target()

    with django_assert_num_queries(2):
        services.scrape_configuration(OWN)


def scraped(target, **fields):
    labels = {
        "job": target.name,
        "instance": "127.0.0.1:9",
        "space": target.space.slug,
    }
    at = datetime(2026, 3, 2, 11, 59, tzinfo=UTC)
    told = {"up": True, "error": "", "duration_s": 0.1, "samples": 7, "at": at}
    return Scraped(job="", labels=labels, **told | fields)


def test_health_is_what_the_scraper_says():
    space = make_space()
    good, bad, new = (make_scrape_target(space) for _ in range(3))
    store = FakeTsdb(
        targets=[
            scraped(good),
            scraped(bad, up=False, error="refused"),
            scraped(new, up=False, at=None),
        ]
    )

    with replaced_by(store):
        health = services.target_health(space, now=NOON)

    assert [health[t.pk].state for t in (good, bad, new)] == ["up", "down", "unknown"]
    assert health[bad.pk].error == "refused"
    assert health[good.pk].samples == 7


def test_the_health_of_another_space_is_not_told():
    target = make_scrape_target()
    foreign = make_scrape_target(name=target.name)

    with replaced_by(FakeTsdb(targets=[scraped(foreign)])):
        health = services.target_health(target.space, now=NOON)

    assert health[target.pk].state == "unknown"


def test_where_something_else_scrapes_the_samples_tell():
    target = make_scrape_target(labels={"dc": "1"})
    labels = {"job": target.name, "instance": "127.0.0.1:9", "dc": "1"}
    frame = Frame(
        np.array([0]),
        np.array([[0.0], [0.25]]),
        (
            {"__name__": "up", **labels},
            {"__name__": "scrape_duration_seconds", **labels},
        ),
    )

    with replaced_by(FakeTsdb(down=True, result=Result("complete", frame))):
        health = services.target_health(target.space, now=NOON)[target.pk]

    assert (health.state, health.duration_s, health.samples) == ("down", 0.25, None)


def test_a_target_that_is_off_needs_no_store():
    target = make_scrape_target(enabled=False)

    health = services.target_health(target.space, now=NOON)

    assert health[target.pk].state == "disabled"
