"""Bounces that are no standard report: what Japanese and old mail systems, gateways and groupware send instead.

Evidence is counted, one sign alone is never enough: a person who writes about an undelivered mail is no bounce.
Sources: domain.md §3.6; RFC 5321 §4.2 and RFC 3463 for the codes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from parsers.findings import Bounce, BouncedRecipient
from parsers.mail.addresses import Mailbox, find_addresses
from parsers.mail.reports import MAX_RECIPIENTS, status_in

_MACHINE_LOCAL = re.compile(
    r"(?:mailer[-_.]?daemon|post_?master|mail[-_.]?(?:daemon|system|admin|master)?daemon|maildaemon|mdaemon|"
    r"mail[-_.]?system|"
    r"microsoftexchange[0-9a-f]{8,}|bounce[sd]?|mail-?delivery|interscan|imss|m-?filter|mail[-_]?gateway|daemon)"
    r"(?:[+\-_.=].*)?",
    re.IGNORECASE,
)
_MACHINE_NAME = re.compile(
    r"mail(?:er)?[ \-]?daemon|mail delivery (?:sub)?system|mail delivery service|internet mail delivery|postmaster|"
    r"メール配信(?:システム|サブシステム)|メールシステム|"
    r"interscan|"
    r"m-filter|microsoft outlook$|microsoft exchange",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"^(?:[\[【][^\]】]{1,40}[\]】]\s*)*(?:"
    r"undeliver(?:able|ed)|(?:mail |message )?deliver[yd]? ?(?:status )?(?:notification|failure|failed|has failed|"
    r"report|error|problem)"
    r"|(?:mail|message) (?:delivery|could not be delivered|not delivered|system error|undeliverable)|returned mail|"
    r"returned to sender|"
    r"failure (?:notice|delivery)|failed (?:mail|delivery)|non[- ]?deliver|ndn[:： ]|notice: mail delivery|"
    r"warning: (?:could not send|message)|delayed mail|could not (?:send|deliver)|"
    r"there was an error (?:sending|with)|your (?:message|mail) .{0,40}(?:could not|not be|was not) |"
    r"mail status report|"
    r"配信不能|配達不能|配送不能|配信できません|配送できません|配信に失敗|配送に失敗|配送失敗|配信失敗|送信に失敗|"
    r"送信失敗|送信エラー|配信エラー|"
    r"配送エラー|エラーメール|メール(?:が|の|を)?(?:配信|配送|送信|お届け)(?:でき|に失敗|不能|エラー|が?遅)|"
    r"メッセージを配信でき|不達|未配信|未達|"
    r"宛先不明|メールエラー|配信遅延|配信の遅延"
    r")",
    re.IGNORECASE,
)
_SUBJECT_WITHIN = re.compile(
    r"undeliverable|delivery status notification|delivery failure|returned mail|failure notice|配信不能|"
    r"配信できません|配信に失敗しました",
    re.IGNORECASE,
)
_BODY = re.compile(
    r"could ?n[o']t be (?:delivered|sent)|(?:was|were) (?:not|un)(?: ?able to be)? ?deliver|un(?:able|"
    r"deliverable)[^.\n]{0,30}deliver|"
    r"delivery (?:to|has|of)[^.\n]{0,80}(?:fail|not)|(?:permanent|fatal)[^.\n]{0,20}error|did not reach|"
    r"unable to (?:deliver|relay|send)|failed to deliver|not (?:been )?delivered|returned to (?:sender|you)|"
    r"undelivered|"
    r"user(?: is)? (?:unknown|not found)|unknown (?:user|recipient|address)|no such (?:user|mailbox|recipient)|"
    r"(?:recipient|address|mailbox|account)[^.\n]{0,40}(?:rejected|unknown|not (?:found|exist|listed)|unavailable|"
    r"disabled|full|does not exist)|"
    r"(?:mailbox|quota)[^.\n]{0,20}(?:full|exceeded)|over quota|host (?:unknown|not found)|"
    r"relay(?:ing)? (?:access )?denied|"
    r"not listed in (?:public )?name|this is the qmail-send program|transcript of session follows|"
    r"delivery is delayed|will (?:keep|continue) trying|"
    r"配信(?:でき|され)ま?せん|配信(?:は|に)?(?:失敗|不能)|配送(?:でき|され)ま?せん|配送(?:に失敗|不能)|"
    r"送信(?:でき|され)ませんでした|"
    r"送信に失敗(?:しました|いたしました)|お届けでき(?:ません|ず)|届(?:きません|けられません|かなかった)|"
    r"ディレクトリ(?:の(?:リスト|一覧))?に(?:は)?(?:見つかりません|ありません|存在しません|登録されていません)|"
    r"(?:宛先|あて先|送信先|受信者|メールアドレス|アドレス|ユーザー?|メールボックス)[^\n。]{0,30}(?:存在しません|"
    r"存在しない|見つかりません|見つからな|"
    r"不明|無効|ありません|間違|いっぱい|容量)|受信(?:を)?拒否|「?m-filter」?が自動的に|存在しないメールアドレス",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(
    r"「?m-filter」?が自動的に(?:生成|送信)|this is the qmail-send program|"
    r"this message was created automatically by mail delivery software|"
    r"this is the mail system at host|the original message was received at|"
    r"i'm sorry to have to inform you that your message could not|"
    r"次の(?:受信者|宛先)(?:または|、)?[^\n]{0,30}(?:配信|配送)(?:でき|に失敗)|以下の(?:受信者|宛先|"
    r"アドレス)[^\n]{0,30}(?:配信|配送|送信)(?:でき|に失敗)|"
    r"メッセージを配信できません。|メール配信に失敗しました",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"delayed mail|delivery (?:is |has been |status notification \()?delay|still (?:being )?(?:retried|trying)|"
    r"will (?:be retried|(?:keep|continue) trying|retry)|"
    r"warning: could not send|warning: message .{0,40}delayed|you do not need to resend|"
    r"配信(?:が|の)?遅延|配送(?:が|の)?遅延|再送を試み|再試行(?:し|を)|まだ配信されていません",
    re.IGNORECASE,
)
_ARRIVED = re.compile(
    r"\((?:success|relay|delivered)\)|success(?:fully|ful) (?:mail )?(?:deliver|relay)|正常に配信|"
    r"配信(?:が)?(?:完了|され)(?:しました|ました)",
    re.IGNORECASE,
)
_GAVE_UP = re.compile(
    r"giv(?:e|en|ing) up|gave up|(?:retry )?time(?:out)? (?:not reached|exceeded)|has failed|配信を中止|"
    r"あきらめ",
    re.IGNORECASE,
)
_RETURNED_COPY = re.compile(
    r"^\W{0,12}(?:(?:below this line|---? ?the (?:following (?:is|message)|header)|original message|included is|"
    r"returned message|"
    r"this is a copy of|"
    r"unsent message|copy of|message (?:header|text|contents)|received:|return-path:|元のメッセージ|"
    r"送信されたメッセージ|"
    r"以下(?:は|に)?[^\n]{0,20}(?:元の|送信した)?(?:メール|メッセージ)))[^\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SAYS_MESSAGE_ID = re.compile(r"^[ \t>]{0,8}message-id:\s*(<[^<>\s]{1,400}>)", re.IGNORECASE | re.MULTILINE)
_PHRASE_STATUS = (
    (re.compile(r"quota|mailbox[^.\n]{0,20}full|いっぱい|容量", re.IGNORECASE), "5.2.2"),
    (re.compile(r"host (?:unknown|not found)|ドメイン[^\n]{0,20}(?:存在し|見つか)", re.IGNORECASE), "5.1.2"),
    (
        re.compile(
            r"user(?: is)? (?:unknown|not found)|unknown (?:user|recipient|address)|no such|not listed|"
            r"does ?n[o']t exist|"
            r"存在し|見つかりません|ディレクトリ|不明",
            re.IGNORECASE,
        ),
        "5.1.1",
    ),
)
_READ_CHARACTERS = 20_000


def is_machine(sender: Mailbox) -> bool:
    """Whether the address belongs to a mail system (MAILER-DAEMON, postmaster, Exchange's own mailbox)."""
    return _is_system(sender.address)


class Letter(NamedTuple):
    """What is judged."""

    sender: Mailbox
    to: tuple[str, ...]
    """To: ourselves, who are never the recipient that failed."""
    subject: str
    text: str
    """All of it, quotes included: the returned mail is often just pasted below."""


def guess_bounce(letter: Letter, *, unattended: bool, failed: tuple[str, ...], returned: bool) -> Bounce | None:
    """Judge a mail without a standard report; None when it is no bounce.

    Args:
        letter: Who says what.
        unattended: Nobody reads answers to it: null envelope sender, no-reply address, or a multipart/report.
        failed: Addresses of X-Failed-Recipients.
        returned: A part holds the mail that came back, or its headers.
    """
    sender, subject, text = letter.sender, letter.subject, letter.text[:_READ_CHARACTERS]
    diagnosis = _diagnosis(text)
    machine = is_machine(sender) or not sender.address
    subject_says = bool(_SUBJECT.search(subject)) or (machine and bool(_SUBJECT_WITHIN.search(subject)))
    body_says = bool(_BODY.search(diagnosis)) or bool(status_in(diagnosis) and machine)
    if failed or machine:
        verdict = bool(failed) or subject_says or body_says
    elif unattended or _MACHINE_NAME.search(sender.name):
        verdict = (subject_says or returned) and body_says
    else:
        verdict = subject_says and bool(_TEMPLATE.search(diagnosis)) and not _is_answer(subject)
    return _bounce(letter, diagnosis, failed) if verdict else None


def _is_answer(subject: str) -> bool:
    return bool(re.match(r"\s*(?:re|fwd?|fw|返信|転送)\s*[:：]", subject, re.IGNORECASE))


def _diagnosis(text: str) -> str:
    """What the mail system says itself, above the copy of the returned mail."""
    for copy in _RETURNED_COPY.finditer(text):
        above = text[: copy.start()]
        if len(above) > 80 or "@" in above:
            return above
    return text


def _bounce(letter: Letter, diagnosis: str, failed: tuple[str, ...]) -> Bounce:
    if _ARRIVED.search(f"{letter.subject}\n{diagnosis}") and not status_in(diagnosis):
        return Bounce("delivered")
    delayed = bool(_DELAYED.search(f"{letter.subject}\n{diagnosis}")) and not _GAVE_UP.search(diagnosis)
    status = status_in(diagnosis) or _status_by_words(diagnosis)
    if delayed and not status.startswith("4"):
        status = ""
    ours = {letter.sender.address, *letter.to}
    addresses = failed or tuple(a for a in find_addresses(diagnosis) if a not in ours and not _is_system(a))
    recipients = tuple(
        BouncedRecipient(a, status, not delayed and status.startswith("5")) for a in addresses[:MAX_RECIPIENTS]
    )
    original = _SAYS_MESSAGE_ID.search(letter.text[:_READ_CHARACTERS])
    return Bounce("delayed" if delayed else "failed", recipients, original.group(1) if original else "")


def _status_by_words(diagnosis: str) -> str:
    return next((status for words, status in _PHRASE_STATUS if words.search(diagnosis)), "")


def _is_system(address: str) -> bool:
    return bool(_MACHINE_LOCAL.fullmatch(address.rpartition("@")[0] or address))
