"""XML parts of the archives in which LibreOffice and Word keep their documents."""

from __future__ import annotations

import zipfile
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from parsers.archives import read_entry
from parsers.errors import ParserError
from parsers.findings import Problem

PART_MOST_BYTES = 24_000_000


def xml_part(archive: zipfile.ZipFile, name: str) -> Element | None:
    """The root of an XML part; None when it is missing or no XML. Raises ParserError when it is too large."""
    xml = read_entry(archive, name, PART_MOST_BYTES + 1)
    if xml is not None and len(xml) > PART_MOST_BYTES:
        raise ParserError(Problem.TOO_LARGE, name)
    try:
        root: Element | None = fromstring(xml) if xml else None
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return root
