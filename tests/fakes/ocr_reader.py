"""A reader module that reads a picture of one line with the general OCR, for tests of the walls around it."""

from __future__ import annotations

from hashlib import sha256

import cv2
import numpy as np

from parsers.fax.ocr import find_lines, read_line
from parsers.findings import Decision, Document, Field, Finding, Source
from parsers.reading import ReadingContext


def read_file(name: str, data: bytes, context: ReadingContext) -> Document:
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    page = cv2.copyMakeBorder(picture, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=255)
    text = f"{len(find_lines(np.asarray(page, np.uint8)))} {read_line(np.asarray(picture, np.uint8)).text}"
    finding = Finding(None, 1, None, "", Field.DESTINATION, text, None, 0.0, Decision.EMPTY)
    return Document(Source(name, sha256(data).hexdigest(), "image/png"), findings=(finding,))


def read_outline(name: str, data: bytes, context: ReadingContext, part: str = "") -> Document:
    return Document(Source(name, sha256(data).hexdigest(), "image/png"))


def read_part(name: str, data: bytes, context: ReadingContext, part: str) -> Document:
    raise KeyError(part)
