"""How an import's dialogues fall into groups and splits, told in words where that makes later work impossible."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from proutt_core.dialogues.splits import Shares, split_of
from proutt_core.types import SPLITS, Split

LARGE = 0.2  # of all dialogues: one group this large makes the shares miss what was asked for
ENOUGH = 5  # test samples that a proposed split should give
WARNING = "note: "  # before what the reader should do something about
PROPOSED = [Shares(train=95 - test, valid=5, test=test) for test in range(20, 55, 5)]


class GroupCount(NamedTuple):
    """What one group holds."""

    name: str
    split: Split
    dialogues: int
    samples: int


@dataclass(slots=True)
class Balance:
    """`splits`: split → (dialogues, samples)."""

    groups: int
    largest_name: str
    largest_size: int
    splits: dict[Split, tuple[int, int]]
    warnings: list[str]

    def as_dict(self) -> dict[str, Any]:
        return {
            "groups": self.groups,
            "largest_group": {"name": self.largest_name, "dialogues": self.largest_size},
            "splits": {
                split: {"dialogues": dialogues, "samples": samples}
                for split, (dialogues, samples) in self.splits.items()
            },
            "warnings": list(self.warnings),
        }


def balance(groups: Iterable[GroupCount], *, shares: Shares | None, seed: int) -> Balance:
    """Of the groups of one dataset. `shares` is None where the source names the splits."""
    counts: dict[Split, list[int]] = {split: [0, 0] for split in SPLITS}
    names: list[tuple[str, int]] = []  # with their samples: what other shares would give
    largest = GroupCount("", "train", 0, 0)
    for group in groups:
        names.append((group.name, group.samples))
        counts[group.split][0] += group.dialogues
        counts[group.split][1] += group.samples
        largest = max(largest, group, key=lambda g: g.dialogues)
    splits: dict[Split, tuple[int, int]] = {split: (pair[0], pair[1]) for split, pair in counts.items()}
    warnings = [
        *_of_largest(largest, len(names), sum(dialogues for dialogues, _ in splits.values())),
        *_of_splits(splits, names, shares, seed),
    ]
    return Balance(len(names), largest.name, largest.dialogues, splits, warnings)


def _of_largest(largest: GroupCount, group_count: int, dialogue_count: int) -> list[str]:
    if largest.dialogues < 2 or largest.dialogues < LARGE * dialogue_count:
        return []
    share = f"{largest.dialogues:,} of {dialogue_count:,} dialogues ({largest.dialogues / dialogue_count:.0%})"
    if group_count == 1:
        return [
            f'all dialogues are one group ("{largest.name[:80]}") and so in one split: no other split can change it'
        ]
    return [f'the largest group ("{largest.name[:80]}") holds {share}, all in {largest.split}']


def _of_splits(
    splits: Mapping[Split, tuple[int, int]], groups: list[tuple[str, int]], shares: Shares | None, seed: int
) -> list[str]:
    if sum(samples for _, samples in splits.values()) == 0:
        return ["no dialogue gives a sample: none has a user message after a complete turn"]
    lines = []
    if splits["test"][1] == 0 and (shares is None or shares.test):
        lines.append(_of_test(splits, groups, shares, seed))
    if splits["train"][1] == 0 and (shares is None or shares.train):
        lines.append(f"{_absent('train', splits)}: there will be nothing to train on")
    if splits["valid"][1] == 0 and (shares is None or shares.valid):
        lines.append(f"{_absent('valid', splits)}")
    return lines


def _of_test(
    splits: Mapping[Split, tuple[int, int]], groups: list[tuple[str, int]], shares: Shares | None, seed: int
) -> str:
    line = f"{_absent('test', splits)}: no study will be possible"
    if shares is None:
        return f"{line}; the source names the splits, --split makes others"
    would_give = [
        (proposed, sum(samples for name, samples in groups if split_of(name, shares=proposed, seed=seed) == "test"))
        for proposed in PROPOSED
        if proposed.test > shares.test
    ]
    best = next(
        (pair for pair in would_give if pair[1] >= ENOUGH), max(would_give, key=lambda p: p[1], default=(shares, 0))
    )
    return f"{line}; {best[0]} would give {best[1]}" if best[1] else line


def _absent(split: Split, splits: Mapping[Split, tuple[int, int]]) -> str:
    dialogues = splits[split][0]
    return f"no {split} dialogue gives a sample" if dialogues else f"no {split} dialogue"


def balance_lines(report: Mapping[str, Any]) -> list[str]:
    """What the report of an import says of groups and splits, in words; nothing for reports of earlier versions."""
    if "splits" not in report:
        return []
    parts = [f"{split} {held['dialogues']:,} ({held['samples']:,} samples)" for split, held in report["splits"].items()]
    named = " (named by the source)" if len(report["named_splits"]) > 1 else ""
    lines = [f"splits{named}: {', '.join(parts)}"]
    if report["moved"]:
        lines.append(f"{report['moved']:,} left the split that the source names: their group is in another one")
    largest = report["largest_group"]
    if largest["dialogues"] > 1:
        share = largest["dialogues"] / max(report["imported"], 1)
        lines.append(
            f'{report["groups"]:,} groups, the largest "{largest["name"][:80]}" of {largest["dialogues"]:,} dialogues'
            f" ({share:.1%})"
        )
    return lines + [f"{WARNING}{warning}" for warning in report["warnings"]]
