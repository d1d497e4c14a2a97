"""The browser files that other people wrote: fetch them from npm, or check those on disk.

    python -m tools.vendor           fetch each file again
    python -m tools.vendor --check   compare the files on disk with their hashes; no network

`parley/static/vendor/vendor.toml` says which file comes from where. A fetched
file whose SHA-256 is not the one written there is refused, never stored: to
take a newer version, change `version`, run this, read the new file, and write
down the hash it names.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "parley" / "static" / "vendor"
LIST = "vendor.toml"
FETCH_TIMEOUT_S = 120


class VendorError(Exception):
    """A sentence saying what is wrong with a vendored file."""


@dataclass(frozen=True)
class Vendored:
    """One entry of `vendor.toml`; `file` is its key."""

    file: str
    name: str
    version: str
    licence: str
    licence_file: str
    npm_package: str
    path_in_package: str
    sha256: str


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch or check the vendored browser files.")
    parser.add_argument("--check", action="store_true", help="compare hashes only, without network")
    arguments = parser.parse_args()
    wrong = list(problems()) if arguments.check else list(fetch_all())
    if wrong:
        sys.exit("\n".join(wrong))


def entries(folder: Path = FOLDER) -> list[Vendored]:
    listed = tomllib.loads((folder / LIST).read_text("utf-8"))
    return [Vendored(file=file, **fields) for file, fields in listed.items()]


def problems(folder: Path = FOLDER) -> Iterator[str]:
    """A sentence for each file that is missing, changed or not in the list."""
    vendored = entries(folder)
    for entry in vendored:
        try:
            verify(entry, (folder / entry.file).read_bytes())
            (folder / entry.licence_file).read_bytes()
        except FileNotFoundError as error:
            yield f"{Path(error.filename).name} is missing: run make vendor."
        except VendorError as error:
            yield str(error)
    listed = {LIST, *(v.file for v in vendored), *(v.licence_file for v in vendored)}
    for path in sorted(folder.iterdir()):
        if path.name not in listed:
            yield f"{path.name} is not in {LIST}."


def fetch_all(folder: Path = FOLDER) -> Iterator[str]:
    """Fetch and store every file; a sentence for each that was refused."""
    for entry in entries(folder):
        try:
            content, licence = fetch(entry)
            verify(entry, content)
        except VendorError as error:
            yield str(error)
            continue
        (folder / entry.file).write_bytes(content)
        (folder / entry.licence_file).write_bytes(licence)
        print(f"{entry.file}: {entry.npm_package} {entry.version}")


def fetch(entry: Vendored) -> tuple[bytes, bytes]:
    """The file and its licence, as npm has them."""
    with tempfile.TemporaryDirectory() as folder:
        tarball = pack(f"{entry.npm_package}@{entry.version}", folder)
        with tarfile.open(tarball) as package:
            licence = next((n for n in package.getnames() if _is_licence(n)), "package/LICENSE")
            return (
                _member(package, f"package/{entry.path_in_package}"),
                _member(package, licence),
            )


def verify(entry: Vendored, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise VendorError(
            f"{entry.file} is not the one in {LIST}: its SHA-256 is {found}, not {entry.sha256}."
        )


def pack(package: str, folder: str) -> Path:
    """Download a package with npm, running nothing of it."""
    options = ["--loglevel=error", "--ignore-scripts", "--pack-destination", folder]
    try:
        subprocess.run(
            ["npm", "pack", *options, package],
            capture_output=True,
            text=True,
            timeout=FETCH_TIMEOUT_S,
            check=True,
        )
    except FileNotFoundError as error:
        raise VendorError("npm was not found: it comes with Node.js.") from error
    except subprocess.TimeoutExpired as error:
        raise VendorError(f"npm took over {FETCH_TIMEOUT_S} s to fetch {package}.") from error
    except subprocess.CalledProcessError as error:
        raise VendorError(f"npm could not fetch {package}. {error.stderr.strip()}") from error
    [tarball] = Path(folder).glob("*.tgz")
    return tarball


def _is_licence(name: str) -> bool:
    folder, _, file = name.partition("/")
    return folder == "package" and file.upper().startswith(("LICENSE", "LICENCE"))


def _member(package: tarfile.TarFile, name: str) -> bytes:
    try:
        content = package.extractfile(name)
    except KeyError:
        content = None
    if content is None:
        raise VendorError(f"The package has no {name.removeprefix('package/')}.")
    return content.read()


if __name__ == "__main__":
    main()
