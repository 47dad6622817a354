"""A fax network on paper: sheets are printed, written on, faxed any number of times, photographed, packed into files.

A development tool: it feeds the training of the digit reader, the tests, the bench and the offices of the demo. The
reader itself never imports it. Everything left to chance comes from a generator the caller seeds, so the same call
gives the same pixels. What is modelled, and from where: capture.md §3.1, §3.4 and §3.5.
"""

from daemon.simulation.fax.packing import as_jpeg, as_pdf, as_png, as_tiff
from daemon.simulation.fax.passes import FINE, NORMAL, SUPERFINE, FaxPass, LostLines, Streak, fax, placed
from daemon.simulation.fax.photo import Photo, photograph
from daemon.simulation.fax.sheet import Sheet, Stamp, Stroke, printed, write
from daemon.simulation.fax.weather import Weather, draw_pass, draw_passes

__all__ = [
    "FINE",
    "NORMAL",
    "SUPERFINE",
    "FaxPass",
    "LostLines",
    "Photo",
    "Sheet",
    "Stamp",
    "Streak",
    "Stroke",
    "Weather",
    "as_jpeg",
    "as_pdf",
    "as_png",
    "as_tiff",
    "draw_pass",
    "draw_passes",
    "fax",
    "photograph",
    "placed",
    "printed",
    "write",
]
