"""A trace on screen: what differs from the other side is open and marked, the rest is folded; and as a form."""

from collections.abc import Sequence

import streamlit as st

from pages._parts.pane import PANE_HEIGHT, Marked, Node, caption, folded, heading, marked, pane, prose, verbatim
from pages._parts.text import _
from proutt_core.display.differences import Piece, differences
from proutt_core.traces.editing import TracePart, editable_texts, name_of, parts_of
from proutt_core.types import IntentTree, Path, Trace, ViewReasoning


def part_name(part: TracePart) -> str:
    return {
        "tree": _("Intent tree"),
        "category": _("Category"),
        "mining": _("Mining: an existing topic"),
        "exploration": _("Exploration: a new topic"),
    }[part]


def path_text(path: Path) -> str:
    # A sign that turns round where the names are written from right to left; an arrow would point back.
    return " › ".join((path.source, path.node, path.leaf))


def trace_pane(mine: Trace, other: Trace, *, label: str, open_parts: Sequence[TracePart], left: bool, key: str) -> None:
    """What differs is open and marked, what does not is folded, what an ablation left out is not drawn."""
    parts = parts_of(mine)
    nodes = [heading(label)]
    nodes += marked([block for part in parts if part in open_parts for block in _marked(part, mine, other, left=left)])
    for part in parts:
        if part not in open_parts:
            summary = _("{part}, the same on both sides").format(part=part_name(part))
            nodes.append(folded(summary, _whole_part(part, mine)))
    pane(nodes, label=label, key=key)


def lone_trace_pane(trace: Trace, *, label: str, key: str) -> None:
    """A trace that stands alone, as its pair has no rejected one. The views are unfolded."""
    parts = [
        folded(part_name(part), _whole_part(part, trace), is_open=part in ("mining", "exploration"))
        for part in parts_of(trace)
    ]
    pane([heading(label), *parts], label=label, key=key)


def _marked(part: TracePart, mine: Trace, other: Trace, *, left: bool) -> list[Marked]:
    def pieces(own: str, others: str) -> Sequence[Piece]:
        return differences(own, others).left if left else differences(others, own).right

    if part == "tree":
        return [Marked(part_name(part), pieces(_tree_of(mine), _tree_of(other)))]
    if part == "category":
        head = Marked(part_name(part), pieces(mine.category or "", other.category or ""))
        return [head, Marked("", pieces(mine.category_reasoning or "", other.category_reasoning or ""))]
    view, other_view = mine.view(part), other.view(part)
    blocks = [Marked(part_name(part), pieces(view.reasoning, other_view.reasoning))]
    for own, others in zip(view.predictions, other_view.predictions, strict=True):
        blocks.append(Marked(prediction_name(own.id), pieces(own.text, others.text), rule=True))
        if own.path is not None and others.path is not None:
            blocks.append(Marked("", pieces(path_text(own.path), path_text(others.path)), small=True))
    return blocks


def _whole_part(part: TracePart, trace: Trace) -> list[Node]:
    if part == "tree":
        return [verbatim(_tree_of(trace))]
    if part == "category":
        return [verbatim(trace.category or ""), *prose(trace.category_reasoning or "")]
    view = trace.view(part)
    nodes = prose(view.reasoning)
    for prediction in view.predictions:
        nodes += [caption(prediction_name(prediction.id)), *prose(prediction.text)]
        if prediction.path is not None:
            nodes.append(verbatim(path_text(prediction.path)))
    return nodes


def prediction_name(prediction_id: str) -> str:
    return _("Prediction {n}").format(n=name_of(prediction_id))


def _tree_of(trace: Trace) -> str:
    return "" if trace.tree is None else tree_text(trace.tree)


def tree_text(tree: IntentTree) -> str:
    lines = []
    for topic in tree.topics:
        lines.append(topic.topic)
        lines += [f"    {attribute.attribute}: {attribute.value}" for attribute in topic.attributes]
    return "\n".join(lines)


def edit_pane(trace: Trace, *, label: str, open_parts: Sequence[TracePart], key: str) -> None:
    """The texts of a trace to change; `edited_texts` reads them back under the same `key`."""
    # The inner container keeps the fields' heights: a pane of fixed height squeezes its own children.
    with st.container(height=PANE_HEIGHT, border=True), st.container():
        st.markdown(f"**{label}**")
        for view in trace.views:
            if view.view in open_parts:
                st.caption(part_name(view.view))
                _view_form(trace, view, key)
            else:
                with st.expander(part_name(view.view)):
                    _view_form(trace, view, key)
        if trace.category is not None:
            with st.expander(part_name("category")):
                _field(_("Reasoning for {category}").format(category=trace.category), trace, "category", key, 140)


def _view_form(trace: Trace, view: ViewReasoning, key: str) -> None:
    _field(_("Reasoning"), trace, view.view, key, 180)
    for prediction in view.predictions:
        _field(prediction_name(prediction.id), trace, prediction.id, key, 80)


def _field(label: str, trace: Trace, name: str, key: str, height: int) -> None:
    st.text_area(
        label,
        value=editable_texts(trace)[name],
        key=f"{key}-{name}",
        height=height,
        on_change="ignore",
        persist_state="page",  # also while the page cannot be drawn, the database being away
    )


def edited_texts(trace: Trace, *, key: str) -> dict[str, str]:
    """What the form holds now; a field that was not drawn keeps its text."""
    return {name: st.session_state.get(f"{key}-{name}", text) for name, text in editable_texts(trace).items()}
