"""Why a job stands still."""

from dataclasses import dataclass
from typing import Literal, get_args

# A limit of calls or of money is reached, the limit of money lacks a price, the server does not answer, a person wanted
# it so, or something refuses every further step until it is put right.
Halt = Literal["calls", "money", "price", "server", "person", "refused"]
HALTS: tuple[Halt, ...] = get_args(Halt)


@dataclass(frozen=True)
class Standstill:
    """Why a job stands still: the cause, by which a reader chooses what to do, and the reason in words for people."""

    halt: Halt
    reason: str

    @property
    def state(self) -> Literal["paused", "failed"]:
        """What becomes of the job: it is paused where the same work may simply go on later."""
        return "failed" if self.halt == "refused" else "paused"
