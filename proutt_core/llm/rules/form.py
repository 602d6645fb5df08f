"""The category of an utterance from its form: question marks, question words, verbs of request."""

import re

from proutt_core.types import Category

_ENGLISH_QUESTION = re.compile(
    r"^(?:so|and|but|ok(?:ay)?|then|well|great|thanks|hmm)?[\s,]*"
    r"(?:who|whom|whose|what|when|where|which|why|how|is|are|was|were|do|does|did|can|could|will|would|should|may|might|"
    r"have|has|am|isn't|aren't|don't|doesn't|what's|where's|how's|who's)\b",
    flags=re.IGNORECASE,
)
_ENGLISH_REQUEST = re.compile(
    r"\b(?:please|i(?:'d| would) like you to|i (?:want|need) you to)\b|"
    r"^(?:so|and|but|ok(?:ay)?|then|good|great|now|well|just)?[\s,]*(?:then\s+)?"
    r"(?:give|tell|show|write|make|find|book|list|explain|translate|rewrite|summari[sz]e|recommend|suggest|describe|create|"
    r"generate|add|change|fix|help|send|call|check|compare|convert|continue|hold|use|turn|draft|put|remove|let|sign|"
    r"set|plan|choose|pick|order|cancel|search)\b",
    flags=re.IGNORECASE,
)
_CHINESE_REQUEST = re.compile(
    r"推荐|帮我|帮忙|麻烦|请(?!问)|给我|告诉我|查一下|换成|写一|列出|翻译|订[一吧个间张]|预订|替我"
)
_CHINESE_QUESTION = re.compile(
    r"吗|呢|什么|多少|多久|多长|多大|哪|怎么|怎样|几[点个家天]|谁|是否|为何|有没有|能不能|会不会|可不可以|是不是"
)
_QUESTION_MARK = re.compile(r"[?？]\s*[\"'”’)）]*\s*(?:[^\w\s]*\s*)?$")


def category_of(utterance: str) -> Category:
    """A final question mark, else a request, else a question word, else Statement."""
    text = utterance.strip()
    if _QUESTION_MARK.search(text[-20:]):
        return "Question"
    if _CHINESE_REQUEST.search(text) or _ENGLISH_REQUEST.search(text):
        return "Instruction"
    if re.search(r"[?？]", text) or _CHINESE_QUESTION.search(text) or _ENGLISH_QUESTION.search(text):
        return "Question"
    return "Statement"


def likely_category(last_assistant: str) -> Category:
    """Without the utterance: a reply that ends with a question is answered, any other is asked about."""
    return "Statement" if category_of(last_assistant) == "Question" else "Question"
