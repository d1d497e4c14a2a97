"""Limits that nobody hits in a test which is not about them: everything is counted all the same."""

from __future__ import annotations

from dataclasses import replace

from parley.config import SETTINGS, Config

# The most that can be set, by whatever the setting may count by.
_RATES = {
    setting.name: ", ".join(
        f"100000/1s {by}" for by in ("session", "address", "room") if by in setting.default
    )
    for setting in SETTINGS
    if setting.name.startswith("limit_")
}
ENVIRON = {f"PARLEY_{name.upper()}": rates for name, rates in _RATES.items()}
"""For a server in its own process."""

USUAL = {
    setting.variable: setting.default for setting in SETTINGS if setting.name.startswith("limit_")
}
"""For one with the limits that everybody has."""


def generous(config: Config) -> Config:
    """The same with limits for programs that talk as fast as they can."""
    by_name = {setting.name: setting for setting in SETTINGS}
    return replace(config, **{name: by_name[name].parse(text) for name, text in _RATES.items()})
