"""What holds for every stage of an item: the language, what an ablation leaves out, and versions of the prompts."""

from collections.abc import Mapping

from proutt_core.traces.ablation import views_of
from proutt_core.types import Part, Value, View


class StageOptions(Value):
    """`language` as ISO 639-1, "und" where it is not known; `without` as `parts_left_out` returns it.

    `older_prompts`: stage → version, where a run that began with an older version goes on with it.
    """

    language: str = "und"
    without: frozenset[Part] = frozenset()
    older_prompts: Mapping[str, int] = {}

    @property
    def views(self) -> tuple[View, ...]:
        """The views that remain, in their order: both or one."""
        return views_of(self.without)

    def version_of(self, stage: str, *, newest: int) -> int:
        return self.older_prompts.get(stage, newest)

    def has(self, part: Part) -> bool:
        return part not in self.without
