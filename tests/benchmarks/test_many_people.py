"""Small sizes of what `make bench` runs whole: people at once in real sessions, and on the database functions."""

from benchmarks import annotators, claims


def test_people_in_real_sessions_decide_without_an_error() -> None:
    stretches = annotators.main(small=True)
    assert {name.split(":")[0] for name in stretches} == {"sqlite", "postgresql"}
    for name, stretch in stretches.items():
        assert not stretch.errors, name
        assert len(stretch.took) >= 2, name
        assert stretch.messages / len(stretch.took) <= 35, name


def test_workers_in_a_closed_loop_are_given_each_place_once_and_none_is_shut_out() -> None:
    for database, figures in claims.main(small=True).items():
        assert figures.closed_loop.counted == claims.SMALL.cases * claims.WANTED, database
        assert (figures.over_assigned, figures.missing, figures.lost) == (0, 0, 0), database
        assert not figures.closed_loop.errors, database
        assert not figures.paced.errors, database
        assert figures.paced.saves, database
