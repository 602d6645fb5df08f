"""Language models: the protocol and `ask()`; the `rules` model; the OpenAI-compatible client and its presets."""

from proutt_core.llm.model import ChatMessage, Completion, Model, Prompt, Usage, ask, ask_for, call_key, parse_reply
from proutt_core.llm.schema import ReplyType

__all__ = [
    "ChatMessage",
    "Completion",
    "Model",
    "Prompt",
    "ReplyType",
    "Usage",
    "ask",
    "ask_for",
    "call_key",
    "parse_reply",
]
