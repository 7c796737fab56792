from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.pipeline.lru import LruCache

# What was put, and its size.
Value = tuple[int, int]
# A key, and the size of what is put; None: it is looked up.
Step = tuple[int, int | None]
STEPS = st.lists(st.tuples(st.integers(0, 7), st.none() | st.integers(1, 40)), max_size=200)


class ModelCache:
    """The same as a list, oldest use first: slow, and plain to see."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entries: list[tuple[int, Value]] = []

    @property
    def size(self) -> int:
        return sum(size for _, (_, size) in self.entries)

    def get(self, key: int) -> Value | None:
        for entry in self.entries:
            if entry[0] == key:
                self.entries.remove(entry)
                self.entries.append(entry)
                return entry[1]
        return None

    def put(self, key: int, value: Value) -> None:
        self.entries = [entry for entry in self.entries if entry[0] != key]
        if value[1] <= self.capacity:
            self.entries.append((key, value))
        while self.size > self.capacity:
            del self.entries[0]


def differs(cache: LruCache[int, Value], capacity: int, steps: list[Step]) -> str | None:
    """Returns where a cache first is not as the model; None: nowhere."""
    model = ModelCache(capacity)
    for number, (key, size) in enumerate(steps):
        if size is None:
            if cache.get(key) != model.get(key):
                return f"step {number}: another value"
        else:
            cache.put(key, (number, size))
            model.put(key, (number, size))
        if cache.size > capacity:
            return f"step {number}: too large"
        if (len(cache), cache.size) != (len(model.entries), model.size):
            return f"step {number}: another size"
    return None


def sized(capacity: int) -> LruCache[int, Value]:
    return LruCache(capacity, lambda value: value[1])


@given(st.integers(0, 100), STEPS)
def test_any_sequence_of_steps_goes_as_in_the_model(capacity: int, steps: list[Step]) -> None:
    assert differs(sized(capacity), capacity, steps) is None


def forgets_uses(cache: LruCache[int, Value]) -> None:
    def get(key: int) -> Value | None:
        return cache._values.get(key)

    cache.get = get  # type: ignore[method-assign]


def keeps_old_sizes(cache: LruCache[int, Value]) -> None:
    def forget(key: int) -> None:
        del cache._values[key]

    cache._forget = forget  # type: ignore[method-assign]


def keeps_one_too_many(cache: LruCache[int, Value]) -> None:
    cache.capacity += 10


DEFECTS = [forgets_uses, keeps_old_sizes, keeps_one_too_many]


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_is_told_from_the_model(
    defect: Callable[[LruCache[int, Value]], None],
) -> None:
    steps: list[Step] = [(1, 10), (2, 10), (1, 10), (1, None), (3, 11), (1, None), (4, 10)]
    good, bad = sized(30), sized(30)
    defect(bad)
    assert differs(good, 30, steps) is None
    assert differs(bad, 30, steps)


def test_what_was_used_longest_ago_goes_first() -> None:
    cache = LruCache[str, str](3, len)
    for key in "abc":
        cache.put(key, key)
    cache.get("a")
    cache.put("d", "d")
    assert [cache.get(key) for key in "abcd"] == ["a", None, "c", "d"]


def test_one_that_is_too_large_takes_nobodys_place_but_its_own() -> None:
    cache = LruCache[str, str](10, len)
    cache.put("a", "four")
    cache.put("b", "four")
    cache.put("b", "more than ten")
    assert (cache.get("a"), cache.get("b"), cache.size) == ("four", None, 4)


def test_a_cache_of_no_bytes_stays_empty() -> None:
    cache = LruCache[str, str](0, len)
    cache.put("a", "a")
    assert (len(cache), cache.size, cache.get("a")) == (0, 0, None)
