"""An intent tree to be reviewed: the drawing and, on demand, what lies over it and what stands behind it."""

import streamlit as st

from db.review.answers import TreeTask
from pages._parts.dialogue import plain_text
from pages._parts.pane import PANE_HEIGHT
from pages._parts.text import _
from pages._parts.traces import part_name, path_text, prediction_name
from pages._parts.tree_chart import draw_tree, overlay_names
from proutt_core.display.tree_nodes import Mark, nodes, overlays_of
from proutt_core.types import CATEGORIES, StageResults


def tree_pane(task: TreeTask) -> None:
    tree = task.results.tree
    # The inner container keeps the drawing's height: a pane of fixed height squeezes its own children.
    with st.container(height=PANE_HEIGHT, border=True), st.container():
        left, right = st.columns([1, 1], vertical_alignment="center")
        with left:
            # Off until asked for: a predicted node drawn into the tree looks like an invented intent.
            details = st.toggle(
                _("Details"),
                key=f"details-{task.assignment_id}",
                help=_("Categories, paths and similarities, and what the user said next. Judge the tree first."),
            )
        if task.baseline:
            right.caption(_("Made by plain text rules, a baseline without a language model"), text_alignment="right")
        if tree is None:
            st.text(_("This item has no tree."))
            return
        overlays = _overlays(task) if details else []
        draw_tree(nodes(tree, overlays_of(task.results, overlays)), key=f"tree-{task.assignment_id}")
        if details:
            _details(task)


def _overlays(task: TreeTask) -> list[Mark]:
    names = overlay_names()
    return st.pills(
        _("Draw over the tree"),
        list(names),
        format_func=names.__getitem__,
        selection_mode="multi",
        key=f"overlays-{task.assignment_id}",
        label_visibility="collapsed",
    )


def _details(task: TreeTask) -> None:
    results = task.results
    _fact(_("What the user said next"), task.next_utterance)
    if results.next_path is not None:
        _fact(_("True path"), path_text(results.next_path.best))
    _predictions(results)
    if results.category_reasons is not None:
        for category in CATEGORIES:
            label = _("{category}, the true category") if category == results.category else "{category}"
            _fact(label.format(category=category), results.category_reasons.of(category))
    for paths in results.wrong_paths.values():
        _fact(_("Wrong paths"), "\n".join(path_text(path) for path in paths))


def _fact(label: str, text: str) -> None:
    with st.container(gap="xxsmall"):
        st.caption(label)
        plain_text(text)


def _predictions(results: StageResults) -> None:
    if results.insight is None:
        return
    scores = {score.id: f"{score.score:.2f}" for score in results.similarity or ()}
    for view in results.insight.views:
        _fact(part_name(view.view), view.reasoning)
        for prediction in view.predictions:
            label = _("{prediction}, similarity {score}").format(
                prediction=prediction_name(prediction.id), score=scores.get(prediction.id, _("not scored"))
            )
            _fact(label, f"{prediction.text}\n{path_text(prediction.path)}")
