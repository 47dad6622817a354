"""Which form editions may be used: those whose templates passed their own fax test as they stand (design §5).

`released.json` beside the templates says which files were tested and what came of it; `make release-form` writes it.
A template that was changed since is a form nobody has tested: offices would fill in sheets the reader may not place.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from daemon.errors import Refused

RECORD = "released.json"
_SHARED = ("sheet.typ",)
"""Templates every edition draws with."""


class UnreleasedForm(Refused):
    """A form edition has no self-test that passed with the templates as they are; nothing was printed.

    Put the templates back as they were installed; who changed a form on purpose runs `make release-form` first.
    """

    def __init__(self, edition: str) -> None:
        self.edition = edition
        super().__init__(f"form {edition} has not passed its self-test as it stands; run `make release-form`")


def template_sha256(forms: Path, edition: str) -> str:
    """Of the files that say where an edition prints what; `forms` is the folder of the templates."""
    digest = sha256()
    for name in (f"{edition.replace('/', '-')}.typ", *_SHARED):
        digest.update(f"{name}\0".encode())
        digest.update((forms / name).read_bytes())
    return digest.hexdigest()


def record_of(forms: Path) -> dict[str, Any]:
    """What `released.json` says, by edition; empty when there is none, or none that can be read."""
    try:
        found = json.loads((forms / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def refuse_unreleased(forms: Path, edition: str) -> None:
    """Raise UnreleasedForm unless this very template has passed."""
    entry = record_of(forms).get(edition)
    if not isinstance(entry, dict) or entry.get("passed") is not True:
        raise UnreleasedForm(edition)
    if entry.get("template_sha256") != template_sha256(forms, edition):
        raise UnreleasedForm(edition)
