"""What every command does first: find the configuration, open the program, know who is at the keyboard."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daemon.errors import MeibodError

if TYPE_CHECKING:
    from daemon.bootstrap import App
    from daemon.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="設定ファイル（省略時: ./meibod.toml、なければ /etc/meibod/meibod.toml）"),
]
Json = Annotated[bool, typer.Option("--json", help="JSON で出力する")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="確認せずに実行する")]
Because = Annotated[str, typer.Option("--because", "-m", help="理由（履歴に残ります）")]
USUAL_PLACES = (Path("meibod.toml"), Path("/etc/meibod/meibod.toml"))


class NoConfiguration(MeibodError):
    """Say where the configuration is."""


def load(config: Path | None) -> Settings:
    """The settings, with logging set up to standard error."""
    from daemon.log import setup_logging
    from daemon.settings import load_settings

    path = config or next((p for p in USUAL_PLACES if p.is_file()), None)
    if path is None:
        raise NoConfiguration(
            "設定ファイルが見つかりません。--config で指定してください（雛形: config/meibod.example.toml）"
        )
    settings = load_settings(path)
    setup_logging(settings.log.level, settings.log.format)
    return settings


@contextmanager
def opened(config: Path | None) -> Iterator[App]:
    """The program, closed again at the end."""
    from daemon.bootstrap import open_app

    app = open_app(load(config))
    try:
        yield app
    finally:
        app.close()


def who() -> str:
    """The person at the keyboard, for the history."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli:unknown"


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be taken back."""
    if not yes and not typer.confirm(question):
        raise typer.Exit(1)
