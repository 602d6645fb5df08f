"""A list of what was said, whatever its elements are: messages, pairs of question and answer, or texts in turn."""

from collections.abc import Iterable
from typing import Any

from proutt_core.dialogues.files.rows import (
    BAD_MESSAGE,
    NO_MESSAGES,
    NO_TEXT,
    JsonObject,
    RowError,
    kind,
)
from proutt_core.dialogues.readers.content import (
    BESIDE_KEYS,
    CALL_TYPES,
    RESULT_TYPES,
    THOUGHT_TYPES,
    Piece,
    media_label,
    pieces,
    said,
    tool_calls,
)
from proutt_core.dialogues.readers.keys import decoded, first, folded, view
from proutt_core.dialogues.readers.roles import known_role, role_in, role_named, role_of
from proutt_core.dialogues.readers.source import SourceMessage

SYSTEM_AS_ASSISTANT = "system messages taken for the assistant's, which has no others"

# Where a row keeps its list, in this order.
LIST_KEYS = (
    *("messages", "conversation", "conversations", "turns", "dialogue", "dialog", "utterances", "chat", "items"),
    *("chatmessages", "messagelist", "chathistory", "transcript", "thread", "exchanges", "history", "contents", "log"),
)
TEXT_KEYS = (
    *(
        "content",
        "value",
        "text",
        "utterance",
        "message",
        "body",
        "msg",
        "messagetext",
        "messagecontent",
        "messagebody",
    ),
    *("contenttext", "textcontent", "parts", "transcript"),
)
_THOUGHT_KEYS = ("reasoningcontent", "reasoning", "thinking", "thoughts", "reasoningdetails", "thinkingblocks")

# Items that stand in a list of messages without being said by anybody.
NO_SPEAKER = CALL_TYPES | RESULT_TYPES | THOUGHT_TYPES

# The two sides of a pair, each in the order in which a key is looked for.
USER_KEYS = (
    *("human", "usermessage", "userinput", "userutterance", "userquery", "userprompt", "userquestion", "usertext"),
    *("instruction", "question", "query", "prompt", "input", "request", "q", "user"),  # `user` may be a name
)
ASSISTANT_KEYS = (
    *(
        "assistant",
        "gpt",
        "bot",
        "ai",
        "chatgpt",
        "chatbot",
        "botresponse",
        "botmessage",
        "botreply",
        "assistantmessage",
    ),
    *(
        "assistantresponse",
        "assistantreply",
        "airesponse",
        "aimessage",
        "systemutterance",
        "llmresponse",
        "modelresponse",
    ),
    *("answer", "response", "output", "completion", "reply", "a"),
)


def read_list(items: Any, notes: list[str], *, name: str = "messages") -> list[SourceMessage]:
    """The messages of a list (or of its JSON text), in order. RowError says which element cannot be read."""
    items = listed(items, name=name)
    texts = texts_in_turn(items)
    if texts is not None:
        return in_turn(texts)
    messages: list[SourceMessage] = []
    for number, item in enumerate(items, 1):
        messages.extend(_element(item, number, notes))
    return _with_an_assistant(messages, notes)


def read_plain(messages: list[JsonObject], notes: list[str], *, role: str, text: str) -> list[SourceMessage]:
    """Messages whose role stands under the key `role` and whose text under the key `text`, which each must have."""
    source_messages: list[SourceMessage] = []
    for number, message in enumerate(messages, 1):
        if text not in message:
            raise RowError(NO_TEXT, f"message {number}: no `{text}`")
        value = message[text]
        if type(value) is str and value[:1] != "[":
            source_messages.append(SourceMessage(role_of(message.get(role), number), value))
        else:
            source_messages.extend(said(role_of(message.get(role), number), pieces(value, number), notes))
    return source_messages


def listed(items: Any, *, name: str) -> list[Any]:
    items = decoded(items)
    if not isinstance(items, list):
        raise RowError(NO_MESSAGES, f"`{name}` is {kind(items)}")
    if not items:
        raise RowError(NO_MESSAGES, f"`{name}` is empty")
    return items


def in_turn(texts: Iterable[str]) -> list[SourceMessage]:
    """The user first."""
    return [SourceMessage("assistant" if i % 2 else "user", text) for i, text in enumerate(texts)]


def texts_in_turn(items: list[Any]) -> list[str] | None:
    """The texts of a list that names nobody: of strings, or of objects with a text and no speaker."""
    if isinstance(items[0], str):
        return items if all(isinstance(item, str) for item in items) else None
    if not isinstance(items[0], dict) or _names_somebody(items[0]):
        return None
    texts = []
    for item in items:
        value = _first_text(view(item)) if isinstance(item, dict) and not _names_somebody(item) else None
        if not isinstance(value, str):
            return None
        texts.append(value)
    return texts


def _names_somebody(item: JsonObject) -> bool:
    if "role" in item or "from" in item:
        return True
    message = view(item)
    return (
        speaks(message)
        or is_pair(message)
        or any(key in message for key in ("role", "sender", "speaker", "author", "kwargs", "lc"))
        or folded(message.get("type")) in NO_SPEAKER
    )


