"""HQ's fax machine: takes the pages of one call and mails them, as office machines and fax services do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from daemon.domain.calendar import TOKYO
from daemon.simulation.fax import Sheet, as_pdf, as_tiff
from daemon.simulation.offices.writing import Words, write

ADDRESS = "fax@gateway.example"
NAME = "本部複合機"
SUBJECT_PATTERN = r"^ＦＡＸ受信 (?P<csid>[0-9-]+)$"
FILE_PATTERN = r"^FAX(?P<received>\d{14})\.(?:tif|pdf)$"
"""As they stand in the demo's gateways.toml."""


def mailed(pages: Sequence[Sheet], caller: str, to: str, at: dt.datetime, *, pdf: bool) -> bytes:
    """The mail of one call. `caller`: number the other machine sends; `at`: when the call ended, aware."""
    local = at.astimezone(TOKYO)
    name = f"FAX{local:%Y%m%d%H%M%S}.{'pdf' if pdf else 'tif'}"
    data = as_pdf(pages, "g4") if pdf else as_tiff(pages, "g4")
    text = f"ＦＡＸを受信しました。\n\n受信日時　{local:%Y/%m/%d %H:%M}\n送信元　{caller}\n枚数　{len(pages)}\n"
    subject = f"ＦＡＸ受信 {caller}"
    return write(Words(ADDRESS, NAME, to, subject, text, ((name, data),)), at)
