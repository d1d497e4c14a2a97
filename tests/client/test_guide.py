"""The examples of docs/client.md do what they say."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from tests.people import Person
from tests.servers import Running

GUIDE = (Path(__file__).parents[2] / "docs/client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.M | re.S)


def test_every_example_is_python() -> None:
    assert EXAMPLES
    for example in EXAMPLES:
        body = "".join(f"    {line}\n" for line in example.splitlines())
        compile(f"async def main():\n{body}", "docs/client.md", "exec")


async def test_ten_lines_answer(server: Running, tmp_path: Path) -> None:
    ada = Person("Ada", server.url)
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    example = EXAMPLES[0].replace("http://localhost:8081/conversation/abc12345", "{link}")
    assert "{link}" in example
    script = tmp_path / "bot.py"
    script.write_text(example.replace("{link}", f"{server.url}/conversation/{room}"))
    bot = await asyncio.create_subprocess_exec(sys.executable, str(script))
    try:
        await ada.hears("user_joined", lambda data: data["username"] == "Echo")
        await ada.say(room, "Hello")
        await ada.hears("new_message", lambda data: data["message"] == "You said: Hello")
    finally:
        bot.terminate()
        await bot.wait()
        await ada.goes_home()
