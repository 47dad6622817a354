"""What a finding rests on: the place on the page, cut out as the readers saw it, and what each of them said."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2

from parsers.fax.cells import CROP_PX_PER_MM, STRIP_MARGIN_MM
from parsers.fax.page import FittedPage, Gray
from parsers.findings import Box, Evidence, Picture

MARGIN_MM = STRIP_MARGIN_MM
"""Room around a cell in its picture: enough to see a stamp or a stroke that comes from elsewhere."""


@dataclass(slots=True, eq=False)
class Album:
    """Cuts the pictures of one page and names them in the evidence; blank cells get none."""

    page: FittedPage
    part: str = ""
    page_sha256: str = ""
    pictures: list[Picture] = field(default_factory=list)

    def evidence(self, box: Box, readers: tuple[str, ...] = (), *, shown: Gray | None = None) -> Evidence:
        """Evidence of what stands in `box`; `readers` as in `Evidence`, `shown` its picture, None where nothing is."""
        return Evidence(
            part=self.part,
            page=self.page.page,
            box_mm=box,
            crop_sha256="" if shown is None else self._keep(shown),
            readers=readers,
            fit_error_mm=round(self.page.fit_error_mm, 3),
            page_sha256=self.page_sha256,
        )

    def cut(self, box: Box) -> Gray:
        """The picture of a place that nobody cut out yet."""
        return self.page.cell(box, MARGIN_MM, CROP_PX_PER_MM).pixels

    def _keep(self, shown: Gray) -> str:
        picture = png(shown)
        self.pictures.append(picture)
        return picture.sha256


def png(pixels: Gray) -> Picture:
    """(h, w) uint8, 0 = black, as a PNG; the same pixels give the same bytes."""
    _, data = cv2.imencode(".png", pixels)
    return Picture(data.tobytes())
