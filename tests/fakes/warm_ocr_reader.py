"""The same with the models loaded and used before anything is forked."""

from parsers.reading import ReadingContext
from tests.fakes.ocr_reader import read_file, read_outline, read_part
from tests.fakes.prints import printed_line

__all__ = ["preload", "read_file", "read_outline", "read_part"]


def preload() -> None:
    read_file("", printed_line("warm"), ReadingContext())
