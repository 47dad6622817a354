"""The vocabulary: every word is folded (NFKC), in any case, and must stand alone."""

from __future__ import annotations

import re

from daemon.domain.commands.model import Verb
from daemon.domain.model import Course
from parsers.findings import Field

_POLITE = (
    r"(?:\s*(?:を|で|です|でした|とします|にします|します|しました|いたします|致します|願います|にて|"
    r"お願い(?:いた|致)?します|をお願い(?:いた|致)?します|でお願い(?:いた|致)?します|よろしくお願い(?:いた|致)?します|"
    r"(?:を)?教えてください|(?:を)?お知らせください|して(?:ください|下さい)|[。.!、]))*\s*"
)
"""What people put behind a word without changing what it says."""
ACCEPTS = re.compile(rf"(?:ok|okay|o\.k\.|はい|承認|採用|確認済み?|問題なし|正しい){_POLITE}", re.IGNORECASE)
SEEN = re.compile(rf"(?:対応済み?|既読|了解){_POLITE}", re.IGNORECASE)
_ALL = re.compile(
    rf"(?:全件|全部|全て|すべて|all)\s*の?\s*(?:ok|okay|承認|採用|確認済み?|正しい){_POLITE}", re.IGNORECASE
)
REJECTS = re.compile(
    rf"(?:却下|ng|不採用|記録しない|否認)(?:{_POLITE}|\s*[、,:(\s]\s*(?P<because>\S.*?)\)?)", re.IGNORECASE
)
_APPROVES = re.compile(rf"(?:承認|ok|okay|はい|実行|yes){_POLITE}", re.IGNORECASE)
_DECLINES = re.compile(rf"(?:却下|取り?やめ|取り?止め|破棄|いいえ|ng|no){_POLITE}", re.IGNORECASE)
ALONE = (
    (Verb.ACCEPT_ALL, _ALL),
    (Verb.APPROVE, _APPROVES),
    (Verb.DECLINE, _DECLINES),
    (Verb.STATUS, re.compile(rf"(?:状況|進捗|status){_POLITE}", re.IGNORECASE)),
    (Verb.HELP, re.compile(rf"(?:ヘルプ|使い方|help){_POLITE}", re.IGNORECASE)),
    (Verb.STOP_ALL, re.compile(rf"(?:全?送信停止|すべての送信を停止|stop-all){_POLITE}", re.IGNORECASE)),
    (Verb.RESUME, re.compile(rf"(?:送信再開|resume){_POLITE}", re.IGNORECASE)),
    (Verb.IMPORT, re.compile(rf"(?:(?:名簿|一覧)?取り?込み?|import){_POLITE}", re.IGNORECASE)),
    (Verb.RESULTS, re.compile(rf"(?:修了結果|結果取り?込み?|results){_POLITE}", re.IGNORECASE)),
)
"""Verbs that need nothing else."""
LEADING = {
    "ok": Verb.ACCEPT, "承認": Verb.ACCEPT, "採用": Verb.ACCEPT, "却下": Verb.REJECT, "ng": Verb.REJECT,
    "状況": Verb.STATUS, "進捗": Verb.STATUS, "status": Verb.STATUS,
    "訂正": Verb.CORRECT, "correct": Verb.CORRECT,
    "電話": Verb.REPORT, "口頭": Verb.REPORT, "report": Verb.REPORT,
    "後始末": Verb.CLEANED, "削除済": Verb.CLEANED, "cleaned": Verb.CLEANED,
    "辞退": Verb.WITHDRAW, "withdraw": Verb.WITHDRAW,
    "復帰": Verb.REINSTATE, "辞退取消": Verb.REINSTATE, "reinstate": Verb.REINSTATE,
    "交代": Verb.SUBSTITUTE, "substitute": Verb.SUBSTITUTE, "追加": Verb.ADD, "add": Verb.ADD,
    "再送": Verb.RESEND, "resend": Verb.RESEND,
    "異動": Verb.TRANSFER, "transfer": Verb.TRANSFER,
    "氏名訂正": Verb.RENAME, "rename": Verb.RENAME,
    "期限変更": Verb.DEADLINE, "deadline": Verb.DEADLINE,
    "延期": Verb.POSTPONE, "postpone": Verb.POSTPONE,
    "中止": Verb.CANCEL_TRAINING, "研修中止": Verb.CANCEL_TRAINING, "cancel-training": Verb.CANCEL_TRAINING,
    "取込": Verb.IMPORT, "取り込み": Verb.IMPORT, "名簿取込": Verb.IMPORT, "一覧取込": Verb.IMPORT,
    "import": Verb.IMPORT,
    "送付": Verb.DISPATCH, "名簿送付": Verb.DISPATCH, "研修承認": Verb.DISPATCH, "dispatch": Verb.DISPATCH,
    "修了結果": Verb.RESULTS, "結果取込": Verb.RESULTS, "results": Verb.RESULTS,
    "結果送付": Verb.DISPATCH_RESULTS, "結果承認": Verb.DISPATCH_RESULTS, "dispatch-results": Verb.DISPATCH_RESULTS,
    "提出済": Verb.SUBMITTED, "提出済み": Verb.SUBMITTED, "submitted": Verb.SUBMITTED,
    "様式": Verb.TEMPLATE, "一覧様式": Verb.TEMPLATE, "template": Verb.TEMPLATE,
    "結果様式": Verb.RESULTS_TEMPLATE, "results-template": Verb.RESULTS_TEMPLATE,
    "提出名簿": Verb.HANDOVER, "handover": Verb.HANDOVER,
    "送信": Verb.RELEASE, "保留解除": Verb.RELEASE, "release": Verb.RELEASE,
    "送信取消": Verb.CANCEL_MAIL, "送信取り消し": Verb.CANCEL_MAIL, "cancel": Verb.CANCEL_MAIL,
    "保留": Verb.HOLD, "hold": Verb.HOLD,
    "研修登録": Verb.NEW_TRAINING, "new-training": Verb.NEW_TRAINING,
}  # fmt: skip
"""First word of a line → what it asks for; the rest of the line must fit the verb."""
ABOUT_MAIL = {word: LEADING[word] for word in ("送信", "再送", "保留解除", "送信取消", "送信取り消し", "保留")}
"""May also follow the number."""
FIELDS = {
    "新規": Field.ID_REGISTERED_ON, "新規登録": Field.ID_REGISTERED_ON, "新規登録年月日": Field.ID_REGISTERED_ON,
    "兼務": Field.CONCURRENT_REGISTERED_ON, "兼務登録": Field.CONCURRENT_REGISTERED_ON,
    "兼務登録年月日": Field.CONCURRENT_REGISTERED_ON,
    "兼務削除": Field.CONCURRENT_DELETED_ON, "兼務登録削除": Field.CONCURRENT_DELETED_ON,
    "兼務登録削除年月日": Field.CONCURRENT_DELETED_ON,
    "id削除": Field.ID_DELETED_ON, "id削除年月日": Field.ID_DELETED_ON,
} | {str(f): f for f in Field if f.is_date}  # fmt: skip
COURSES = {
    "初心者": Course.BEGINNER, "年金相談実務者研修": Course.BEGINNER, "年金相談実務者研修(初心者)": Course.BEGINNER,
    "wm": Course.WM_SKILL_UP, "wm操作": Course.WM_SKILL_UP, "wm操作スキルアップ研修": Course.WM_SKILL_UP,
    "スキルアップ": Course.WM_SKILL_UP, "講師": Course.INSTRUCTOR, "講師養成": Course.INSTRUCTOR,
    "講師養成研修": Course.INSTRUCTOR,
} | {str(c): c for c in Course}  # fmt: skip
LABELS = {
    "種類": "course", "研修の種類": "course", "研修名": "name", "名称": "name", "初日": "starts", "開始": "starts",
    "最終日": "ends", "終了": "ends", "期限": "deadline", "番号": "id", "研修id": "id",
}  # fmt: skip
"""Labels of the lines that follow 研修登録."""
VALUE_WORDS = ("配属", "配属先", "理由", "値", "value")
"""Between a question's number and a value in words."""
SUSPICIOUS = re.compile(
    r"(?<![a-z0-9@.\-])(?:ok|ng)(?![a-z0-9@.\-])|承認|却下|全件|不採用|訂正|停止|再開|送信取|保留|辞退|研修登録|"
    r"取り?込|修了結果|結果送付|提出済|期限変更|延期|交代|再送|(?:研修)?中止|復帰|異動|取り?やめ|取り?止め|"
    r"^(?:状況|進捗|送信|送付|電話|口頭|期限|実行|はい|いいえ|すべて|全て|全部|後始末|追加|氏名訂正|研修承認|様式|結果様式|提出名簿)",
    re.IGNORECASE,
)
"""A line with one of these may be meant as a command, whatever else stands in it."""
TAKES_BACK = re.compile(
    r"^(?:は|が|を|に|で(?!、)|と|も|し(?=な|ま|て)|せ(?=ず))|ないで|するな|待って|待つ|お待ち|[?？]|かも|それとも|"
    r"#?\d+\s*番?\s*[はも]?\s*(?:ok|ng|却下|採用|承認)",
    re.IGNORECASE,
)
"""A reason with one of these may take back what stands before it, or be another command."""
ANOTHER_DAY = re.compile(
    r"なく|ない|ません|(?<!書き間)(?<!入力間)(?<!記入間)違|(?<!書き)(?<!記入)(?<!転記)(?<!入力)(?<!写し)誤(?!記|入力)|"
    r"まだ|待|多分|たぶん|おそらく|頃|ごろ|くらい|ぐらい|以降|まで(?!に)|予定|または|もしくは|"
    r"\d+\s*(?:[./]|月|年)\s*\d|(?<![a-z])[rh]\s*\d|令和|平成",
    re.IGNORECASE,
)
"""Behind a date: it may be another date that is meant, or none."""
