"""The exports of annotation tools that hold answers inside their rows, a small reader each; flat ones are tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proutt_core.label_files.answers import HUMAN, JUDGE, Entry, Given, verdict_of
from proutt_core.label_files.columns import KIND_NAMES, RATER_NAMES, VERDICT_NAMES, named_in
from proutt_core.row_files.rows import Row, scalars, text_of

_NO = ("", "0", "false", "no", "none", "nan", "null")


@dataclass(frozen=True, slots=True)
class Tool:
    """`is_row` tells its rows from others by their names; `read` makes an entry of one."""

    title: str
    is_row: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Row], Entry]


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [member for member in value if isinstance(member, Mapping)] if isinstance(value, list) else []


def _reasons(answers: Sequence[Given], left_out: Sequence[str]) -> tuple[str, ...]:
    return tuple(left_out) if answers or left_out else ("not annotated",)


def _name(value: Any) -> str:
    """A person's, written as a number, a text, or an object with one of them."""
    if isinstance(value, Mapping):
        names = ("email", "username", "name", "id")
        return next((text_of(value[name]) for name in names if text_of(value.get(name))), "")
    return text_of(value)


# --- Label Studio -----------------------------------------------------------------------------------------------------


def _is_label_studio(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("data"), Mapping) and ("annotations" in row or "completions" in row)


def _label_studio(row: Row) -> Entry:
    """A task. Its predictions are a model's answers."""
    task = row.values
    answers: list[Given] = []
    left_out: list[str] = []
    for annotation in _list(task.get("annotations") or task.get("completions")):
        if annotation.get("was_cancelled") or annotation.get("skipped"):
            left_out.append("skipped by the annotator")
            continue
        answers += _label_studio_results(row, annotation, rater=_name(annotation.get("completed_by")), kind=HUMAN)
    for prediction in _list(task.get("predictions")):
        rater = text_of(prediction.get("model_version")) or "predictions"
        answers += _label_studio_results(row, prediction, rater=rater, kind=JUDGE)
    fields = {"id": text_of(task.get("id"))} | scalars(task.get("data"))
    return Entry(row.where, fields, tuple(answers), _reasons(answers, left_out))


def _label_studio_results(row: Row, annotation: Mapping[str, Any], *, rater: str, kind: str) -> Iterator[Given]:
    for result in _list(annotation.get("result")):
        value = result.get("value")
        if not isinstance(value, Mapping):
            continue
        chosen = next((value[name] for name in ("choices", "selected", "rating", "taxonomy") if name in value), None)
        if chosen is not None:
            question = text_of(result.get("from_name"))
            yield Given(f"{row.where}, annotations", question, rater, kind, text_of(chosen))


# --- Argilla ----------------------------------------------------------------------------------------------------------


def _is_argilla(row: Mapping[str, Any]) -> bool:
    return "responses" in row and isinstance(row["responses"], Mapping | list)


def _argilla(row: Row) -> Entry:
    """A record, of the first version (a list of responses, each with its values) or the second (a list a question)."""
    record = row.values
    answers: list[Given] = []
    left_out: list[str] = []
    for question, response in _argilla_responses(record["responses"]):
        status = text_of(response.get("status")) or "submitted"
        if status != "submitted":
            left_out.append(f"response {status}")
            continue
        rater = _name(response.get("user_id") or response.get("user"))
        answers.append(Given(f"{row.where}, responses", question, rater, HUMAN, text_of(response.get("value"))))
    for question, suggestion in _argilla_suggestions(record.get("suggestions")):
        rater = text_of(suggestion.get("agent")) or "suggestions"
        answers.append(Given(f"{row.where}, suggestions", question, rater, JUDGE, text_of(suggestion.get("value"))))
    fields = scalars(record) | scalars(record.get("metadata")) | scalars(record.get("fields"))
    return Entry(row.where, fields, tuple(answers), _reasons(answers, left_out))


