"""Where the files that travel with the program are: in an installed wheel under `daemon/_data`, else in the checkout.

The only place that knows; everything else asks `data_path`.
"""

from __future__ import annotations

from pathlib import Path

KINDS = ("mail_templates", "config")
_PACKAGE = Path(__file__).resolve().parent.parent


def data_path(kind: str) -> Path:
    """Folder of one kind of data file ("mail_templates", "config").

    Raises ValueError for another kind and FileNotFoundError when the installation is incomplete.
    """
    if kind not in KINDS:
        raise ValueError(f"no such kind of data: {kind}")
    for folder in (_PACKAGE / "_data" / kind, _PACKAGE.parent / kind):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the installation is incomplete: {kind} is missing; install meibod again")
