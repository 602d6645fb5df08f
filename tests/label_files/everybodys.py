"""One set of verdicts as everybody writes it: spreadsheets, data frames and annotation tools."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd

ROWS = (
    ("q0", "ann", "human", "a"),
    ("q0", "bo", "human", "a"),
    ("q0", "gpt-4o", "judge", "b"),
    ("q1", "ann", "human", "b"),
    ("q1", "bo", "human", "tie"),
    ("q1", "gpt-4o", "judge", "b"),
)
COLUMNS = ("item", "rater", "kind", "verdict")
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
PEOPLE = ("ann", "bo")
BY_ITEM: Mapping[str, dict[str, str]] = {
    item: {rater: verdict for i, rater, _, verdict in ROWS if i == item} for item in ("q0", "q1")
}


def table(separator: str = ",", end: str = "\n") -> str:
    return "".join(separator.join(row) + end for row in (COLUMNS, *ROWS))


def lines(records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def quoted(text: str) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(("Text", *COLUMNS))
    writer.writerows((text, *row) for row in ROWS)
    return file.getvalue()


def label_studio_task(number: int, item: str) -> dict[str, Any]:
    def result(verdict: str) -> list[dict[str, Any]]:
        return [{"from_name": "pref", "to_name": "t", "type": "choices", "value": {"choices": [verdict.upper()]}}]

    verdicts = BY_ITEM[item]
    people = [
        {"id": 1, "completed_by": {"id": 3, "email": rater}, "was_cancelled": False, "result": result(verdicts[rater])}
        for rater in PEOPLE
    ]
    skipped = {"id": 2, "completed_by": 9, "was_cancelled": True, "result": []}
    model = {"model_version": "gpt-4o", "result": result(verdicts["gpt-4o"])}
    return {
        "id": number,
        "data": {"item": item, "text1": "A b", "text2": "c"},
        "annotations": [*people, skipped],
        "predictions": [model, {"result": []}],
    }


def argilla_record(item: str) -> dict[str, Any]:
    verdicts = BY_ITEM[item]
    return {
        "id": item,
        "status": "completed",
        "fields": {"prompt": "x"},
        "metadata": {},
        "suggestions": {"pref": {"value": verdicts["gpt-4o"], "agent": "gpt-4o", "score": None}},
        "responses": {"pref": [{"value": verdicts[rater], "user_id": rater} for rater in PEOPLE]},
        "vectors": {},
    }


def argilla_row(item: str) -> dict[str, Any]:
    verdicts = BY_ITEM[item]
    return {
        "id": item,
        "pref.responses": [*(verdicts[rater] for rater in PEOPLE), "b"],
        "pref.responses.users": [*PEOPLE, "cy"],
        "pref.responses.status": ["submitted", "submitted", "draft"],
        "pref.suggestion": verdicts["gpt-4o"],
        "pref.suggestion.agent": "gpt-4o",
        "pref.suggestion.score": None,
    }


def argilla_api(item: str) -> dict[str, Any]:
    verdicts = BY_ITEM[item]
    return {
        "id": "4f1c",
        "external_id": item,
        "fields": {"prompt": "x"},
        "responses": [
            {"values": {"pref": {"value": verdicts[rater]}}, "user_id": rater, "status": "submitted"}
            for rater in PEOPLE
        ],
        "suggestions": [{"question_name": "pref", "value": verdicts["gpt-4o"], "agent": "gpt-4o", "type": "model"}],
    }


def prodigy_task(item: str, rater: str, verdict: str) -> dict[str, Any]:
    options = [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}, {"id": "tie", "text": "no difference"}]
    hashes = {"_input_hash": 7, "_task_hash": int(item[1:]), "_view_id": "choice", "_timestamp": 1}
    who = {"_annotator_id": rater, "_session_id": f"set-{rater}"}
    return (
        {"text": "t", "meta": {"item": item}, "options": options, "accept": [verdict], "answer": "accept"}
        | hashes
        | who
    )


def potato_table() -> str:
    rows = ["user,instance_id,displayed_text,pref:::a,pref:::b,pref:::tie"]
    for item, rater, _, verdict in ROWS:
        rows.append(",".join([rater, item, "some text", *("true" if verdict == v else "" for v in ("a", "b", "tie"))]))
    return "\n".join(rows)


def wide(separator: str = ",") -> str:
    rows = [("Item", "ann", "bo", "gpt-4o"), *((item, *verdicts.values()) for item, verdicts in BY_ITEM.items())]
    return "".join(separator.join(row) + "\n" for row in rows)


FRAME = pd.DataFrame(RECORDS)
LONG_TEXT = quoted("x" * 140_000 + '\nsaid "y", then z')
RECORDS_OF_TOOLS: dict[str, str] = {
    "label studio json": json.dumps([label_studio_task(n, item) for n, item in enumerate(BY_ITEM)]),
    "label studio json-min": json.dumps(
        [
            {"id": n, "item": item, "annotator": rater, "annotation_id": 7, "pref": verdict, "lead_time": 3.2}
            for n, (item, rater, _, verdict) in enumerate(ROWS)
        ]
    ),
    "label studio csv": "annotation_id,annotator,created_at,id,item,lead_time,pref,updated_at\n"
    + "".join(f"{n},{r},2024-01-01,{n},{i},3.2,{v},2024-01-01\n" for n, (i, r, _, v) in enumerate(ROWS)),
    "argilla json": json.dumps([argilla_record(item) for item in BY_ITEM]),
    "argilla rows": lines(argilla_row(item) for item in BY_ITEM),
    "argilla api": json.dumps({"items": [argilla_api(item) for item in BY_ITEM], "total": 2}),
    "potato jsonl": lines(
        {"user_id": r, "instance_id": i, "displayed_text": "", "label_annotations": {"pref": {v: "true"}}}
        for i, r, _, v in ROWS
    ),
    "potato pairwise": lines(
        {"user_id": r, "instance_id": i, "label_annotations": {"pref": {"selection": v.upper()}}} for i, r, _, v in ROWS
    ),
    "potato flags": lines(
        {"user_id": r, "instance_id": i, "label_annotations": {"pref": {w: w == v for w in ("a", "b", "tie")}}}
        for i, r, _, v in ROWS
    ),
    "potato csv": potato_table(),
    "prodigy": lines([*(prodigy_task(i, r, v) for i, r, _, v in ROWS), {"_task_hash": 5, "answer": "ignore"}]),
}
TEXTS: dict[str, str | bytes] = {
    **RECORDS_OF_TOOLS,
    "comma": table(),
    "semicolon, mark, CRLF": "\ufeff" + table(";", "\r\n"),
    "tab": table("\t"),
    "bar": table("|"),
    "sep line": "sep=;\r\n" + table(";", "\r\n"),
    "sep line of bars": "\ufeffsep=|\n" + table("|"),
    "line ends of an old Mac": table(end="\r"),
    "excel unicode text": table("\t", "\r\n").encode("utf-16"),
    "utf-16 without mark": table("\t").encode("utf-16-le"),
    "utf-16 big end": b"\xfe\xff" + table("\t").encode("utf-16-be"),
    "blank rows first": "\n\n" + table(),
    "spaces and capitals": table(" , ").replace("item", "Item").replace("verdict", "VERDICT").replace("tie", "Tie"),
    "verdicts in words": table()
    .replace(",a\n", ",Model A\n")
    .replace(",b\n", ",B is better\n")
    .replace("tie", "Both bad"),
    "verdicts of an arena": table()
    .replace(",a\n", ",model_a\n")
    .replace(",b\n", ",model_b\n")
    .replace("tie", "tie (bothbad)"),
    "long text with line ends": LONG_TEXT,
    "names with a line end": LONG_TEXT.replace("Text", '"Text\nshown"', 1),
    "json list": json.dumps(RECORDS, indent=1),
    "json lines": lines(RECORDS),
    "json lines with blanks": "\ufeff\n" + lines(RECORDS).replace("\n", "\r\n\r\n"),
    "json objects after each other": "\n".join(json.dumps(record, indent=2) for record in RECORDS),
    "json wrapped": json.dumps({"version": 2, "data": RECORDS}),
    "json table": json.dumps([COLUMNS, *ROWS]),
    "data frame by column": FRAME.to_json(),
    "data frame by row": FRAME.to_json(orient="index"),
    "data frame as csv": FRAME.to_csv(),
    "lists by column": json.dumps(FRAME.to_dict(orient="list")),
    "wide": wide(),
    "wide with semicolons": wide(";"),
    "wide by key": json.dumps(BY_ITEM),
    "votes in an object": lines({"item": item, "votes": verdicts} for item, verdicts in BY_ITEM.items()),
    "votes in a list": json.dumps(
        [
            {"item": item, "votes": [{"rater": r, "verdict": v} for r, v in verdicts.items()]}
            for item, verdicts in BY_ITEM.items()
        ]
    ),
}


def write_shapes(folder: Path) -> dict[str, Path]:
    """Every shape as a file."""
    paths = {}
    for number, (name, content) in enumerate(TEXTS.items()):
        paths[name] = folder / f"{number}.txt"
        paths[name].write_bytes(content if isinstance(content, bytes) else content.encode())
    paths["xlsx"] = folder / "labels.xlsx"
    write_workbook(paths["xlsx"])
    paths["parquet"] = folder / "labels.parquet"
    FRAME.to_parquet(paths["parquet"])
    return paths


def write_workbook(path: Path) -> None:
    """As people keep it: a blank row and a hidden sheet first, numbers as numbers, another sheet behind."""
    book = openpyxl.Workbook()
    hidden = book.active
    hidden.title, hidden.sheet_state = "lists", "hidden"
    hidden.append(["a", "tie", "b"])
    sheet = book.create_sheet("Labels")
    sheet.append([])
    for row in (("No", *(name.title() for name in COLUMNS)), *((n, *row) for n, row in enumerate(ROWS, 1))):
        sheet.append(row)
    book.create_sheet("notes").append(["x"])
    book.save(path)
