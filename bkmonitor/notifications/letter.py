"""A message as a letter: subject, one sentence, facts; each channel sets the type."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from bkmonitor.accounts.installation import absolute
from bkmonitor.notifications import wording
from bkmonitor.notifications.message import Message
from bkmonitor.notifications.sentences import clause

LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """What every channel shows.

    badge     the severity, or that it is over, in a word
    lead      the one sentence: what, against which limit, for how long
    texts     the user's own summary and description, where they add something
    facts     label and text of what belongs to the message
    labels    of the alert
    links     text and URL; what is no http address is left out
    """

    subject: str
    badge: str
    title: str
    lead: str
    texts: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    footer: str


def write(message: Message, at: datetime, *, receiver_name: str = "") -> Letter:
    """Return the letter as of a moment, in the active language and time zone."""
    title = " ".join(message.title.split()) or _("Alert")
    own = (message.summary.strip(), message.description.strip())
    return Letter(
        subject=_subject(message, title)[:LONGEST_SUBJECT],
        badge=_badge(message),
        title=title,
        lead=_lead(message, at),
        texts=tuple(text for text in dict.fromkeys(own) if text not in ("", title)),
        facts=tuple(_facts(message, at)),
        labels=tuple(sorted(message.labels.items())),
        links=tuple(_links(message)),
        footer=_("Sent to %(receiver)s of the space %(space)s.")
        % {"receiver": receiver_name, "space": message.space_name},
    )


def plain_text(letter: Letter) -> str:
    """Return all but the subject as plain text."""
    blocks = [letter.lead, *letter.texts]
    blocks.append("\n".join(f"{name}: {text}" for name, text in letter.facts))
    blocks.append("\n".join(f"{name}={value}" for name, value in letter.labels))
    blocks.append("\n".join(f"{name}: {url}" for name, url in letter.links))
    return "\n\n".join(block for block in blocks if block)


def _badge(message: Message) -> str:
    if message.reason in ("resolved", "test"):
        return wording.reason_word(message.reason)
    return wording.severity_word(message.severity)


def _subject(message: Message, title: str) -> str:
    told = {"badge": _badge(message), "title": title}
    if message.code:
        return _("%(code)s is the code of your test message") % {"code": message.code}
    if message.reason in ("worsened", "eased", "repeat"):
        told["reason"] = wording.reason_word(message.reason)
        return _("[%(badge)s] %(reason)s: %(title)s") % told
    return _("[%(badge)s] %(title)s") % told


def _lead(message: Message, at: datetime) -> str:
    told = {
        "clause": clause(message.sentence),
        "duration": wording.duration(_lasted(message, at)),
    }
    if message.reason == "test" or message.started_at is None:
        return _("%(clause)s.") % told
    if message.reason == "resolved":
        return _("Resolved after %(duration)s: %(clause)s.") % told
    return _("Firing for %(duration)s: %(clause)s.") % told


def _lasted(message: Message, at: datetime) -> timedelta | None:
    started = wording.parse_moment(message.started_at)
    ended = wording.parse_moment(message.ended_at)
    return None if started is None else (ended or at) - started


def _facts(message: Message, at: datetime) -> list[tuple[str, str]]:
    started, ended = message.started_at, message.ended_at
    facts = [
        (message.code, _("Code"), message.code),
        (
            message.reason != "test",
            _("Severity"),
            wording.severity_word(message.severity),
        ),
        (message.value is not None, _("Value"), wording.number(message.value)),
        (started, _("Started"), wording.moment(started)),
        (ended, _("Ended"), wording.moment(ended)),
        (started, _("Duration"), wording.duration(_lasted(message, at))),
        (message.space_name, _("Space"), message.space_name),
    ]
    return [(name, text) for known, name, text in facts if known]


def _links(message: Message) -> list[tuple[str, str]]:
    links = [
        (_("Details"), absolute(message.path) if message.path else ""),
        (_("Runbook"), message.runbook_url),
    ]
    return [
        (text, url) for text, url in links if url.startswith(("http://", "https://"))
    ]
