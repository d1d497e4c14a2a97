"""What is written for the person who typed the command."""

from __future__ import annotations

import click

from parley.errors import OutputUnusable


def say(text: str) -> None:
    """Write a line to standard output. Raises `OutputUnusable`."""
    try:
        click.echo(text)
    except OSError as error:
        raise OutputUnusable.because_of(error) from error
