"""Which licences let texts go out, at a first reading."""

import pytest

from proutt_core.dialogues.licences import redistribution


@pytest.mark.parametrize(
    ("format", "licence", "source"),
    [
        ("lmsys", "", ""),
        ("lmsys", "Apache-2.0", ""),
        ("openai", "LMSYS-Chat-1M Dataset License Agreement", ""),
        ("proutt", "", "LMSYS_pref.json"),
        ("sharegpt", "No redistribution", ""),
        ("sharegpt", "may not be redistributed", ""),
        ("sharegpt", "Redistribution: prohibited; we prohibit any redistribution", ""),
        ("sharegpt", "non-transferable", ""),
        ("sharegpt", "CC-BY-NC-ND-4.0", ""),
        ("sharegpt", "CC BY-ND 4.0", ""),
        ("sharegpt", "All rights reserved.", ""),
        ("sharegpt", "proprietary", ""),
    ],
)
def test_these_forbid_it_and_say_why(format: str, licence: str, source: str) -> None:
    answer = redistribution(format=format, licence=licence, source=source)
    assert not answer.allowed
    assert answer.reason


@pytest.mark.parametrize(
    ("format", "licence"),
    [
        ("crosswoz", "Apache-2.0"),
        ("wildchat", "ODC-BY"),
        ("sgd", "CC-BY-SA-4.0"),
        ("sharegpt", "CC BY-NC 4.0"),
        ("openai", ""),
        ("openai", "MIT; redistribution permitted with notice"),
    ],
)
def test_these_do_not(format: str, licence: str) -> None:
    assert redistribution(format=format, licence=licence, source="talks.json").allowed
