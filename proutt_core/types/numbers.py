"""How large a number may be that a person gives: what every database holds in a column of whole numbers."""

from proutt_core.errors import InputError

LARGEST = 2**31 - 1
# Of a seed, which is hashed and stored as JSON.
LARGEST_SEED = 2**63 - 1


def require_count(count: int, what: str) -> None:
    """InputError unless it is from 1 to LARGEST."""
    if count < 1:
        raise InputError(f"{what} must be at least 1; got {count}")
    if count > LARGEST:
        raise InputError(f"{what} must be at most {LARGEST:,}; got {count}")


def require_seed(seed: int) -> None:
    """InputError where JSON readers would not keep it."""
    if not -LARGEST_SEED <= seed <= LARGEST_SEED:
        raise InputError(f"the seed must be from {-LARGEST_SEED} to {LARGEST_SEED}; got {seed}")
