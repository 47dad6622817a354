"""What an admin may say by mail, and nothing else: a small language of whole lines, in Japanese and plain ASCII.

    12 OK · 12,13 OK · 12-15 OK       the suggestion is right          全件OK      everything read that this mail shows
    13 R8.4.1 [理由]                   another date                     14 却下 [理由]   record nothing
    15 回付番号/ページ                  which page of a roster a picture is
    承認 / 取りやめ                     what the mail being answered proposes
    状況 [研修ID | 回付番号/No.]         送信 61 · 再送 61 · 送信取消 61 [理由] · 保留 61 · 送信停止 · 送信再開
    訂正・電話・後始末・辞退・復帰・異動・交代・氏名訂正 回付番号/No. …     追加・期限変更・延期・中止 研修ID … 理由
    研修登録 … · 取込 [研修ID] · 送付 研修ID · 修了結果 [研修ID] · 結果送付 研修ID · 提出済 研修ID 番号 [日付]

A line is a command only when it can be read to its last character. A line that merely looks like one makes the whole
mail unclear, and an unclear mail does nothing: a question is cheap, a wrong date is not.
"""

from daemon.domain.commands.grammar import read_commands
from daemon.domain.commands.model import Command, Instructions, Line, Verb

__all__ = ["Command", "Instructions", "Line", "Verb", "read_commands"]
