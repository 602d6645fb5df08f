from collections.abc import Iterator

import pytest

from tests.fake_server import FakeServer


@pytest.fixture
def fake_server() -> Iterator[FakeServer]:
    with FakeServer() as server:
        yield server
