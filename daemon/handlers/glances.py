"""The pictures of the digest: every value read off a fax that waits for a glance, and what the doubtful ones look like.

One minute must be enough for the admin who looks through them, and one mail must hold them: what finds no room is
counted, stays open, and is there tomorrow or in `meibod review list`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from daemon.domain.digest_letters import DigestLetter, DigestPicture, DigestReview, content_id
from daemon.handlers.outgoing import Inline
from daemon.handlers.tombstones import is_removed
from daemon.ports import Kit, Transaction
from parsers.pictures import size_px

MAIL_BYTES_MOST = 8_000_000
"""Of pictures as they travel: relays take 10 MB or more, and the words need a little."""
_BASE64 = 78 / 57
_CROP_PX = (222, 46)
_PAGE_PX = (360, 480)
"""Where a person must recognise a whole page."""


def with_pictures(
    tx: Transaction, kit: Kit, reviews: Sequence[DigestReview], most_bytes: int = MAIL_BYTES_MOST
) -> tuple[tuple[DigestReview, ...], int]:
    """The questions with their pictures as far as there is room, and how many glances found none.

    Doubtful ones come first: they are few, and somebody waits for them. A picture for several rows is carried once.
    """
    album = _Album(tx, kit, most_bytes)
    pictures = {r.review_id: album.picture(r) for r in sorted(reviews, key=lambda r: r.kind == "verify")}
    shown = [replace(r, picture=pictures[r.review_id]) for r in reviews]
    crowded_out = [r for r in shown if r.kind == "verify" and r.evidence.crop_sha256 in album.crowded_out]
    left = {r.review_id for r in crowded_out}
    return tuple(_in_order(kit, (r for r in shown if r.review_id not in left))), len(left)


class _Album:
    """The pictures one mail carries."""

    def __init__(self, tx: Transaction, kit: Kit, most_bytes: int) -> None:
        self._tx, self._kit, self._room = tx, kit, most_bytes
        self._known: dict[str, DigestPicture | None] = {"": None}
        self.crowded_out: set[str] = set()

    def picture(self, review: DigestReview) -> DigestPicture | None:
        """The picture of the question; None when there is none, it was removed, or the mail is full."""
        sha256 = review.evidence.crop_sha256
        if review.kind == "page" and not self._kit.policy.digest_with_names:
            return None  # a whole page shows the names of its rows
        if sha256 not in self._known:
            removed = is_removed(self._tx, sha256)
            self._known[sha256] = None if removed else self._put_in(sha256, review.kind)
        return self._known[sha256]

    def _put_in(self, sha256: str, kind: str) -> DigestPicture | None:
        png = self._kit.blobs.get(sha256)
        size, cost = size_px(png), round(len(png) * _BASE64)
        if cost > self._room:
            self.crowded_out.add(sha256)
            return None
        if size is None or min(size) <= 0:
            return None
        self._room -= cost
        most = _PAGE_PX if kind == "page" else _CROP_PX
        scale = min(most[0] / size[0], most[1] / size[1], 1.0)
        return DigestPicture(sha256, max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def _in_order(kit: Kit, reviews: Iterable[DigestReview]) -> Iterator[DigestReview]:
    """Glances by prefecture, centre and row, as the sheets lie on the table; all others as they came."""
    prefectures = {p: n for n, p in enumerate(kit.directory.offices)}

    def place(review: DigestReview) -> tuple[int, str, str, int, str]:
        at = review.place
        where = prefectures.get(at.prefecture, len(prefectures))
        return where, at.centre_title, at.roster_code, at.row or 0, review.field or ""

    found = list(reviews)
    yield from (r for r in found if not r.is_glance)
    yield from sorted((r for r in found if r.is_glance), key=place)


def inline(kit: Kit, letter: DigestLetter) -> tuple[Inline, ...]:
    """The pictures the letter shows, each once."""
    wanted = dict.fromkeys(r.picture.sha256 for r in letter.reviews if r.picture is not None)
    return tuple(Inline(sha256, kit.blobs.get(sha256)) for sha256 in wanted)


def standing_alone(html: str, pictures: Iterable[Inline]) -> str:
    """The HTML of a mail as a file of its own: the pictures are written into it (RFC 2397)."""
    for picture in pictures:
        data = base64.b64encode(picture.png).decode("ascii")
        html = html.replace(f"cid:{content_id(picture.sha256)}", f"data:image/png;base64,{data}")
    return html
