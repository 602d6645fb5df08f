"""Models that think before they answer, told by their names: they need room for it, and Qwen3 can be asked not to.

Where a schema is asked for, thoughts cost several times the answer and some servers then hold the model to nothing, so
Qwen3's are switched off there; a trace in free text is left as it comes. A parameter that speaks of thinking decides.
"""

import re

# After the end of a word; sizes, dates and the like follow.
_THINKS = re.compile(
    r"(?:^|[^a-z])(?:qwen-?3|qwq|deepseek-(?:r\d|reasoner)|r1(?![0-9])|o[1-9](?:-|$)|gpt-5|gpt-oss|glm-(?:4\.[5-9]|[5-9])|"
    r"magistral|kimi-k\d-thinking|minimax-m\d|doubao-seed|hunyuan-(?:t1|a13b)|ernie-x1|grok-[34]|gemini-[23]|nemotron)"
    r"|think|reason",
    re.IGNORECASE,
)
_NEVER_THINKS = re.compile(r"instruct|non-?thinking|no-?think|embed|rerank|coder", re.IGNORECASE)
_QWEN3 = re.compile(r"(?:^|[^a-z])qwen-?3", re.IGNORECASE)
_ALWAYS_THINKS = re.compile(r"think", re.IGNORECASE)


def may_think(model: str) -> bool:
    """Whether a model of this name is known to think unless it is told not to."""
    return _THINKS.search(model) is not None and _NEVER_THINKS.search(model) is None


def can_be_asked_not_to(model: str) -> bool:
    """Whether it is a Qwen3 that thinks by default and takes `enable_thinking`."""
    hybrid = _QWEN3.search(model) is not None and _NEVER_THINKS.search(model) is None
    return hybrid and _ALWAYS_THINKS.search(model) is None
