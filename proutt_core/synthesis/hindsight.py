"""How much of the user's real utterance stands in a reasoning that is not supposed to know it.

The chosen reasoning of the middle and low branch is revised along a path that was derived from the true utterance. Its
overlap with that utterance beside the unrevised insight's shows how far hindsight came through. Plain counting: no
model, the same every time.
"""

from proutt_core.text import FEWEST_NGRAMS, ngrams
from proutt_core.types import Insight, NextPath, ViewReasoning


def overlap(text: str, utterance: str) -> float | None:
    """The share of the utterance's distinct n-grams (`ngrams`: words, pairs of words, pairs of CJK characters) that
    the text has too, 0 to 1; None where the utterance has fewer than 4, as "OK, thanks" or "好的"."""
    grams = ngrams(utterance)
    return len(grams & ngrams(text)) / len(grams) if len(grams) >= FEWEST_NGRAMS else None


def overlaps(
    *, insight: Insight, true: NextPath | None, revised: ViewReasoning | None, utterance: str
) -> tuple[float | None, float | None]:
    """(chosen, insight): the overlap of the true view's reasoning as revised, and as the insight had it.

    The first is None in the high branch, where chosen is the insight; both are where no true view was asked for.
    """
    if true is None:
        return None, None
    chosen = None if revised is None else overlap(revised.reasoning, utterance)
    return chosen, overlap(insight.view(true.view).reasoning, utterance)


# The share of an utterance's n-grams from which on a reasoning rather quotes the utterance than predicts it. A rule of
# thumb.
QUOTED = 0.5


def quotes(overlap: float) -> bool:
    """Whether chosen reasonings hold so much of the next utterance that a person should read some of them."""
    return overlap >= QUOTED
