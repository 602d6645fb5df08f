"""Language models: the protocol and `ask()`; the `rules` model; the OpenAI-compatible client and its presets."""

from proutt_core.llm.model import (
    ChatMessage,
    Completion,
    Model,
    Prompt,
    Usage,
    ask,
    call_key,
    cut_note,
    parse_reply,
    repair_prompt,
)
from proutt_core.llm.schema import reply_schema

__all__ = [
    "ChatMessage",
    "Completion",
    "Model",
    "Prompt",
    "Usage",
    "ask",
    "call_key",
    "cut_note",
    "parse_reply",
    "repair_prompt",
    "reply_schema",
]
