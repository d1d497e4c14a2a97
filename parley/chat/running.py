"""`parley chat`: what comes before the screen, and what is said where there can be none."""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

from parley.client import Client, Refused, Waiting
from parley.talking.joining import NoName, NoScreen, Who, join, knock, link_of

WITHOUT_EXTRA = (
    "parley chat needs the extra chat. In the folder of Parley's source, run: "
    f"{sys.executable} -m pip install '.[chat]'."
)
GONE_WITHIN_S = 5.0


def require_screen(environ: Mapping[str, str]) -> None:
    """Raises `NoScreen`."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoScreen(
            "parley chat needs a terminal. In scripts use parley say, tail and upload instead."
        )
    if environ.get("TERM", "") in ("dumb", "") and sys.platform != "win32":
        raise NoScreen(
            "This terminal says that it can't move its cursor (TERM is "
            f"{environ.get('TERM') or 'not set'}). Use parley tail and parley say instead."
        )
    # Found, and not loaded: that takes a while, and is done while we connect.
    for package in ("textual", "wcwidth"):
        if importlib.util.find_spec(package) is None:
            raise NoScreen(WITHOUT_EXTRA)


async def chat(link: str, who: Who) -> None:
    """Raises what `join` does, and `NoScreen`."""
    require_screen(os.environ)
    gc.disable()  # nothing of what is loaded becomes garbage, and looking takes a while
    loading = asyncio.create_task(asyncio.to_thread(importlib.import_module, "parley.chat.app"))
    try:
        talk = await _joined(link_of(link), who)
    finally:
        await asyncio.wait([loading])
        gc.enable()
    screen: Any = loading.result()
    watching = asyncio.create_task(_end_with_terminal())
    try:
        await screen.run(talk)
    finally:
        watching.cancel()
        await talk.close()


async def _end_with_terminal() -> None:
    """A terminal that goes away hangs up on its own programs alone. Any other, such as one started
    in a session of its own, would read from nowhere for ever.
    """
    while True:
        await asyncio.sleep(GONE_WITHIN_S)
        if not sys.stdin.isatty() and sys.platform != "win32":
            signal.raise_signal(signal.SIGHUP)


async def _joined(link: str, who: Who) -> Client:
    """Asks for what is missing, as long as it can be given."""
    while True:
        try:
            return await join(link, who)
        except NoName:
            who = replace(who, name=click.prompt("Your name", err=True).strip())
        except Refused as refused:
            if refused.code == "knock_required":
                who = await _let_in(link, who, refused)
                continue
            if refused.code not in ("passphrase_required", "passphrase_wrong"):
                raise
            click.echo(str(refused), err=True)
            asked = click.prompt("Passphrase", hide_input=True, err=True)
            who = replace(who, passphrase=asked)


async def _let_in(link: str, who: Who, refused: Refused) -> Who:
    """Asks an owner, if that is wished. Raises `Refused` if not, or if they decline."""
    click.echo(str(refused), err=True)
    if not click.confirm("Ask to be let in?", default=True, err=True):
        raise Refused("declined", "You didn't ask to be let in.")
    if who.name is None:
        who = replace(who, name=click.prompt("Your name", err=True).strip())

    def waiting(told: Waiting) -> None:
        is_there = "" if told.is_owner_here else " None of them is there now."
        click.echo(f"Waiting for an owner to let you in.{is_there}", err=True)
        click.echo("You can stop with Ctrl+C, and look again within a day.", err=True)

    return await knock(link, who, waiting)
