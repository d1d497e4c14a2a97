"""`parley doctor`: run all checks, and say what they found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from parley.config import Config, load_config, one_setting
from parley.doctor.checks import CHECKS
from parley.doctor.findings import Finding, Report, fail, report
from parley.doctor.looking import Look, run
from parley.errors import SettingInvalid


def examine_settings(
    flags: Mapping[str, str | None], *, url: str = "", is_offline: bool = False
) -> Report:
    """The same for flags as they were given, which may be wrong."""
    try:
        config = load_config(flags, os.environ)
        if url:
            url = one_setting("public_url", url, "--url")
    except SettingInvalid as error:
        return report([fail("settings", str(error), "Nothing else was looked at.")])
    return examine(config, url=url, is_offline=is_offline)


def examine(config: Config, *, url: str = "", is_offline: bool = False) -> Report:
    """Look at the installation that these settings describe; nothing of it is changed.

    `url` is where people reach it, where that isn't the public URL.
    """
    where = (url or config.public_url).rstrip("/")
    look = Look(config, os.environ, where, is_offline)
    return report(asyncio.run(run(CHECKS, look)))


def line(finding: Finding) -> str:
    """As it is said on the terminal."""
    said = f"{finding.state:<4}  {finding.check}: {finding.text}"
    return f"{said} {finding.advice}".rstrip()
