"""What import notices about a dialogue. Nothing here changes the text or keeps a dialogue out."""

from itertools import pairwise

from proutt_core.dialogues.personal_data.finding import count
from proutt_core.dialogues.text import comparison_key
from proutt_core.types import Checks, Message


def check(messages: tuple[Message, ...], *, toxic: bool | None, language_guessed: bool = False) -> Checks:
    """`messages` are normalised. `characters` counts all texts; a turn is a user message and the assistant's reply; a
    repeated turn equals an earlier one in both. `toxic` is the source's own flag; `language_guessed`: neither named by
    it nor proved by the script."""
    turns = _turns(messages)
    return Checks(
        characters=sum(len(m.content) for m in messages),
        turns=len(turns),
        repeated_turns=_repeated_turns(turns),
        language_guessed=language_guessed,
        toxic=toxic,
        personal_data=count(m.content for m in messages),
    )


def _turns(messages: tuple[Message, ...]) -> list[tuple[Message, Message]]:
    pairs = pairwise(messages)
    return [(user, reply) for user, reply in pairs if user.role == "user" and reply.role == "assistant"]


def _repeated_turns(turns: list[tuple[Message, Message]]) -> int:
    if len(turns) < 2:
        return 0
    by_user: dict[str, list[Message]] = {}
    for user, reply in turns:
        by_user.setdefault(comparison_key(user.content), []).append(reply)
    repeated = [replies for replies in by_user.values() if len(replies) > 1]  # replies are long: fold only these
    return sum(len(replies) - len({comparison_key(reply.content) for reply in replies}) for replies in repeated)
