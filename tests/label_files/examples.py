"""A row of every export that is read, as its tool writes it. docs/label-files.md shows them."""

from typing import Any

LABEL_STUDIO = {
    "id": 17,
    "data": {"item": "q0", "text": "Which answer fits?"},
    "annotations": [
        {
            "id": 5,
            "completed_by": {"id": 1, "email": "ann@example.org"},
            "was_cancelled": False,
            "result": [
                {"id": "x1", "from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": ["A"]}}
            ],
        }
    ],
    "predictions": [
        {
            "model_version": "gpt",
            "result": [{"from_name": "verdict", "to_name": "text", "type": "choices", "value": {"choices": ["B"]}}],
        }
    ],
}
LABEL_STUDIO_MIN = {
    "id": 17,
    "item": "q0",
    "text": "…",
    "verdict": "A",
    "annotator": 1,
    "annotation_id": 5,
    "lead_time": 3.2,
}
ARGILLA_2 = {
    "id": "q0",
    "fields": {"text": "…"},
    "metadata": {},
    "suggestions": {"verdict": {"value": "b", "score": None, "agent": "gpt"}},
    "responses": {"verdict": [{"value": "a", "user_id": "4f0c"}]},
    "status": "completed",
}
ARGILLA_1 = {
    "id": "q0",
    "fields": {"text": "…"},
    "responses": [{"user_id": "4f0c", "values": {"verdict": {"value": "a"}}, "status": "submitted"}],
    "suggestions": [{"question_name": "verdict", "value": "b", "agent": "gpt"}],
}
ARGILLA_FLAT = {
    "id": "q0",
    "text": "…",
    "verdict.responses": ["a"],
    "verdict.responses.users": ["4f0c"],
    "verdict.responses.status": ["submitted"],
    "verdict.suggestion": "b",
    "verdict.suggestion.agent": "gpt",
}
POTATO = {"user_id": "ann", "instance_id": "q0", "displayed_text": "…", "label_annotations": {"verdict": {"A": "true"}}}
POTATO_FLAT = {
    "user": "ann",
    "instance_id": "q0",
    "displayed_text": "…",
    "verdict:::A": "1",
    "verdict:::B": "",
    "verdict:::tie": "",
}
PRODIGY = {
    "text": "…",
    "options": [{"id": "a", "text": "Answer A"}, {"id": "b", "text": "Answer B"}],
    "meta": {"item": "q0"},
    "_input_hash": 1,
    "_task_hash": 2,
    "_view_id": "choice",
    "accept": ["a"],
    "answer": "accept",
    "_annotator_id": "db-ann",
    "_session_id": "db-ann",
}
PRODIGY_COMPARE = {
    "id": "q0",
    "input": {"text": "…"},
    "accept": {"text": "…"},
    "reject": {"text": "…"},
    "mapping": {"A": "reject", "B": "accept"},
    "_task_hash": 2,
    "answer": "reject",
    "_session_id": "db-ann",
}
# Title in the page → (row, the labels in it as item, rater, kind, verdict).
EXAMPLES: dict[str, tuple[dict[str, Any], list[tuple[str, str, str, str]]]] = {
    "Label Studio, JSON": (LABEL_STUDIO, [("q0", "ann@example.org", "human", "a"), ("q0", "gpt", "judge", "b")]),
    "Label Studio, JSON-MIN and CSV": (LABEL_STUDIO_MIN, [("q0", "1", "human", "a")]),
    "Argilla 2, records": (ARGILLA_2, [("q0", "4f0c", "human", "a"), ("q0", "gpt", "judge", "b")]),
    "Argilla 1, records": (ARGILLA_1, [("q0", "4f0c", "human", "a"), ("q0", "gpt", "judge", "b")]),
    "Argilla, a table": (ARGILLA_FLAT, [("q0", "4f0c", "human", "a"), ("q0", "gpt", "judge", "b")]),
    "Potato, JSONL": (POTATO, [("q0", "ann", "human", "a")]),
    "Potato, CSV and TSV": (POTATO_FLAT, [("q0", "ann", "human", "a")]),
    "Prodigy, choice": (PRODIGY, [("q0", "db-ann", "human", "a")]),
    "Prodigy, compare": (PRODIGY_COMPARE, [("q0", "db-ann", "human", "a")]),
}
