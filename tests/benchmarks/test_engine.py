"""The engine's benchmarks run, small, and measure what they say. Nothing here is timed: their figures are for `make
bench`."""

from benchmarks import latency, throughput


def test_the_throughput_benchmark_fills_the_slots_in_the_middle_branch() -> None:
    (found,) = throughput.main(small=True)
    assert found.most_at_once == 4
    assert found.calls_per_item == 9  # eight stages, one of them for both traces
    assert found.share > 0
    assert found.cpu_ms > 0


def test_the_latency_benchmark_takes_at_least_the_five_calls_of_the_middle_branch() -> None:
    found = latency.main(small=True)
    assert list(found) == [0.2]
    assert found[0.2] >= 5
