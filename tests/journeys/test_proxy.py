"""People log in through a proxy that ends TLS, whatever it tells us of that."""

import contextlib
import http.client
import re
import ssl
import subprocess
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.servers import free_port, listens, need, start, wait_for
from tests.stack import running_stack

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket]
HOST = "monitor.test"
PASSWORD = "four plain words here"  # noqa: S105
ANN = f"""
from bkmonitor.accounts.services import create_user
answer = create_user("ann@example.org", "{PASSWORD}").pk
"""
NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.error;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fcgi; uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
        location / {{ proxy_pass {upstream}; {headers} }}
    }}
}}
"""
THOROUGH = (
    "proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto $scheme; "
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"
)
# Neither the port nor the scheme nor the client's address are handed on.
TERSE = "proxy_set_header Host $host;"


@contextlib.contextmanager
def tls_proxy(folder: Path, port: int, upstream: str, headers: str) -> Iterator[None]:
    """Run nginx with a certificate of its own making."""
    subprocess.run(
        [
            need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
            "-subj", f"/CN={HOST}", "-keyout", folder / "key.pem", "-out", folder / "cert.pem",
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    file = folder / "nginx.conf"
    settings = {"folder": folder, "port": port, "upstream": upstream}
    file.write_text(NGINX.format(headers=headers, **settings))
    program = need("nginx", places=["/usr/sbin/nginx"])
    server = start([program, "-c", str(file)], port=port, folder=folder, name="nginx")
    try:
        wait_for(lambda: listens(port), what="nginx")
        yield
    finally:
        server.stop()


def ask(port, method, path, body=None, **headers):
    """Return status, headers and text of an answer through the proxy."""
    trusting = ssl._create_unverified_context()  # noqa: S323
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, context=trusting, timeout=30
    )
    with contextlib.closing(connection):
        named = {"Host": f"{HOST}:{port}"} | headers
        connection.request(method, path, body, named)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


@pytest.mark.parametrize("told", [THOROUGH, TERSE], ids=["thorough", "terse"])
def test_a_login_works_behind_a_proxy_that_ends_tls(tmp_path, told):
    port = free_port()
    public_url = f"https://{HOST}:{port}"
    with running_stack(tmp_path, roles=False, BKM_PUBLIC_URL=public_url) as stack:
        stack.shell(ANN)
        upstream = stack.start("web").url
        with tls_proxy(tmp_path, port, upstream, told):
            _, headers, page = ask(port, "GET", "/login/")
            cookie = SimpleCookie(headers["Set-Cookie"])["csrftoken"]
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
            form = {
                "csrfmiddlewaretoken": token,
                "email": "ann@example.org",
                "password": PASSWORD,
            }

            status, answered, _ = ask(
                port,
                "POST",
                "/login/",
                urlencode(form),
                **{
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Cookie": f"csrftoken={cookie.value}",
                    "Origin": public_url,
                },
            )

    assert (status, answered["Location"]) == (302, "/")
    session = next(c for c in answered.get_all("Set-Cookie") if "sessionid" in c)
    for word in ("Secure", "HttpOnly", "SameSite=Lax"):
        assert word in session
    assert "max-age=31536000" in headers["Strict-Transport-Security"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_what_an_untrusted_peer_says_of_itself_is_not_believed(tmp_path):
    trusted = {"BKM_TRUSTED_PROXIES": "192.0.2.1"}
    with running_stack(tmp_path, roles=False, **trusted) as stack:
        port = stack.start("web").port
        forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", "/login/", headers=forged)
            cookie = connection.getresponse().headers["Set-Cookie"]

    # Over HTTPS, as it claims to be, the cookie would be Secure.
    assert "csrftoken" in cookie
    assert "Secure" not in cookie
