"""What a dialogue is about, from its frequent phrases: no dictionary, no word segmentation, English and Chinese.

A text is cut at punctuation and at function words into runs. Every part of a run of 1 to 3 English words, or 2 to 4
Chinese characters (a Latin word counts as one), and every whole run, is a phrase; it scores by how often and how late
it occurs, more if it is a whole run. The best phrases that do not overlap are what the dialogue is about.
"""

import functools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from proutt_core.llm.rules.stop_words import CHINESE_STOP, ENGLISH_STOP
from proutt_core.text import CJK, cjk_characters
from proutt_core.types import Message

Language = Literal["en", "zh"]

# Bounds that keep an item at a few milliseconds whatever is pasted into a dialogue.
_MESSAGES = 16
_CHARACTERS = 1500
_WORD_CHARACTERS = 24

_CHINESE_CUT = re.compile(CHINESE_STOP)
_CHINESE_RUN = re.compile(f"[{CJK}A-Za-z]+")
_CHINESE_UNIT = re.compile(f"[{CJK}]|[A-Za-z]+")
_ENGLISH_CUT = re.compile(r"[^\w\s'’-]+|_+|\n|(?<!\w)['’-]|['’-](?!\w)")
_LETTER = re.compile(r"[^\W\d_]")


def language_of(text: str) -> Language:
    """Chinese where at least a third as many CJK characters as other letters occur: one says more than one letter."""
    cjk = cjk_characters(text)
    others = len(_LETTER.findall(text)) - cjk
    return "zh" if cjk and cjk * 3 >= others else "en"


def language_of_messages(messages: Sequence[Message]) -> Language:
    """The user's language: an assistant's replies may be full of code or names."""
    users = [m for m in messages[-_MESSAGES:] if m.role == "user"] or messages[-1:]
    return language_of(" ".join(m.content[:_CHARACTERS] for m in users))


def phrases_of(text: str, language: Language) -> tuple[tuple[str, float], ...]:
    """Every phrase of a text with its worth there, in order of appearance, repeats included."""
    return _phrases(text[:_CHARACTERS], language)


def best_phrases(text: str, language: Language, *, count: int = 4) -> list[str]:
    """What one short text is about, best first."""
    return top_phrases((Message(role="user", content=text),), language, count=count)


def top_phrases(messages: Sequence[Message], language: Language, *, count: int) -> list[str]:
    """The `count` best phrases of a dialogue, best first. Later messages weigh more, the last most."""
    scores: defaultdict[str, float] = defaultdict(float)
    surface: dict[str, str] = {}
    recent = [m for m in messages[-_MESSAGES:] if m.role != "system"]
    for position, message in enumerate(recent):
        weight = 1.0 + position / len(recent) + (1.0 if position == len(recent) - 1 else 0.0)
        for phrase, worth in phrases_of(message.content, language):
            key = phrase.casefold()
            surface.setdefault(key, phrase)
            scores[key] += weight * worth
    best: list[str] = []
    pieces: set[str] = set()
    for key in sorted(scores, key=lambda key: (-scores[key], key)):
        if len(best) == count:
            break
        own = _pieces(key, language)
        # A phrase that shares a piece says the same twice, unless it is a longer name that ends with one taken before.
        if own & pieces and not any(key.endswith(shorter) and len(own) >= 3 for shorter in best):
            continue
        if any(key in longer for longer in best):
            continue
        best.append(key)
        pieces |= own
    return [surface[key] for key in best]


def _pieces(phrase: str, language: Language) -> set[str]:
    return {phrase[i : i + 2] for i in range(len(phrase) - 1)} if language == "zh" else set(phrase.split())


@functools.lru_cache(maxsize=512)
def _phrases(text: str, language: Language) -> tuple[tuple[str, float], ...]:
    return tuple(_chinese_phrases(text) if language == "zh" else _english_phrases(text))


def _english_phrases(text: str) -> Iterator[tuple[str, float]]:
    for run in _english_runs(text):
        for start in range(len(run)):
            for length in range(1, min(3, len(run) - start) + 1):
                words = run[start : start + length]
                # A verb and its object is a run of three as often as a noun phrase is; a name has capitals.
                worth = (1.0, 1.3, 0.9)[length - 1] * (1.3 if length == len(run) else 1.0)
                yield " ".join(words), worth * (1.4 if all(word[0].isupper() for word in words) else 1.0)


def _chinese_phrases(text: str) -> Iterator[tuple[str, float]]:
    for run in _chinese_runs(text):
        for start in range(len(run)):
            for length in range(1, min(4, len(run) - start) + 1):
                phrase = "".join(run[start : start + length])
                if len(phrase) > 1 and length < len(run):
                    yield phrase, 0.7 + 0.1 * length
        if len("".join(run)) > 1 and len(run) <= 12:
            yield "".join(run), 1.6 if len(run) <= 8 else 0.8


def _english_runs(text: str) -> list[list[str]]:
    runs: list[list[str]] = []
    for clause in _ENGLISH_CUT.split(text):
        run: list[str] = []
        for word in clause.split():
            plain = word.replace("’", "'").casefold()
            if plain in ENGLISH_STOP or len(plain) < 2 or not _LETTER.search(plain):
                runs.append(run)
                run = []
            else:
                run.append(word[:_WORD_CHARACTERS])
        runs.append(run)
    return [run for run in runs if run]


def _chinese_runs(text: str) -> list[list[str]]:
    pieces = [piece for part in _CHINESE_RUN.findall(text) for piece in _CHINESE_CUT.split(part) if piece]
    units = [[unit[:_WORD_CHARACTERS] for unit in _CHINESE_UNIT.findall(piece)] for piece in pieces]
    return [run for run in units if run[0].casefold() not in ENGLISH_STOP]
