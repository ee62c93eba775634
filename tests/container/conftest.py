"""The servers that the roles need, each in a container, on a network of their own."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest

from tests.container.engine import (
    CONFINED,
    IMAGE,
    Container,
    container,
    engine,
    given,
    until,
)

POSTGRES = "docker.io/library/postgres:15-bookworm"
REDIS = "docker.io/library/redis:7-bookworm"
KEY = "a secret key for containers, long enough"
TOKEN = "scrape-token-of-the-container-tests"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here."""
    for item in items:
        item.add_marker(pytest.mark.container)


@dataclass
class Site:
    """A network with the stores, and what a role needs to know of them."""

    network: str
    stack: ExitStack
    postgres: Container
    redis: Container

    @property
    def environ(self) -> dict[str, str]:
        return {
            "BKM_SECRET_KEY": KEY,
            "BKM_SCRAPE_TOKEN": TOKEN,
            "BKM_DATABASE_URL": "postgresql://bkm:pw@postgres/bkm",
            "BKM_REDIS_URL": "redis://redis:6379/0",
            "BKM_VM_WRITE_URL": "http://victoria-metrics:8428",
            "BKM_STOP_GRACE": "8",
        }

    def start(self, name: str, *command: str, **more: str) -> Container:
        """Start a role; it is removed at the end of the test."""
        flags = ["--network", self.network, "--network-alias", name, *CONFINED]
        flags += given({**self.environ, **more})
        return self.stack.enter_context(
            container(f"{self.network}-{name}", *flags, IMAGE, *command)
        )

    def ask_redis(self, *words: str) -> str:
        """Run redis-cli; return what it prints."""
        return self.redis.exec("redis-cli", *words).strip()

    def ask_postgres(self, query: str) -> str:
        """Run a query; return its bare rows."""
        return self.postgres.exec(
            "psql", "-U", "bkm", "-d", "bkm", "-At", "-c", query
        ).strip()


@contextmanager
def whole_site() -> Iterator[Site]:
    """Make a network with an empty PostgreSQL and Redis."""
    network = f"bkmtest-{uuid.uuid4().hex[:6]}"
    engine("network", "create", network)
    with ExitStack() as stack:
        stack.callback(engine, "network", "rm", "-f", network, check=False)
        postgres = stack.enter_context(
            container(
                f"{network}-postgres",
                *("--network", network, "--network-alias", "postgres"),
                *given({"POSTGRES_USER": "bkm", "POSTGRES_DB": "bkm", "POSTGRES_PASSWORD": "pw"}),
                POSTGRES,
            )
        )  # fmt: skip
        redis = stack.enter_context(
            container(
                f"{network}-redis",
                *("--network", network, "--network-alias", "redis"),
                *(REDIS, "redis-server", "--appendonly", "yes"),
            )
        )
        found = Site(network, stack, postgres, redis)
        until(
            lambda: "1" in postgres.exec("psql", "-h", "127.0.0.1", "-U", "bkm", "-d", "bkm", "-Atc", "select 1", check=False).split(),
            what="PostgreSQL",
        )  # fmt: skip
        yield found


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site of the test's own."""
    with whole_site() as made:
        yield made
