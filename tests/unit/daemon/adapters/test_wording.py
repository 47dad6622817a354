"""Values as the digest shows them."""

from __future__ import annotations

import pytest

from daemon.adapters.wording import value


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("2026-04-10", "令和8年4月10日（金）"),
        ("retired", "退職"),
        ("other", "その他"),
        ("stays", "現所属センターのまま"),
        ("not-completed", "未修了"),
        ("船橋", "船橋"),
    ],
)
def test_no_code_of_ours_reaches_a_reader(stored: str, shown: str) -> None:
    assert value(stored) == shown
