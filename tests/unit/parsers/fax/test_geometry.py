"""The written geometry is that of the templates, and what it says of the print is true."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest

from parsers.fax.geometry import FormGeometry, geometry_of
from parsers.findings import Box
from parsers.forms import EDITIONS_BY_NUMBER, row_check
from tests.fakes.form_geometry import TARGET, module_text

NUMBERS = {"existing": 1, "new": 2, "post": 3}


def geometry(name: str) -> FormGeometry:
    found = geometry_of(NUMBERS[name])
    assert found is not None
    return found


def test_the_written_module_is_what_the_templates_say_today() -> None:
    assert TARGET.read_text(encoding="utf-8") == module_text(), "run python -m tests.fakes.form_geometry"


def test_every_edition_has_a_geometry_and_an_unknown_one_has_none() -> None:
    assert all(geometry_of(number) is not None for number in EDITIONS_BY_NUMBER)
    assert geometry_of(1023) is None


@pytest.mark.parametrize("name", NUMBERS)
def test_boxes_of_different_lanes_never_share_a_place(name: str) -> None:
    boxes = list(geometry(name).boxes())
    assert len(set(boxes)) == len(boxes)
    for index, (x, y, w, h) in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert x + w <= other[0] or other[0] + other[2] <= x or y + h <= other[1] or other[1] + other[3] <= y


@pytest.mark.parametrize("name", NUMBERS)
def test_names_numbers_and_tags_are_printed_where_the_geometry_says(name: str, forms: dict[str, Any]) -> None:
    page, files = geometry(name), forms[name]
    words = _Words(files.pdf)
    manifest = files.manifest["pages"][0]
    for printed, row in zip(manifest["rows"], page.rows, strict=False):
        assert words.inside(row.number) == str(printed["row"])
        assert printed["name"].split("　")[0][0] in words.inside(row.name)
        tag = f"{printed['row']}{row_check(files.manifest['roster'], printed['row'])}"
        assert [words.inside(place) for place in row.tags] == [tag] * len(row.dates)


def test_the_boxes_for_messages_and_stamps_carry_their_labels(forms: dict[str, Any]) -> None:
    words = _Words(forms["existing"].pdf)
    assert words.inside(geometry("existing").messages).startswith("連絡欄")
    assert words.inside(geometry("existing").stamp).startswith("年金事務所")


class _Words:
    """The text of the first page of a PDF, by place."""

    def __init__(self, pdf: bytes) -> None:
        with pypdfium2.PdfDocument(pdf) as document:
            page = document[0]
            text, tall = page.get_textpage(), page.get_height()
            self._characters = []
            for index in range(text.count_chars()):
                left, low, right, high = text.get_charbox(index)
                place = (left + right) / 2 * 25.4 / 72, (tall - (low + high) / 2) * 25.4 / 72
                self._characters.append((text.get_text_range(index, 1), *place))

    def inside(self, box: Box) -> str:
        x, y, w, h = box
        found = [c for c, cx, cy in self._characters if x < cx < x + w and y < cy < y + h]
        return "".join(c for c in found if not c.isspace())
