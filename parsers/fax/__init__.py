"""Faxed, scanned and photographed rosters: files into page pictures, pictures into pages of a form, pages into cells.

`raster` opens the file, `fit` finds out which page of which roster a picture shows and where everything on it came to
lie, `geometry` says where an edition printed it. numpy, OpenCV and zxing-cpp load with this package: import it only
where a picture is to be read.
"""

import cv2

# The reading process is forked and has one thread: a pool started before the fork would hang after it.
cv2.setNumThreads(1)
