"""HTTP and HTTPS: does the address answer as it should?"""

import errno
import socket
import ssl
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import pycurl

from bkmonitor.lib.http import AddressRefused
from bkmonitor.probes.kinds import curl
from bkmonitor.probes.kinds.addresses import check_url, wrong
from bkmonitor.probes.kinds.expectation import Expectation, parse
from bkmonitor.probes.kinds.look import (
    RESOLVER_THREADS,
    Look,
    Outcome,
    Target,
    ask_resolver,
    blame,
    describe,
    judge_name,
)

USER_AGENT = b"User-Agent: bkmonitor"
RESOLVE_TIMEOUT_S = 5.0
# curl's failures that say nothing of the target.
OURS = frozenset(
    {
        pycurl.E_OUT_OF_MEMORY,
        pycurl.E_FAILED_INIT,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_ENGINE_NOTFOUND,
        pycurl.E_SSL_ENGINE_SETFAILED,
    }
)
# The parts of a look, in their order, and curl's clock at the end of each.
CLOCKS = (
    ("resolve", pycurl.NAMELOOKUP_TIME),
    ("connect", pycurl.CONNECT_TIME),
    ("tls", pycurl.APPCONNECT_TIME),
    ("processing", pycurl.STARTTRANSFER_TIME),
    ("transfer", pycurl.TOTAL_TIME),
)


def check(target: str, settings: Mapping[str, Any]) -> None:
    """Raise InvalidInput, naming the field, unless this can be looked at."""
    check_url(target)
    expectation = parse(settings)
    if expectation.body and expectation.method in ("GET", "HEAD"):
        raise wrong("body", f"{expectation.method} sends no body")
    if expectation.reads_body and expectation.method == "HEAD":
        raise wrong("keyword", "an answer to HEAD has no text to search")


def look(targets: Sequence[Target], *, allow_private: bool) -> list[Look]:
    """Ask every target (a URL) and judge its answer, many at once.

    Redirects are followed by the same rules: the guard sees each address that is
    connected to. Only the first MiB of an answer is read and searched.
    """
    expectations = [parse(target.settings) for target in targets]
    looks: list[Look | None] = [None] * len(targets)
    unresolved: dict[int, str] = {}

    def prepare(transfer: curl.Transfer) -> None:
        _prepare(transfer.handle, targets[transfer.index], expectations[transfer.index])

    def finish(transfer: curl.Transfer, code: int, words: str) -> None:
        index = transfer.index
        if code == pycurl.E_COULDNT_RESOLVE_HOST:
            unresolved[index] = _host_of(transfer.handle)
        looks[index] = _judge(
            transfer, code, words, targets[index], expectations[index]
        )

    curl.run(len(targets), prepare, finish, allow_private=allow_private)
    _judge_names(unresolved, looks)
    return [seen for seen in looks if seen is not None]


def _prepare(handle: pycurl.Curl, target: Target, expectation: Expectation) -> None:
    handle.setopt(pycurl.URL, _ascii(target.address))
    handle.setopt(pycurl.TIMEOUT_MS, max(1, int(target.timeout_s * 1000)))
    handle.setopt(pycurl.HTTPHEADER, [USER_AGENT, *expectation.headers])
    _set_method(handle, expectation)
    web = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
    handle.setopt(pycurl.PROTOCOLS, web)
    if expectation.follow_redirects:
        handle.setopt(pycurl.FOLLOWLOCATION, 1)
        handle.setopt(pycurl.MAXREDIRS, expectation.max_redirects)
        handle.setopt(pycurl.REDIR_PROTOCOLS, web)
    if expectation.reads_body:
        # Whatever curl can unpack, so that the text can be searched.
        handle.setopt(pycurl.ACCEPT_ENCODING, "")
    if target.address.startswith("https:") or expectation.follow_redirects:
        _set_tls(handle, verify=expectation.verify_tls)


def _set_method(handle: pycurl.Curl, expectation: Expectation) -> None:
    if expectation.method == "HEAD":
        handle.setopt(pycurl.NOBODY, 1)
    elif expectation.method != "GET":
        if expectation.body or expectation.method in ("POST", "PUT", "PATCH"):
            # So that a redirect turns POST into GET, as browsers do.
            handle.setopt(pycurl.POSTFIELDS, expectation.body)
        if expectation.method != "POST":
            handle.setopt(pycurl.CUSTOMREQUEST, expectation.method)


def _set_tls(handle: pycurl.Curl, *, verify: bool) -> None:
    handle.setopt(pycurl.OPT_CERTINFO, 1)
    if not verify:
        handle.setopt(pycurl.SSL_VERIFYPEER, 0)
        handle.setopt(pycurl.SSL_VERIFYHOST, 0)
    elif path := curl.ca_file():
        handle.setopt(pycurl.CAINFO, path)


def _ascii(url: str) -> str:
    return url if url.isascii() else quote(url, safe="%/:=&?~#+!$,;'@()*[]")


