"""Paths over a tree mark what is there and add what is not, and never change the tree."""

from proutt_core.display.tree_nodes import Node, nodes, overlays_of
from proutt_core.types import Path
from tests.db.work import TREE, stage_results, trace

TRIP = Node(
    name="Trip",
    children=(
        Node(name="Destination", children=(Node(name="Kyoto"),)),
        Node(name="Time", children=(Node(name="weekend"),)),
    ),
)
TEMPLES = Node(name="Temples", children=(Node(name="Must-see", children=(Node(name="Tofuku-ji"),)),))


def test_a_tree_without_paths_is_topics_attributes_and_values() -> None:
    assert nodes(TREE) == (TRIP, TEMPLES)
    assert sum(node.leaves for node in nodes(TREE)) == 3


def test_a_mining_path_with_a_new_value_marks_the_way_and_adds_the_value() -> None:
    path = Path(view="mining", source="temples", node="must-see", leaf="opening hours")
    assert nodes(TREE, [("true", path)]) == (
        TRIP,
        Node(
            name="Temples",
            mark="true",
            children=(
                Node(
                    name="Must-see",
                    mark="true",
                    children=(Node(name="Tofuku-ji"), Node(name="opening hours", mark="true")),
                ),
            ),
        ),
    )


def test_an_exploration_path_adds_its_topic_under_the_source() -> None:
    path = Path(view="exploration", source="Trip", node="Food", leaf="lunch")
    roots = nodes(TREE, [("exploration", path)])
    assert roots[0].children[-1] == Node(
        name="Food", mark="exploration", children=(Node(name="lunch", mark="exploration"),)
    )


def test_where_two_paths_share_a_line_the_first_keeps_it() -> None:
    path = Path(view="mining", source="Temples", node="Must-see", leaf="crowds")
    roots = nodes(TREE, [("true", path), ("mining", path)])
    assert roots[1].children[0].children[-1].mark == "true"


def test_overlays_are_only_those_wanted_the_true_path_first() -> None:
    results = stage_results().model_copy(update={"insight": None})
    assert overlays_of(results, []) == []
    assert results.next_path is not None
    assert overlays_of(results, ["mining", "true"]) == [("true", trace().mining.predictions[0].path)]
