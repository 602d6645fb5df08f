"""A prompt and its answer side by side, perhaps with the turns before it; and answers that somebody chose.

Alpaca's `instruction, input, output, history, system`, `query, response, history`, `prompt, completion`; `chosen` and
`rejected` as messages, as texts, or as whole conversations `Human: … Assistant: …` (Anthropic's HH).
"""

from typing import Any

from proutt_core.dialogues.files.rows import NO_MESSAGES, JsonObject, RowError, kind
from proutt_core.dialogues.readers.answers import OTHER_ANSWERS, answer_in, joined, request_in
from proutt_core.dialogues.readers.beside import CONVERSATION_KEYS, dialogue
from proutt_core.dialogues.readers.keys import decoded, first, view
from proutt_core.dialogues.readers.messages import (
    ASSISTANT_KEYS,
    LIST_KEYS,
    USER_KEYS,
    is_message,
    is_pair,
    pair,
    read_list,
)
from proutt_core.dialogues.readers.source import SourceDialogue, SourceMessage
from proutt_core.dialogues.readers.transcripts import is_transcript, transcript

_CHOSEN = ("chosen", "chosenresponse", "chosenmessages", "preferred")
# Without a history a row is one turn; a question with its answer alone is no dialogue.
_WITHOUT_HISTORY = (("instruction", "output"), ("query", "response"), ("prompt", "response"), ("prompt", "completion"))
_PROMPT = ("prompt", "question", "instruction", "query", "input")


def claims_hh(row: JsonObject) -> bool:
    chosen = view(row).get("chosen")
    return is_transcript(chosen) or (isinstance(chosen, str) and is_transcript(view(row).get("prompt")))


def claims_preference(row: JsonObject) -> bool:
    folded_row = view(row)
    chosen = _chosen(folded_row)
    if any(isinstance(folded_row.get(key), list) for key in ("conversations", "messages")) or chosen is None:
        return False
    return _is_answer(chosen) or (isinstance(chosen, str) and first(folded_row, _PROMPT) is not None)


def _chosen(row: JsonObject) -> Any:
    return decoded(first(row, _CHOSEN))


def _is_answer(value: Any) -> bool:
    return is_message(value) or (isinstance(value, list) and bool(value) and is_message(value[0]))


def read_preference(row: JsonObject, key: str | None) -> SourceDialogue:
    """The prompt with the chosen answer; or the chosen conversation, where that is whole."""
    folded_row = view(row)
    notes: list[str] = []
    chosen = _chosen(folded_row)
    whole = transcript(chosen) if is_transcript(chosen) else None
    if whole is None and isinstance(chosen, list):
        whole = read_list(chosen, notes, name="chosen")
    if whole is None:
        whole = [m._replace(text=m.text.strip()) if _is_hh(folded_row) else m for m in answer_in(chosen, notes)]
    if not whole:
        raise RowError(NO_MESSAGES, f"`chosen` is {kind(chosen)}")
    if whole[0].role not in ("user", "system"):
        prompt = decoded(first(folded_row, _PROMPT))
        whole = joined(request_in(prompt, notes), whole)
    return dialogue(folded_row, key, whole, notes)


def _is_hh(row: JsonObject) -> bool:
    return is_transcript(row.get("prompt"))


def claims_alpaca(row: JsonObject) -> bool:
    folded_row = view(row)
    if any(isinstance(decoded(folded_row.get(key)), list) for key in LIST_KEYS if key != "history"):
        return False
    if not is_pair(folded_row) or not isinstance(decoded(first(folded_row, ASSISTANT_KEYS)), str | list):
        return False
    if "history" in folded_row:
        return True
    instructs = any(all(key in folded_row for key in couple) for couple in _WITHOUT_HISTORY)
    return instructs and not is_turn_of_a_longer_conversation(folded_row)


def is_turn_of_a_longer_conversation(row: JsonObject) -> bool:
    """A question and its answer (folded keys) that name the conversation they are of."""
    return is_pair(row) and first(row, CONVERSATION_KEYS) is not None and not is_transcript(row.get("prompt"))


def read_alpaca(row: JsonObject, key: str | None) -> SourceDialogue:
    folded_row = view(row)
    notes: list[str] = []
    messages: list[SourceMessage] = []
    history = decoded(folded_row.get("history"))
    if isinstance(history, list) and history:
        messages = read_list(history, notes, name="history")
    if not is_pair(folded_row):
        raise RowError(NO_MESSAGES, "no prompt with an answer: `instruction` and `output`, or `query` and `response`")
    question = next((folded_row[key] for key in USER_KEYS if isinstance(folded_row.get(key), str | list)), None)
    asked = transcript(question) if is_transcript(question) else None
    if asked is not None:
        messages = joined(asked, answer_in(first(folded_row, ASSISTANT_KEYS), notes))
    elif isinstance(question, list) and question and is_message(question[0]):
        messages = joined(read_list(question, notes), answer_in(first(folded_row, ASSISTANT_KEYS), notes))
    else:
        messages = [*messages, *pair(_one_answer(folded_row, notes), 1, notes)]
    return dialogue(folded_row, key, messages, notes)


def _one_answer(row: JsonObject, notes: list[str]) -> JsonObject:
    """Of several outputs the first, as in files of ranked answers; the system prompt is read with the row."""
    row = {**row, "system": None, "systemprompt": None}
    for key in ASSISTANT_KEYS:
        answers = row.get(key)
        if isinstance(answers, list) and answers and all(isinstance(answer, str) for answer in answers):
            row[key] = answers[0]
            notes.extend([OTHER_ANSWERS] if len(answers) > 1 else [])
    return row
