"""Taking part: `say`, `tail` and `upload` for scripts. Nothing of the server is loaded for them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from parley.talking.joining import Who

EXIT_REFUSED, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_STOPPED = 1, 2, 3, 130
EXITS = (
    "Exit codes: 0 done, 1 the server said no, 2 wrong usage, 3 the server can't be reached. Who "
    "you are is kept for the next time, in a file only you can read."
)
Command = Callable[..., Any]


def _taking_part(command: Command, name: str = "Your name there, the first time.") -> Command:
    """The options that say who takes part. LINK is given on as it was typed."""
    for option in (
        click.option("--new", "is_new", is_flag=True, help="Come as somebody new."),
        click.option(
            "--passphrase-file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Where the conversation's passphrase is.",
        ),
        click.option("--name", metavar="NAME", help=name),
    ):
        command = option(command)
    return click.argument("link", metavar="LINK")(command)


@click.command(epilog=EXITS)
@_taking_part
@click.argument("text", required=False)
@click.option("--reply-to", metavar="ID", help="The id of the message that it answers.")
@click.option("--json", "as_json", is_flag=True, help="Print the message's id and seq as JSON.")
def say(link: str, text: str | None, *, reply_to: str | None, as_json: bool, **who: Any) -> None:
    """Say TEXT in the conversation LINK; without TEXT, what comes on standard input.

    LINK can be @FILE: the link in that file, which nobody sees in the list of processes.
    """
    from parley.talking import saying

    told = _standard_input() if text is None else text
    if not told.strip():
        _fail(EXIT_USAGE, "There is nothing to say.")
    _run(saying.say(link, _who(who), told, reply_to=reply_to, as_json=as_json))


@click.command(epilog=EXITS)
@functools.partial(_taking_part, name="Take part under this name, for others to see.")
@click.option("--since", type=click.IntRange(0), metavar="SEQ", help="All that came after SEQ.")
@click.option(
    "--last",
    type=click.IntRange(0, 100),
    default=10,
    metavar="NUMBER",
    help="How many messages of before, where no --since is given.  [default: 10]",
)
@click.option(
    "--jsonl", "as_json", is_flag=True, help="One JSON object a line: the event, and its data."
)
def tail(link: str, *, since: int | None, last: int, as_json: bool, **who: Any) -> None:
    """Print what is said in the conversation LINK, as it is said, until it ends or Ctrl+C.

    It needs no name, and nobody sees that you read along.
    A lost connection is made again, and nothing is left out. Nothing in a message can do more to
    your terminal than be read. LINK can be @FILE.
    """
    from parley.talking import following

    _run(following.follow(link, _who(who), since=since, last=last, as_json=as_json))


@click.command(epilog=EXITS)
@_taking_part
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--text", default="", metavar="TEXT", help="What to say with them.")
@click.option("--as", "called", metavar="NAME", help="What FILE is to be called: one, or - .")
@click.option("--json", "as_json", is_flag=True, help="Print the message and its files as JSON.")
def upload(
    link: str, files: tuple[str, ...], *, text: str, called: str | None, as_json: bool, **who: Any
) -> None:
    """Send files to the conversation LINK, as one message. - is standard input.

    LINK can be @FILE.
    """
    from parley.talking import saying

    if called is not None and len(files) > 1:
        _fail(EXIT_USAGE, "--as names one file, and you gave several.")
    _run(saying.upload(link, _who(who), files, text=text, called=called, as_json=as_json))


@click.command(
    epilog="Keys: F1 shows them all. Exit codes: 0 done, 1 the server said no, 2 wrong usage or no "
    "terminal for it, 3 the server can't be reached."
)
@_taking_part
def chat(link: str, **who: Any) -> None:
    """Take part in the conversation LINK, on the whole screen of this terminal.

    It works over SSH, in 80 columns or 40, without colours (NO_COLOR) and with the keyboard alone.
    LINK can be @FILE.
    """
    from parley.chat import running

    _run(running.chat(link, _who(who)))


def _who(given: dict[str, Any]) -> Who:
    from parley.talking.joining import Who

    file: Path | None = given["passphrase_file"]
    passphrase = None
    if file is not None:
        try:
            passphrase = file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            _fail(EXIT_USAGE, f"{file} can't be read: {getattr(error, 'strerror', error)}.")
    return Who(given["name"], passphrase, given["is_new"])


def _standard_input() -> str:
    if sys.stdin.isatty():
        click.echo("Type your message, and Ctrl+D on a line of its own.", err=True)
    return sys.stdin.buffer.read().decode("utf-8", "replace").rstrip("\n")


def _run(work: Coroutine[Any, Any, None]) -> None:
    """To its end; whatever keeps it from there is one sentence and an exit code."""
    from parley import harmless
    from parley.client import BadLink, ClientError, Refused, Unreachable
    from parley.talking.joining import NoName, NoScreen
    from parley.talking.remembered import Unusable

    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        asyncio.run(work)
    except (BadLink, NoScreen, Unusable) as error:
        _fail(EXIT_USAGE, str(error))
    except NoName:
        _fail(EXIT_USAGE, "Say who you are with --name, the first time.")
    except Unreachable as error:
        _fail(EXIT_UNREACHABLE, harmless.line(str(error)))
    except ClientError as error:
        _fail(EXIT_REFUSED, harmless.line(_in_words(error, Refused)))
    except BrokenPipeError:  # whoever read it has seen enough
        _forget_output()
        sys.exit(EXIT_REFUSED)
    except OSError as error:
        _fail(EXIT_USAGE, f"{error.filename or 'The output'} can't be used: {error.strerror}.")
    except KeyboardInterrupt:
        sys.exit(EXIT_STOPPED)


_ADVICE = {
    "passphrase_required": " Give it by --passphrase-file.",
    "knock_required": " parley chat asks to be let in.",
}


def _in_words(error: Exception, refused: type[Any]) -> str:
    return str(error) + (_ADVICE.get(error.code, "") if isinstance(error, refused) else "")


def _fail(code: int, sentence: str) -> NoReturn:
    with contextlib.suppress(OSError):
        click.echo(f"parley: {sentence}", err=True)
    sys.exit(code)


def _forget_output() -> None:
    """Python would try again what it could not write, and tell of it in its own words."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


COMMANDS: tuple[click.Command, ...] = (chat, say, tail, upload)


@click.group(
    commands=[say, tail, upload],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="parley-client", message="parley-client %(version)s")
def alone() -> None:
    """Take part in Parley's conversations, from scripts: by a link, at any server."""
