"""The bytes of a row: what Python's own `json` writes, whatever the texts hold."""

import hashlib
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from proutt_core.export import TextFormat, plain_wording, write_export
from proutt_core.export.formats import ExportKind
from proutt_core.export.selection import final_text
from proutt_core.traces.as_text import render_stored, render_trace
from proutt_core.types import Message, ReviewedPair, VerbatimPair
from tests.example_traces import a_trace

HOSTILE = "".join(chr(n) for n in range(0x100)) + '\u2028\u2029\ufeff\uffff😀中文"\\/</think>…'
TEXTS = [VerbatimPair(prompt=f"{n}{HOSTILE}", chosen=HOSTILE * 2, rejected=f"{HOSTILE}{n}") for n in range(3)]


def as_json(text: VerbatimPair, *, kind: ExportKind, format: TextFormat) -> str:
    """A row as the trainers' documentation shows it, written by `json`."""
    name, value, user, assistant = {
        "trl": ("role", "content", "user", "assistant"),
        "llamafactory": ("from", "value", "human", "gpt"),
    }[format]
    prompt = {name: user, value: text.prompt}
    chosen, rejected = ({name: assistant, value: said} for said in (text.chosen, text.rejected))
    row: dict[str, Any]
    if format == "trl":
        row = {"prompt": [prompt]}
        row |= {"completion": [chosen]} if kind == "sft" else {"chosen": [chosen], "rejected": [rejected]}
    elif kind == "sft":
        row = {"conversations": [prompt, chosen]}
    else:
        row = {"conversations": [prompt], "chosen": chosen, "rejected": rejected}
    return json.dumps(row, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@pytest.mark.parametrize("kind", get_args(ExportKind))
@pytest.mark.parametrize("format", get_args(TextFormat))
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_file_is_what_json_would_write(tmp_path: Path, kind: ExportKind, format: TextFormat, count: int) -> None:
    path = tmp_path / "out"
    written = write_export(path, TEXTS[:count], kind=kind, format=format)
    rows = [as_json(text, kind=kind, format=format) for text in TEXTS[:count]]
    expected = "".join(f"{row}\n" for row in rows) if format == "trl" else "[\n" + ",\n".join(rows) + "\n]\n"
    assert path.read_bytes() == expected.encode()
    assert (written.rows, written.sha256) == (count, hashlib.sha256(expected.encode()).hexdigest())


def test_an_unedited_pair_has_the_same_text_read_whole_or_not() -> None:
    chosen, rejected = a_trace(f" {HOSTILE[32:126]} <predict> [Mining Paths]:"), a_trace(" (worse)")
    context = (Message(role="user", content="A hotel?"), Message(role="assistant", content="Two."))
    pair = ReviewedPair(pair_id=1, external_id="d", split="train", context=context, chosen=chosen, rejected=rejected)
    fast = plain_wording(pair, chosen=chosen.model_dump_json(), rejected=rejected.model_dump_json()).text
    assert fast == final_text(pair)


def in_another_order(value: object) -> object:
    """As an earlier version may have stored it: every object's members reversed, what is None left out."""
    if isinstance(value, dict):
        return {name: in_another_order(part) for name, part in reversed(value.items()) if part is not None}
    return [in_another_order(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("deep", ["tree", "mining", "predictions", "path", "all"])
def test_traces_that_were_stored_in_another_order_go_out_in_one(deep: str) -> None:
    trace = a_trace()
    dumped = trace.model_dump(mode="json")
    stored = json.loads(json.dumps(dumped))
    if deep in ("tree", "mining"):
        stored[deep] = in_another_order(stored[deep])
    elif deep == "all":
        stored = in_another_order(stored)
    else:
        for n, prediction in enumerate(stored["exploration"]["predictions"]):
            changed = in_another_order(prediction if deep == "predictions" else prediction["path"])
            stored["exploration"]["predictions"][n] = (
                changed if deep == "predictions" else prediction | {"path": changed}
            )
    context = (Message(role="user", content="A hotel?"),)
    pair = ReviewedPair(pair_id=1, external_id="d", split="train", context=context, chosen=trace)
    assert json.dumps(stored) != json.dumps(dumped)
    plain = plain_wording(pair, chosen=json.dumps(stored), rejected=None)
    assert json.dumps(plain.traces["chosen"]) == json.dumps(dumped)
    assert plain.text == final_text(pair)


def test_a_trace_as_stored_reads_like_the_trace() -> None:
    trace = a_trace()
    assert render_stored(json.loads(trace.model_dump_json())) == render_trace(trace)
