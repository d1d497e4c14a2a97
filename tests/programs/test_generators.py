"""Programs that others' generators make from `/openapi.json` are whole, and talk to the server."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from parley import contract
from parley.contract import openapi, posting
from parley.pages.assets import FOLDER
from parley.pages.client import TYPES
from tests.calls import Caller
from tests.cases import together
from tests.oidc.provider import Provider
from tests.servers import Running
from tests.transport.test_openapi import replies

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
GENERATORS = HERE / "node_modules" / ".bin"
PATIENCE_S = 55.0


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The description, as a file in a folder of its own."""
    file = tmp_path_factory.mktemp("generated") / "openapi.json"
    file.write_bytes(msgspec.json.encode(openapi.document()))
    return file


@pytest.fixture(scope="module")
def client(described: Path) -> Path:
    """A client by openapi-python-client, which drops what it cannot read, and warns of it."""
    folder = described.parent / "generated"
    plainly = described.parent / "config.json"
    plainly.write_text('{"post_hooks": []}')  # nobody looks at how it is laid out
    command = (BIN / "openapi-python-client", "generate", "--path", described, "--config", plainly)
    said = run(*command, "--output-path", folder, "--meta", "none", cwd=described.parent)
    # It sends no plain text, whoever describes it, and makes the call with the other bodies.
    assert said.count("WARNING") == said.count("Unsupported content type text/plain") == 1, said
    return folder


