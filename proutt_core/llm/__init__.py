"""Language models: the protocol, `ask()`, the `rules` model, the client of OpenAI-compatible servers and its presets.

A stage's question goes down these stairs, each a model around the next one, and its answer comes up again:

    ItemModel      links calls to the item that they served; on its way up, the answer is stored (jobs/item_model.py)
    LoggedModel    answers from the log; the same question under way is sent once (logged.py)
    slots          wait here for a slot at the address, later stages first (slots.py)
    WatchedModel   looks whether the job is to go on and may still spend (jobs/item_model.py)
    client         asks for the schema, tries again what may pass, reads the reply (openai/client.py)
    transport      one POST (openai/transport.py)
"""

from proutt_core.llm.model import ChatMessage, Model, Prompt, ask, ask_for, call_key, parse_reply
from proutt_core.llm.schema import ReplyType
from proutt_core.types.calls import Completion, Usage

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
