"""A whole conversation as one text: `Human: … Assistant: …`, and the marks that chat templates put around turns."""

import re
from typing import Any

from proutt_core.dialogues.readers.roles import ROLES, known_role
from proutt_core.dialogues.readers.source import SourceMessage

# Each finds the start of a turn and the name of who speaks; after it stands the turn, up to the next start.
_TEMPLATES = (
    re.compile(r"<\|im_start\|>\s*(\w+)[^\S\n]*\n?"),
    re.compile(r"<\|start_header_id\|>\s*(\w+)\s*<\|end_header_id\|>\s*"),
    re.compile(r"<start_of_turn>\s*(\w+)[^\S\n]*\n?"),
    re.compile(r"<\|start\|>(\w+)<\|message\|>"),
    re.compile(r"<\|(user|assistant|system|prompter|observation|endoftext\|><\|user)\|>\s*"),
)
_NAMES = "|".join(
    sorted(
        (re.escape(n) for n in ROLES if ROLES[n] in ("user", "assistant", "system") and len(n) > 1 and n != "me"),
        key=len,
        reverse=True,
    )
)
# Anthropic's HH: a blank line before each name, so that a name at the start of a line within a turn is text.
_APART = re.compile(r"(?:\A|\n\n)[^\S\n]*(Human|Assistant|System|H|A):[^\S\n]*")
_HASHES = re.compile(rf"(?:\A|\s)#{{2,3}} ?({_NAMES})[^\S\n]*:?[^\S\n]*\n?", re.IGNORECASE)
_LINES = re.compile(rf"(?:\A|\n)[^\S\n]*[*\[]*({_NAMES})[*\]]*[^\S\n]*[:：][*]*[^\S\n]*", re.IGNORECASE)
_LETTERS = {"H": "human", "A": "assistant"}
_ENDS = re.compile(r"(?:<\|im_end\|>|<\|eot_id\|>|<end_of_turn>|<\|end\|>|<\|return\|>|<\|endoftext\|>|</s>|<s>)\s*\Z")
_BEGINNING = re.compile(r"\A\s*(?:<\|begin_of_text\|>|<bos>|<s>|\[gMASK\]<sop>)?\s*")


def transcript(value: Any) -> list[SourceMessage] | None:
    """The turns of the text, without the white space around them; None where it is no transcript.

    It is one if it begins with the mark of the user or of a system prompt, and has another turn. An empty turn at the
    end, which a model was to fill, is left out.
    """
    if not isinstance(value, str):
        return None
    text = _BEGINNING.sub("", value, count=1)
    for start in (*_TEMPLATES, _APART, _HASHES, _LINES):
        match = start.match(text)
        role = known_role(_LETTERS.get(match[1], match[1])) if match else None
        if role in ("user", "system"):
            messages = _turns(text, start)
            if len(messages) > 1 and any(message.role == "user" for message in messages):
                return messages if messages[-1].text else messages[:-1]
    return None


def is_transcript(value: Any) -> bool:
    return transcript(value) is not None


def _turns(text: str, start: re.Pattern[str]) -> list[SourceMessage]:
    messages: list[SourceMessage] = []
    matches = list(start.finditer(text))
    for place, match in enumerate(matches):
        end = matches[place + 1].start() if place + 1 < len(matches) else len(text)
        role = known_role(_LETTERS.get(match[1], match[1]))
        said = _ENDS.sub("", text[match.end() : end]).strip()
        if role is None and messages:  # a mark of the text's own
            messages[-1] = messages[-1]._replace(text=messages[-1].text + "\n" + text[match.start() : end].strip())
        elif role is not None:
            messages.append(SourceMessage(role, said))
    return messages
