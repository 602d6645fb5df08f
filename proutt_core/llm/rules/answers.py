"""What `rules` answers to each stage: a function from the prompt's values to the reply as plain data or text."""

from collections.abc import Callable, Sequence
from typing import Any

from proutt_core.llm.rules.form import category_of, likely_category
from proutt_core.llm.rules.judging import judge_pairwise, judge_pointwise
from proutt_core.llm.rules.paths import insight_paths, tree_of, true_paths, wrong_paths
from proutt_core.llm.rules.phrases import Language, language_of, language_of_messages, top_phrases
from proutt_core.llm.rules.wording import WORDS, insight_texts, reasoning_text, revised_texts
from proutt_core.text import dice
from proutt_core.traces.as_text import render_trace
from proutt_core.types import (
    CATEGORIES,
    IDS_OF_VIEW,
    Category,
    IntentTree,
    Message,
    Path,
    Prediction,
    Trace,
    View,
    ViewReasoning,
)

Values = dict[str, Any]


def _intent_tree(values: Values) -> Any:
    context = values["context"]
    return tree_of(context, language_of_messages(context)).model_dump()


def _category_reasons(values: Values) -> Any:
    words = WORDS[language_of_messages(values["context"])]
    return {category.lower(): words.categories[category] for category in CATEGORIES}


def _category_label(values: Values) -> Any:
    return {"category": category_of(values["next_utterance"])}


def _insight(values: Values) -> Any:
    """Without a tree it makes its own, to have topics to name; without a category it guesses one."""
    context = values["context"]
    language = language_of_messages(context)
    tree = values["tree"] or tree_of(context, language)
    category = values["category"] or likely_category(context[-1].content)
    return {v.view: _view_reply(v) for v in _views(context, tree, category, language) if v.view in values["views"]}


def _similarity(values: Values) -> Any:
    target = values["next_utterance"]
    overlaps = [(p.id, dice(p.text, target)) for p in values["predictions"]]
    scores = {id_: {"reason": f"Bigram overlap {overlap:.3f}.", "score": overlap} for id_, overlap in overlaps}
    return {"scores": [{"id": id_} | score for id_, score in scores.items()]} if values["listed"] else scores


def _next_path(values: Values) -> Any:
    context, views = values["context"], values["views"]
    language = language_of_messages(context)
    tree = values["tree"] or tree_of(context, language)
    path = true_paths(tree, context, values["next_utterance"], language, views=views)
    choice = {"view": path.view} if len(views) == 2 else {}
    return choice | {"best": _labels(path.best), "secondary": _labels(path.secondary)}


def _wrong_path(values: Values) -> Any:
    tree: IntentTree | None = values["tree"]
    if tree is None:
        language = language_of_messages(values["context"])
        tree = tree_of(values["context"], language)
    else:
        language = language_of(" ".join(n for t in tree.topics for n in (t.topic, *(a.value for a in t.attributes))))
    paths = wrong_paths(tree, values["view"], values["true"], values["later_utterances"], language)
    return {"paths": [_labels(path) for path in paths]}


def _revise(values: Values) -> Any:
    words = WORDS[language_of_messages(values["context"])]
    view: View = values["view"].view
    category = values["category"] or likely_category(values["context"][-1].content)
    first, second = revised_texts(words, category, view, values["paths"])
    reasoning = reasoning_text(words, view, values["paths"], revised=True)
    return {"reasoning": reasoning, "prediction_1": first, "prediction_2": second}


def _predict(values: Values) -> Any:
    context, without = values["context"], values["without"]
    language = language_of_messages(context)
    tree = tree_of(context, language)
    category = likely_category(context[-1].content if context else "")
    views = {view.view: view for view in _views(context, tree, category, language) if view.view not in without}
    has_category = "category" not in without
    trace = Trace(
        tree=None if "tree" in without else tree,
        category=category if has_category else None,
        category_reasoning=WORDS[language].categories[category] if has_category else None,
        **views,
    )
    return render_trace(trace)


def _predict_direct(values: Values) -> Any:
    """Follow-ups to the last message alone: no tree, no category."""
    last = values["context"][-1:]
    language = language_of_messages(values["context"])
    words = WORDS[language]
    focus = (top_phrases(last, language, count=1) or [words.topic])[0]
    path = Path(view="mining", source=focus, node=words.aspects[0], leaf=words.request)
    new = Path(view="exploration", source=focus, node=words.related[0], leaf=words.details)
    more, aspect = insight_texts(words, "Question", "mining", (path, path))
    question, _ = insight_texts(words, "Question", "exploration", (new, new))
    closing, _ = insight_texts(words, "Statement", "mining", (path, path))
    return {"first": more, "second": aspect, "third": question, "fourth": closing}


def _views(
    context: Sequence[Message], tree: IntentTree, category: Category, language: Language
) -> tuple[ViewReasoning, ViewReasoning]:
    words = WORDS[language]
    paths = insight_paths(tree, context, language)
    mining, exploration = (
        ViewReasoning(
            view=view,
            reasoning=reasoning_text(words, view, paths[view], revised=False),
            predictions=_predictions(insight_texts(words, category, view, paths[view]), paths[view], ids),
        )
        for view, ids in IDS_OF_VIEW.items()
    )
    return mining, exploration


def _predictions(texts: Sequence[str], paths: tuple[Path, Path], ids: Sequence[str]) -> tuple[Prediction, Prediction]:
    first, second = (
        Prediction(id=id_, text=text, path=path) for id_, text, path in zip(ids, texts, paths, strict=True)
    )
    return first, second


def _view_reply(view: ViewReasoning) -> Any:
    predictions = [_labels(p.path) | {"text": p.text} for p in view.predictions if p.path is not None]
    return {"reasoning": view.reasoning, "predictions": predictions}


def _labels(path: Path) -> dict[str, str]:
    return {"source": path.source, "node": path.node, "leaf": path.leaf}


ANSWERS: dict[str, Callable[[Values], Any]] = {
    "intent_tree": _intent_tree,
    "category_reasons": _category_reasons,
    "category_label": _category_label,
    "insight": _insight,
    "similarity": _similarity,
    "next_path": _next_path,
    "wrong_path": _wrong_path,
    "revise": _revise,
    "predict": _predict,
    "predict_direct": _predict_direct,
    "judge_pairwise": judge_pairwise,
    "judge_pointwise": judge_pointwise,
}
