"""Exports of chat apps: which branch, what is hidden, what tools did."""

from pathlib import Path
from typing import Any

import pytest

from proutt_core.dialogues import ParsedRow
from proutt_core.types import Dialogue
from tests.dialogues.example_files import json_file, read, talk

BRANCHES = "other branches of the conversation left out"


def only(tmp_path: Path, row: Any) -> Dialogue:
    (parsed,) = read(json_file(tmp_path / "a", [row]))
    assert isinstance(parsed, ParsedRow), parsed
    return parsed.dialogue


def said(dialogue: Dialogue) -> list[tuple[str, str]]:
    return [(m.role, m.content) for m in dialogue.messages]


def chatgpt(*messages: tuple[str, Any], branch: bool = False, **more: Any) -> dict[str, Any]:
    """A chain of nodes n0, n1, …, each (role, content or message); with `branch` a second answer to the first."""
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": ["n0"]}}
    for n, (role, content) in enumerate(messages):
        message = {"content": content} if "content_type" in content else content
        message = {"author": {"role": role}, "recipient": "all", "metadata": {}, "create_time": 1.0 + n, **message}
        parent = f"n{n - 1}" if n else "root"
        mapping[f"n{n}"] = {"id": f"n{n}", "message": message, "parent": parent, "children": [f"n{n + 1}"]}
    if branch:
        other = {"author": {"role": "assistant"}, "content": text("Other."), "create_time": 1.5}
        mapping["x"] = {"id": "x", "message": other, "parent": "n0", "children": []}
    return {"mapping": mapping, "current_node": f"n{len(messages) - 1}", "id": "c", **more}


def text(*parts: Any) -> dict[str, Any]:
    return {"content_type": "text", "parts": list(parts)}


PLAIN = (("user", text("Hi")), ("assistant", text("Yo")), ("user", text("More")), ("assistant", text("No")))
EXPECTED = [("user", "Hi"), ("assistant", "Yo"), ("user", "More"), ("assistant", "No")]


@pytest.mark.parametrize("current", ["n3", None, "gone"])
def test_the_branch_of_the_current_node_or_else_the_newest(tmp_path: Path, current: str | None) -> None:
    dialogue = only(tmp_path, chatgpt(*PLAIN, branch=True, current_node=current))
    assert (said(dialogue), dialogue.notes) == (EXPECTED, (BRANCHES,))


def test_another_branch_if_that_was_on_screen(tmp_path: Path) -> None:
    assert said(only(tmp_path, chatgpt(*PLAIN, branch=True, current_node="x"))) == [
        ("user", "Hi"),
        ("assistant", "Other."),
    ]


def test_nodes_that_only_name_their_children(tmp_path: Path) -> None:
    row = chatgpt(*PLAIN)
    for node in row["mapping"].values():
        del node["parent"]
    assert said(only(tmp_path, row)) == EXPECTED


def test_a_circle_of_nodes_ends(tmp_path: Path) -> None:
    row = chatgpt(*PLAIN)
    row["mapping"]["n0"]["parent"] = "n3"
    assert said(only(tmp_path, row)) == EXPECTED


def test_what_the_app_hid_is_left_out_and_noted(tmp_path: Path) -> None:
    hidden = {"metadata": {"is_visually_hidden_from_conversation": True}}
    context = {"content_type": "user_editable_context", "user_profile": "I am a pilot."}
    row = chatgpt(("system", {"content": text(""), **hidden}), ("user", context), *PLAIN)
    dialogue = only(tmp_path, row)
    assert (said(dialogue), dialogue.notes) == (EXPECTED, ("hidden messages left out",))
    blank = only(tmp_path, chatgpt(("system", {"content": text(""), **hidden}), *PLAIN))
    assert (said(blank), blank.notes) == (EXPECTED, ())


def test_thoughts_and_widgets_are_left_out(tmp_path: Path) -> None:
    thoughts = {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "c"}]}
    recap = {"content_type": "reasoning_recap", "content": "Thought for 3 seconds"}
    widget = {"content_type": "super_widget", "widget_type": "x"}
    row = chatgpt(PLAIN[0], *(("assistant", content) for content in (thoughts, recap, widget)), *PLAIN[1:])
    dialogue = only(tmp_path, row)
    assert said(dialogue) == EXPECTED
    assert dialogue.notes == ("hidden thoughts left out", "message parts other than text dropped")