def _argilla_responses(responses: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(responses, Mapping):
        for question, members in responses.items():
            yield from ((str(question), response) for response in _list(members))
        return
    for response in _list(responses):
        values = response.get("values")
        if not isinstance(values, Mapping) or not values:
            yield "", response
            continue
        for question, value in values.items():
            yield str(question), {**response, "value": value.get("value") if isinstance(value, Mapping) else value}


def _argilla_suggestions(suggestions: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(suggestions, Mapping):
        yield from ((str(name), value) for name, value in suggestions.items() if isinstance(value, Mapping))
    for suggestion in _list(suggestions):
        yield text_of(suggestion.get("question_name") or suggestion.get("question_id")), suggestion


def _is_flat_argilla(row: Mapping[str, Any]) -> bool:
    return any(f"{name}.users" in row for name in row if name.endswith(".responses"))


def _flat_argilla(row: Row) -> Entry:
    """A record with a column for each list: `verdict.responses`, `verdict.responses.users`."""
    answers: list[Given] = []
    left_out: list[str] = []
    for column in (name for name in row.values if name.endswith(".responses")):
        question = column.removesuffix(".responses")
        values, users, statuses = (_column(row.values.get(f"{column}{end}")) for end in ("", ".users", ".status"))
        for n, value in enumerate(values):
            status = text_of(statuses[n]) if n < len(statuses) else "submitted"
            if status != "submitted":
                left_out.append(f"response {status}")
                continue
            rater = text_of(users[n]) if n < len(users) else ""
            answers.append(Given(f"{row.where}, {column}", question, rater, HUMAN, text_of(value)))
        suggestion = row.values.get(f"{question}.suggestion")
        if suggestion is not None:
            agent = text_of(row.values.get(f"{question}.suggestion.agent")) or "suggestions"
            answers.append(Given(f"{row.where}, {question}.suggestion", question, agent, JUDGE, text_of(suggestion)))
    return Entry(row.where, scalars(row.values), tuple(answers), _reasons(answers, left_out))


def _column(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# --- Potato -----------------------------------------------------------------------------------------------------------


def _is_potato(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("label_annotations"), Mapping)


def _potato(row: Row) -> Entry:
    """One annotator's answers on one instance: `{schema: {label: value}}`."""
    values = row.values
    names = ("user_id", "user", "username", "annotator")
    rater = next((_name(values[name]) for name in names if values.get(name)), "")
    answers = [
        Given(f"{row.where}, {schema}", str(schema), rater, HUMAN, _potato_label(labels))
        for schema, labels in values["label_annotations"].items()
        if labels not in (None, "", {}, [])
    ]
    return Entry(row.where, scalars(values), tuple(answers), () if answers else ("not annotated",))


def _potato_label(labels: Any) -> str:
    """The label that was ticked, or what was written where the only member is a field's name."""
    if not isinstance(labels, Mapping):
        return text_of(labels)
    ticked = _ticked(labels).items()
    return ", ".join(label if verdict_of(value) is None or verdict_of(label) else value for label, value in ticked)


def _ticked(labels: Mapping[Any, Any]) -> dict[str, str]:
    texts = {str(label): text_of(value) for label, value in labels.items()}
    return {label: text for label, text in texts.items() if text.casefold() not in _NO}


def _is_flat_potato(row: Mapping[str, Any]) -> bool:
    return any(":::" in name for name in row)


def _flat_potato(row: Row) -> Entry:
    """The same as a table: a column `schema:::label` for each label."""
    labels: dict[str, dict[str, Any]] = {}
    for name, value in row.values.items():
        schema, mark, label = name.partition(":::")
        if mark:
            labels.setdefault(schema, {})[label] = value
    others = {name: value for name, value in row.values.items() if ":::" not in name}
    ticked = {schema: _ticked(members) for schema, members in labels.items()}
    return _potato(Row(row.where, {**others, "label_annotations": ticked}))


# --- Prodigy ----------------------------------------------------------------------------------------------------------


def _is_prodigy(row: Mapping[str, Any]) -> bool:
    return "answer" in row and any(name in row for name in ("_task_hash", "_input_hash", "_session_id", "_view_id"))


def _prodigy(row: Row) -> Entry:
    """One answer: the option accepted, or of an A/B comparison the output that was preferred."""
    values = row.values
    fields = scalars(values) | scalars(values.get("meta"))
    answer = text_of(values.get("answer"))
    mapping = values.get("mapping")
    if answer == "ignore" or (answer != "accept" and not isinstance(mapping, Mapping)):
        return Entry(row.where, fields, (), (f"answer {answer or 'missing'}",))
    rater = text_of(values.get("_annotator_id")) or text_of(values.get("_session_id"))
    value = _preferred(mapping, answer) if isinstance(mapping, Mapping) else _accepted(values)
    return Entry(row.where, fields, (Given(f"{row.where}, accept", "accept", rater, HUMAN, value),))


def _preferred(mapping: Mapping[str, Any], answer: str) -> str:
    """The mapping says which output was shown as the one to accept, in one direction or the other."""
    names = [str(name) for name, shown_as in mapping.items() if shown_as == answer]
    return names[0] if names else text_of(mapping.get(answer))


def _accepted(values: Mapping[str, Any]) -> str:
    if "accept" not in values:
        return text_of(values.get("label"))
    accepted = text_of(values["accept"])
    texts = {text_of(option.get("id")): text_of(option.get("text")) for option in _list(values.get("options"))}
    return texts.get(accepted, accepted) if verdict_of(accepted) is None else accepted


# --- votes inside rows ------------------------------------------------------------------------------------------------

_VOTES = ("votes", "labels", "annotations", "ratings", "verdicts", "judgements", "judgments")


def _votes_in(row: Mapping[str, Any]) -> tuple[str, Any]:
    """The member that holds answers by rater, or a list of them; "" where there is none."""
    for name in _VOTES:
        votes = row.get(name)
        if isinstance(votes, Mapping) and votes and not any(isinstance(v, Mapping | list) for v in votes.values()):
            return name, votes
        if isinstance(votes, list) and votes and all(_named_vote(vote) for vote in votes):
            return name, votes
    return "", None


def _named_vote(vote: Any) -> bool:
    return isinstance(vote, Mapping) and bool(named_in(RATER_NAMES, list(vote)) and named_in(VERDICT_NAMES, list(vote)))


def _votes(row: Row) -> Entry:
    """An item with everybody's answers: `{"ann": "a", "bo": "b"}`, or a list of `{"rater": "ann", "verdict": "a"}`."""
    name, votes = _votes_in(row.values)
    where = f"{row.where}, {name}"
    if isinstance(votes, Mapping):
        answers = [Given(where, name, str(rater), HUMAN, text_of(value)) for rater, value in votes.items() if value]
        return Entry(row.where, scalars(row.values), tuple(answers), _reasons(answers, ()))
    answers = []
    for vote in votes:
        rater, verdict, kind = (named_in(names, list(vote)) for names in (RATER_NAMES, VERDICT_NAMES, KIND_NAMES))
        told = text_of(vote[kind]) if kind else HUMAN
        answers.append(Given(where, name, text_of(vote[rater]), told, text_of(vote[verdict])))
    return Entry(row.where, scalars(row.values), tuple(answers))


TOOLS = (
    Tool("Label Studio", _is_label_studio, _label_studio),
    Tool("Argilla", _is_argilla, _argilla),
    Tool("Argilla, a table", _is_flat_argilla, _flat_argilla),
    Tool("Potato", _is_potato, _potato),
    Tool("Potato, a table", _is_flat_potato, _flat_potato),
    Tool("Prodigy", _is_prodigy, _prodigy),
    Tool("rows with votes inside", lambda row: bool(_votes_in(row)[0]), _votes),
)
