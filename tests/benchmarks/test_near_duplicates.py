"""The benchmark of near-duplicates, small: what was planted is found."""

from benchmarks import near_duplicates


def test_nearly_all_planted_copies_are_found(sqlite: str) -> None:
    found = near_duplicates.main(small=True)
    assert found.dialogues == near_duplicates.SMALL
    assert found.planted > 40
    assert found.found >= 0.97 * found.planted
    assert found.copies >= found.found
