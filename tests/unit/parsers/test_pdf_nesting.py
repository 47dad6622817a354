"""A PDF that would unfold without end is refused before anything draws it; honest forms within forms are not."""

from __future__ import annotations

import pytest

from daemon.simulation.fax.packing import Pdf
from parsers.findings import PageKind, Problem
from parsers.reading import ReadingContext, read_file

_PAGE = "/MediaBox [0 0 595 842]"


def form(calls: bytes, resources: str = "") -> tuple[str, bytes]:
    """Entries and content of a form XObject."""
    return f"/Type /XObject /Subtype /Form /BBox [0 0 595 842] {resources}", calls


def named(**forms: int) -> str:
    """Resources with these object numbers as forms."""
    return "/Resources << /XObject << " + " ".join(f"/{k} {n} 0 R" for k, n in forms.items()) + " >> >>"


def told(pdf: Pdf) -> tuple[Problem, ...]:
    return tuple(n.code for n in read_file("fax.pdf", pdf.finish(), ReadingContext()).problems)


@pytest.mark.parametrize("calls", [b"/X Do", b"/X Do /X Do"])
@pytest.mark.parametrize("resources", [named(X=4), ""])
def test_a_form_that_draws_itself_is_refused(calls: bytes, resources: str) -> None:
    pdf = Pdf()
    content = pdf.add("", b"/X Do")
    pdf.add(*form(calls, resources))
    pdf.add_raw_page(f"{_PAGE} /Contents {content} 0 R {named(X=4)}")
    assert told(pdf) == (Problem.TOO_LARGE,)


def test_forms_that_draw_one_another_in_a_circle_are_refused() -> None:
    pdf = Pdf()
    content = pdf.add("", b"/X Do")
    pdf.add(*form(b"/Y Do", named(Y=5)))
    pdf.add(*form(b"/X Do", named(X=4)))
    pdf.add_raw_page(f"{_PAGE} /Contents [{content} 0 R] {named(X=4)}")
    assert told(pdf) == (Problem.TOO_LARGE,)


def test_a_billion_forms_are_refused_without_being_drawn() -> None:
    pdf = Pdf()
    content = pdf.add("", b"/X Do " * 10)
    for number in range(5, 13):
        pdf.add(*form(b"/X Do " * 10, named(X=number)))
    pdf.add(*form(b"0 0 9 9 re f"))
    pdf.add_raw_page(f"{_PAGE} /Contents {content} 0 R {named(X=4)}")
    assert told(pdf) == (Problem.TOO_LARGE,)


def test_forms_within_forms_are_read() -> None:
    pdf = Pdf()
    content = pdf.add("", b"/X Do /X Do")
    pdf.add(*form(b"/Y Do", named(Y=5)))
    pdf.add(*form(b"9 9 99 99 re f"))
    pdf.add_raw_page(f"{_PAGE} /Contents {content} 0 R {named(X=4)}")
    document = read_file("fax.pdf", pdf.finish(), ReadingContext())
    assert [p.kind for p in document.pages] != [PageKind.FORM]
    assert Problem.TOO_LARGE not in {n.code for n in document.problems}


def test_a_page_tree_that_goes_round_in_a_circle_ends() -> None:
    pdf = Pdf()
    pdf.add_raw_page(_PAGE)
    data = pdf.finish().replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    document = read_file("fax.pdf", data, ReadingContext())
    assert [n.code for n in document.problems] == [Problem.UNREADABLE_ATTACHMENT]
