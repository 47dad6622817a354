"""The demo on the terminal: one line a day, and three tables at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.domain.model import State
from daemon.simulation.admin import Decision
from daemon.simulation.exhibition.register import Play
from daemon.simulation.exhibition.wording import doubt, verdict, words
from daemon.simulation.laws import LAWS

_NUMBERS = {"名簿", "受講者", "督促", "返信", "確認事項"}
_COLOURS = {State.VERIFIED: "green", State.EXCLUDED: "bright_black", State.QUERY: "magenta", State.READ: "magenta"}


def day_line(title: str, done: int, total: int, news: Mapping[str, int]) -> RenderableType:
    """One business day: a bar of what is settled, and what happened."""
    width = 24
    full = round(width * done / total) if total else 0
    line = Text(f"{title}　")
    line.append("█" * full, "green")
    line.append("░" * (width - full), "bright_black")
    line.append(f" {done:>3}/{total}  ")
    line.append("  ".join(f"{label}{count}" for label, count in news.items() if count), "cyan")
    return line


def result_table(plays: Iterable[Play]) -> RenderableType:
    """Training × prefecture × state."""
    table = Table(title="研修・都道府県ごとの結果", title_justify="left", header_style="bold", expand=False)
    for header in ("研修", "都道府県", "名簿", "受講者", "状態", "督促", "返信", "確認事項", "完了"):
        table.add_column(header, justify="right" if header in _NUMBERS else "left")
    for play in plays:
        for n, part in enumerate(play.parts):
            closed = f"{part.closed_on.month}/{part.closed_on.day}" if part.closed_on else "未完"
            table.add_row(
                play.training.course.label if n == 0 else "", part.prefecture, str(len(part.rosters)),
                str(part.trainees), _states(part.counts), str(part.reminders or ""), str(part.returns),
                str(part.questions or ""), closed + ("（期限後）" if part.late else ""),
            )  # fmt: skip
        table.add_section()
    return table


def _states(counts: Mapping[State, int]) -> Text:
    text = Text()
    for state, count in counts.items():
        if count:
            text.append(f"{words().word(state, 'state')}{count} ", _COLOURS.get(state, "yellow"))
    return text


def decision_table(decisions: Iterable[Decision]) -> RenderableType:
    """What the admin had to decide, by kind of doubt."""
    counts: Counter[tuple[str, str]] = Counter((doubt(d), verdict(d)) for d in decisions)
    table = Table(title="担当者が決めたこと", title_justify="left", header_style="bold")
    table.add_column("尋ねたこと")
    table.add_column("決めたこと")
    table.add_column("件", justify="right")
    for (asked, decided), count in counts.most_common():
        table.add_row(asked, decided, str(count))
    return table


def law_table(broken: Mapping[str, list[str]], proofs: Iterable[tuple[str, int, tuple[str, ...]]]) -> RenderableType:
    """The invariants, each with a tick, and what speaks against it."""
    table = Table(title="確かめたこと", title_justify="left", show_header=False)
    table.add_column("")
    table.add_column("")
    for law, sentence in LAWS.items():
        table.add_row(_mark(not broken[law]), Group(sentence, *(Text(p, "red") for p in broken[law])))
    for what, checked, problems in proofs:
        table.add_row(_mark(not problems), Group(f"{what}　{checked}", *(Text(p, "red") for p in problems)))
    return table


def _mark(good: bool) -> Text:
    return Text("✓", "bold green") if good else Text("✗", "bold red")