def _element(item: Any, number: int, notes: list[str]) -> list[SourceMessage]:
    if isinstance(item, list):
        return _couple(item, number, notes)
    if not isinstance(item, dict):
        raise RowError(BAD_MESSAGE, f"message {number} is {kind(item)}")
    if len(item) == 2:  # the two shapes of most rows, without a detour
        text = item.get("content", item.get("value"))
        role = known_role(item.get("role", item.get("from")))
        if role is not None and type(text) is str and text[:1] != "[":
            return [SourceMessage(role, text)]
    message = view(item)
    if role_named(message) is None and is_pair(message):
        return pair(message, number, notes)
    return read_message(message, number, notes)


def _couple(item: list[Any], number: int, notes: list[str]) -> list[SourceMessage]:
    """`[role, text]`, or a question with its answer (null where there is none)."""
    if len(item) != 2:
        raise RowError(BAD_MESSAGE, f"message {number} is a list of {len(item)}, not of two")
    role = known_role(item[0])
    if role is not None and isinstance(item[1], str):
        return said(role, pieces(item[1], number), notes)
    return [*said("user", pieces(item[0], number), notes), *said("assistant", pieces(item[1], number), notes)]


def read_message(message: JsonObject, number: int, notes: list[str]) -> list[SourceMessage]:
    """A message under its folded keys, with what stands beside its content: calls of tools, images, thoughts."""
    message = _unwrapped(message)
    kind_of_message = folded(message.get("type"))
    if message.get("role") is None and kind_of_message in NO_SPEAKER:  # an item of OpenAI's Responses
        return said("assistant", pieces({**message, "type": kind_of_message}, number), notes)
    role = role_in(message, number)
    calls = tool_calls(message, number)
    media = [media_label(key) or "file" for key in BESIDE_KEYS if first(message, (key,)) is not None]
    value = _first_text(message)
    if value is None and not calls and not media and not _has_text(message):
        raise RowError(NO_TEXT, f"message {number}: no `content`, `value` or `text`")
    thoughts = [Piece("thought")] if first(message, _THOUGHT_KEYS) is not None else []
    beside = [Piece("media", label) for label in media]
    return said(role, [*thoughts, *pieces(value, number), *calls, *beside], notes)


def _unwrapped(message: JsonObject) -> JsonObject:
    """The message itself, out of what LangChain and logs put around it."""
    for key in ("kwargs", "data", "message"):
        inner = decoded(message.get(key))
        if not isinstance(inner, dict) or (inner is not message[key] and role_named(message) is not None):
            continue  # no wrapping, or the message's own text that looks like JSON
        if key == "message" and _first_text(_unwrapped(view(inner))) is None:
            continue
        names = message.get("id")
        name = names[-1] if key == "kwargs" and isinstance(names, list) and names else message.get("type")
        inner = _unwrapped(view(inner))
        return inner if role_named(inner) is not None else {**message, **inner, "role": message.get("role", name)}
    return message


def _first_text(message: JsonObject) -> Any:
    """The content: under the first key that has any, else what a refusal or a page's markdown says."""
    value = next((message[key] for key in TEXT_KEYS if message.get(key) is not None), None)
    markdown = message.get("markdown")
    if value is None and isinstance(markdown, dict):
        value = markdown.get("answer")
    return message.get("refusal") if value is None else value


def _has_text(message: JsonObject) -> bool:
    """Whether there is a key for text, be it null: then the message is empty."""
    return any(key in message for key in (*TEXT_KEYS, "refusal"))


def speaks(message: JsonObject) -> bool:
    """Whether it names a speaker that is known (folded keys)."""
    return role_named(_unwrapped(message)) is not None


def is_message(item: Any) -> bool:
    """Whether an element names a speaker that is known, and has a place for what was said."""
    if not isinstance(item, dict):
        return False
    message = _unwrapped(view(item))
    return role_named(message) is not None and (
        _has_text(message) or first(message, ("toolcalls", "functioncall", "markdown", *BESIDE_KEYS)) is not None
    )


def is_pair(message: JsonObject) -> bool:
    return _side(message, USER_KEYS) is not None and any(key in message for key in ASSISTANT_KEYS)


def pair(message: JsonObject, number: int, notes: list[str]) -> list[SourceMessage]:
    """A question and its answer, under folded keys; `instruction` and `input` together are the question."""
    question = _side(message, USER_KEYS)
    more = message.get("input") if message.get("input") is not question else None
    system = first(message, ("system", "systemprompt"))
    asked = pieces(question, number)
    if isinstance(more, str) and more.strip() and isinstance(question, str):
        asked = [Piece("text", f"{question}\n{more}" if question.strip() else more)]
    return [
        *(said("system", pieces(system, number), notes) if system is not None else ()),
        *said("user", asked, notes),
        *said("assistant", pieces(_side(message, ASSISTANT_KEYS), number), notes),
    ]


def _side(message: JsonObject, keys: Iterable[str]) -> Any:
    """What one side says: text, or parts of it."""
    return next((v for v in (message.get(key) for key in keys) if isinstance(v, str | list) and v != []), None)


def _with_an_assistant(messages: list[SourceMessage], notes: list[str]) -> list[SourceMessage]:
    """Task-oriented dialogues call the assistant `system`: so where nobody else answers the user, it is."""
    roles = [message.role for message in messages]
    if "assistant" in roles or "user" not in roles:
        return messages
    start = roles.index("user")
    if "system" not in roles[start:]:
        return messages
    notes.append(SYSTEM_AS_ASSISTANT)
    return [
        message._replace(role="assistant") if message.role == "system" and place > start else message
        for place, message in enumerate(messages)
    ]
