"""A clock that tests set forward and back."""

from datetime import datetime, timedelta

from db.columns import now


class Clock:
    """The time as the modules of accounts see it."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return now() + self.offset

    def forward(self, **much: float) -> None:
        self.offset += timedelta(**much)
