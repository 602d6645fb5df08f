"""The end of an import: what is one conversation becomes one, groups and splits are put right, the report says so."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

from db.datasets import settle
from db.datasets.imports import SoFar
from db.datasets.settle import GroupedRow, Removed
from proutt_core.dialogues import ImportReport, ImportSettings, split_of
from proutt_core.dialogues.balance import GroupCount, balance
from proutt_core.dialogues.conversations import (
    Groups,
    Numbered,
    Opened,
    first_turn,
    piece_stem,
    repeats,
    stems_of_pieces,
)
from proutt_core.dialogues.sources import Source
from proutt_core.jobs.whole_job import WholeJobClaim
from proutt_core.types import SPLITS, Split

Item = TypeVar("Item")


class Settling:
    """One dataset whose dialogues are all stored."""

    def __init__(
        self, claim: WholeJobClaim, dataset_id: int, *, settings: ImportSettings, report: ImportReport, source: Source
    ) -> None:
        self._claim = claim
        self._dataset_id = dataset_id
        self._settings = settings
        self._report = report
        self._numbered_pieces = any(file.format.numbered_pieces for file in source.files)
        # A source that names one split for everything says nothing about what to train and test on.
        named = {*report.named_splits, *(file.member.split for file in source.files if file.member.split)}
        self._splits_are_named = settings.shares is None and len(named) > 1
        self._shares = settings.shares_in_force
        self._duplicates: set[int] = set()
        self._earlier_states: set[int] = set()
        self._groups = Groups()

    def run(self) -> None:
        """Every step can be done again after a kill. The report is complete afterwards."""
        separate = self._separate_groups()
        self._find_repeats(separate)
        # Groups first: a dialogue that is not kept may be what puts the others into test.
        for changed in _batches(self._changed_rows(separate)):
            self._claim.renew(self._report.rows)
            settle.regroup(
                self._claim.job_id,
                token=self._claim.token,
                dataset_id=self._dataset_id,
                changed=changed,
                report=self._report.as_dict(),
            )
        # Duplicates first, so that what is left of them after a kill is still a duplicate of something.
        for ids in _batches(iter([*sorted(self._duplicates), *sorted(self._earlier_states)])):
            self._claim.renew(self._report.rows)
            settle.remove_dialogues(
                self._claim.job_id,
                token=self._claim.token,
                dataset_id=self._dataset_id,
                ids=ids,
                settle=self._take_back,
            )
        self._report.balance = balance(
            (GroupCount(*counts) for counts in settle.group_counts(self._dataset_id)),
            shares=None if self._splits_are_named else self._shares,
            seed=self._settings.seed,
        ).as_dict()

    def _separate_groups(self) -> frozenset[str]:
        """Groups that are none: stems of ids that only count, and the one that holds everything."""
        separate: set[str] = set()
        only = settle.only_group(self._dataset_id)
        if self._numbered_pieces:
            numbered = list(settle.message_counts(self._dataset_id))
            pieces = stems_of_pieces(
                (Numbered(external_id, count) for external_id, _, count in numbered),
                dialogue_count=self._report.imported,
            )
            stems = {group for external_id, group, _ in numbered if piece_stem(external_id) == group}
            separate = stems - pieces
            only = only if only not in pieces else None
        return frozenset(separate | ({only} if only is not None else set()))

    def _find_repeats(self, separate: frozenset[str]) -> None:
        for alike in settle.opened_alike(self._dataset_id):
            opened = [
                Opened(row.id, self._own_group(row.external_id, row.group_key, separate), row.messages) for row in alike
            ]
            repeated = repeats(opened)
            self._duplicates |= repeated.duplicates
            self._earlier_states |= repeated.earlier_states
            for pair in repeated.joined:
                self._groups.join(pair)
            self._join_groups(opened)

    def _join_groups(self, opened: Iterable[Opened]) -> None:
        """Also over the groups of dialogues that are not kept: what they held together belongs together."""
        groups_by_turn: dict[str, set[str]] = {}
        for dialogue in opened:
            turn = first_turn(dialogue.messages)
            if turn is not None:
                groups_by_turn.setdefault(turn, set()).add(dialogue.group)
        for names in groups_by_turn.values():
            self._groups.join(names)

    def _take_back(self, removed: list[Removed]) -> SoFar:
        for dialogue in removed:
            self._report.take_back(
                notes=dialogue.notes, samples=dialogue.samples, is_earlier_state=dialogue.id in self._earlier_states
            )
        return SoFar(self._report.rows, self._report.as_dict())

    def _changed_rows(self, separate: frozenset[str]) -> Iterator[GroupedRow]:
        named = self._named_splits(separate) if self._splits_are_named else {}
        changed = []  # all are known before the first is changed: the rows are being read
        for row in settle.grouped_rows(self._dataset_id):
            group = self._group_of(row, separate)
            split = named[group] if named else split_of(group, shares=self._shares, seed=self._settings.seed)
            if (group, split) != (row.group_key, row.split):
                changed.append(GroupedRow(row.id, row.external_id, group, split))
                self._report.moved += bool(named) and split != row.split
        yield from changed

    def _group_of(self, row: GroupedRow, separate: frozenset[str]) -> str:
        return self._groups.of(self._own_group(row.external_id, row.group_key, separate))

    def _own_group(self, external_id: str, group: str, separate: frozenset[str]) -> str:
        """The group that the row came with, unless it is none. An id that was taken (`7#2`) is no bond where the source
        names splits: it counts its dialogues in each anew."""
        is_renamed = self._splits_are_named and external_id.rpartition("#")[0] == group
        return external_id if group in separate or is_renamed else group

    def _named_splits(self, separate: frozenset[str]) -> dict[str, Split]:
        """A group that the source puts into several splits goes to the one that is farthest from training."""
        splits: dict[str, Split] = {}
        for row in settle.grouped_rows(self._dataset_id):
            group = self._group_of(row, separate)
            splits[group] = max(splits.get(group, SPLITS[0]), row.split, key=SPLITS.index)
        return splits


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while batch := list(islice(items, settle.AT_ONCE)):
        yield batch
