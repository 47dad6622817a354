"""The sentences of a short business mail, without salutation, signature, and the line breaks of the mailer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.mail.courtesy import SURNAMES

_ENDS = "。.!?！？"
_WRAPPED_FROM = 22
"""A line of at least so many characters that does not end a sentence was broken by the mailer."""
_DELIMITER = re.compile(r"^\s*(?:-- ?|[-=*~_#+・:;。.◇◆□■○●☆★※→ー―─━＊＝－〜|/\\<> ]{3,})\s*$")
_REACH = re.compile(
    r"^\W{0,6}(?:tel|電話|fax|携帯|mobile|直通|代表|内線|e-?mail|mail|メール|url|http|〒|住所|所在地|営業時間|"
    r"受付時間|"
    r"☎|℡|ph(?:one)?)\s*[:./ (（\d〒/h-]|^\W{0,4}〒?\d{3}-\d{4}|https?://\S+$|^\W{0,4}[\w.+\-]+@[\w.\-]+\W{0,4}$|"
    r"\d{2,4}[-(]\d{2,4}[-)]\d{3,4}|^\W{0,4}[TFM]\s*[:.]\s*\d",
    re.IGNORECASE,
)
_PLACE = re.compile(r"^[^。]{0,10}(?:都|道|府|県|市|区|町|村)[^。、]{0,40}(?:\d|丁目|番地|ビル|階|\dF)", re.IGNORECASE)
_OFFICE = re.compile(
    r"^[^。、はがをでにも]{0,40}(?:社会保険労務士会|労務士会|連合会|運営部|運営本部|本部|支部|センター|オフィス|"
    r"事務局|事務所|総務部|総務課|業務課|"
    r"[一-龥]{1,6}(?:部|課|係|室|局))(?:[ 　・/]*[\w々 　()（）/・]{0,20})?$"
)
_PERSON = re.compile(
    rf"^\W{{0,4}}(?:担当(?:者)?|文責|発信者)?\s*[:：]?\s*(?:(?:{SURNAMES})[ ]?[一-龥々ぁ-んァ-ヶー]{{0,4}}|"
    r"[一-龥々〇○髙﨑]{1,4}[ ]+[一-龥々〇○ぁ-んァ-ヶー]{1,5})(?:\s?\([^()]{1,24}\)|[ ][A-Za-z .]{1,30})?\W{0,4}$"
)
_SURNAME = re.compile(rf"^(?:{SURNAMES})$")
_TO = re.compile(r"^[^。、]{0,50}(?:御中|各位|様|殿|さま|先生|ご担当者様?)\s*(?:[((（][^()（）]{1,30}[)）])?\s*$")
_SAYS = re.compile(
    r"です|ます|ました|ません|ください|お願い|予定|辞退|取消|取り消|欠席|変更|訂正|差替|差し替|誤り|済|未|完了|"
    r"中止|不可|退職|"
    r"対象外|除外|なし|無し|あり|さん|\d{1,2}[/月]\d{1,2}|\d+\s*[名人件]"
)


def sentences(text: str) -> Iterator[str]:
    """Sentences in their order, trimmed; decorations, 宛名 and signature lines left out. `text` is NFKC."""
    lines = _without_signature(_without_salutation([line.strip() for line in text.strip().split("\n")]))
    for paragraph in _paragraphs(lines):
        for sentence in re.findall(rf"[^{_ENDS}]+[{_ENDS}]*", _guard_numbers(paragraph)):
            trimmed = sentence.replace("\x01", ".").strip()
            if re.search(r"\w|[?？]", trimmed):
                yield trimmed


def _guard_numbers(paragraph: str) -> str:
    """Points inside of numbers, dates and addresses end no sentence."""
    return re.sub(r"(?<=[\w])\.(?=[\w])", "\x01", paragraph)


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """Lines put together again where the mailer broke them."""
    open_line = ""
    for line in lines:
        if open_line and line and not _DELIMITER.match(line):
            open_line += line
        else:
            if open_line:
                yield open_line
            open_line = "" if _DELIMITER.match(line) else line
        if open_line and (len(line) < _WRAPPED_FROM or line.endswith(tuple(_ENDS))):
            yield open_line
            open_line = ""
    if open_line:
        yield open_line


def _without_salutation(lines: list[str]) -> list[str]:
    """宛名 at the top: whom the mail is for, until the first line that says something."""
    for at, line in enumerate(lines[:8]):
        if line and not _TO.match(line) and not (_OFFICE.match(line) and _to_follows(lines, at)):
            return lines[at:]
        if line and _SAYS.search(line):
            return lines[at:]
    return lines[8:] if len(lines) > 8 else []


def _to_follows(lines: list[str], at: int) -> bool:
    return any(_TO.match(line) for line in lines[at + 1 : at + 4])


def _without_signature(lines: list[str]) -> list[str]:
    """What stands above the signature."""
    return lines[: signature_starts(lines)]


def signature_starts(lines: list[str]) -> int:
    """Index of the first line of the signature; it goes as far up as every line looks like one and says nothing.

    Lines are NFKC and trimmed; the number of lines when there is no signature.
    """
    end = len(lines)
    proven = end
    while end and len(lines) - end < 25 and _may_sign(lines[end - 1]):
        end -= 1
        if lines[end] and (_DELIMITER.match(lines[end]) or _REACH.search(lines[end]) or _OFFICE.match(lines[end])):
            proven = end
    # A bare name belongs to the signature only beside a line that is one beyond doubt, or as a family name by itself.
    while end < proven < len(lines) and lines[proven - 1] and _PERSON.match(lines[proven - 1]):
        proven -= 1
    while proven and not lines[proven - 1]:
        proven -= 1
    alone = proven > 2 and not lines[proven - 2] and bool(_SURNAME.match(lines[proven - 1]))
    return proven - 1 if alone else proven


def _may_sign(line: str) -> bool:
    if not line or _DELIMITER.match(line):
        return True
    if _SAYS.search(re.sub(r"\d{2,4}[-(]\d{2,4}[-)]\d{3,4}", "", line)) and not _REACH.search(line):
        return False
    return bool(_REACH.search(line) or _PLACE.match(line) or _OFFICE.match(line) or _PERSON.match(line))
