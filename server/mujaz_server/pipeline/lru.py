"""A cache that forgets what was used longest ago, bounded by bytes. Pure: no threads, no clock."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Values by key, of which the least recently used go when there is no room.

    One owner; `size` alone may be read from any thread.

    Args:
        capacity: The most bytes that it holds; with 0 it stays empty.
        weigh: Tells the bytes that a value, its key and its place take: always the same, over 0.

    Attributes:
        size: The bytes that it holds.
    """

    def __init__(self, capacity: int, weigh: Callable[[V], int]) -> None:
        self.capacity = capacity
        self.size = 0
        self._weigh = weigh
        # Oldest use first.
        self._values: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Returns the value of a key, which counts as a use of it, or None."""
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: K, value: V) -> None:
        """Keeps a value in place of the one its key had; one that is too large is not kept."""
        if key in self._values:
            self._forget(key)
        size = self._weigh(value)
        if size > self.capacity:
            return
        while self.size + size > self.capacity:
            self._forget(next(iter(self._values)))
        self._values[key] = value
        self.size += size

    def _forget(self, key: K) -> None:
        self.size -= self._weigh(self._values.pop(key))
