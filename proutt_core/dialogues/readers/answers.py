"""A model's answer as servers, gateways and tracing tools write it, and the request it answers."""

from typing import Any

from proutt_core.dialogues.files.rows import JsonObject, RowError
from proutt_core.dialogues.readers.beside import SYSTEM_KEYS, system_beside
from proutt_core.dialogues.readers.content import pieces, said
from proutt_core.dialogues.readers.keys import decoded, first, folded, view
from proutt_core.dialogues.readers.messages import (
    NO_SPEAKER,
    USER_KEYS,
    is_message,
    read_list,
    read_message,
)
from proutt_core.dialogues.readers.source import SourceMessage
from proutt_core.dialogues.readers.transcripts import transcript

OTHER_ANSWERS = "other answers to the same request left out"
_ALTERNATIVES = ("choices", "candidates", "generations")
DEEPEST = 6  # objects within objects that are looked through

RESPONSE_KEYS = (
    *("response", "responsebody", "responsejson", "output", "outputs", "completion", "choices", "generations"),
    *("candidates", "preferredoutput", "answer", "reply", "modeloutput", "result", "outputbodyjson", "responsepayload"),
    *("responsedata", "responseobj", "modelresponse", "generatedtext"),
)
REQUEST_KEYS = (
    *("request", "requestbody", "requestjson", "body", "input", "inputs", "kwargs", "params", "payload", "modelinput"),
    *("inputbodyjson", "requestpayload", "requestdata", "proxyserverrequest", "data", "variables"),
)
_CONVERSATION_KEYS = ("messages", "contents", "conversation", "conversations", "chatmessages")
# What an answer stands under, one within the other.
_ANSWER_KEYS = (
    *(
        "choices",
        "candidates",
        "generations",
        "message",
        "messages",
        "outputtext",
        "content",
        "parts",
        "output",
        "outputs",
    ),
    *("response", "responsebody", "responsejson", "body", "result", "outputbodyjson", "data", "answer", "completion"),
    *("generatedtext", "text", "delta", "reply", "kwargs", "returnvalues"),
)


def answer_in(value: Any, notes: list[str], *, depth: int = 0) -> list[SourceMessage]:
    """The messages of an answer: none where there is no answer, more than one where it calls tools, or tells it all."""
    value = decoded(value)
    if depth > DEEPEST or value is None or isinstance(value, bool | int | float):
        return []
    if isinstance(value, str):
        return [SourceMessage("assistant", value)]
    if isinstance(value, list):
        return _answer_in_list(value, notes, depth)
    answer = view(value)
    if is_message(value) or "lc" in answer or (answer.get("role") is not None and answer.get("toolcalls")):
        return read_message(answer, 1, notes)
    if folded(answer.get("type")) in NO_SPEAKER or answer.get("parts") is not None:
        return said("assistant", pieces(value, 1), notes)
    key = next((k for k in _ANSWER_KEYS if first(answer, (k,)) is not None), "")
    inner = decoded(answer.get(key))
    if key in _ALTERNATIVES and isinstance(inner, list):
        return _first_answer(inner, notes, depth)
    if inner is None and answer.get("toolcalls"):
        return read_message(answer | {"role": "assistant"}, 1, notes)
    if inner is answer.get("content") and isinstance(inner, list):
        return said("assistant", pieces(inner, 1), notes)
    return answer_in(inner, notes, depth=depth + 1)


def _answer_in_list(value: list[Any], notes: list[str], depth: int) -> list[SourceMessage]:
    """Messages and items that follow each other; or choices, of which the first counts."""
    if value and all(_follows(item) for item in value):
        return [m for n, item in enumerate(value, 1) for m in read_message(view(item), n, notes)]
    return _first_answer(value, notes, depth)


def _first_answer(answers: list[Any], notes: list[str], depth: int) -> list[SourceMessage]:
    if len(answers) > 1:
        notes.append(OTHER_ANSWERS)
    return answer_in(answers[0], notes, depth=depth + 1) if answers else []


def _follows(item: Any) -> bool:
    return is_message(item) or (isinstance(item, dict) and folded(item.get("type")) in NO_SPEAKER)


def with_the_answer(row: JsonObject, messages: list[SourceMessage], notes: list[str]) -> list[SourceMessage]:
    """The messages (of a row with folded keys), and behind them the answer that stands beside them."""
    if messages and messages[-1].role == "assistant":
        return messages
    return joined(messages, answer_of(row, notes))


def answer_of(row: JsonObject, notes: list[str]) -> list[SourceMessage]:
    """The answer in a row with folded keys."""
    key = next((key for key in RESPONSE_KEYS if first(row, (key,)) is not None), "")
    value = decoded(row.get(key))
    if key in _ALTERNATIVES and isinstance(value, list):
        return _first_answer(value, notes, 0)
    return answer_in(value, notes)


def joined(messages: list[SourceMessage], answer: list[SourceMessage]) -> list[SourceMessage]:
    """An answer that repeats the request tells the whole conversation."""
    start = next((place for place, message in enumerate(messages) if message.role != "system"), len(messages))
    request, told = messages[start:], [message for message in answer if message.role != "system"]
    if request and len(told) > len(request) and told[: len(request)] == request:
        return [*messages[:start], *told]
    return messages if answer and messages[-len(answer) :] == answer else [*messages, *answer]


def request_in(value: Any, notes: list[str], *, depth: int = 0) -> list[SourceMessage]:
    """The messages of a request, whatever is wrapped around it; none where there are none."""
    value = decoded(value)
    if isinstance(value, str):
        return transcript(value) or [SourceMessage("user", value)]
    if isinstance(value, list):
        while len(value) == 1 and isinstance(value[0], list):  # LangChain: a batch of one
            value = value[0]
        return read_list(value, notes) if value and all(_follows(item) for item in value) else []
    if depth > DEEPEST or not isinstance(value, dict):
        return []
    request = view(value)
    messages = _conversation(request, notes)
    if not messages:
        for key in REQUEST_KEYS:
            inner = decoded(request.get(key))
            if isinstance(inner, dict | list):
                messages = request_in(inner, notes, depth=depth + 1)
                request = {} if messages and isinstance(inner, dict) else request
            if messages:
                break
    if not messages:
        question = first(request, (*USER_KEYS, "text", "topic"))
        messages = request_in(question, notes, depth=depth + 1) if isinstance(question, str) else []
    beside = system_beside(request, messages, notes, (*SYSTEM_KEYS, "instructions")) if messages else []
    return [*beside, *messages]


def _conversation(request: JsonObject, notes: list[str]) -> list[SourceMessage]:
    """The list of messages of a request, with what LangChain puts beside its history."""
    for key in _CONVERSATION_KEYS:
        messages = request_in(request[key], notes) if isinstance(decoded(request.get(key)), list) else []
        if messages:
            return messages
    history = decoded(first(request, ("chathistory", "history")))
    question = first(request, USER_KEYS)
    if isinstance(history, list) and isinstance(question, str):
        return [*read_list(history, notes), SourceMessage("user", question)]
    return []


def is_request(value: Any) -> bool:
    """Whether messages stand in the value, at whatever depth."""
    try:
        return any(message.role == "user" for message in request_in(value, []))
    except (RowError, RecursionError):
        return False
