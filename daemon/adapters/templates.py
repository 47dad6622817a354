"""Turns letters into words: Jinja2 over `mail_templates`, with a site's own folder in front.

A mail is up to three files, `<purpose>/<variant>.subject.txt.j2`, `.text.txt.j2` and, if there is one, `.html.j2`.
Same letter and same templates give the same words; no clock, no locale. A missing placeholder is an error, never
an empty place. Only HTML is escaped. What may be missing is the `.html.j2`; nothing else.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound

from daemon.adapters import wording
from daemon.errors import MeibodError
from daemon.ports import Rendered
from parsers.findings import Problem

AUDIENCES = ("admin", "office")
_CODE = re.compile(r"[a-z]+(?:-[a-z]+)+")


class TemplateBroken(MeibodError):
    """A template cannot be rendered. Mend or remove the file named in it; until then nothing of that kind is sent."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"mail template {name}: {reason}")
        self.name = name
        self.reason = reason


class Words:
    """The words for codes: `words.toml` and `problems.toml`, a site's entries over ours."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Read the tables; earlier folders win. Raises TemplateBroken for a file that is no TOML."""
        self._words: dict[str, dict[str, Any]] = {}
        self._problems: dict[str, dict[str, str]] = {}
        for folder in reversed(folders):
            _merge(self._words, _table(folder / "words.toml"))
            _merge(self._problems, _table(folder / "problems.toml"))

    def word(self, code: object, table: str, part: str = "") -> str:
        """The word for `code` in [table]; an unknown code, or a text, comes back as it is ("" for a missing part)."""
        found = self._words.get(table, {}).get(str(code))
        if part:
            return str(found.get(part, "")) if isinstance(found, Mapping) else ""
        return str(code) if found is None or isinstance(found, Mapping) else str(found)

    def hold(self, reason: str) -> str:
        """Why a mail is held: a code, a code with details ("refused: 550 …"), or a text that stands for itself."""
        table = self._words.get("hold", {})
        known = max((code for code in table if reason.startswith(code)), key=len, default=None)
        if known is None:
            return reason
        rest = reason[len(known) :].strip(" :")
        return f"{table[known]}（{rest}）" if rest else str(table[known])

    def alarm(self, code: object, part: str) -> str:
        """What is wrong ("what"; a text stands for itself) or what to do about it ("todo"; "" when not known)."""
        return self.word(code, "alarm", part) or (str(code) if part == "what" else "")

    def problem(self, code: Problem | str, audience: str) -> str:
        """The sentence for a problem code, for "admin" or "office"; raises KeyError for a code without one."""
        return self._problems[str(code)][audience]

    def spelt_out(self, text: str) -> str:
        """A sentence of a handler, with the sentence for admins in place of every problem code in it."""
        return _CODE.sub(lambda m: self._problems.get(m.group(), {}).get("admin", m.group()).rstrip("。"), text)


class JinjaTemplates:
    """`ports.Templates` over a folder of templates."""

    def __init__(self, root: Path, override: Path | None = None) -> None:
        """`override` may hold any subset of `root`'s files, under the same names; they win."""
        self._folders = [f for f in (override, root) if f is not None]
        self.words = Words(self._folders)
        self._plain = self._environment(html=False)
        self._html = self._environment(html=True)

    def render(self, name: str, letter: object) -> Rendered:
        """The words of one mail; raises TemplateBroken. Subject and text are needed, HTML is optional."""
        subject = self._fill(self._plain, f"{name}.subject.txt.j2", letter)
        text = self._fill(self._plain, f"{name}.text.txt.j2", letter)
        html = self._fill(self._html, f"{name}.html.j2", letter) if self.has_html(name) else ""
        return Rendered(subject=" ".join(subject.split()), text=wording.tidy(text), html=html)

    def has_html(self, name: str) -> bool:
        """Whether mails of that name have an HTML part."""
        return any((folder / f"{name}.html.j2").is_file() for folder in self._folders)

    def broken(self) -> list[TemplateBroken]:
        """Every template that cannot even be compiled, ours and the site's, in order of name (for `meibod check`)."""
        found = []
        for name in sorted(self._plain.list_templates(filter_func=lambda n: n.endswith(".j2"))):
            try:
                (self._html if name.endswith(".html.j2") else self._plain).get_template(name)
            except TemplateError as error:
                found.append(_broken(name, error))
        return found

    def _fill(self, environment: Environment, name: str, letter: object) -> str:
        try:
            return environment.get_template(name).render(letter=letter)
        except (TemplateError, KeyError, AttributeError, TypeError, ValueError) as error:
            raise _broken(name, error) from error

    def _environment(self, *, html: bool) -> Environment:
        environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in self._folders]),
            undefined=StrictUndefined,
            autoescape=html,  # noqa: S701 - text mails are no HTML; escaping would print &amp;
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters.update(self._filters())
        return environment

    def _filters(self) -> dict[str, Callable[..., Any]]:
        words = self.words
        ours: dict[str, Callable[..., Any]] = {
            "worded": words.word,
            "problem": words.problem,
            "alarm": words.alarm,
            "hold": words.hold,
            "spelt_out": words.spelt_out,
        }
        return wording.FILTERS | ours


def _broken(name: str, error: Exception) -> TemplateBroken:
    if isinstance(error, TemplateNotFound):
        return TemplateBroken(name, f"missing file {error.name}")
    line = getattr(error, "lineno", None)
    where = f"line {line}: " if line else ""
    return TemplateBroken(name, f"{where}{type(error).__name__}: {error}")


def _table(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TemplateBroken(path.name, str(error)) from error


def _merge(into: dict[str, dict[str, Any]], table: Mapping[str, Any]) -> None:
    for key, entries in table.items():
        into[key] = {**into.get(key, {}), **entries}
