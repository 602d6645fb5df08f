"""The benchmark of near-duplicates, small: what was planted is found."""

from benchmarks import near_duplicates


def test_nearly_all_planted_copies_are_found(sqlite: str) -> None:
    figures = near_duplicates.main(small=True)
    assert figures.dialogues == near_duplicates.SMALL
    assert figures.planted > 40
    assert figures.planted_found >= 0.97 * figures.planted
    assert figures.copies >= figures.planted_found
