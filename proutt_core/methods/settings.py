"""What a prompted method is: it never changes, so that other settings are another method."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from proutt_core.llm.providers.model_ref import ModelRef

PROMPTED = "prompted"


@dataclass(frozen=True, kw_only=True)
class MethodSettings:
    """`model` is explicit; `model_name` is its name at its address when the method was made. `without_tree` asks for
    four utterances only."""

    model: ModelRef
    model_name: str
    without_tree: bool = False

    @classmethod
    def of(cls, model: ModelRef, *, without_tree: bool = False) -> Self:
        """Raises what the model's properties do; needs no key."""
        return cls(model=model.explicit, model_name=model.name, without_tree=without_tree)

    def to_stored(self) -> dict[str, Any]:
        return {
            "kind": PROMPTED,
            "model": self.model.spec,
            "model_name": self.model_name,
            "base_url": self.model.base_url,
            "without_tree": self.without_tree,
            **self.model.stored_upstream,
            **self.model.stored_parameters,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self | None:
        """None for a method of another kind."""
        if stored.get("kind") != PROMPTED:
            return None
        return cls(
            model=ModelRef.from_stored(stored), model_name=stored["model_name"], without_tree=stored["without_tree"]
        )
