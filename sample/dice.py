"""Random draws that are the same on every machine.

Only `random.Random.random` is used (its sequence is fixed for a seed) and only
the four basic operations follow it: no logarithms, no library distributions.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")


class Quantiles:
    """A distribution given by points (share, value), straight between them."""

    def __init__(self, *points: tuple[float, float]) -> None:
        self.values: list[float] = []
        for percent in range(101):
            share = percent / 100
            left, right = next(
                pair for pair in pairwise(points) if pair[0][0] <= share <= pair[1][0]
            )
            part = (share - left[0]) / (right[0] - left[0])
            self.values.append(left[1] + (right[1] - left[1]) * part)
        self.values.append(self.values[-1])


class Weights(list[tuple[float, Item]]):
    """Items with a share each; the shares need not add up to 1."""

    def __init__(self, shares: Sequence[tuple[float, Item]]) -> None:
        super().__init__(shares)
        total = 0.0
        self.bounds: list[float] = []
        self.items = [item for _, item in shares]
        for share, _ in shares:
            total += share
            self.bounds.append(total)
        self.total = total


class Dice:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random

    def chance(self, share: float) -> bool:
        return self.random() < share

    def below(self, count: int) -> int:
        return int(self.random() * count)

    def between(self, low: int, high: int) -> int:
        return low + int(self.random() * (high - low + 1))

    def uniform(self, low: float, high: float) -> float:
        return low + self.random() * (high - low)

    def pick(self, items: Sequence[Item]) -> Item:
        return items[int(self.random() * len(items))]

    def weighted(self, weights: Weights[Item]) -> Item:
        point = self.random() * weights.total
        return weights.items[bisect_right(weights.bounds, point)]

    def draw(self, quantiles: Quantiles) -> float:
        point = self.random() * 100
        index = int(point)
        low = quantiles.values[index]
        return low + (quantiles.values[index + 1] - low) * (point - index)
