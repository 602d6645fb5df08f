"""Exchanging the methods of a study changes no byte of what its people receive on any page: not while they judge, skip
and undo, and not on the pages of trees and pairs beside it.

One database is copied, and the methods of its open study are exchanged in the copy (study, protocol, cases, and what
assignments say of the left), so that what people see is the same. Everything but the ids of session and run must be.
"""

import json
import re
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.review.places import LEASE
from tests.browser import project
from tests.browser.studio import server
from tests.browser.test_blinding_wire import neutral
from tests.browser.test_hidden_wire import open_boxes
from tests.browser.wire import Wire, open_page, sign_in

pytestmark = pytest.mark.browser

PAGES = ("", "compare", "pairs", "trees", "account", "studies")
# Pressed one after the other, where it is there; an undo gives back what was answered before.
STEPS = ("verdict-(left|approve|partly)", "skip", "undo", "verdict-(tie|reject|wrong)", "verdict-right", "undo")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which everybody holds some of each kind of work already: their random ids are then the same."""
    folder = tmp_path_factory.mktemp("exchange")
    project.build(folder)
    with sqlite3.connect(folder / "p.db") as database:
        database.execute("pragma wal_checkpoint(truncate)")
        items = database.execute(
            "select i.id, q.id, q.kind, i.position from queue_item i join queue q on q.id = i.queue_id"
            " where q.state = 'open' order by q.kind, i.position"
        ).fetchall()
        for who in ("ann", "rev"):
            (user,) = database.execute("select id from user where name = ?", (who,)).fetchone()
            for item, queue, kind, position in items:
                if (who, kind) != ("ann", "tree"):
                    left = {"compare": "ab"[(position + len(who)) % 2], "pair": "chosen", "tree": ""}[kind]
                    place = (f"{who}-{kind}-{position}", item, queue, user, left)
                    assign(database, place, position=position)
        database.execute("update queue_item set people = 2")  # both hold the same ones
        database.execute(
            "update queue_item set taken = (select count(*) from assignment a where a.queue_item_id = queue_item.id"
            " and a.state in ('open', 'done'))"
        )
    database.close()
    return folder / "p.db"


def assign(database: sqlite3.Connection, place: tuple[str, int, int, int, str], *, position: int) -> None:
    """Given by the order of steps: the first position last, for what was given last is on screen first."""
    given = datetime.now(UTC).replace(tzinfo=None)
    database.execute(
        "insert into assignment"
        " (public_id, queue_item_id, queue_id, user_id, left_is, role, state, draft, step, lease_until, given_at)"
        " values (?, ?, ?, ?, ?, 'annotate', 'open', '{}', ?, ?, ?)",
        (*place, 100 - position, f"{given + LEASE}", f"{given}"),
    )


def exchange(path: Path, *, sides_too: bool) -> None:
    """`sides_too`: what stood on the left then stands on the right."""
    with sqlite3.connect(path) as database:
        (study, a, b, protocol) = database.execute(
            "select id, method_a_id, method_b_id, protocol from study where state = 'open'"
        ).fetchone()
        methods = json.loads(protocol)
        methods["methods"] = {"a": methods["methods"]["b"], "b": methods["methods"]["a"]}
        database.execute(
            "update study set method_a_id = ?, method_b_id = ?, protocol = ?, protocol_sha256 = 'other' where id = ?",
            (b, a, json.dumps(methods), study),
        )
        # The right-hand sides are those of before.
        database.execute(
            "update study_case set prediction_a_id = prediction_b_id, prediction_b_id = prediction_a_id"
            " where study_id = ?",
            (study,),
        )
        if not sides_too:
            database.execute(
                "update assignment set left_is = case left_is when 'a' then 'b' when 'b' then 'a'"
                " else left_is end where state = 'open'"
            )
    database.close()


def traffic(path: Path, *pages: str) -> dict[str, list[bytes]]:
    """What each person receives on each of these pages."""
    with server(f"sqlite:///{path}", path.parent) as address:
        got = {}
        for who in ("ann", "rev"):
            token = sign_in(address, who, project.PASSWORD)
            for page in pages:
                with open_page(address, token, page) as wire:
                    go_through(wire)
                    got[f"{who}, {page}"] = neutral(wire)
    return got


def go_through(wire: Wire) -> None:
    wire.run()
    open_boxes(wire)
    for step in STEPS:
        buttons = [widget for widget in wire.button_ids() if re.search(rf"-{step}-", widget)]
        if buttons:
            wire.run(press=buttons[-1])


def copied(original: Path, folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return Path(shutil.copy(original, folder / name / "p.db"))


def test_exchanging_the_methods_changes_no_byte_on_any_page(original: Path, tmp_path: Path) -> None:
    one, two, other = (copied(original, tmp_path, name) for name in ("one", "two", "other"))
    exchange(two, sides_too=False)
    exchange(other, sides_too=True)
    first, second = traffic(one, *PAGES), traffic(two, *PAGES)
    for page, frames in first.items():
        assert frames == second[page], page
    # It was all on the wire: each kind of work, each button, and the boxes that open.
    sent = b"".join(frame for frames in first.values() for frame in frames)
    for kind in (b"verdict-right-ann-compare-2", b"undo-ann-compare-0", b"verdict-approve-rev-pair-1"):
        assert kind in sent
    assert b"verdict-correct-rev-tree-1" in sent and b"calls-of-rev-tree-0" in sent and b"not usable" in sent
    # Were the sides not held equal, the traffic would differ: the comparison is able to fail.
    control = traffic(other, "compare")
    assert all(frames != first[page] for page, frames in control.items())
