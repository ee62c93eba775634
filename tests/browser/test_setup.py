"""From the one-time link to a message that arrived, through the whole service."""

import contextlib
import re
from email import message_from_bytes, policy
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller

from tests.browser.conftest import DESKTOP, PHONE, screenshot, violations
from tests.servers import free_port, wait_for
from tests.stack import running_stack, webhook

PASSWORD = "a long enough secret"  # noqa: S105


class Postbox:
    """Keeps the text of the mails that come."""

    def __init__(self):
        self.texts = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.texts.append(mail.get_body(("plain",)).get_content())
        return "250 OK"


@contextlib.contextmanager
def postbox():
    box, port = Postbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


@contextlib.contextmanager
def newcomer(chromium, url, language="en"):
    """Open a window of somebody who was never here, in Shanghai."""
    context = chromium.new_context(
        base_url=url,
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
        locale="zh-CN" if language == "zh-hans" else "en-GB",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.pictures = f"setup-{language}"
    yield page
    context.close()


def look(page, step):
    """Keep pictures of a step, and find nothing wrong with it."""
    screenshot(page, f"{page.pictures}-{step}")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    screenshot(page, f"{page.pictures}-{step}-phone")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    assert violations(page) == []


def begin(page, stack, space="Web shop"):
    """Open the link that the service prints, and become the administrator."""
    link = stack.manage("setup_link").splitlines()[-1]
    page.goto(urlsplit(link).path)
    look(page, "1-administrator")
    page.fill("#id_email", "ada@example.org")
    page.fill("#id_password", PASSWORD)
    page.fill("#id_space_name", space)
    assert page.input_value("#id_time_zone") == "Asia/Shanghai"
    go_on(page, "**/setup/address/")
    look(page, "2-address")


def go_on(page, where):
    page.locator("main form .btn-primary").last.click()
    page.wait_for_url(where)


def watch_and_finish(page, target):
    """Add the first probe, and end the set-up."""
    look(page, "4-probe")
    page.fill("#id_target", target)
    page.select_option("#id_interval_s", "10")
    go_on(page, "**/setup/finish/")
    look(page, "5-ready")
    go_on(page, "**/s/web-shop/")


def test_with_a_webhook_in_english(chromium, tmp_path):
    with (
        webhook() as hook,
        running_stack(tmp_path) as stack,
        newcomer(chromium, stack.url) as page,
    ):
        begin(page, stack)
        go_on(page, "**/setup/receiver/")
        look(page, "3-receiver")
        page.check("input[value=webhook]")
        page.fill("#id_address", hook.url)
        go_on(page, "**/setup/receiver/*/")
        page.wait_for_selector("text=Messages arrive here.", timeout=60000)
        look(page, "3-confirmed")
        page.click("#test .btn-primary")
        page.wait_for_url("**/setup/probe/")
        watch_and_finish(page, f"{stack.url}/healthz/live")

        assert hook.reasons() == ["test"]
        assert "The set-up is finished" in page.locator("main").inner_text()
        page.wait_for_selector("#probes .pill-good", timeout=60000)


def test_with_mail_in_chinese(chromium, tmp_path):
    with (
        postbox() as (box, port),
        running_stack(tmp_path) as stack,
        newcomer(chromium, stack.url, "zh-hans") as page,
    ):
        begin(page, stack)
        page.fill("#id_mail-host", "127.0.0.1")
        page.fill("#id_mail-port", str(port))
        page.select_option("#id_mail-encryption", "smtp")
        page.fill("#id_mail-mail_from", "bkm@example.org")
        go_on(page, "**/setup/receiver/")
        assert page.input_value("#id_address") == "ada@example.org"
        go_on(page, "**/setup/receiver/*/")
        look(page, "3-code")
        wait_for(lambda: box.texts, what="the test message", timeout_s=60)
        page.fill("#id_code", re.search(r"\b\d{6}\b", box.texts[0])[0])
        page.click("form[hx-morph-skip] .btn-primary")
        page.wait_for_url("**/setup/probe/")
        watch_and_finish(page, f"{stack.url}/healthz/live")

        assert page.locator("html").get_attribute("lang") == "zh-hans"


def test_before_there_is_anybody_the_page_says_what_to_do(chromium, tmp_path):
    with running_stack(tmp_path, roles=False) as stack:
        stack.start("web")
        with newcomer(chromium, stack.url) as page:
            page.goto("/")

            assert "setup_link" in page.locator("main").inner_text()
            look(page, "0-nobody")
