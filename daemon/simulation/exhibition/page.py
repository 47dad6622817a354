"""The one page to open: `index.html`, self-contained, in Japanese."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from daemon.simulation.exhibition.files import Written
from daemon.simulation.exhibition.register import Play
from daemon.simulation.exhibition.story import Day, days
from daemon.simulation.laws import LAWS
from daemon.simulation.world import World


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers at the top."""

    trainings: int
    prefectures: int
    trainees: int
    days: int
    sent: int
    received: int
    reminders: int
    decisions: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checks said at the end."""

    broken: dict[str, list[str]]
    """Law → problems; empty lists are good news."""
    proofs: tuple[tuple[str, int, tuple[str, ...]], ...]
    """What, how many were checked, problems: `handlers.verify`, and the register against the truth."""


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Everything the page shows beside the story."""

    written: Written
    plays: list[Play]
    figures: Figures
    findings: Findings


def write_page(world: World, folder: Path, exhibits: Exhibits) -> Path:
    """Fill the template; returns the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    story: list[Day] = days(world, exhibits.written)
    text = environment.get_template("index.html.j2").render(
        figures=exhibits.figures,
        plays=exhibits.plays,
        days=story,
        decisions=[e for d in story for e in d.events if e.look == "admin"],
        laws=LAWS,
        findings=exhibits.findings,
        mailbox=len(world.network.mailbox.messages),
    )
    page = folder / "index.html"
    page.write_text(text, "utf-8")
    return page
