"""A trace made by hand, for tests that need one and do not care which."""

from proutt_core.types import Attribute, IntentTree, Path, Prediction, Topic, Trace, View, ViewReasoning


def a_view(view: View, marker: str = "") -> ViewReasoning:
    middle = "price" if view == "mining" else "food"
    first, second = (
        Prediction(id=f"{view[0]}{n}", text=f"What about {middle} {n}{marker}?", path=_path(view, middle, n))
        for n in (1, 2)
    )
    return ViewReasoning(view=view, reasoning=f"The user asked for {middle}{marker}.", predictions=(first, second))


def _path(view: View, node: str, number: int) -> Path:
    return Path(view=view, source="Hotel", node=node, leaf=f"kind {number}")


def a_trace(marker: str = "") -> Trace:
    """`marker` appears in every reasoning and prediction, so that two traces can be told apart."""
    return Trace(
        tree=IntentTree(topics=(Topic(topic="Hotel", attributes=(Attribute(attribute="place", value="北京"),)),)),
        category="Question",
        category_reasoning=f"The assistant offered two hotels{marker}.",
        mining=a_view("mining", marker),
        exploration=a_view("exploration", marker),
    )
