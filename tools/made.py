"""Files made of npm packages: each package is known by its hash, and so is what was made of it."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.vendor import VendorError, pack


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    sha256: str
    """Of what npm packs."""
    licence: str


def make_or_check(what: str, make: Callable[[], None], made: Mapping[Path, str]) -> None:
    """As a program: `make`s the files unless asked only to compare them, then says which aren't
    as `made`, and exits with 1 for any.
    """
    parser = argparse.ArgumentParser(description=f"Make the {what}, or check them.")
    parser.add_argument("--check", action="store_true", help="compare hashes only, without network")
    try:
        if not parser.parse_args().check:
            make()
    except VendorError as error:
        sys.exit(str(error))
    sys.exit("\n".join(problems(made)) or None)


def problems(made: Mapping[Path, str]) -> Iterator[str]:
    """A sentence for each file whose SHA-256 is not the one it was `made` with."""
    for path, sha256 in made.items():
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "missing"
        if found != sha256:
            yield f"{path.name} is not as it was made: its SHA-256 is {found}, not {sha256}."


def unpacked(package: Package, into: Path) -> Path:
    """The package's own folder, in a new folder. Raises `VendorError` for another than this."""
    into.mkdir()
    tarball = pack(f"{package.name}@{package.version}", str(into))
    found = hashlib.sha256(tarball.read_bytes()).hexdigest()
    if found != package.sha256:
        raise VendorError(
            f"{package.name} {package.version} is not what it was: its SHA-256 is {found}, "
            f"not {package.sha256}."
        )
    with tarfile.open(tarball) as archive:
        archive.extractall(into, filter="data")
    return into / "package"
