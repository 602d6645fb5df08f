"""The base of all values."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """Base of all values: frozen, and an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
