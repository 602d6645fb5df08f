"""Trees and paths by rules: what `rules` answers where labels are needed."""

from collections.abc import Iterable, Sequence

from proutt_core.llm.rules.phrases import Language, best_phrases, top_phrases
from proutt_core.llm.rules.wording import WORDS, Words
from proutt_core.text import dice, normalise
from proutt_core.types import VIEWS, Attribute, IntentTree, Message, NextPath, Path, Topic, View

_TOPICS = 3
_ATTRIBUTES = 3


def tree_of(context: Sequence[Message], language: Language) -> IntentTree:
    """The best phrases as topics; the other phrases of the messages that name a topic as its attributes."""
    words = WORDS[language]
    phrases = top_phrases(context, language, count=_TOPICS + 6)
    names = candidates_outside(phrases, words.aspects)[:_TOPICS] or [words.topic]
    return IntentTree(topics=tuple(_topic(name, phrases, context, words) for name in names))


def _topic(name: str, phrases: Sequence[str], context: Sequence[Message], words: Words) -> Topic:
    about = [m for m in context if name.casefold() in m.content.casefold()]
    users = " ".join(m.content for m in about if m.role == "user").casefold()
    all_ = " ".join(m.content for m in about).casefold()
    near = [p for p in unique([*words.aspects, *phrases]) if p.casefold() in all_ and p.casefold() != name.casefold()]
    attributes = tuple(
        Attribute(attribute=p, value=words.request if p.casefold() in users else words.mention)
        for p in near[:_ATTRIBUTES]
    )
    return Topic(topic=name, attributes=attributes or (Attribute(attribute=words.attribute, value=words.mention),))


def insight_paths(tree: IntentTree, context: Sequence[Message], language: Language) -> dict[View, tuple[Path, Path]]:
    """Mining: more on the topic of the last reply, and an open aspect of it. Exploration: two related topics."""
    words = WORDS[language]
    dialogue = " ".join(m.content for m in context).casefold()
    focus = focus_of(tree, context)
    open_aspects = [a for a in words.aspects if a not in dialogue]
    aspect = two_of([*open_aspects, *words.aspects], [focus, words.details])[0]
    names = [*tree.topic_names, aspect]
    reply_phrases = candidates_outside(top_phrases(context[-1:], language, count=8), names)[:1]
    related = candidates_outside(words.related, names)[:1]
    new = two_of([*related, *reply_phrases, *words.related], names)
    return {
        "mining": (
            Path(view="mining", source=focus, node=words.details, leaf=words.request),
            Path(view="mining", source=focus, node=aspect, leaf=words.request),
        ),
        "exploration": (
            Path(view="exploration", source=focus, node=new[0], leaf=words.details),
            Path(view="exploration", source=focus, node=new[1], leaf=words.details),
        ),
    }


def focus_of(tree: IntentTree, context: Sequence[Message]) -> str:
    """The tree's first topic that the last message names, else its first."""
    last = context[-1].content.casefold() if context else ""
    return next((name for name in tree.topic_names if name.casefold() in last), tree.topic_names[0])


def true_paths(
    tree: IntentTree,
    context: Sequence[Message],
    utterance: str,
    language: Language,
    *,
    views: Sequence[View] = VIEWS,
) -> NextPath:
    """Mining if the utterance names a topic or attribute of the tree, or nothing new; else exploration. With one of the
    `views` left out, the other one."""
    words = WORDS[language]
    text = utterance.casefold()
    phrases = best_phrases(utterance, language)
    named = [t for t in tree.topics if t.topic.casefold() in text]
    owners = [t for t in tree.topics if any(a.attribute.casefold() in text for a in t.attributes)]
    aspects = [a for a in words.aspects if a in text]
    new = candidates_outside(phrases, [*tree.topic_names, *aspects])
    if "exploration" not in views or ("mining" in views and (named or owners or aspects or not new)):
        source = (named or owners or [_nearest(tree, utterance)])[0]
        attributes = [a.attribute for a in source.attributes]
        nodes = two_of([*aspects, *new, *attributes, *words.aspects], [source.topic])
        return _two("mining", source.topic, nodes, words.request)
    nodes = two_of([*new, *words.related], tree.topic_names)
    return _two("exploration", focus_of(tree, context), nodes, words.details)


def wrong_paths(
    tree: IntentTree, view: View, true: NextPath, later: Sequence[str], language: Language
) -> tuple[Path, Path]:
    """Paths to what the user asked for only later, where there is any; else to other aspects or related topics."""
    words = WORDS[language]
    later_phrases = [phrase for text in later for phrase in best_phrases(text, language, count=2)]
    avoid = [true.best.node, true.secondary.node, true.best.source, *tree.topic_names]
    if view == "mining":
        attributes = [a.attribute for t in reversed(tree.topics) for a in t.attributes]
        nodes = two_of([*later_phrases, *reversed(words.aspects), *attributes], avoid)
        paths = _two("mining", tree.topic_names[-1], nodes, words.request)
    else:
        nodes = two_of([*later_phrases, *reversed(words.related)], avoid)
        paths = _two("exploration", tree.topic_names[-1], nodes, words.details)
    return paths.best, paths.secondary


def candidates_outside(candidates: Iterable[str], avoid: Iterable[str]) -> list[str]:
    """The candidates that are not in `avoid`, each once."""
    excluded = {normalise(text) for text in avoid}
    return [name for name in unique(candidates) if normalise(name) not in excluded]


def two_of(candidates: Sequence[str], avoid: Iterable[str]) -> list[str]:
    """The first two candidates that are not in `avoid`. Where too few are left, the last gets a number."""
    excluded = list(avoid)
    free = candidates_outside(candidates, excluded)[:2]
    number = 2
    while len(free) < 2:
        free += candidates_outside([f"{candidates[-1]} {number}"], [*excluded, *free])
        number += 1
    return free


def unique(names: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(normalise(name), name)
    return list(first.values())


def _two(view: View, source: str, nodes: Sequence[str], leaf: str) -> NextPath:
    best, secondary = (Path(view=view, source=source, node=node, leaf=leaf) for node in nodes[:2])
    return NextPath(view=view, best=best, secondary=secondary)


def _nearest(tree: IntentTree, utterance: str) -> Topic:
    return max(tree.topics, key=lambda t: dice(t.topic, utterance))
