"""The words of the forms (`mail_templates/forms/words.toml`), read once; paper and workbooks share them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def words(forms: Path) -> Mapping[str, Any]:
    """The words beside the form templates in the folder `forms`."""
    return tomllib.loads((forms / "words.toml").read_text(encoding="utf-8"))
