"""Which split a group goes to: decided by a hash of (seed, group).

So a group keeps its split in any order, in any part of the file and in a later import of more rows. The price: shares
are met on average only. Of 500 groups at 80/5/15, 75 ± 8 are in test; of 30, 4.5 ± 2, and now and then none.
"""

from typing import Annotated, Self

from pydantic import Field, model_validator

from proutt_core.dialogues.files.rows import short_repr
from proutt_core.dialogues.text import seeded_number
from proutt_core.errors import InputError
from proutt_core.types import Split, Value

Share = Annotated[int, Field(ge=0, le=100)]


class Shares(Value):
    """Percent of the groups; they sum to 100."""

    train: Share = 80
    valid: Share = 5
    test: Share = 15

    @model_validator(mode="after")
    def _sum(self) -> Self:
        if self.train + self.valid + self.test != 100:
            raise ValueError(f"{self} does not sum to 100")
        return self

    def __str__(self) -> str:
        return f"{self.train}/{self.valid}/{self.test}"


def parse_shares(text: str) -> Shares:
    """`80/5/15` as shares; InputError says what is wrong with anything else."""
    parts = [part.strip() for part in text.split("/")]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        raise InputError(f"A split is three whole numbers, train/valid/test, such as 80/5/15; not {short_repr(text)}.")
    train, valid, test = (int(part) for part in parts)
    if train + valid + test != 100:
        raise InputError(
            f"The three numbers of a split must sum to 100; {text.strip()} sums to {train + valid + test}."
        )
    return Shares(train=train, valid=valid, test=test)


def split_of(group: str, *, shares: Shares, seed: int) -> Split:
    percent = seeded_number("split", seed, group) * 100 >> 64  # 0 to 99
    if percent < shares.train:
        return "train"
    return "valid" if percent < shares.train + shares.valid else "test"
