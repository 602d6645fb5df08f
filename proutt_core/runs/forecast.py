"""What a run will take, before it is started: calls, tokens, money, time, and people's hours.

    plan = Plan(new=400, missing=…)         how many items, and what the call log holds of them already
    forecast(plan, lengths, history, …)     arithmetic only; `proutt_core.actions.forecast` collects what it reads

Whatever is known from earlier work with the same model is taken from there, the rest from the defaults below; each of
them is stated in words in `Forecast.assumptions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from proutt_core.runs.bill import Rates, money_for
from proutt_core.runs.dry_run import BRANCHES, CJK_TOKENS, OTHER_TOKENS, Lengths
from proutt_core.types import Branch

# Completion tokens of a plain (not reasoning) language model, by stage.
COMPLETION_TOKENS: Mapping[str, float] = {
    "intent_tree": 160,
    "category_reasons": 220,
    "category_label": 10,
    "insight": 360,
    "similarity": 200,
    "next_path": 90,
    "wrong_path": 80,
    "revise": 220,
}
OTHER_STAGE_TOKENS = 200.0
BRANCH_SHARES: Mapping[Branch, float] = {"high": 0.3, "mid": 0.5, "low": 0.2}
BOTH_VIEWS = 1.1  # views perturbed an item: in one of ten, both hold the best prediction
SECONDS_A_CALL = 1.0  # and one more for every
TOKENS_A_SECOND = 50.0
SECONDS_IN_PROCESS = 0.01
MINUTES_A_PAIR = 1.0
FEWEST_CALLS = 5  # of a stage, and
FEWEST_ITEMS = 20  # items or reviews, from which what was measured is trusted
# What follows one another in an item: five calls.
LONGEST_WAY = ("intent_tree", "insight", "similarity", "wrong_path", "revise")


@dataclass(frozen=True)
class Plan:
    """`new` items ask everything. Of the `known` the call log holds the answers; missing are revisions of that many
    chosen and rejected sides, where the thresholds differ from those of the run that asked."""

    new: int
    known: int = 0
    missing_chosen: int = 0
    missing_rejected: int = 0

    @property
    def items(self) -> int:
        return self.new + self.known


@dataclass(frozen=True)
class StageHistory:
    """Means a call. `completion_tokens` None: the server did not count them."""

    calls: int
    completion_tokens: float | None
    seconds: float


@dataclass(frozen=True)
class History:
    """Of earlier runs of the same model at the same address; empty where there were none."""

    stages: Mapping[str, StageHistory] = field(default_factory=dict)
    branches: Mapping[Branch, int] = field(default_factory=dict)  # items done
    both_views: float | None = None  # views perturbed an item
    cached_share: float | None = None  # of prompt tokens
    calls_per_valid: float = 1.0  # calls made for each valid one
    tokens_factor: float | None = None  # prompt tokens for each that `rough_tokens` makes of the same prompt
    review_minutes: float | None = None
    reviews: int = 0


@dataclass(frozen=True)
class Range:
    low: float
    likely: float
    high: float


@dataclass(frozen=True)
class StageEstimate:
    stage: str
    calls: float
    prompt_tokens: float
    cached_tokens: float
    completion_tokens: float
    seconds: float  # of waiting for answers, added up


@dataclass(frozen=True)
class Forecast:
    """`money` None: no price is known, and `price_note` says what to do. `seconds` is wall time at the given number of
    calls at a time. `assumptions` are sentences for the person who decides."""

    items: int
    stages: tuple[StageEstimate, ...]
    money: Range | None
    currency: str
    price_note: str
    seconds: float
    reviewing_hours: float
    assumptions: tuple[str, ...]

    @property
    def calls(self) -> int:
        return round(sum(stage.calls for stage in self.stages))

    @property
    def prompt_tokens(self) -> int:
        return round(sum(stage.prompt_tokens for stage in self.stages))

    @property
    def cached_tokens(self) -> int:
        return round(sum(stage.cached_tokens for stage in self.stages))

    @property
    def completion_tokens(self) -> int:
        return round(sum(stage.completion_tokens for stage in self.stages))


@dataclass(frozen=True)
class _Sum:
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


def forecast(
    plan: Plan,
    lengths: Lengths,
    history: History,
    *,
    rates: Rates | None,
    price_note: str = "",
    concurrency: int,
    in_process: bool,
    notes: tuple[str, ...] = (),
) -> Forecast:
    """`notes` are further assumptions, of what was measured."""
    factor = history.tokens_factor or 1.0
    cached = history.cached_share or 0.0
    stages = []
    for stage, calls in _calls(plan, lengths, history).items():
        calls_made = calls * history.calls_per_valid
        prompt = calls_made * lengths.prompt_tokens[stage] * factor
        completion = _completion(stage, history)
        stages.append(
            StageEstimate(
                stage=stage,
                calls=calls_made,
                prompt_tokens=prompt,
                cached_tokens=prompt * cached,
                completion_tokens=calls_made * completion,
                seconds=calls_made * _seconds(stage, completion, history, in_process),
            )
        )
    return Forecast(
        items=plan.items,
        stages=tuple(stages),
        money=None if rates is None else _money(stages, lengths, history, rates),
        currency="" if rates is None else rates.currency,
        price_note="" if rates is not None else price_note,
        seconds=_wall(stages, concurrency),
        reviewing_hours=plan.items * (history.review_minutes or MINUTES_A_PAIR) / 60,
        assumptions=(*notes, *_assumptions(plan, lengths, history, in_process)),
    )


def _shares(history: History) -> Mapping[Branch, float]:
    done = sum(history.branches.values())
    if done < FEWEST_ITEMS:
        return BRANCH_SHARES
    return {branch: history.branches.get(branch, 0) / done for branch in BRANCHES}


def _calls(plan: Plan, lengths: Lengths, history: History) -> dict[str, float]:
    """How often each stage will be asked, were every reply valid."""
    shares = _shares(history)
    both = history.both_views or BOTH_VIEWS
    calls: dict[str, float] = {}
    for stage, by_branch in lengths.calls.items():
        # What only the rejected side asks: in the high branch, everything that the low one does not ask.
        low, high = by_branch.get("low", 0.0), by_branch.get("high", 0.0)
        if stage == "wrong_path":
            chosen, rejected = 0.0, both if high else 0.0
        elif stage == "revise":
            chosen, rejected = low, both if high else 0.0
        else:
            calls[stage] = plan.new * by_branch.get("mid", 0.0)
            continue
        an_item = (shares["mid"] + shares["low"]) * chosen + (shares["high"] + shares["mid"]) * rejected
        calls[stage] = plan.new * an_item + plan.missing_chosen * chosen + plan.missing_rejected * rejected
    return calls


def _trusted(stage: str, history: History) -> StageHistory | None:
    known = history.stages.get(stage)
    return known if known is not None and known.calls >= FEWEST_CALLS else None


def _completion(stage: str, history: History) -> float:
    known = _trusted(stage, history)
    if known is not None and known.completion_tokens is not None:
        return known.completion_tokens
    return COMPLETION_TOKENS.get(stage, OTHER_STAGE_TOKENS)


def _seconds(stage: str, completion: float, history: History, in_process: bool) -> float:
    known = _trusted(stage, history)
    if known is not None:
        return known.seconds
    return SECONDS_IN_PROCESS if in_process else SECONDS_A_CALL + completion / TOKENS_A_SECOND


def _wall(stages: list[StageEstimate], concurrency: int) -> float:
    """Full slots, but never less than one item takes from its first call to its last."""
    item_s = sum(s.seconds / s.calls for s in stages if s.stage in LONGEST_WAY and s.calls > 0)
    return max(sum(s.seconds for s in stages) / concurrency, item_s)


def _counted(stage: str, history: History) -> bool:
    """Whether the length of this stage's replies is known from earlier calls."""
    known = _trusted(stage, history)
    return known is not None and known.completion_tokens is not None


