"""Possible personal data of a dialogue replaced by placeholders: [EMAIL_1], [PHONE_2]."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from proutt_core.dialogues.checks import check
from proutt_core.dialogues.personal_data.finding import KINDS, find, value_key
from proutt_core.types import Dialogue, Message

PersonalDataPolicy = Literal["keep", "mask", "drop"]
WORDS = {"email": "e-mail", "phone": "phone", "key": "key", "id": "ID", "ip": "IP address"}
_PLACEHOLDER = re.compile(rf"\[({'|'.join(kind.upper() for kind in KINDS)})_([0-9]{{1,6}})\]")


@dataclass(frozen=True)
class Masked:
    """The messages with placeholders, and how many places of each kind were masked."""

    messages: tuple[Message, ...]
    counts: dict[str, int]

    @property
    def notes(self) -> tuple[str, ...]:
        """One phrase a kind, as normalising writes them."""
        return tuple(f"personal data masked: {n} {WORDS[kind]}" for kind, n in self.counts.items())


def mask(messages: Sequence[Message]) -> Masked:
    """The same value gets the same placeholder in all messages; numbers continue after placeholders already there.

    The result holds nothing more to mask, so masking it again changes nothing.
    """
    last = Counter[str]()
    for message in messages:
        for kind, number in _PLACEHOLDER.findall(message.content):
            last[kind.lower()] = max(last[kind.lower()], int(number))
    placeholders: dict[tuple[str, str], str] = {}
    counts = Counter[str]()
    texts = [_masked_text(message.content, placeholders, last, counts) for message in messages]
    return Masked(
        messages=tuple(Message(role=m.role, content=text) for m, text in zip(messages, texts, strict=True)),
        counts={kind: counts[kind] for kind in KINDS if kind in counts},
    )


def _masked_text(text: str, placeholders: dict[tuple[str, str], str], last: Counter[str], counts: Counter[str]) -> str:
    while places := find(text):  # again: text that touched a match may be a match now
        parts, end = [], 0
        for place in places:
            value = (place.kind, value_key(place, text))
            if value not in placeholders:
                last[place.kind] += 1
                placeholders[value] = f"[{place.kind.upper()}_{last[place.kind]}]"
            counts[place.kind] += 1
            parts += [text[end : place.start], placeholders[value]]
            end = place.end
        text = "".join([*parts, text[end:]])
    return text


def masked_dialogue(dialogue: Dialogue) -> Dialogue:
    """The dialogue with its personal data masked: checked again, noted, without the source's row. The dialogue itself
    where there is none."""
    masked = mask(dialogue.messages)
    if not masked.counts:
        return dialogue
    return dialogue.model_copy(
        update={
            "messages": masked.messages,
            "notes": tuple(dict.fromkeys((*dialogue.notes, *masked.notes))),
            "original": None,
            "checks": check(
                masked.messages, toxic=dialogue.checks.toxic, language_guessed=dialogue.checks.language_guessed
            ),
        }
    )
