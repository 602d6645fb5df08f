"""The transactions that everything else relies on."""

import threading

import pytest
from sqlmodel import select

from db.engine import one_transaction, read, write
from db.tables import Dataset
from proutt_core.errors import ConflictError


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


def names() -> list[str]:
    with read() as session:
        return list(session.exec(select(Dataset.name)))


def add(name: str) -> None:
    with write() as session:
        session.add(Dataset(name=name, public_title=name, source="", settings={}))


@pytest.mark.usefixtures("database")
def test_what_is_called_within_one_transaction_is_written_together() -> None:
    with one_transaction():
        add("first")
        add("second")
        assert names() == ["first", "second"], "the second call sees what the first one wrote"
        seen_outside = []
        thread = threading.Thread(target=lambda: seen_outside.extend(names()))
        thread.start()
        thread.join()
        assert not seen_outside
    assert names() == ["first", "second"]


@pytest.mark.usefixtures("database")
def test_an_error_within_one_transaction_leaves_nothing() -> None:
    with pytest.raises(ValueError, match="late"), one_transaction():
        add("first")
        raise ValueError("late")
    assert names() == []
    add("third")
    assert names() == ["third"], "what comes after it is a transaction of its own again"


@pytest.mark.usefixtures("database")
def test_an_error_that_is_caught_within_one_transaction_leaves_what_came_before() -> None:
    with one_transaction():
        add("first")
        try:
            with write():
                raise ConflictError("nothing is left")
        except ConflictError:
            pass
    assert names() == ["first"]
