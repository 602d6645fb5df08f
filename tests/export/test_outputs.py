"""Where an export goes: into what the path names, which is never replaced by something else.

Everything here is in a temporary folder: a test that is wrong replaces nothing of this machine.
"""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from proutt_core.errors import InputError
from proutt_core.export import TextFormat, Written, write_export, write_ids
from proutt_core.export.outputs import output_at
from proutt_core.types import VerbatimPair

TEXT = VerbatimPair(prompt="p", chosen="c", rejected="r")


def write(path: Path, *, format: TextFormat = "trl") -> Written:
    return write_export(path, [TEXT], kind="sft", format=format)


def is_row(content: bytes) -> bool:
    return bool(json.loads(content)["completion"][0]["content"] == "c")


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing yet"])
@pytest.mark.parametrize("links", [1, 2])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, there: bool, links: int) -> None:
    target = tmp_path / "store" / "target.jsonl"
    target.parent.mkdir()
    if there:
        target.write_text("old")
    path = target
    for n in range(links):
        link = tmp_path / f"link{n}.jsonl"
        link.symlink_to(os.path.relpath(path, tmp_path))
        path = link
    write(path)
    assert path.is_symlink() and is_row(target.read_bytes())
    assert sorted(p.name for p in target.parent.iterdir()) == ["target.jsonl"]


def test_a_link_to_a_pipe_leads_to_the_pipe(tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    assert is_row(_read_while(pipe, lambda: write(link)))
    assert link.is_symlink() and stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("ids", [True, False])
def test_a_pipe_is_written_into(tmp_path: Path, ids: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = _read_while(pipe, lambda: write_ids(pipe, [b"{}"]) if ids else write(pipe))
    assert read == b"{}\n" if ids else is_row(read)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [p.name for p in tmp_path.iterdir()] == ["pipe"]


def _read_while(pipe: Path, act: object) -> bytes:
    content: list[bytes] = []
    reader = threading.Thread(target=lambda: content.append(pipe.read_bytes()))
    reader.start()
    assert callable(act)
    act()
    reader.join(10)
    return content[0]


def test_a_pipe_whose_reader_goes_away_costs_one_line(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY)))
    reader.start()
    with pytest.raises(InputError, match="cannot write"):
        write_ids(pipe, [b"x" * 1000] * 1000)
    reader.join(10)


def test_a_terminal_is_written_into(tmp_path: Path) -> None:
    main, other = os.openpty()
    link = tmp_path / "terminal"
    link.symlink_to(os.ttyname(other))
    write_ids(link, [b"{}"])
    assert os.read(main, 100).replace(b"\r\n", b"\n") == b"{}\n"
    assert link.is_symlink()
    os.close(main)
    os.close(other)


def test_a_file_that_another_process_holds_open_is_written_into(tmp_path: Path) -> None:
    with (tmp_path / "held").open("wb") as file:
        write_ids(Path(f"/dev/fd/{file.fileno()}"), [b"{}"])
        assert os.fstat(file.fileno()).st_nlink == 1
    assert (tmp_path / "held").read_bytes() == b"{}\n"


def test_a_socket_a_folder_and_a_ring_of_links_are_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(InputError, match="cannot write"):
            write(tmp_path / "socket")
        assert stat.S_ISSOCK((tmp_path / "socket").stat().st_mode)
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(InputError, match="cannot write"):
        write(tmp_path / "a")
    with pytest.raises(InputError, match="is a folder; name a file"):
        write(tmp_path)
    with pytest.raises(InputError, match="cannot write"):
        write(tmp_path / ("a" * 300))
    (tmp_path / "plain").write_text("")
    with pytest.raises(InputError, match="cannot write"):
        write(tmp_path / "plain" / "out.jsonl")


def test_the_devices_of_the_machine_are_no_plain_files() -> None:
    """Asked, never written: a fault here would replace them."""
    for device in ("/dev/null", "/dev/full", "/dev/tty"):
        if Path(device).exists():
            assert output_at(Path(device)).file is None


@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_standard_output_gets_the_rows_and_nothing_else(tmp_path: Path, name: str, kind: str) -> None:
    # The process's own /dev/stdout leads to a pipe or a file of ours; a rename over it is made impossible by the check.
    code = (
        "import sys; from pathlib import Path; from proutt_core.export import write_ids;"
        "from proutt_core.export.outputs import is_stdout, output_at;"
        "path = Path(sys.argv[1]); assert is_stdout(path) and output_at(path).file is None;"
        "print('before'); write_ids(path, [b'{}']); print('after')"
    )
    place = tmp_path / "out"
    with place.open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-c", code, name],
            stdout=file if kind == "file" else subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert (place.read_bytes() if kind == "file" else done.stdout) == b"before\n{}\nafter\n"


def test_an_entry_of_another_file_in_dataset_info_is_not_replaced(tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    for entry in ({"file_name": "sft.jsonl"}, {"hf_hub_url": "org/sft"}, {"file_name": "sub/sft.json"}, "odd"):
        before = json.dumps({"sft": entry, "mine": {}})
        info.write_text(before)
        with pytest.raises(InputError, match='has an entry "sft" that is not of'):
            write(tmp_path / "sft.json", format="llamafactory")
        assert info.read_text() == before
        assert not (tmp_path / "sft.json").exists()


def test_the_files_own_entry_is_made_anew_and_the_others_stay(tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text('\ufeff{"mine": {"x": "\\ud800"}, "sft": {"file_name": "sft.json", "ranking": true}}')
    write(tmp_path / "sft.json", format="llamafactory")
    entries = json.loads(info.read_text())
    assert entries["mine"] == {"x": "\ud800"}
    assert "ranking" not in entries["sft"]


def test_a_dataset_info_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    shared = tmp_path / "shared" / "info.json"
    shared.write_text('{"mine": {}}')
    (tmp_path / "dataset_info.json").symlink_to(shared)
    write(tmp_path / "sft.json", format="llamafactory")
    assert (tmp_path / "dataset_info.json").is_symlink()
    assert set(json.loads(shared.read_text())) == {"mine", "sft"}


def test_a_dataset_info_that_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "dataset_info.json")
    with pytest.raises(InputError, match="is no plain file"):
        write(tmp_path / "sft.json", format="llamafactory")


def test_rows_do_not_go_over_dataset_info_by_any_name(tmp_path: Path) -> None:
    info = tmp_path / "dataset_info.json"
    info.write_text("{}")
    (tmp_path / "link.jsonl").symlink_to(info)
    for path in (info, tmp_path / "link.jsonl"):
        with pytest.raises(InputError, match="give --out another name"):
            write(path)
    assert info.read_text() == "{}"


def test_llamafactory_rows_need_a_plain_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="is no plain file"):
        write(tmp_path / "pipe.json", format="llamafactory")
