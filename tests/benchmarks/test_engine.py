"""The engine's benchmarks run, small, and measure what they say. Nothing here is timed: their figures are for `make
bench`."""

from benchmarks import latency, throughput


def test_the_throughput_benchmark_fills_the_slots_in_the_middle_branch() -> None:
    (figure,) = throughput.main(small=True)
    assert figure.most_at_once == 4
    assert figure.calls_per_item == 9  # eight stages, one of them for both traces
    assert figure.share > 0
    assert figure.cpu_ms > 0


def test_the_latency_benchmark_takes_at_least_the_five_calls_of_the_middle_branch() -> None:
    figures = latency.main(small=True)
    assert list(figures) == [0.2]
    assert figures[0.2] >= 5
