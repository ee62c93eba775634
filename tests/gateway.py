"""The web role with a store behind it, for journeys of samples."""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3

from tests.servers import Server, free_port, victoria_metrics, wait_for
from tests.stack import Stack, running_stack

SCRAPE_TOKEN = "token-of-the-scraper="
HTTP = urllib3.PoolManager(retries=False, timeout=20.0)

MAKE_TOKEN = """
from django.utils import timezone
from bkmonitor.accounts.models import Space
from bkmonitor.accounts.services import create_token
space, _ = Space.objects.get_or_create(slug={slug!r}, defaults={{"name": {slug!r}}})
answer = create_token(space, "journey", scopes={scopes!r}, by=None, now=timezone.now())[1]
"""
FIELDS = Mapping[str, str | Sequence[str]]


@dataclass
class Answer:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)["data"]


class Gateway:
    """A running web role, and how its clients speak to it."""

    def __init__(self, stack: Stack, vm_port: int) -> None:
        self.stack = stack
        self.vm_port = vm_port

    @property
    def url(self) -> str:
        return f"{self.stack.url}/prometheus"

    def token(self, slug: str, *scopes: str) -> str:
        """Return the secret of a new token of a space, which is made if need be."""
        made = self.stack.shell(MAKE_TOKEN.format(slug=slug, scopes=list(scopes)))
        return str(made)

    def get(self, path: str, secret: str, fields: FIELDS | None = None) -> Answer:
        """Ask the query API."""
        query = urlencode(fields or {}, doseq=True)
        return self._call("GET", f"/api/v1/{path}?{query}", secret)

    def push(self, secret: str, text: str) -> Answer:
        """Send samples as text."""
        path = "/api/v1/import/prometheus"
        return self._call("POST", path, secret, text.encode())

    def metrics(self, secret: str, selector: str) -> list[dict[str, str]]:
        """Return the label sets that match now.

        The store remembers for 10 s that a filter matched nothing: it is asked anew.
        """
        anew = selector.removesuffix("}") + f',asked!="{time.time()}"}}'
        found = self.get("query", secret, {"query": anew}).data["result"]
        return [row["metric"] for row in found]

    def wait_for_metric(self, secret: str, selector: str) -> list[dict[str, str]]:
        """Wait until something matches; return the label sets."""
        found: list[dict[str, str]] = []

        def look() -> bool:
            found[:] = self.metrics(secret, selector)
            return bool(found)

        wait_for(look, what=selector, timeout_s=40)
        return found

    @contextlib.contextmanager
    def store(self) -> Iterator[Server]:
        """Run VictoriaMetrics, which reads from the service what to scrape."""
        web = self.stack.url.removeprefix("http://")
        config = f"http://scrape:{quote(SCRAPE_TOKEN)}@{web}/prometheus/scrape-config"
        flags = [f"-promscrape.config={config}", "-promscrape.configCheckInterval=1s"]
        folder = self.stack.folder / "store"
        folder.mkdir(exist_ok=True)
        with victoria_metrics(folder, *flags, port=self.vm_port) as server:
            yield server

    def _call(self, method: str, path: str, secret: str, body: bytes = b"") -> Answer:
        headers = {"Authorization": f"Bearer {secret}"}
        got = HTTP.request(method, self.url + path, body=body, headers=headers)
        return Answer(got.status, got.headers, got.data)


@contextlib.contextmanager
def running_gateway(folder: Path) -> Iterator[Gateway]:
    """Run the web role, 2 processes of 4 threads; its store is yet to be started."""
    vm_port = free_port()
    with running_stack(
        folder,
        roles=False,
        BKM_VM_WRITE_URL=f"http://127.0.0.1:{vm_port}",
        BKM_SCRAPE_TOKEN=SCRAPE_TOKEN,
        BKM_WEB_WORKERS="2",
        BKM_WEB_THREADS="4",
    ) as stack:
        stack.start("web")
        yield Gateway(stack, vm_port)
