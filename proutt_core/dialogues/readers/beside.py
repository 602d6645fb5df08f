"""What a row says beside its messages: id, group, language, split, system prompt; and what is left out of it, noted."""

from collections.abc import Iterable
from typing import Any

from proutt_core.dialogues.files.rows import JsonObject, RowError
from proutt_core.dialogues.readers.content import pieces, said
from proutt_core.dialogues.readers.keys import decoded, first
from proutt_core.dialogues.readers.source import SourceDialogue, SourceMessage, identifier

TOOLS_BESIDE = "tool definitions beside the messages left out"
MEDIA_BESIDE = "images, sounds or files beside the messages left out"
REJECTED = "rejected answers left out"
CHOSEN = "chosen answers beside the conversation left out"

# Names of one conversation, likeliest first: the id of the row, or else its group.
CONVERSATION_KEYS = (
    *("conversationid", "conversationhash", "convid", "conversationuuid", "dialogueid", "dialogid", "sessionid"),
    *("sessionuuid", "threadid", "chatid", "roomid", "channelid", "ticketid", "transcriptid", "callid", "caseid"),
    *("messagetreeid", "treeid", "chatsessionid", "conversationkey", "convoid"),
)
ID_KEYS = (
    *("id", *CONVERSATION_KEYS, "uuid", "promptid", "traceid", "requestid", "customid", "recordid", "exampleid"),
    *("sampleid", "questionid", "taskid", "runid", "instanceid", "uid", "key", "idx", "index"),
)
GROUP_KEYS = ("group", "groupid", *CONVERSATION_KEYS, "user", "userid", "hashedip", "customerid", "useruuid")
LANGUAGE_KEYS = ("language", "lang", "locale", "languagecode", "languagename")
SPLIT_KEYS = ("split", "datasplit", "datasetsplit", "splitname", "partition", "subset", "set")
SYSTEM_KEYS = (
    *("system", "systemprompt", "systeminstruction", "systemmessage", "systeminstructions", "developermessage"),
    *("developerprompt", "sysprompt", "promptprefix"),
)
_TOOL_KEYS = ("tools", "functions", "tooldefinitions", "toolschemas", "availabletools", "apis")
_MEDIA_KEYS = ("images", "image", "audios", "audio", "videos", "video", "attachments", "files")
_REJECTED_KEYS = ("rejected", "rejectedresponse", "nonpreferredoutput", "rejectedmessages")


def dialogue(row: JsonObject, key: str | None, messages: list[SourceMessage], notes: list[str]) -> SourceDialogue:
    """The messages with what the row (folded keys) says of them. A row without an id is called by its key, if it has
    one."""
    messages = [*system_beside(row, messages, notes), *messages]
    notes.extend(_left_out(row))
    id_key = next((name for name in ID_KEYS if name in row and _identifier(row[name]) is not None), None)
    return SourceDialogue(
        messages=messages,
        external_id=_identifier(row.get(id_key)) if id_key else key,
        group=_first_identifier(row, (name for name in GROUP_KEYS if name != id_key)),
        language=_first_identifier(row, LANGUAGE_KEYS),
        split=_first_identifier(row, SPLIT_KEYS),
        notes=notes,
    )


def _identifier(value: Any) -> str | None:
    return identifier(value.get("$oid")) if isinstance(value, dict) else identifier(value)


def _first_identifier(row: JsonObject, keys: Iterable[str]) -> str | None:
    return next((name for name in (_identifier(row[key]) for key in keys if key in row) if name is not None), None)


def system_beside(
    row: JsonObject, messages: list[SourceMessage], notes: list[str], keys: Iterable[str] = SYSTEM_KEYS
) -> list[SourceMessage]:
    """The system prompt beside the messages, unless they start with it."""
    value = decoded(first(row, keys))
    if not isinstance(value, str | list | dict):
        return []
    try:
        prompt = said("system", pieces(value, 0), notes)
    except RowError:  # something else of the name `system`
        return []
    return [] if prompt[:1] == messages[:1] or not any(message.text.strip() for message in prompt) else prompt


def _left_out(row: JsonObject) -> Iterable[str]:
    if _something(row, _TOOL_KEYS):
        yield TOOLS_BESIDE
    if _something(row, _MEDIA_KEYS):
        yield MEDIA_BESIDE
    if _something(row, _REJECTED_KEYS):
        yield REJECTED


def _something(row: JsonObject, keys: Iterable[str]) -> bool:
    value = first(row, keys)
    return value is not None and decoded(value) not in ([], {}, False)
