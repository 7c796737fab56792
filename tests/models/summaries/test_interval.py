import random

import pytest

pytest.importorskip("numpy")

from mujaz_models.summaries.interval import Interval, paired_bootstrap

_DRAW = random.Random(3)
THEIRS = [_DRAW.uniform(0, 100) for _ in range(200)]
NOISE = [_DRAW.gauss(0, 3) for _ in THEIRS]


def test_a_system_does_not_differ_from_itself() -> None:
    assert paired_bootstrap(THEIRS, THEIRS) == Interval(0.0, 0.0, 0.0)


def test_a_shift_is_seen_however_far_documents_are_apart() -> None:
    shifted = [value + 1 + noise for value, noise in zip(THEIRS, NOISE, strict=True)]
    interval = paired_bootstrap(shifted, THEIRS)
    assert 0 < interval.low < interval.mean < interval.high < 2
    apart = paired_bootstrap(shifted, sorted(THEIRS))  # as if documents were not paired
    assert apart.low < 0 < apart.high


def test_noise_alone_is_no_difference() -> None:
    noisy = [value + noise for value, noise in zip(THEIRS, NOISE, strict=True)]
    assert paired_bootstrap(noisy, THEIRS).low < 0 < paired_bootstrap(noisy, THEIRS).high


def test_it_is_as_wide_as_the_normal_approximation() -> None:
    interval = paired_bootstrap(NOISE, [0.0] * len(NOISE))
    mean = sum(NOISE) / len(NOISE)
    error = (sum((value - mean) ** 2 for value in NOISE) / len(NOISE) ** 2) ** 0.5
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * error, rel=0.05)


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([1.0], [1.0, 2.0])])
def test_what_cannot_be_paired_is_refused(ours: list[float], theirs: list[float]) -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_bootstrap(ours, theirs)
