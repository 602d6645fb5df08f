"""The exports of chat apps: ChatGPT, Claude, Open WebUI, LibreChat; and Open-Assistant's trees.

Of a tree of versions the branch is read that was on screen last. What the app hid is left out and noted.
"""

from typing import Any

from proutt_core.dialogues.files.rows import NO_MESSAGES, JsonObject, RowError, kind
from proutt_core.dialogues.readers.beside import SYSTEM_KEYS, dialogue, system_beside
from proutt_core.dialogues.readers.branches import flattened, one_branch
from proutt_core.dialogues.readers.content import pieces
from proutt_core.dialogues.readers.keys import decoded, first, view
from proutt_core.dialogues.readers.messages import listed, read_list, read_message
from proutt_core.dialogues.readers.source import SourceDialogue, SourceMessage

HIDDEN = "hidden messages left out"
_HIDDEN_TYPES = ("user_editable_context", "model_editable_context")


def claims_chatgpt(row: JsonObject) -> bool:
    return isinstance(row.get("mapping"), dict)


def read_chatgpt(row: JsonObject, key: str | None) -> SourceDialogue:
    """`mapping`: id → {message, parent, children}; `current_node` is the end of the branch."""
    folded_row = view(row)
    notes: list[str] = []
    branch = one_branch(_nodes(row.get("mapping")), notes, leaf=row.get("current_node"))
    messages: list[SourceMessage] = []
    for number, node in enumerate(branch, 1):
        message = node["message"]
        if isinstance(message, dict):
            messages.extend(_chatgpt_message(message, number, notes))
    return dialogue(folded_row, key, messages, notes)


def _nodes(mapping: Any) -> list[JsonObject]:
    if not isinstance(mapping, dict) or not mapping:
        raise RowError(NO_MESSAGES, f"`mapping` is {kind(mapping)}")
    parents = {
        child: name
        for name, node in mapping.items()
        if isinstance(node, dict) and isinstance(node.get("children"), list)
        for child in node["children"]
        if isinstance(child, str)
    }
    nodes = []
    for name, node in mapping.items():
        inner = node if isinstance(node, dict) else {}
        message = inner.get("message")
        time = message.get("create_time") if isinstance(message, dict) else None
        parent = inner.get("parent") or parents.get(name)
        nodes.append({"id": name, "parent": parent, "create_time": time, "message": message})
    return nodes


def _chatgpt_message(message: JsonObject, number: int, notes: list[str]) -> list[SourceMessage]:
    content = message.get("content")
    metadata = message.get("metadata")
    type_ = content.get("content_type") if isinstance(content, dict) else None
    hidden = isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation") is True
    if hidden or type_ in _HIDDEN_TYPES:
        if type_ in _HIDDEN_TYPES or any(piece.text.strip() for piece in pieces(content, number)):
            notes.append(HIDDEN)
        return []
    if isinstance(content, dict) and not content.get("parts") and isinstance(content.get("result"), str):
        message = message | {"content": content["result"]}  # what a tool of the app showed
    read = read_message(view(message), number, notes)
    if message.get("recipient") in (None, "all"):
        return read
    return [m._replace(role="tool_call") if m.role == "assistant" else m for m in read]


def claims_claude(row: JsonObject) -> bool:
    return isinstance(row.get("chat_messages"), list)


def read_claude(row: JsonObject, key: str | None) -> SourceDialogue:
    """`chat_messages[{sender, text, content[], attachments[]}]`: `text` counts where `content` holds nothing."""
    folded_row = view(row)
    notes: list[str] = []
    items = listed(row.get("chat_messages"), name="chat_messages")
    branch = one_branch(items, notes, leaf=row.get("current_leaf_message_uuid"))
    return dialogue(folded_row, key, read_list([_with_content(item) for item in branch], notes), notes)


def _with_content(item: Any) -> Any:
    empty = isinstance(item, dict) and item.get("content") in ([], "", None) and "text" in item
    return {key: value for key, value in item.items() if key != "content"} if empty else item


def claims_openwebui(row: JsonObject) -> bool:
    return _webui_messages(row) is not None


def read_openwebui(row: JsonObject, key: str | None) -> SourceDialogue:
    """`chat.history.messages`: id → message with `parentId`; `currentId` is the end of the branch."""
    found = _webui_messages(row)
    if found is None:
        raise RowError(NO_MESSAGES, "no `chat.history.messages` or `chat.messages`")
    notes: list[str] = []
    items, leaf = found
    branch = one_branch(items, notes, leaf=leaf)
    messages = read_list(branch, notes)
    chat = row.get("chat")
    params = chat.get("params") if isinstance(chat, dict) else None
    system = [
        message
        for place in (chat, params)
        if isinstance(place, dict)
        for message in system_beside(view(place), messages, notes, SYSTEM_KEYS)
    ]
    return dialogue(view(row), key, [*system[:1], *messages], notes)


def _webui_messages(row: JsonObject) -> tuple[list[Any], Any] | None:
    held = decoded(row.get("chat"))  # text in the app's own database
    chat = held if isinstance(held, dict) else row
    history = chat.get("history")
    if isinstance(history, dict) and isinstance(history.get("messages"), dict) and history["messages"]:
        return list(history["messages"].values()), history.get("currentId")
    messages = chat.get("messages")
    return (messages, None) if chat is not row and isinstance(messages, list) and messages else None


def claims_librechat(row: JsonObject) -> bool:
    messages = row.get("messages")
    message = messages[0] if isinstance(messages, list) and messages else None
    return isinstance(message, dict) and "isCreatedByUser" in message and "messageId" in message


def read_librechat(row: JsonObject, key: str | None) -> SourceDialogue:
    """`messages[{messageId, parentMessageId, isCreatedByUser, text}]`, flat or with `children`."""
    notes: list[str] = []
    items = flattened(listed(row.get("messages"), name="messages"))
    messages = read_list([_by_flag(_with_content(item)) for item in one_branch(items, notes)], notes)
    options = row.get("options")
    beside = system_beside(view(options), messages, notes) if isinstance(options, dict) else []
    return dialogue(view(row), key, [*beside, *messages], notes)


def _by_flag(item: Any) -> Any:
    """`sender` is a name, of a person or a model."""
    return (
        {k: v for k, v in item.items() if k != "sender"}
        if isinstance(item, dict) and "isCreatedByUser" in item
        else item
    )


def claims_oasst(row: JsonObject) -> bool:
    prompt = row.get("prompt")
    return isinstance(prompt, dict) and "replies" in prompt


def read_oasst(row: JsonObject, key: str | None) -> SourceDialogue:
    """`prompt{text, role, replies[…]}`: at each message the reply that people ranked best."""
    prompt = row.get("prompt")
    if not isinstance(prompt, dict):
        raise RowError(NO_MESSAGES, f"`prompt` is {kind(prompt)}")
    notes: list[str] = []
    branch = one_branch(flattened([prompt]), notes)
    folded_row = view(row)
    folded_row.setdefault("lang", first(view(prompt), ("lang",)))
    return dialogue(folded_row, key, read_list(branch, notes), notes)
