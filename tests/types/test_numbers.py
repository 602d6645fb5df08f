"""Numbers that a person gives, and what columns hold."""

import pytest

from proutt_core.errors import InputError
from proutt_core.types.numbers import LARGEST, LARGEST_SEED, require_count, require_seed


@pytest.mark.parametrize("count", [0, -1, LARGEST + 1, 10**30])
def test_a_count_is_at_least_1_and_fits_a_column(count: int) -> None:
    with pytest.raises(InputError, match=r"the limit must be at (?:least 1|most 2,147,483,647); got "):
        require_count(count, "the limit")
    require_count(1, "the limit")
    require_count(LARGEST, "the limit")


@pytest.mark.parametrize("seed", [LARGEST_SEED + 1, -LARGEST_SEED - 1, 10**30])
def test_a_seed_fits_what_json_readers_keep(seed: int) -> None:
    with pytest.raises(InputError, match="the seed must be from "):
        require_seed(seed)
