"""The error base of the parsers: only for bytes that cannot be opened at all."""

from __future__ import annotations

from parsers.findings import Problem


class ParserError(Exception):
    """Bytes that cannot be read; `problem` says why. The caller records it and goes on with the next file."""

    def __init__(self, problem: Problem, detail: str = "", /) -> None:
        super().__init__(f"{problem}: {detail}" if detail else problem.value)
        self.problem = problem
        self.detail = detail
