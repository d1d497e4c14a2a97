"""What is known to be wrong with the code of others that Parley stands on.

    python -m tools.audit

Asks pip-audit about every package in this environment, which needs the internet, and
compares the vendored browser files with their hashes, which needs nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from tools import vendor

AUDIT_TIMEOUT_S = 300
ANSWER_TIMEOUT_S = 20
OURS = "parley"
COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--format", "json"),
    *("--progress-spinner", "off", "--timeout", str(ANSWER_TIMEOUT_S)),
)
NOT_REACHED = (
    "pip-audit could not reach the service that knows of faults, or what it reached knows of no "
    "package: none was audited. Try again where there is internet."
)
_SIGNS_OF_NO_NETWORK = ("ConnectionError", "Max retries exceeded", "Timeout", "Could not connect")

Package = dict[str, Any]


class AuditImpossible(Exception):
    """A sentence saying why nothing could be learned."""


def main() -> None:
    wrong = list(vendor.problems())
    print("The vendored browser files are", "not" if wrong else "all", "as they were listed.")
    try:
        packages = ask()
    except AuditImpossible as error:
        wrong.append(str(error))
    else:
        found = list(known_faults(packages))
        wrong += found
        print(
            f"Of {len(packages)} packages",
            f"{len(found)} faults are known." if found else "no fault is known.",
        )
    if wrong:
        sys.exit("\n".join(wrong))


def ask(environ: Mapping[str, str] | None = None) -> list[Package]:
    """Every package of others, with what is known of it. Raises `AuditImpossible`."""
    try:
        done = subprocess.run(
            COMMAND,
            capture_output=True,
            text=True,
            timeout=AUDIT_TIMEOUT_S,
            check=False,
            env=environ,
        )
    except subprocess.TimeoutExpired:
        raise AuditImpossible(f"pip-audit gave no answer within {AUDIT_TIMEOUT_S} s.") from None
    return read(done.stdout, done.stderr)


def read(report: str, errors: str) -> list[Package]:
    """The packages of a report, JSON as pip-audit writes it. Raises `AuditImpossible`."""
    # Its exit code is 1 both for the faults that it found and for those of its own.
    try:
        listed: list[Package] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise AuditImpossible(_reason(errors)) from None
    packages = [package for package in listed if package["name"] != OURS]
    if all("skip_reason" in package for package in packages):
        raise AuditImpossible(NOT_REACHED)
    return packages


def known_faults(packages: list[Package]) -> Iterator[str]:
    """A sentence for each fault, and for each package of which nothing could be learned."""
    for package in packages:
        if "skip_reason" in package:
            yield f"{package['name']} was not audited: {package['skip_reason']}."
        for fault in package.get("vulns", []):
            fixed = ", ".join(fault["fix_versions"]) or "no version yet"
            yield f"{package['name']} {package['version']} has {fault['id']}, fixed in {fixed}."


def _reason(errors: str) -> str:
    if "No module named pip_audit" in errors:
        return "pip-audit is not installed: run make setup."
    if any(sign in errors for sign in _SIGNS_OF_NO_NETWORK):
        return NOT_REACHED
    words = errors.strip().splitlines()
    return f"pip-audit could not audit the packages: {words[-1] if words else 'it said nothing'}."


if __name__ == "__main__":
    main()
