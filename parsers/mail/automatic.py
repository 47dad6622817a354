"""Which mail was written by a machine, and by which kind (RFC 3834, RFC 2919, and Japanese wording).

*Sure* signs (an auto-responder says so) decide whatever is attached. *Faint* signs (Auto-Submitted: auto-generated,
Precedence: bulk, a null sender, a list) are also left by scanners, form systems and mailing groups through which
offices send their rosters: with something attached that may be a roster they only mean "do not answer".
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

from parsers.mail.addresses import Mailbox
from parsers.mail.bounces import is_machine
from parsers.mail.headers import Headers


class Machine(Enum):
    """What kind of machine wrote it."""

    NONE = auto()
    RESPONDER = auto()
    """Sure: absence notes, automatic replies."""
    GENERATOR = auto()
    """Faint: something automatic."""
    LIST = auto()
    """Faint: a mailing list or newsletter."""


class Sign(NamedTuple):
    """The kind and the header or words that show it."""

    machine: Machine
    reason: str


_NO_SIGN = Sign(Machine.NONE, "")
_PREFIX = r"^[\s\[【（(［＜<『「〔*＊※・●■◆★☆]*"
_RESPONDER_SUBJECT = re.compile(
    _PREFIX + r"(?:"
    r"自動(?:応答|返信|回答|返答)|自動不在(?:通知|応答)|オートリプライ|"
    r"(?:不在|休暇)(?:(?:通知|連絡|案内|応答|メール)|(?:の|中の)?(?:お知らせ|ご連絡|ご案内|通知|連絡)|"
    r"中)?"
    r"(?:[】\]）)］＞>』」〕]+\s*(?:re\b|[:：]|$)|\s*(?:[:：]|$))|"
    r"(?:現在|本日|只今|ただいま)?不在(?:に(?:して|いたして)(?:い|おり)ます|です|しております)[。！!]?\s*$|"
    r"(?:現在)?休暇(?:を(?:取得|いただ)|(?:取得)?中(?:です|につき))|"
    r"automatic(?:ally)? (?:reply|response|generated reply)|auto[- ]?(?:matic )?(?:reply|response|responder)|"
    r"out of (?:the )?office|ooo\s*:|away from (?:my |the )?office|on vacation|vacation (?:reply|response)|"
    r"i am (?:currently )?away|"
    r"abwesend|réponse automatique"
    r")",
    re.IGNORECASE,
)
_ANY_SUBJECT = re.compile(r"(?:自動応答|自動返信|automatic reply|auto[- ]?reply|out of office)", re.IGNORECASE)
_GENERATED_SUBJECT = re.compile(_PREFIX + r"(?:自動(?:送信|配信|通知))", re.IGNORECASE)
_SAYS_SO = re.compile(
    r"(?:この|本|当)(?:電子)?(?:メール|Ｅメール|E-?メール|返信|メッセージ|"
    r"通知)は[、,]?[^\n。]{0,25}自動(?:的に)?(?:返信|応答|送信|配信|生成|作成|発信)|"
    r"自動(?:返信|応答)(?:メール|メッセージ)?(?:です|でお返事|にて(?:ご連絡|お知らせ|失礼))|自動(?:送信|"
    r"配信)(?:メール|メッセージ)です|自動的に返信して(?:い|おり)ます|"
    r"this is an? auto(?:matic|mated)(?:ally generated)? (?:reply|response|message|e-?mail)|"
    r"automatically generated (?:reply|response)|"
    r"i am (?:currently )?out of (?:the )?office",
    re.IGNORECASE,
)
_DEAD_ADDRESS = re.compile(
    r"アドレスは[^。\n]{0,20}(?:使用|利用|使わ)[^。\n]{0,6}(?:おりません|いません|れません|できません|なくなり|"
    r"停止|終了)|"
    r"アドレス[^。\n]{0,20}(?:廃止|変更(?:になり|となり|いたし|しまし))|(?:退職|異動|転出)(?:いたしました|しました|"
    r"のため)|"
    r"(?:address|mailbox)[^.\n]{0,30}(?:no longer|not (?:in use|monitored))",
    re.IGNORECASE,
)
_RESPONDER_HEADERS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply", "x-autoreply-from", "x-autoreply-domain",
    "x-mail-autoreply", "x-vacation", "x-ms-exchange-generated-oof", "x-automatic-reply",
)  # fmt: skip
_LIST_HEADERS = ("list-id", "mailing-list", "x-ml-name", "x-mlserver", "x-mailing-list", "list-post",
                 "x-mailman-version", "list-unsubscribe")  # fmt: skip
_NO_REPLY = re.compile(
    r"(?:.*[._+\-])?(?:no[._\-]?reply|do[._\-]?not[._\-]?reply|donotreply|noreply|notreply|no[._\-]?response|nobody|"
    r"unattended|bounce[sd]?)(?:[._+\-=\d].*)?",
    re.IGNORECASE,
)


def says_address_is_dead(said: str) -> bool:
    """Whether an automatic answer says that nobody reads the address any more: it is answered, and yet undelivered."""
    return bool(_DEAD_ADDRESS.search(said[:4000]))


def look(headers: Headers, subject: str, said: str, own_addresses: tuple[str, ...] = ()) -> Sign:
    """The strongest sign there is. List headers of our own group address say nothing: every mail has them."""
    found = _responder(headers, subject, said) or _list(headers, own_addresses) or _generator(headers, subject, said)
    return found or _NO_SIGN


def null_sender(headers: Headers) -> bool:
    """Return-Path: <> (RFC 3834 §2: nothing may ever be answered to it), or <MAILER-DAEMON> as old systems spell it."""
    if not headers.has("return-path"):
        return False
    path = headers.raw("return-path").strip(b"<> \t").lower()
    return path in (b"", b"mailer-daemon")


def forbids_answer(headers: Headers, sender: Mailbox) -> bool:
    """Whether the address or envelope alone forbids an answer: null sender, mail system, no-reply."""
    local = sender.address.rpartition("@")[0]
    return null_sender(headers) or not local or is_machine(sender) or bool(_NO_REPLY.fullmatch(local))


def _responder(headers: Headers, subject: str, said: str) -> Sign | None:
    submitted = headers.token("auto-submitted")
    if submitted.startswith("auto-replied"):
        return Sign(Machine.RESPONDER, f"auto-submitted: {submitted}")
    if headers.token("precedence") in ("auto_reply", "auto-reply", "autoreply"):
        return Sign(Machine.RESPONDER, "precedence: auto_reply")
    named = next((h for h in _RESPONDER_HEADERS if headers.has(h) and headers.token(h) not in ("no", "false")), "")
    if named:
        return Sign(Machine.RESPONDER, named)
    if (
        "autoresponder" in headers.token("x-post-messageclass")
        or headers.raw("delivered-to").lower() == b"autoresponder"
    ):
        return Sign(Machine.RESPONDER, "autoresponder")
    return _responder_words(headers, subject, said)


def _responder_words(headers: Headers, subject: str, said: str) -> Sign | None:
    found = _RESPONDER_SUBJECT.search(subject)
    if found is None and headers.token("auto-submitted").startswith("auto-"):
        found = _ANY_SUBJECT.search(subject)
    if found:
        return Sign(Machine.RESPONDER, f"subject: {found.group(0).strip()[:40]}")
    says = _SAYS_SO.search(said[:4000])
    if says and re.search(r"返信|応答|reply|response|out of", says.group(0), re.IGNORECASE):
        return Sign(Machine.RESPONDER, f"text: {says.group(0).strip()[:40]}")
    return None


def _list(headers: Headers, own_addresses: tuple[str, ...]) -> Sign | None:
    names = b" ".join(headers.raw(h) for h in _LIST_HEADERS).lower().decode("latin-1")
    if any(own in names or own.replace("@", ".") in names for own in own_addresses):
        return None
    listed = next((h for h in _LIST_HEADERS if headers.has(h)), "")
    if listed or headers.token("precedence") == "list":
        return Sign(Machine.LIST, listed or "precedence: list")
    return None


def _generator(headers: Headers, subject: str, said: str) -> Sign | None:
    precedence = headers.token("precedence")
    submitted = headers.token("auto-submitted")
    if submitted and submitted != "no":
        return Sign(Machine.GENERATOR, f"auto-submitted: {submitted[:40]}")
    if precedence in ("bulk", "junk"):
        return Sign(Machine.GENERATOR, f"precedence: {precedence}")
    if null_sender(headers):
        return Sign(Machine.GENERATOR, "return-path: <>")
    if headers.token("x-fc-machinegenerated") == "true" or headers.has("x-autogenerated"):
        return Sign(Machine.GENERATOR, "x-autogenerated")
    found = _GENERATED_SUBJECT.search(subject) or _SAYS_SO.search(said[:4000])
    return Sign(Machine.GENERATOR, f"words: {found.group(0).strip()[:40]}") if found else None
