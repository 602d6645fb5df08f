import numpy as np

from proutt_core.statistics.labels import Label, ratings


def test_ratings_are_coded_by_method_and_nan_where_nobody_rated() -> None:
    labels = [Label("1", "p", "human", "a"), Label("2", "p", "human", "tie"), Label("2", "q", "human", "b")]
    coded = ratings([*labels, Label("2", "r", "human", "a")], raters=["p", "q"], items=["1", "2"])
    assert np.array_equal(coded, np.array([[1, 0], [np.nan, -1]]), equal_nan=True)
