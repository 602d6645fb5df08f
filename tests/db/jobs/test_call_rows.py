"""A call as rows: every field has its place, and comes back."""

import json
import zlib
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from sqlmodel import select

from db.engine import read, write
from db.jobs import calls
from db.jobs.call_rows import CALLS, LINKS, OTHER_NAMES, PACKED
from db.tables import LlmCall, SynthesisItem
from proutt_core.types import Message
from tests.calls import CALL, FULL_CALL, answered, store_for_item
from tests.db import work

# Columns that are no field: what only the log knows, and what others say already.
OF_THE_LOG = {"id", "valid", "superseded", "request", "created_at"}
OF_THE_LINK = {"id", "call_id", *calls.ITEM_COLUMNS.values()}


@pytest.fixture
def item(database: str) -> tuple[int, int]:
    """A run, and its one item."""
    job_id = work.finished_run(work.samples(1))
    with read() as session:
        item_id = session.exec(select(SynthesisItem.id)).one()
    assert item_id is not None
    return job_id, item_id


def leaves(value: Any, path: str = "") -> dict[str, Any]:
    """Every field of a call, of its answer and of that one's usage: {"answer.usage.prompt_tokens": 10, …}."""
    parts: dict[str, Any] = {}
    for field in fields(value):
        part = getattr(value, field.name)
        parts |= leaves(part, f"{path}{field.name}.") if is_dataclass(part) else {path + field.name: part}
    return parts


def at_default(value: Any) -> list[str]:
    parts = [(field, getattr(value, field.name)) for field in fields(value)]
    inner = [name for _, part in parts if is_dataclass(part) for name in at_default(part)]
    return [field.name for field, part in parts if part == field.default] + inner


def test_every_field_has_one_column_or_is_packed_and_every_column_is_a_field() -> None:
    names = [OTHER_NAMES.get(path, path.split(".")[-1]) for path in leaves(FULL_CALL)]
    assert len(names) == len(set(names))
    columns = set(CALLS.c.keys()) | set(LINKS.c.keys())
    assert set(names) - columns == set(PACKED)
    assert columns - set(names) == OF_THE_LOG | OF_THE_LINK


def test_no_field_is_lost_on_the_way_to_the_database_and_back(item: tuple[int, int]) -> None:
    assert at_default(FULL_CALL) == []
    store_for_item(*item, FULL_CALL, CALL)
    assert calls.of_item(kind="synthesis", item_id=item[1]) == [FULL_CALL, CALL]


def test_a_valid_reply_comes_back_as_it_was_answered_but_for_how_it_ended(database: str) -> None:
    with write() as session:
        (call_id,) = calls.store(session, [replace(FULL_CALL, problem=None)])
    replies = calls.load_many(["full"], generation=7)
    assert replies == {"full": (call_id, replace(FULL_CALL.answer, finish_reason="stop", without_schema=False))}


def test_what_was_asked_is_stored_as_it_always_was(item: tuple[int, int]) -> None:
    store_for_item(*item, FULL_CALL)
    with read() as session:
        request = session.exec(select(LlmCall.request)).one()
    assert json.loads(zlib.decompress(request).decode("utf-8", "surrogatepass")) == {
        "messages": [["system", "You read dialogues."], ["user", "你好 \ud800"]],
        "schema_name": "Insight",
        "schema": {"type": "object", "required": ["topics"]},
        "version": 3,
        "draw": 2,
        "finish_reason": "length",
        "without_schema": True,
    }


@pytest.mark.parametrize(
    "text", ["plain \x00\x7f", "北京", "🙂", "half \ud83d", "\ud83d\ude00 are two halves", '"\\\n']
)
@pytest.mark.parametrize("schema", [None, '{"b":[1],"a":"酒"}'])
def test_what_was_asked_comes_back_letter_by_letter(item: tuple[int, int], text: str, schema: str | None) -> None:
    messages = (Message(role="system", content=text), Message(role="user", content=f"{text}?"))
    call = replace(CALL, messages=messages, schema=schema, schema_name=None)
    store_for_item(*item, call)
    (stored,) = calls.of_item(kind="synthesis", item_id=item[1])
    assert stored.messages == messages
    assert json.loads(stored.schema or "null") == json.loads(schema or "null")


def test_text_that_databases_refuse_is_stored(item: tuple[int, int]) -> None:
    garbage = replace(answered(CALL, text="a\x00b\ud800", reasoning="\x00", model="m\ud800"), problem="bad \x00")
    store_for_item(*item, garbage)
    (stored,) = calls.of_item(kind="synthesis", item_id=item[1])
    assert stored == replace(answered(CALL, text="a\ufffdb?", reasoning="\ufffd", model="m?"), problem="bad \ufffd")
