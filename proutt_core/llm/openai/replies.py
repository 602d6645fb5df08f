"""Reading what an OpenAI-compatible server sent with a 200: an answer, an error all the same, or something that may
pass."""

from proutt_core.errors import ModelRefused
from proutt_core.llm.openai.errors_told import error_told_in, plain_words
from proutt_core.llm.openai.retry import Passing, UnusableReply
from proutt_core.llm.openai.said import Said, said_in
from proutt_core.llm.openai.usage import read_usage
from proutt_core.llm.openai.words import is_page, shown
from proutt_core.llm.thoughts import bare, split_thoughts
from proutt_core.types.calls import Completion
from proutt_core.types.json_text import is_whole

_LONGEST_NAME = 200
# Many times what any reply's bound on new tokens allows; whatever is read is looked through, stored and shown.
_MOST_CHARACTERS = 1_000_000
_JSON_BEGINS = ("{", "[", "```")

# How an answer ended, in the words of all servers; what is not here stays as it is.
_ENDINGS = {
    "length": ("length", "max_tokens", "model_length", "max_output_tokens", "token_limit", "max_length"),
    "content_filter": (
        *("content_filter", "sensitive", "safety", "content_filtered", "recitation", "blocklist", "prohibited_content"),
        *("spii", "image_safety", "risk", "guardrail_intervened"),
    ),
    "stop": ("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "end", "finished", ""),
    "error": (
        *("error", "network_error", "abort", "aborted", "insufficient_system_resource", "cancelled", "timeout"),
        *("engine_error", "internal_error", "upstream_error"),
    ),
}
_ENDING_OF = {word: ending for ending, words in _ENDINGS.items() for word in words}


def read_answer(answer: object, *, model: str, address: str, latency_s: float, typed: bool) -> Completion:
    """The completion in the parsed body of a 200 answer. Raises Passing where there is none, or half of one,
    ModelRefused for another shape, UnusableReply for one that must not be stored.

    Thoughts that a server sends apart go into `reasoning`, and so do thoughts inside the text when a JSON reply is
    wanted (`typed`). Free text stays as it came: a tuned model's is its thoughts. Where a server took all that the
    model said for thoughts, it is the answer if it has the form of one.
    """
    said = said_in(answer)
    if said is None:
        raise _no_answer(answer, address)
    finish_reason = _ending(said.finish)
    if finish_reason == "error":
        raise Passing("the server's own connection broke off during the answer")
    if len(said.text) + len(said.thoughts) > _MOST_CHARACTERS:
        raise UnusableReply(f"it is more than {_MOST_CHARACTERS:,} characters long")
    text, reasoning = _parted(said, typed=typed, was_cut=finish_reason == "length")
    if said.refusal and not text:
        text, finish_reason = said.refusal, "refusal"
    provider = said.whole.get("provider")
    return Completion(
        text=storable(text),
        reasoning=storable(reasoning) or None,
        usage=read_usage(_usage_of(said)),
        model=_name(said.whole.get("model") or said.whole.get("modelVersion")) or model,
        provider=_name(provider),
        address=address,
        latency_s=latency_s,
        finish_reason=finish_reason,
    )


def storable(text: str) -> str:
    """The text without what no store takes: lone surrogates and NUL become U+FFFD."""
    return sendable(text.replace("\x00", "\ufffd"))


def sendable(text: str) -> str:
    """The text with lone surrogates (they occur in real logs) replaced, for UTF-8 has no form for them."""
    return text if is_whole(text) else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def holds_answer(body: object) -> bool:
    """Whether a 200 answer counts as one. Gateways and some providers send an error in it: beside the choices, in their
    place, or in one."""
    if isinstance(body, str):
        return not body or is_page(body)
    said = said_in(body)
    if said is None or not said.is_something or said.choice.get("error"):
        return False
    return not (isinstance(body, dict) and isinstance(body.get("error"), dict) and error_told_in(body["error"]))


def _no_answer(answer: object, address: str) -> Passing | ModelRefused:
    if isinstance(answer, dict) and "choices" in answer and not answer["choices"]:
        return Passing("the answer holds no choices")  # so filtered prompts are told, and some failures
    if answer in ("", None):
        return Passing("the answer is empty")
    words = shown(plain_words(answer)) or shown(repr(answer))
    if isinstance(answer, str):
        # A wrong address always does this, a proxy's error page now and then: a run pauses only if it keeps happening.
        lacking = "answers, but not as an OpenAI-compatible server; does the address lack /v1?"
        return Passing(f"{address} {lacking} It said: {words}")
    return ModelRefused(f"{address} sent what is no chat completion: {words}", every_call=False, status=200)


def _parted(said: Said, *, typed: bool, was_cut: bool) -> tuple[str, str]:
    """The answer, and the thoughts before it."""
    if not typed:
        only_thoughts = not said.text.strip() and not was_cut and not said.refusal
        return (said.thoughts, "") if only_thoughts else (said.text, said.thoughts.strip())
    beside = bare(said.thoughts) if said.thoughts else ""
    thoughts, text = split_thoughts(said.text)
    if not text.strip() and not thoughts:
        if said.arguments:
            text = said.arguments
        elif said.thoughts:
            inner, rest = split_thoughts(said.thoughts)
            if rest.lstrip().startswith(_JSON_BEGINS):
                text, beside = rest, inner
    return text, "\n\n".join(part for part in (beside, thoughts) if part)


def _ending(finish: str | None) -> str:
    """`finish` as the product knows it."""
    word = (finish or "").strip().lower()
    ending = _ENDING_OF.get(word, word)
    return ending if ending.isprintable() and ending.isascii() and len(ending) <= 40 else "stop"


def _usage_of(said: Said) -> object:
    """Beside the answer, in one object or as fields of their own, or in the choice."""
    for name in ("usage", "usageMetadata", "usage_metadata", "token_usage"):
        for part in (said.whole, said.choice):
            if isinstance(part.get(name), dict):
                return part[name]
    return said.whole


def _name(name: object) -> str:
    """Who answered, as the server says; "" where it says nothing that is a name."""
    if not isinstance(name, str):
        return ""
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        raise UnusableReply("what it names as the model or the provider cannot be a name")
    return name
