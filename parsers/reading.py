"""The one entry of the parsers: `read_file`, bytes and context in, `Document` out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from parsers.findings import Document


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What a reader may know beside the bytes. All of it is optional; it narrows, it never invents."""

    received_on: dt.date | None = None
    """Day the file reached HQ, Asia/Tokyo: no date may lie after it. None = unknown."""
    not_before_on: dt.date | None = None
    """Earliest plausible day (dispatch). With received_on it resolves dates without a year. None = unknown."""
    fax_senders: tuple[str, ...] = ()
    """From addresses of configured fax gateways, lower case."""
    own_addresses: tuple[str, ...] = ()
    """Our own addresses, lower case: mail from them is our own come back."""


def read_file(name: str, data: bytes, context: ReadingContext) -> Document:
    """Read one returned file or mail of any kind; never raises for what the bytes hold."""
    raise NotImplementedError
