"""Failures that are alike."""

from dataclasses import dataclass

from proutt_core.runs.failures import grouped


@dataclass(frozen=True)
class Failure:
    item_id: int
    stage: str
    reason: str


def test_failures_alike_but_for_numbers_and_quotes_are_one_group() -> None:
    groups = grouped(
        [
            Failure(1, "insight", 'refused: topic "Hotel" is new'),
            Failure(2, "revise", "cut off after 12 tokens"),
            Failure(3, "revise", "cut off after 4096 tokens"),
            Failure(4, "revise", "no object"),
        ]
    )
    assert [(g.stage, g.count) for g in groups] == [("revise", 2), ("insight", 1), ("revise", 1)]
    assert groups[0].reason == "cut off after 12 tokens"
    assert groups[0].item_ids == (2, 3)


def test_a_group_keeps_its_key_while_others_fail() -> None:
    failure = Failure(1, "revise", "cut off after 12 tokens")
    other = [Failure(n, "insight", "no object") for n in (2, 3)]
    before, after = grouped([failure]), grouped([*other, failure, Failure(4, "revise", "cut off after 7 tokens")])
    assert {group.key: group.count for group in after}[before[0].key] == 2
    assert len({group.key for group in after}) == 2
    # The same reason in another stage is another group.
    assert grouped([Failure(1, "insight", "cut off after 12 tokens")])[0].key != before[0].key


def test_a_reason_as_long_as_a_book_is_grouped_by_its_beginning() -> None:
    assert len(grouped([Failure(n, "insight", "x" * 300 + str(n) * 100_000) for n in (1, 2)])) == 1
