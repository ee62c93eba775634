from base64 import b64encode

import pytest
import yaml
from django.test import Client

from tests.factories import make_scrape_target, make_token

pytestmark = pytest.mark.django_db
PATH = "/prometheus/scrape-config"


def get(path=PATH, header="Bearer scraper", **more):
    return Client().get(
        path, headers={"Authorization": header} if header else {}, **more
    )


@pytest.fixture(autouse=True)
def scrape_token(settings):
    settings.SCRAPE_TOKEN = "scraper"


@pytest.mark.parametrize(
    "header",
    ["Bearer scraper", "Basic " + b64encode(b"scrape:scraper").decode()],
)
def test_the_scraper_reads_every_target(header):
    make_scrape_target()

    answer = get(header=header)

    assert answer.status_code == 200
    assert len(yaml.safe_load(answer.content)["scrape_configs"]) == 1
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Bearer ", "Basic eDo="])
def test_nobody_else_does(header):
    assert get(header=header).status_code == 401


def test_not_even_with_a_token_of_a_space():
    _, secret = make_token(None, "write")

    assert get(header=f"Bearer {secret}").status_code == 401


def test_the_jobs_alone():
    make_scrape_target()

    assert isinstance(yaml.safe_load(get(f"{PATH}/jobs").content), list)


def test_the_authorities_of_a_target():
    target = make_scrape_target(ca_certificate="PEM")

    assert get(f"{PATH}/authorities/{target.pk}").content == b"PEM"


def test_addresses_of_ours_are_those_that_the_scraper_used():
    make_scrape_target(url="https://node", ca_certificate="PEM")

    answer = get(SERVER_NAME="web", SERVER_PORT="8000")

    assert "scraper@web:8000/prometheus" in answer.content.decode()


def test_only_reading_is_possible():
    assert Client().post(PATH).status_code == 405
