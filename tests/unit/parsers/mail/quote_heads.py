"""What mailers put above a quoted mail."""

_TEXT = """\
=== outlook dashes
-----Original Message-----
From: 運営本部 <hq@x.example>
Sent: Wednesday, April 1, 2026 10:00 AM
To: a
Subject: 名簿
=== outlook ja
________________________________
差出人: 運営本部 <hq@x.example>
送信日時: 2026年4月1日 10:00
宛先: 佐藤 <a@x.example>
件名: 名簿
=== outlook ja full-width, other order
________________________________________
件名：名簿
差出人：運営本部
宛先：佐藤
CC：鈴木
送信日時：2026年4月1日
=== outlook ja without a rule
差出人: 運営本部 <hq@x.example>
送信日時: 2026年4月1日 10:00
宛先: 佐藤
件名: 名簿
=== outlook web bold
**差出人:** 運営本部
**送信日時:** 2026年4月1日
**件名:** 名簿
=== outlook en
From: HQ <hq@x.example>
Sent: Wednesday, April 1, 2026
To: a
Subject: x
=== outlook with attachment line
差出人: x
日時: 2026/4/1
宛先: a; b;
 c; d
件名: 名簿
添付ファイル: a.xlsx
=== gmail ja
2026年4月1日(水) 10:00 運営本部 <hq@x.example>:
=== gmail ja wrapped
2026年4月1日(水) 10:00 全国社会保険労務士会連合会 運営本部
<hq@x.example>:
=== gmail en
On Wed, Apr 1, 2026 at 10:00 AM HQ <hq@x.example> wrote:
=== gmail en wrapped
On Wed, Apr 1, 2026 at 10:00 AM HQ
<hq@x.example> wrote:
=== iphone ja
2026/04/01 10:00、運営本部 <hq@x.example>のメール:
=== thunderbird ja
On 2026/04/01 10:00, 運営本部 wrote:
=== becky
On Wed, 1 Apr 2026 10:00:00 +0900
運営本部 <hq@x.example> wrote:
=== yahoo ja
----- 元のメッセージ -----
差出人: 運営本部
=== three dashes ja
--- 元のメッセージ ---
=== forward en
---------- Forwarded message ---------
From: HQ <hq@x.example>
Date: 2026年4月1日(水) 10:00
Subject: 名簿
To: <a@x.example>
=== forward ja
【転送】
差出人: 運営本部
=== forward mac
Begin forwarded message:

From: HQ
"""

HEADS = {name: head for name, _, head in (block.partition("\n") for block in _TEXT.split("=== ")[1:])}
"""Name → lines of the head."""
