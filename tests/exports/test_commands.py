"""`parley verify-export` and `parley export-key`: what they say, and by which exit code."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import pytest_asyncio

from parley import verifying
from parley.config import Config
from tests import lasting
from tests.calls import Caller
from tests.databases import environ_of
from tests.exports.talk import Talk, exported
from tests.proofs.files import OTHER_SIGNER, as_lines, of_one
from tests.test_cli import loaded_parley, parley

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


@pytest_asyncio.fixture(loop_scope="module")
async def export(ada: Caller, said: Talk, tmp_path: Path) -> Path:
    path = tmp_path / "talk.jsonl"
    path.write_bytes(await exported(ada, said.room_id, "jsonl"))
    return path


def change(export: Path) -> None:
    export.write_bytes(export.read_bytes().replace(b"Who brings", b"Who steals", 1))


async def test_a_whole_export_is_said_to_be_so(export: Path, config: Config, said: Talk) -> None:
    done = await asyncio.to_thread(loaded_parley, "verify-export", str(export))
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first.startswith("Nothing was changed: 7 entries of localhost")
    assert first.endswith(f"/conversation/{said.room_id}.")
    assert "ask whoever runs the server" in second

    printed = await asyncio.to_thread(
        loaded_parley,
        *("export-key", "--data", str(config.data), "--port", "8081"),
        environ=environ_of(config.data),
    )
    assert printed.returncode == 0, printed.stderr
    key = printed.stdout.strip()
    done = await asyncio.to_thread(loaded_parley, "verify-export", str(export), "--key", key)
    assert done.returncode == 0, done.stdout
    assert done.stdout.endswith("It is signed by the key you gave.\n")
    other = str(OTHER_SIGNER.key)
    done = await asyncio.to_thread(loaded_parley, "verify-export", str(export), "--key", other)
    assert done.returncode == 1
    assert "another key than yours" in done.stdout


async def test_what_a_browser_made_is_said_to_be_unsigned(tmp_path: Path) -> None:
    path = tmp_path / "sealed.jsonl"
    path.write_text('{"parley_export":1,"unsigned":"encrypted","exported_at":""}\n{"head":null}\n')
    done = await asyncio.to_thread(parley, "verify-export", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "isn't signed: a browser made it" in done.stderr


async def test_a_changed_export_is_said_to_be_so_and_where(export: Path) -> None:
    change(export)
    done = await asyncio.to_thread(parley, "verify-export", str(export))
    assert done.returncode == 1
    assert done.stdout.startswith("Line 2 (message 1-")
    assert done.stdout.endswith(": This entry was changed.\n")


async def test_one_message_is_shown_to_be_in_it(export: Path, said: Talk, tmp_path: Path) -> None:
    id = said.ids["plain"]
    done = await asyncio.to_thread(loaded_parley, "verify-export", str(export), "--prove", id)
    assert done.returncode == 0, done.stderr
    assert "milk" not in done.stdout
    proof = tmp_path / "proof.json"
    proof.write_text(done.stdout)
    done = await asyncio.to_thread(loaded_parley, "verify-export", str(proof))
    assert done.returncode == 0
    assert done.stdout.startswith("This message is in the export, as Ada wrote it, 20")
    assert "Who brings tea?" in done.stdout
    proof.write_text(json.dumps(json.loads(proof.read_text()) | {"index": 2}))
    assert (await asyncio.to_thread(loaded_parley, "verify-export", str(proof))).returncode == 1


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            {"username": "", "message": "Ada made a group"},
            "the service wrote it, today: Ada made a group",
        ),
        ({"username": "Ada", "deleted": True, "message": ""}, "Ada wrote it, today: (deleted)"),
        (
            {"username": "Ada", "attachments": [{"name": "tea\x1b.png"}]},
            "Ada wrote it, today: [tea .png]",
        ),
        (
            {"username": "Ada", "message": "Look", "attachments": [{"name": "a"}, 1]},
            "today: Look [a]",
        ),
        ({"username": "Ada", "message": "Look", "attachments": 1}, "today: Look"),
    ],
)
def test_whatever_a_message_is_it_is_shown(
    tmp_path: Path, message: dict[str, object], words: str
) -> None:
    export = tmp_path / "talk.jsonl"
    export.write_bytes(as_lines(*of_one(message)))
    proof = tmp_path / "proof.json"
    proof.write_bytes(verifying.prove(export, "1", None))
    [shown, _], [_, _] = verifying.verdict(proof, None)
    assert shown.startswith("This message is in the export, as ")
    assert shown.endswith(words)


async def test_one_message_is_taken_out(export: Path, said: Talk, tmp_path: Path) -> None:
    id = said.ids["rich"]
    done = await asyncio.to_thread(loaded_parley, "verify-export", str(export), "--redact", id)
    assert done.returncode == 0, done.stderr
    assert "milk" not in done.stdout
    without = tmp_path / "without.jsonl"
    without.write_text(done.stdout)
    done = await asyncio.to_thread(loaded_parley, "verify-export", str(without))
    assert done.returncode == 0
    assert "1 message was taken out since" in done.stdout


async def test_what_cannot_be_checked_is_said_with_a_code_of_its_own(tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("# Tea\n")
    for arguments in (
        (str(note),),
        (str(tmp_path / "nothing"),),
        (str(tmp_path),),
        (str(note), "--key", "none"),
        (str(note), "--prove", "1"),
        (str(note), "--redact", "1"),
        (str(note), "--redact", "1", "--prove", "1"),
    ):
        done = await asyncio.to_thread(loaded_parley, "verify-export", *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert "Traceback" not in done.stderr
