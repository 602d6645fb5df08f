"""An intent tree as nodes to draw, with paths laid over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from proutt_core.types import IntentTree, Path, StageResults

Mark = Literal["tree", "true", "mining", "exploration", "wrong"]


@dataclass(frozen=True)
class Node:
    """`mark` says why the node, and the line that leads to it, are drawn: part of the tree, or of a path over it."""

    name: str
    mark: Mark = "tree"
    children: tuple["Node", ...] = ()

    @property
    def leaves(self) -> int:
        return sum(child.leaves for child in self.children) or 1


def nodes(tree: IntentTree, overlays: Sequence[tuple[Mark, Path]] = ()) -> tuple[Node, ...]:
    """Topic → attribute → value. A path marks the nodes it shares with the tree and adds marked nodes for the rest."""
    roots = tuple(
        Node(
            name=topic.topic,
            children=tuple(Node(name=a.attribute, children=(Node(name=a.value),)) for a in topic.attributes),
        )
        for topic in tree.topics
    )
    for mark, path in overlays:
        roots = _laid_over(roots, (path.source, path.node, path.leaf), mark)
    return roots


def _laid_over(siblings: tuple[Node, ...], names: tuple[str, ...], mark: Mark) -> tuple[Node, ...]:
    if not names:
        return siblings
    name, rest = names[0], names[1:]
    positions = {node.name.casefold(): position for position, node in reversed(list(enumerate(siblings)))}
    position = positions.get(name.casefold())
    if position is None:
        return (*siblings, Node(name=name, mark=mark, children=_laid_over((), rest, mark)))
    old = siblings[position]
    # The first overlay keeps the line: the true path is laid first.
    new_mark: Mark = mark if old.mark == "tree" else old.mark
    new = Node(name=old.name, mark=new_mark, children=_laid_over(old.children, rest, mark))
    return (*siblings[:position], new, *siblings[position + 1 :])


def overlays_of(results: StageResults, marks: Sequence[Mark]) -> list[tuple[Mark, Path]]:
    """The paths of these kinds that the stages returned, the true path first."""
    overlays: list[tuple[Mark, Path]] = []
    if "true" in marks and results.next_path is not None:
        overlays.append(("true", results.next_path.best))
    for view in results.insight.views if results.insight is not None else ():
        if view.view in marks:
            overlays += [(view.view, p.path) for p in view.predictions if p.path is not None]
    if "wrong" in marks:
        overlays += [("wrong", path) for paths in results.wrong_paths.values() for path in paths]
    return overlays
