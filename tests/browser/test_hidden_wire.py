"""What reaches the browsers of people who judge: no name that tells a method, and no id of the database.

On every page, with every box open, through answer, skip and undo. Calls had failed before they succeeded, in words that
name the model.
"""

import re
from collections.abc import Iterator

import pytest

from tests.browser import project
from tests.browser.studio import server
from tests.browser.wire import Wire, open_page, sign_in

pytestmark = pytest.mark.browser

NAMED = re.compile(rb"zq[a-z]+zq|127\.0\.0\.1:[0-9]+/v1")
ID = re.compile(str(project.FAR)[:4].encode() + rb"[0-9]{3}")
PAGES = ("", "compare", "pairs", "trees", "account", "studies", "synthesis", "thresholds", "nonexistent")
# What is pressed, one after the other, where it is there.
STEPS = ("verdict-(left|approve|partly)", "skip", "verdict-(right|reject|wrong)", "undo", "skip", "verdict-(tie|edit)")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("hidden")
    url = project.build(folder)
    project.far_ids(url)
    with server(url, folder) as at:
        yield at


def go_through(wire: Wire) -> set[str]:
    """Opens every box and presses what there is to press; the keys of what was opened and pressed, without their ids"""
    wire.run()
    done = open_boxes(wire)
    for step in STEPS:
        buttons = [widget for widget in wire.button_ids() if re.search(rf"-{step}-", widget)]
        if buttons:
            wire.run(press=buttons[-1])
            done |= {step.partition("-")[0]} | open_boxes(wire)
    return done


def open_boxes(wire: Wire) -> set[str]:
    """What was behind the tree and pair that are on screen now."""
    found = [(widget, re.search(r"-(details|calls-of)-", widget)) for widget in wire.widget_ids()]
    boxes = {widget: match[1] for widget, match in found if match and widget not in wire.switches}
    if boxes:
        wire.run(switch=dict.fromkeys(boxes, True))
    return set(boxes.values())


@pytest.mark.parametrize("name", ["ann", "rev"])
def test_people_who_judge_receive_no_name_and_no_id(address: str, name: str) -> None:
    token, done, received = sign_in(address, name, project.PASSWORD), set[str](), b""
    for page in PAGES:
        with open_page(address, token, page) as wire:
            done |= go_through(wire)
            received += wire.raw()
            assert not [told[0] for told in NAMED.finditer(wire.raw())], page
            assert not [told[0] for told in ID.finditer(wire.raw())], page
    expected = {"verdict", "skip", "undo"} | ({"details", "calls-of"} if name == "rev" else set())
    assert expected <= done
    # There was something to be told: a failed call was among what was opened, and cases among what was judged.
    assert (b"brought no reply that could be used" in received or b"not usable" in received) is (name == "rev")
    assert b"Which set better anticipates" in received


@pytest.mark.parametrize("page", ["datasets", "synthesis", "thresholds", "studies", "agreement", "admin"])
def test_keys_of_widgets_hold_no_id_on_researchers_pages_either(address: str, page: str) -> None:
    with open_page(address, sign_in(address, "adm", project.PASSWORD), page) as wire:
        wire.run()
        for _ in range(2):  # what a box holds has boxes of its own
            boxes = [widget for widget in wire.widget_ids() if re.search("-(items|calls-of|look-at|near-look)", widget)]
            wire.run(switch=dict.fromkeys(boxes, True))
        assert NAMED.search(wire.raw())
        assert not [widget for widget in wire.widget_ids() if ID.search(widget.encode())]