@pytest.fixture
def importable(described: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is generated can be imported, and is forgotten afterwards."""
    monkeypatch.syspath_prepend(described.parent)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("generated", "models"):
            del sys.modules[name]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a generator; what it said, which is told where it fails."""
    environ = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environ,
        timeout=PATIENCE_S,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.usefixtures("importable")
def test_a_client_for_python_is_whole(client: Path) -> None:
    models = importlib.import_module("generated.models")
    named = {
        struct.__name__
        for call in contract.CALLS.values()
        for struct in (call.reply, call.body)
        if struct not in (None, contract.Nothing, contract.EventStream)
    }
    assert named <= set(vars(models))
    calls = {path.stem for path in client.glob("api/*/*.py")} - {"__init__"}
    # A call by a name that Python keeps for itself, or has, gets an underscore.
    assert {name.rstrip("_") for name in calls} == {*contract.CALLS, posting.POST_TO_HOOK.name}


@pytest.mark.usefixtures("importable", "client")
async def test_a_client_for_python_holds_a_conversation(server: Running) -> None:
    ended = await asyncio.to_thread(hold_a_conversation, server.url)
    assert ended.success is True


def hold_a_conversation(url: str) -> Any:
    """Start, join, say something, read it and end, as a program of somebody's would."""
    generated = importlib.import_module("generated")
    models = importlib.import_module("generated.models")
    with generated.Client(base_url=url) as anyone:
        started = call("create").sync(client=anyone, body=models.CreateBody(title="Tea"))
    assert (started.success, started.conversation.title) == (True, "Tea")
    with generated.AuthenticatedClient(base_url=url, token=started.token) as ada:
        room = {"client": ada, "room_id": started.room_id}
        assert call("join").sync(**room, body=models.JoinBody(username="Ada")).role == "owner"
        call("send").sync(**room, body=models.SendBody(message="Hello"))
        hook = call("make_hook").sync(**room, body=models.HookBody(name="Alerts"))
        post_to_hook(url, hook.url.rpartition("/")[2])
        read = call("read").sync(**room)
        assert [said.message for said in read.conversation.messages] == ["Hello", "Down"]
        return call("end").sync(**room)


def post_to_hook(url: str, code: str) -> None:
    """Twice, under one key: without a token, and the answer is a line."""
    generated = importlib.import_module("generated")
    down = importlib.import_module("generated.models").HookPost(text="Down")
    with generated.Client(base_url=url) as cron:
        for _ in range(2):
            posted = call("post_to_hook").sync(
                client=cron, code=code, body=down, idempotency_key="down-1"
            )
            assert posted == "ok\n"


def call(name: str) -> ModuleType:
    return importlib.import_module(f"generated.api.default.{name}")


@pytest.mark.long("the others are generated every time")
@pytest.mark.usefixtures("importable")
async def test_types_for_python_take_every_real_reply(
    described: Path, ada: Caller, ben: Caller, provider: Provider
) -> None:
    command = (BIN / "datamodel-codegen", "--input", described, "--input-file-type", "openapi")
    kind = ("--output-model-type", "msgspec.Struct", "--target-python-version", "3.11")
    out = ("--formatters", "builtin", "--output", described.parent / "models.py")
    run(sys.executable, "-W", "error", *command, *kind, *out, cwd=described.parent)
    models = importlib.import_module("models")
    for name, reply in (await replies(ada, ben, provider)).items():
        model = getattr(models, contract.CALLS[name].reply.__name__)
        found = msgspec.json.decode(reply.raw, type=model)
        assert found.success is True, name
        assert set(msgspec.to_builtins(found)) == set(reply.body), name


@pytest.mark.skipif(
    not GENERATORS.exists() and os.environ.get("CI") != "true",
    reason="make setup found no npm, or it could not fetch the generators.",
)
@pytest.mark.long("what is made for Python asks for the same")
def test_types_for_typescript_ask_for_what_the_server_asks_for(described: Path) -> None:
    folder = described.parent
    shutil.copy(HERE / "program.ts", folder)
    run(GENERATORS / "openapi-typescript", described, "-o", folder / "generated.ts", cwd=folder)
    strict = ("--strict", "--noEmit", "--target", "es2022", "--moduleResolution", "bundler")
    run(GENERATORS / "tsc", *strict, "--module", "esnext", "program.ts", cwd=folder)


@pytest.mark.skipif(
    not GENERATORS.exists() and os.environ.get("CI") != "true",
    reason="make setup found no npm, or it could not fetch the generators.",
)
@pytest.mark.long("TypeScript reads all of the source; nothing but the client changes it")
def test_types_of_the_client_for_javascript_are_what_it_is(tmp_path: Path) -> None:
    shutil.copy(HERE / "talking.ts", tmp_path)
    shutil.copy(TYPES, tmp_path)
    libraries = ("--lib", "esnext,dom,dom.iterable", "--moduleResolution", "bundler")
    tsc = (GENERATORS / "tsc", "--strict", "--module", "esnext", *libraries)
    emit = ("--allowJs", "--noCheck", "--declaration", "--emitDeclarationOnly")
    to = ("--rootDir", FOLDER, "--outDir", tmp_path / "source")
    run(*tsc, *emit, *to, FOLDER / "js/client.js", cwd=tmp_path)
    run(*tsc, "--noEmit", TYPES.name, cwd=tmp_path)
    run(*tsc, "--noEmit", "--skipLibCheck", "talking.ts", cwd=tmp_path)


def test_nothing_described_has_a_default_or_lacks_a_type() -> None:
    """What generators misread, wherever it is."""
    for where, schema in schemas(openapi.document()["components"], "components"):
        assert "default" not in schema, where
        if "enum" in schema or "const" in schema:
            assert schema["type"] in ("string", "boolean", "integer"), where


def schemas(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield where, value
        for name, each in value.items():
            if name != "properties":
                yield from schemas(each, f"{where}.{name}")
                continue
            for field, schema in each.items():
                yield from schemas(schema, f"{where}.{field}")
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from schemas(each, f"{where}[{number}]")


@pytest.fixture(scope="module")
def document() -> Any:
    return openapi.document()


@together("name", contract.CALLS)
def test_a_body_is_required_where_the_server_needs_one(document: Any, name: str) -> None:
    asked = contract.CALLS[name]
    operation = document["paths"][asked.path][asked.method.lower()]
    if asked.takes_file or asked.takes_picture:
        assert operation["requestBody"]["required"] is True
        return
    if asked.body in (None, contract.Nothing):
        assert "requestBody" not in operation
        return
    try:
        msgspec.json.decode(b"{}", type=asked.body)
    except msgspec.ValidationError:
        assert operation["requestBody"]["required"] is True
    else:
        assert operation["requestBody"]["required"] is False


def test_the_description_is_json_that_stays_the_same() -> None:
    document = openapi.document()
    assert json.loads(json.dumps(document)) == document
