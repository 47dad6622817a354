"""Delivery status notifications and 開封確認 by their standard form (RFC 3464, RFC 3798, RFC 3462)."""

from __future__ import annotations

import re

from parsers.findings import Bounce, BouncedRecipient
from parsers.mail.bodies import Body
from parsers.mail.headers import Headers, split_headers
from parsers.mail.structure import Section

MAX_RECIPIENTS = 200
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_HEADER_TYPES = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.\-])([45])\d\d(?=[ \-]|$)")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,400}@[^<>\s]{1,400}>")
_GROUPS = re.compile(rb"\n[ \t]*\n+")


def delivery_report(body: Body) -> Bounce | None:
    """The DSN in the machine-readable parts, None when there is none that names an action."""
    groups = [g for part in body.reports if part.media in _STATUS_TYPES for g in _field_groups(part)]
    recipients = [g for g in groups if g.has("action") or g.has("final-recipient") or g.has("original-recipient")]
    if not recipients:
        return None
    found = tuple(_recipient(g) for g in recipients[:MAX_RECIPIENTS])
    actions = {_action(g) for g in recipients}
    action = next((a for a in ("failed", "delayed") if a in actions), "delivered")
    return Bounce(action, found, original_message_id(body))


def is_disposition_report(root: Section, body: Body) -> bool:
    """Whether the mail is an MDN: 開封確認, deleted unread, or whatever became of our mail at a reader's desk."""
    kind = root.content_type.ascii("report-type").lower()
    if root.media == "multipart/report" and kind == "disposition-notification":
        return True
    return any("disposition-notification" in part.media for part in body.reports)


def original_message_id(body: Body) -> str:
    """Message-ID of the mail that is being reported on, from the headers or the mail that came back; "" if none did."""
    found = (message_id(original_headers(part)) for part in body.reports + body.attachments)
    return next(filter(None, found), "")


def original_headers(part: Section) -> Headers:
    """Headers of the mail that a part carries, empty when it carries none."""
    if part.media not in (*_HEADER_TYPES, "message/rfc822", "message/global"):
        return Headers()
    data = part.data()
    return split_headers(data, 0, len(data))[0]


def message_id(headers: Headers) -> str:
    """Message-ID as it stands, angle brackets included; "" when missing."""
    raw = headers.raw("message-id").decode("utf-8", "replace").strip()
    found = _MESSAGE_ID.search(raw)
    return found.group(0) if found else raw[:998]


def status_in(text: str) -> str:
    """The first enhanced status code in a diagnosis, or "5.0.0" / "4.0.0" for a bare SMTP reply code; "" if none."""
    enhanced = _ENHANCED.search(text)
    if enhanced:
        return enhanced.group(1)
    code = _REPLY_CODE.search(text)
    return f"{code.group(1)}.0.0" if code else ""


def _field_groups(part: Section) -> list[Headers]:
    data = part.data()[:262_144].replace(b"\r\n", b"\n")
    return [
        split_headers(group, 0, len(group))[0] for group in _GROUPS.split(data.strip(b"\r\n \t"))[: MAX_RECIPIENTS + 1]
    ]


def _action(group: Headers) -> str:
    action = group.token("action")
    if action in ("failed", "delayed"):
        return action
    if action:
        return "delivered"  # delivered, relayed, expanded: all of them arrived somewhere
    status = status_in(group.text("status"))
    return {"5": "failed", "4": "delayed"}.get(status[:1], "delivered" if status else "failed")


def _recipient(group: Headers) -> BouncedRecipient:
    status = status_in(group.text("status"))
    if status in ("", "5.0.0", "4.0.0"):
        status = status_in(group.text("diagnostic-code")) or status
    failed = _action(group) == "failed"
    return BouncedRecipient(_address(group), status, failed and status.startswith("5"))


def _address(group: Headers) -> str:
    """Final-Recipient unless it is no mail address, then Original-Recipient (RFC 3464 §2.3.1–2)."""
    for field in ("final-recipient", "original-recipient", "x-actual-recipient"):
        kind, semicolon, value = group.text(field).partition(";")
        address = (value if semicolon else kind).strip().strip("<>").strip()
        if "@" in address:
            return address.lower()[:320]
    return ""
