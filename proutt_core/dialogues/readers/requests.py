"""Logs of requests and traces: a request and its answer in one row, as servers, gateways and tracing tools write them.

OpenAI batches (input lines; an output line holds the answer alone), `{request, response}`, LangSmith runs, Langfuse
traces, LiteLLM's spend logs, vLLM's outputs, OpenAI's Responses, Bedrock's invocation logs, preference fine-tuning.
"""

from proutt_core.dialogues.files.rows import NO_USER, JsonObject, RowError
from proutt_core.dialogues.readers.answers import (
    REQUEST_KEYS,
    RESPONSE_KEYS,
    answer_in,
    answer_of,
    is_request,
    joined,
    request_in,
)
from proutt_core.dialogues.readers.beside import dialogue
from proutt_core.dialogues.readers.keys import decoded, first, view
from proutt_core.dialogues.readers.source import SourceDialogue
from proutt_core.dialogues.readers.transcripts import is_transcript

_NO_REQUEST = "an answer without its request: import the file of requests, or one that holds both"
_TEXTS = ("prompt", "query", "question", "input")
_THREAD_KEYS = ("threadid", "sessionid", "conversationid")


def claims(row: JsonObject) -> bool:
    folded_row = view(row)
    wrapped = any(
        isinstance(inner, dict | list) and is_request(inner)
        for inner in (decoded(folded_row.get(key)) for key in REQUEST_KEYS)
    )
    return wrapped or _is_generation(folded_row) or _is_answer_alone(folded_row)


def _is_generation(row: JsonObject) -> bool:
    """What a vLLM engine returns, the prompt as the template wrote it and the outputs; or a text and a server's answer
    to it."""
    if is_transcript(row.get("prompt")) and isinstance(row.get("outputs"), list):
        return True
    answer = decoded(first(row, RESPONSE_KEYS))
    return isinstance(first(row, _TEXTS), str) and isinstance(answer, dict) and bool(answer_in(answer, []))


def _is_answer_alone(row: JsonObject) -> bool:
    response = row.get("response")
    body = response.get("body") if isinstance(response, dict) else None
    return "customid" in row and isinstance(body, dict) and "choices" in body


def read(row: JsonObject, key: str | None) -> SourceDialogue:
    folded_row = view(row)
    notes: list[str] = []
    messages = request_in(row, notes)
    if not messages:
        raise RowError(NO_USER, _NO_REQUEST if _is_answer_alone(folded_row) else "no messages in the request")
    answer = answer_of(folded_row, notes)
    if first(folded_row, ("runtype",)) is not None:  # LangSmith: its session is the whole project
        folded_row.pop("sessionid", None)
    folded_row |= _thread(folded_row)
    return dialogue(folded_row, key, joined(messages, answer), notes)


def _thread(row: JsonObject) -> JsonObject:
    """The conversation of a trace, which tools keep among the metadata."""
    extra = decoded(row.get("extra"))
    metadata = decoded(row.get("metadata") or (extra.get("metadata") if isinstance(extra, dict) else None))
    named = view(metadata) if isinstance(metadata, dict) else {}
    thread = first(named, _THREAD_KEYS)
    return {"threadid": thread} if isinstance(thread, str) and "threadid" not in row else {}
