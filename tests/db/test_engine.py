"""The transactions that everything else relies on."""

import threading

import pytest

from db.engine import write


@pytest.mark.usefixtures("sqlite")
def test_a_write_has_the_lock_from_its_first_line_and_not_from_its_first_statement() -> None:
    inside, order = threading.Event(), []

    def second() -> None:
        inside.wait(10)
        with write():
            order.append("second in")

    thread = threading.Thread(target=second)
    thread.start()
    with write():
        inside.set()
        thread.join(0.5)  # long enough to get in, were the door open
        order.append("first out")
    thread.join(10)
    assert order == ["first out", "second in"]
