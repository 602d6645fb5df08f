"""Whether a text names something, as a reader would see it: by the whole name, or by a part that is recognised.

Letters count by their look: full-width, mathematical, Cyrillic and Greek ones that look Latin, accents, 0 for o. What
cannot be seen counts for nothing.
"""

import re
import unicodedata
from functools import lru_cache

# Shorter names count only as whole words: a method named "a" must not forbid every title.
SHORT = 4
# Shorter parts are recognised beside digits only, as in glm-4 or gpt4o, and as whole words.
SHORTEST_PART = 3
# From here on a part is recognised within a longer word, as in ChatLlama.
WITHIN_WORDS = 5

# What looks like a Latin letter. Capitals and small letters apart, for Н is no n.
_LOOKS = {
    shown: letter
    for alike, letters in (
        ("АВЕКМНОРСТУХІЈЅԚԜҺԌѴӀ", "ABEKMHOPCTYXIJSQWHGVL"),
        ("аекмнорстухіјѕԛԝһԁԍѵӏв", "aekmhopctyxijsqwhdgvlb"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
        ("αεηικνορτυχωγ", "aenikvoptuxwy"),
        ("օոսհցզաե", "onuhgqwe"),
    )
    for shown, letter in zip(alike, letters, strict=True)
}
# ʟ, ı, ø, 🅠, 🇶: named by the letter that they show.
_SHOWN_LETTER = re.compile(r"(?:LATIN|REGIONAL INDICATOR) .*LETTER (?:SMALL CAPITAL |DOTLESS )?([A-Z])(?: |$)")
_IDEOGRAPHS = "\u2e80"  # from here on words have no spaces between them
# Words of methods' names that stand in titles too. A name that is one of them is refused all the same.
_ORDINARY = frozenset(
    re.findall(
        r"\w+",
        """
    about adapted after against agent align aligned all alternative and annotated answer answers approach
    assistant author authors auto average base based baseline basic batch best better beta between big both card
    case cases category change chat chats check checked chosen city clean code cold collected combined command
    common compare comparison complete context control conversation conversations current data dataset decoder
    default demo dense design dev dialog dialogs dialogue dialogues different direct domain draft early edited
    epoch evaluation evening everyday example examples exp experiment expert expiry exploration extra fast fifth
    final fine finetuned first flash fold for fourth free fresh from full fusion general generated generic
    global gold good greedy group guided half hard high hotel human ideal imported improved initial input
    instruct instruction intent large last late latest lead learned left less light limit lite local long low
    main manual many max medium merged message messages method methods middle mine mini mining minus mixed mode
    model models more morning most multi naive neutral new newest next night none normal nothing number old
    online only open opinion optimal oracle order original other our outside over pair pairs paper part party
    path personal pick pilot plain plan planned plus point post predict predicted prediction predictions
    preference preview previous primary pro project prompt prompted prompts public quality question questions
    random rank real reason reasoning reference rejected repeat reply replies restaurant result results review
    revised revision right round rule rules run runs same sample samples school search second seed select
    selected self series service set sets shared shop short side similar simple single small some source special
    split stage standard start state step steps story strict strong study style subset support synthetic system
    table talk talks task teacher test tested tests text texts that the their there thing things think thinking
    third this thread three time tiny title today tool topic topics trace traces train trained training travel
    tree trees trial true tune tuned turbo turn turns two type ultra undo unit update used user users valid
    value variant variants verbose version view views voice wave weak week weekend weekly what which wide with
    without word words work world write young your zero
    """,
    )
)


def names(text: str, name: str) -> bool:
    """Whether the text holds the name, whatever separates its words, whatever its case and letters."""
    compact = _compact(name)
    if not compact:
        return False
    if len(compact) < SHORT and compact.isascii():
        return compact in map(_look, _tokens(text))
    return compact in _compact(text)


def names_a_part(text: str, name: str) -> bool:
    """Whether the text holds a word by which a model's or method's name is recognised: "Qwen" of Qwen3-8B."""
    letters = [_look(word) for token in _tokens(text) for word in _letters(token)]
    whole = [_look(token) for token in _tokens(text)]
    for part in _parts(name):
        if part >= _IDEOGRAPHS:
            if part in _compact(text):
                return True
        elif any(_is_of(part, word) for word in letters + whole) or _is_spelt_out(part, letters):
            return True
    return False


@lru_cache(maxsize=10_000)
def _parts(name: str) -> frozenset[str]:
    """The words of the name that are not ordinary; short ones only where a number follows, as in glm-4 or gpt4o."""
    parts = set()
    tokens = _tokens(name)
    for token, following in zip(tokens, [*tokens[1:], ""], strict=False):
        for word in _letters(token)[:1]:
            numbered = any(c.isdigit() for c in token) or following[:1].isdigit()
            shortest = 2 if word >= _IDEOGRAPHS else SHORTEST_PART if numbered else SHORT
            if token.startswith(word) and len(word) >= shortest and word not in _ORDINARY:
                parts.add(word)
    return frozenset(parts)


def _is_of(part: str, word: str) -> bool:
    if word in (part, part + "s"):
        return True
    return len(part) >= WITHIN_WORDS and (word.startswith(part) or word.endswith(part))


def _is_spelt_out(part: str, words: list[str]) -> bool:
    """Whether words beside each other make it up: "Deep Seek", "Q w e n"."""
    for start in range(len(words)):
        together = ""
        for word in words[start:]:
            together += word
            if together == part:
                return True
            if len(together) >= len(part):
                break
    return False


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", _plain(text))


def _letters(token: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", token)


def _compact(text: str) -> str:
    """Letters and digits only, so that "rules without tree" is found in "rules-without-tree" and the other way."""
    return _look("".join(character for character in _plain(text) if character.isalnum()))


def _look(word: str) -> str:
    """0 among letters is taken for the o that it looks like."""
    return word.replace("0", "o") if any(character.isalpha() for character in word) else word


@lru_cache(maxsize=10_000)
def _plain(text: str) -> str:
    """Small letters, each the plain one that it looks like; nothing that combines with others or is not seen."""
    seen = (c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) not in ("Mn", "Me", "Cf"))
    return "".join(_LOOKS.get(c) or _shown_letter(c) for c in seen).casefold()


def _shown_letter(character: str) -> str:
    if character.isascii():
        return character
    shown = _SHOWN_LETTER.search(unicodedata.name(character, ""))
    return shown[1] if shown else character
