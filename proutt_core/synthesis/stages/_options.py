"""What holds for every stage of an item, whichever it is: the language and the parts that an ablation leaves out."""

from proutt_core.traces.ablation import views_of
from proutt_core.types import Part, Value, View


class StageOptions(Value):
    """`language` as ISO 639-1, "und" where it is not known; `without` as `parts_left_out` returns it."""

    language: str = "und"
    without: frozenset[Part] = frozenset()

    @property
    def views(self) -> tuple[View, ...]:
        """The views that remain, in their order: both or one."""
        return views_of(self.without)

    def has(self, part: Part) -> bool:
        return part not in self.without