def _judge(
    transfer: curl.Transfer,
    code: int,
    words: str,
    target: Target,
    expectation: Expectation,
) -> Look:
    handle = transfer.handle
    seconds = handle.getinfo(pycurl.TOTAL_TIME)
    if code and not (code == pycurl.E_WRITE_ERROR and transfer.cut):
        outcome, text = _explain(transfer, code, words, target)
        return Look(
            outcome,
            seconds,
            text,
            http_status=handle.getinfo(pycurl.RESPONSE_CODE) or None,
            certificate_expires_at=_certificate_expiry(handle),
        )
    status = int(handle.getinfo(pycurl.RESPONSE_CODE))
    text = _disappoints(status, bytes(transfer.body), expectation)
    return Look(
        Outcome.DOWN if text else Outcome.UP,
        seconds,
        text,
        http_status=status,
        certificate_expires_at=_certificate_expiry(handle),
        phases=_phases(handle),
    )


def _disappoints(status: int, body: bytes, expectation: Expectation) -> str:
    """Say what is wrong with an answer; "" when it is as it should be."""
    if not any(low <= status <= high for low, high in expectation.expected):
        return f"answered {status}, expected {expectation.expected_status}"
    wanted, unwanted = expectation.keyword, expectation.keyword_absent
    if wanted and wanted.encode() not in body:
        return f"the answer does not contain {wanted!r}"
    if unwanted and unwanted.encode() in body:
        return f"the answer contains {unwanted!r}"
    return ""


def _explain(
    transfer: curl.Transfer, code: int, words: str, target: Target
) -> tuple[Outcome, str]:
    """Say whose failure it is, and what it was."""
    if isinstance(transfer.failure, AddressRefused):
        return Outcome.NOT_JUDGED, f"refused by our guard: {transfer.failure}"
    if code in OURS:
        return Outcome.NOT_JUDGED, words
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return _explain_timeout(transfer.handle, target)
    if code == pycurl.E_TOO_MANY_REDIRECTS:
        return Outcome.DOWN, "redirects without end"
    if code == pycurl.E_GOT_NOTHING:
        return Outcome.DOWN, "closed the connection without an answer"
    number = _errno(transfer)
    if code == pycurl.E_COULDNT_CONNECT or number:
        # Without an errno there was no attempt: the duplicate of the socket failed.
        number = number or errno.EMFILE
        return blame(number), describe(number)
    if code in (pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CONNECT_ERROR):
        return Outcome.DOWN, f"TLS: {words}"
    return Outcome.DOWN, words


def _errno(transfer: curl.Transfer) -> int:
    number = int(transfer.handle.getinfo(pycurl.OS_ERRNO))
    if not number and isinstance(transfer.failure, OSError):
        number = transfer.failure.errno or 0
    return number


def _explain_timeout(handle: pycurl.Curl, target: Target) -> tuple[Outcome, str]:
    limit = f"within {target.timeout_s:g} s"
    if not handle.getinfo(pycurl.NAMELOOKUP_TIME):
        return Outcome.NOT_JUDGED, f"our resolver did not answer {limit}"
    if not handle.getinfo(pycurl.CONNECT_TIME):
        return Outcome.DOWN, f"no connection {limit}"
    if not handle.getinfo(pycurl.PRETRANSFER_TIME):
        return Outcome.DOWN, f"TLS: the handshake did not end {limit}"
    if not handle.getinfo(pycurl.STARTTRANSFER_TIME):
        return Outcome.DOWN, f"no answer {limit}"
    return Outcome.DOWN, f"the answer was not complete {limit}"


def _host_of(handle: pycurl.Curl) -> str:
    """Return the host that was looked for last; a redirect may have named anything."""
    url = str(handle.getinfo_raw(pycurl.EFFECTIVE_URL).decode(errors="replace"))
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _judge_names(unresolved: Mapping[int, str], looks: list[Look | None]) -> None:
    """Ask the system about the names that curl could not find: it says why not."""
    if not unresolved:
        return
    pool = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")
    asked = {
        host: pool.submit(ask_resolver, host, None) for host in set(unresolved.values())
    }
    for index, host in unresolved.items():
        outcome = Outcome.NOT_JUDGED
        text = f"our resolver did not answer for {host}"
        try:
            asked[host].result(RESOLVE_TIMEOUT_S)
        except socket.gaierror as error:
            judged = judge_name(error, host)
            outcome, text = judged.outcome, str(judged)
        except TimeoutError:
            pass
        seen = looks[index]
        looks[index] = Look(outcome, seen.seconds if seen else 0.0, text)
    pool.shutdown(wait=False, cancel_futures=True)


def _certificate_expiry(handle: pycurl.Curl) -> int | None:
    """Return when the first certificate of the chain expires, in Unix seconds."""
    ends = []
    for certificate in handle.getinfo_raw(pycurl.INFO_CERTINFO):
        for name, value in certificate:
            if name == b"Expire date":
                # Where nothing is verified, a server may write what is no date.
                with suppress(ValueError):
                    ends.append(ssl.cert_time_to_seconds(value.decode()))
    return min(ends, default=None)


def _phases(handle: pycurl.Curl) -> dict[str, float]:
    """Return the seconds of each part, by curl's clocks; a part that was not is left out."""
    phases, before = {}, 0.0
    for name, clock in CLOCKS:
        at = handle.getinfo(clock)
        if at:
            phases[name] = max(0.0, at - before)
            before = max(before, at)
    return phases