def test_code_and_what_came_of_it_are_the_assistants(tmp_path: Path) -> None:
    code = {"content": {"content_type": "code", "language": "python", "text": "1+1"}, "recipient": "python"}
    row = chatgpt(
        PLAIN[0], ("assistant", code), ("tool", {"content_type": "execution_output", "text": "2"}), *PLAIN[1:]
    )
    dialogue = only(tmp_path, row)
    assert said(dialogue)[1] == ("assistant", "1+1\n2\nYo")
    assert dialogue.notes == ("tool messages joined to the assistant's turn",)


def test_an_image_in_a_chatgpt_export(tmp_path: Path) -> None:
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    with_text = {"content_type": "multimodal_text", "parts": [image, "What is it?"]}
    alone = {"content_type": "multimodal_text", "parts": [image]}
    row = chatgpt(("user", with_text), ("assistant", text("A cat.")), ("user", alone), ("assistant", text("A dog.")))
    assert [t for _, t in said(only(tmp_path, row))] == ["What is it?", "A cat.", "[image]", "A dog."]


def claude(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"uuid": "u", "name": "", "chat_messages": list(messages), **more}


def test_claude_content_counts_before_text_and_an_attachment_alone_is_shown(tmp_path: Path) -> None:
    stale = "This block is not supported on your current device yet."
    thought = [
        {"type": "thinking", "thinking": "h"},
        {"type": "text", "text": "A", "citations": []},
        {"type": "text", "text": "B"},
    ]
    dialogue = only(
        tmp_path,
        claude(
            {"sender": "human", "text": "Hi", "content": [], "attachments": []},
            {"sender": "assistant", "text": stale, "content": thought},
            {
                "sender": "human",
                "text": "",
                "content": [],
                "attachments": [{"file_name": "a.txt", "extracted_content": "z"}],
            },
            {"sender": "assistant", "text": "Seen.", "content": []},
        ),
    )
    assert said(dialogue) == [("user", "Hi"), ("assistant", "A\nB"), ("user", "[file]"), ("assistant", "Seen.")]


def test_claude_branches_by_the_leaf_or_the_newest(tmp_path: Path) -> None:
    def message(n: str, parent: str, sender: str, at: int) -> dict[str, Any]:
        return {
            "uuid": n,
            "parent_message_uuid": parent,
            "sender": sender,
            "text": n,
            "created_at": f"2026-01-0{at}T00:00:00Z",
        }

    messages = [message("q", "00", "human", 1), message("a", "q", "assistant", 2), message("b", "q", "assistant", 3)]
    assert [t for _, t in said(only(tmp_path, claude(*messages)))] == ["q", "b"]
    assert [t for _, t in said(only(tmp_path, claude(*messages, current_leaf_message_uuid="a")))] == ["q", "a"]


def test_open_webui_and_librechat_keep_the_system_prompt_that_stands_apart(tmp_path: Path) -> None:
    chat = {"params": {"system": "Be brief."}, "messages": talk("Hi", "Yo")}
    assert said(only(tmp_path, {"id": "o", "chat": chat}))[0] == ("system", "Be brief.")
    messages = [{"messageId": "a", "isCreatedByUser": True, "sender": "User", "text": "Hi"}]
    assert said(only(tmp_path, {"options": {"promptPrefix": "Be brief."}, "messages": messages}))[0][0] == "system"


def test_open_assistant_takes_the_best_ranked_reply_at_each_step(tmp_path: Path) -> None:
    def reply(t: str, rank: int | None, *replies: Any, **more: Any) -> dict[str, Any]:
        role = "assistant" if t.startswith("a") else "prompter"
        return {"message_id": t, "text": t, "role": role, "rank": rank, "lang": "es", "replies": list(replies), **more}

    tree = reply(
        "q",
        None,
        reply("a2", 1, reply("q9", 0)),
        reply("a1", 0, reply("q1", None, reply("a4", 0, deleted=True), reply("a3", 1))),
    )
    dialogue = only(tmp_path, {"message_tree_id": "q", "prompt": tree})
    assert [t for _, t in said(dialogue)] == ["q", "a1", "q1", "a3"]
    assert (dialogue.language, dialogue.external_id) == ("es", "q")


def test_ai_studio_leaves_thoughts_out_and_keeps_the_system_prompt(tmp_path: Path) -> None:
    chunks = [
        {"role": "user", "driveDocument": {"id": "x"}, "tokenCount": 3},
        {"role": "user", "text": "Hi"},
        {"role": "model", "text": "h", "isThought": True},
        {"role": "model", "text": "Yo"},
    ]
    row = {"systemInstruction": {"parts": [{"text": "Be brief."}]}, "chunkedPrompt": {"chunks": chunks}}
    assert said(only(tmp_path, row)) == [("system", "Be brief."), ("user", "[file]\nHi"), ("assistant", "Yo")]