def _money(stages: list[StageEstimate], lengths: Lengths, history: History, rates: Rates) -> Range:
    prompt = sum(s.prompt_tokens for s in stages)
    cached = sum(s.cached_tokens for s in stages)
    completion = sum(s.completion_tokens for s in stages)
    shared = sum(s.prompt_tokens * lengths.shared_tokens[s.stage] / lengths.prompt_tokens[s.stage] for s in stages)
    less, more = (0.8, 1.25) if all(_counted(s.stage, history) for s in stages) else (0.5, 2.0)

    def money(cached_tokens: float, completions: float, again: float = 1.0) -> float:
        tokens = _Sum(round(prompt * again), round(cached_tokens * again), round(completion * completions * again))
        return money_for(tokens, rates)

    return Range(low=money(max(cached, shared), less), likely=money(cached, 1.0), high=money(0.0, more, again=1.1))


def _assumptions(plan: Plan, lengths: Lengths, history: History, in_process: bool) -> list[str]:
    shares = _shares(history)
    measured = "as in earlier runs of this model" if sum(history.branches.values()) >= FEWEST_ITEMS else "assumed"
    sentences = [
        f"Branches, {measured}: " + ", ".join(f"{b} {shares[b]:.0%}" for b in BRANCHES) + ".",
        f"Views perturbed an item: {history.both_views or BOTH_VIEWS:.2f}"
        + (" (as in earlier runs)." if history.both_views else " (assumed)."),
    ]
    if history.tokens_factor is not None:
        sentences.append("Tokens a character: as this model's server counted them in earlier calls.")
    else:
        sentences.append(
            f"Tokens a character: {CJK_TOKENS} of Chinese and Japanese, {OTHER_TOKENS} of other scripts (assumed: no"
            " earlier call of this model is in the log)."
        )
    sentences += _about_replies(list(lengths.calls), history, in_process)
    if history.cached_share is not None:
        sentences.append(
            f"From the server's own cache, as in earlier runs: {history.cached_share:.0%} of prompt tokens."
        )
    else:
        sentences.append(
            "From the server's own cache: nothing (assumed; the low figure counts all that prompts share)."
        )
    sentences.append(f"Calls for each valid reply: {history.calls_per_valid:.2f}.")
    if plan.known:
        sentences.append(
            f"{plan.known} items are in the call log already and cost only the revisions that are missing."
        )
    minutes = history.review_minutes
    if minutes is not None:
        sentences.append(f"Reviewing: {minutes:.1f} minutes a pair, the median of {history.reviews} reviews.")
    else:
        sentences.append(
            f"Reviewing: {MINUTES_A_PAIR:.0f} minute a pair (assumed: fewer than {FEWEST_ITEMS} timed reviews)."
        )
    return sentences


def _about_replies(stages: list[str], history: History, in_process: bool) -> list[str]:
    counted = [stage for stage in stages if _counted(stage, history)]
    guessed = [stage for stage in stages if stage not in counted]
    untimed = [stage for stage in stages if _trusted(stage, history) is None]
    sentences = [f"Tokens of a reply: as in earlier calls of {', '.join(counted)}."] if counted else []
    if guessed:
        lengths = ", ".join(f"{stage} {_completion(stage, history):.0f}" for stage in guessed)
        sentences.append(f"Tokens of a reply, assumed: {lengths}; a reasoning model takes several times as many.")
    if not untimed:
        sentences.append("Duration of a call: as in earlier runs of this model.")
    elif in_process:
        sentences.append("Duration of a call, assumed: 10 ms.")
    else:
        sentences.append("Duration of a call, assumed: 1 s and 1 s more for every 50 tokens of its reply.")
    return sentences
