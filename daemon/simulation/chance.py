"""Everything that is left to chance in the virtual world, drawn from one seed.

Each thing draws from a stream of its own, named after it: what one office does never changes because another office
was asked first, so a run is the same whatever the order of events.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A named stream of draws."""

    def __init__(self, seed: int, *path: str) -> None:
        """Same seed, same path: same draws."""
        self._seed = seed
        self._path = path
        digest = hashlib.sha256("\0".join([str(seed), *path]).encode()).digest()
        self._random = random.Random(digest)  # noqa: S311 - the dice of a play, no secret

    @property
    def seed(self) -> int:
        """The seed of the whole world."""
        return self._seed

    def of(self, *name: str) -> Chance:
        """The stream called `name`; asking twice gives the same draws again."""
        return Chance(self._seed, *self._path, *name)

    def whole(self, least: int, most: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(least, most)

    def happens(self, probability: float) -> bool:
        """True with that probability."""
        return self._random.random() < probability

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return self._random.choice(among)

    def weighted(self, among: Sequence[tuple[T, float]]) -> T:
        """One of them, by weight."""
        return self._random.choices([a for a, _ in among], [w for _, w in among])[0]

    def some(self, among: Sequence[T], count: int) -> list[T]:
        """`count` different ones, in the order they stand."""
        chosen = sorted(self._random.sample(range(len(among)), count))
        return [among[i] for i in chosen]

    def shuffled(self, among: Sequence[T]) -> list[T]:
        """All of them in another order."""
        return self._random.sample(among, len(among))

    def token(self, *name: str) -> str:
        """Twelve hex digits that belong to `name` here; unlike the draws, not used up."""
        return hashlib.sha256("\0".join([str(self._seed), *self._path, *name]).encode()).hexdigest()[:12]
