"""A model around a model: who it is and where its texts go stay those of the model inside. And closing one."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from proutt_core.llm.model import Model


@runtime_checkable
class Closable(Protocol):
    async def aclose(self) -> None: ...


async def close_model(model: Model) -> None:
    """Close the model's connections, if it has any, through whatever is wrapped around it."""
    if isinstance(model, Closable):
        await model.aclose()


class WrappedModel:
    """What `LoggedModel` and the like share. With a `complete` of its own, a subclass satisfies `Model`."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._model!r})"

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def address(self) -> str:
        return self._model.address

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self._model.parameters

    async def aclose(self) -> None:
        await close_model(self._model)
