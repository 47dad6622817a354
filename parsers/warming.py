"""Loads and exercises the readers once, for a process whose forks are to read without delay.

The first reading pays for imports, tables of encodings and compiled patterns; a fork inherits what is already there.
The sample is made here, holds nobody's data, and what it says is thrown away.
"""

from __future__ import annotations

import base64
import io

_MAIL = """\
From: =?ISO-2022-JP?B?GyRCOCtLXBsoQg==?= <sample@example.jp>
To: sample@example.jp
Subject: =?ISO-2022-JP?B?GyRCTD5KbRsoQg==?=
Date: Wed, 01 Apr 2026 09:00:00 +0900
Message-ID: <sample@example.jp>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="-"

---
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit

お世話になっております。名簿を返送します。
> 引用
---
Content-Type: application/octet-stream; name="sample.xlsx"
Content-Disposition: attachment; filename*=UTF-8''%E5%90%8D%E7%B0%BF.xlsx
Content-Transfer-Encoding: base64

{workbook}
-----
"""
_ROWS = (
    ("受講者名簿（ＩＤ兼務登録用）",),
    ("No.", "氏名", "フリガナ", "兼務登録年月日", "対象外", "備考"),
    (1, "見本　一郎", "ミホン　イチロウ", "令和8年4月1日", "", ""),
    (2, "見本　二郎", "ミホン　ジロウ", "R8.4.1", "", "済"),
)


def sample_mail() -> bytes:
    """A mail with a small roster as a workbook."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    if sheet is not None:
        for row in _ROWS:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return _MAIL.format(workbook=base64.encodebytes(out.getvalue()).decode()).replace("\n", "\r\n").encode()


def sample_pdf() -> bytes:
    """A page with a table of one cell and two words."""
    content = b"BT /F 10 Tf 72 720 Td (No. R8.4.1) Tj ET 60 700 200 40 re S 60 740 m 60 700 l S"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places))
    out.write(b"trailer<</Root 1 0 R/Size 6>>\nstartxref\n%d\n%%%%EOF" % start)
    return out.getvalue()
