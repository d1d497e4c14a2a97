"""What Lighthouse says of the pages, opened by a guest on a slow phone.

    make lighthouse [ARGS="--rounds N --before CHECKOUT --caddy"]

It exits with 1 if a page is slower than it may be, or fails anything else but what it should fail.
Without a proxy, pages come by plain HTTP/1.1 from this machine, which Lighthouse takes for as safe
as HTTPS; with `--caddy` they come by HTTP/2 over TLS, configured as in docs/proxies.md. Lighthouse
works out from one fast load how long a slow one takes, so a busy machine changes little.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from tests.browser import chromium
from tests.browser.builds import ROOT, served
from tests.browser.seeding import Said, Seeding
from tests.proxying import SBIN, Place, runs
from tests.security.browser.tls import certificate
from tests.servers import free_port
from tests.test_proxies import block

PROGRAM = ROOT / "tools" / "lighthouse" / "node_modules" / "lighthouse" / "cli" / "index.js"
PATIENCE_S = 300
CONVERSATION = "a conversation"
MESSAGES = 120
MIN_PERFORMANCE = 95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
METRICS = {
    "FCP ms": "first-contentful-paint",
    "LCP ms": "largest-contentful-paint",
    "TBT ms": "total-blocking-time",
    "SI ms": "speed-index",
    "CLS": "cumulative-layout-shift",
    "bytes": "total-byte-weight",
}
ON_PURPOSE = {
    (CONVERSATION, "is-crawlable"): "a conversation is for those who have its link",
}
"""What a page fails because it should, and why."""
NEEDS_HTTPS = ("is-on-https", "redirects-http", "has-hsts", "csp-xss")
"""What says nothing of a page at 127.0.0.1, which Lighthouse takes for safe."""

Report = dict[str, Any]


async def main() -> int:
    parser = argparse.ArgumentParser(description="Have Lighthouse mark the pages.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", type=Path, help="another checkout to compare with")
    parser.add_argument("--caddy", action="store_true", help="put Caddy in front, with HTTP/2")
    arguments = parser.parse_args()
    if not PROGRAM.exists():
        sys.exit("Lighthouse was not found: run make lighthouse, which installs it.")
    builds = {"now": ROOT}
    if arguments.before:
        builds["before"] = arguments.before.resolve()
    reports: dict[tuple[str, str], list[Report]] = defaultdict(list)
    async with contextlib.AsyncExitStack() as stack:
        sites = {
            name: await _site(stack, path, behind_caddy=arguments.caddy)
            for name, path in builds.items()
        }
        for _ in range(arguments.rounds):
            for page in sites["now"]:
                for name, pages in sites.items():
                    reports[page, name].append(await _report(pages[page]))
    _print_table(reports)
    _print_https(reports[CONVERSATION, "now"][0])
    wrong = [
        each for (page, name), of in reports.items() if name == "now" for each in _tell(page, of)
    ]
    for each in wrong:
        print(each)
    return 1 if wrong else 0


async def _site(
    stack: contextlib.AsyncExitStack, checkout: Path, *, behind_caddy: bool
) -> dict[str, str]:
    """The addresses of the pages of one build, by what they are called here."""
    upstream = free_port()
    if not behind_caddy:
        seeding = stack.enter_context(served(checkout, upstream))
        return _filled(seeding, f"http://127.0.0.1:{upstream}")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    host = chromium.PLAIN_HTTP_HOST  # not localhost, of which Lighthouse asks less
    at = Place(folder, free_port(), upstream, *certificate(folder, host))
    url = f"https://{host}:{at.port}"
    flags = ("--public-url", url, "--hosts", "127.0.0.1", "--trusted-proxies", "127.0.0.1")
    seeding = stack.enter_context(served(checkout, upstream, *flags))
    stack.enter_context(runs(_caddy(at, url), at))
    return _filled(seeding, url)


def _caddy(at: Place, url: str) -> list[str]:
    program = shutil.which("caddy", path=SBIN)
    if program is None:
        sys.exit("Caddy was not found: tests/system.sh says how to have it.")
    own = f"{url} {{\n  tls {at.certificate} {at.key}"
    site = block("caddy", site=own, upstream=f"127.0.0.1:{at.upstream}")
    path = at.writes("Caddyfile", "{\n  admin off\n  auto_https disable_redirects\n}\n" + site)
    return [program, "run", "--adapter", "caddyfile", "--config", str(path)]


def _filled(seeding: Seeding, url: str) -> dict[str, str]:
    """The pages at `url`, once there is something on them."""
    for number in range(5):
        seeding.conversation(f"Tea on day {number}", [Said("Cleo", "Who is in?")], listed=True)
    talk = [
        Said(
            ("Ada", "Ben", "Cleo")[i // 2 % 3],
            f"Line {i} of a talk with **bold** words, [a link](https://example.org/{i})"
            f" and {'more to say ' * (i % 5)}",
        )
        for i in range(MESSAGES)
    ]
    full = seeding.conversation("Tea", talk, description="Which one, and *when*?")
    seeding.react(full, "Ben", MESSAGES, "👍", "🎉")
    seeding.answer(full, "Ada", "Agreed.", MESSAGES - 3)
    path = f"/conversation/{full.room_id}"
    return {"/": f"{url}/", "/conversations": f"{url}/conversations", CONVERSATION: url + path}


async def _report(url: str) -> Report:
    flags = (*chromium.FLAGS, "--headless", "--ignore-certificate-errors")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        running = await asyncio.create_subprocess_exec(
            *("node", str(PROGRAM), url, "--quiet", "--no-enable-error-reporting"),
            *("--output=json", f"--output-path={path}", f"--chrome-flags={_quoted(flags)}"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, "CHROME_PATH": chromium.path(), "CI": "true"},
        )
        try:
            said, _ = await asyncio.wait_for(running.communicate(), PATIENCE_S)
        finally:
            if running.returncode is None:
                running.kill()
        if running.returncode or not path.exists():
            sys.exit(f"Lighthouse could not open {url}.\n{said.decode()}")
        report: Report = json.loads(path.read_text("utf-8"))
    if "runtimeError" in report:
        sys.exit(f"Lighthouse could not open {url}: {report['runtimeError']['message']}")
    return report


def _quoted(flags: tuple[str, ...]) -> str:
    """In one argument, which is taken apart at spaces that stand between no quotes."""
    named = (flag.partition("=") for flag in flags)
    return " ".join(f'{name}="{value}"' if equals else name for name, equals, value in named)


def _print_table(reports: dict[tuple[str, str], list[Report]]) -> None:
    print(f"{'':24}" + "".join(f"{name:>15}" for name in CATEGORIES), end="")
    print("".join(f"{name:>9}" for name in METRICS) + "  protocol")
    for (page, build), of in reports.items():
        print(f"{page:16}{build:8}", end="")
        print("".join(f"{_mark(of, name):15.0f}" for name in CATEGORIES), end="")
        for heading, audit in METRICS.items():
            middle = median(report["audits"][audit]["numericValue"] for report in of)
            print(f"{middle:9.2f}" if heading == "CLS" else f"{middle:9.0f}", end="")
        requests = of[0]["audits"]["network-requests"]["details"]["items"]
        print("  " + ", ".join(sorted({each["protocol"] for each in requests if each["protocol"]})))


def _print_https(report: Report) -> None:
    """What came of the audits that are about HTTPS."""
    audits = {name: report["audits"][name] for name in NEEDS_HTTPS}
    if report["finalDisplayedUrl"].startswith("http:"):
        print(f"Say nothing without HTTPS: {', '.join(audits)}")
        return
    for name, audit in audits.items():
        items = audit.get("details", {}).get("items", [])
        told = [str(item["description"]) for item in items if "description" in item]
        state = {1: "passed", 0: "failed"}.get(audit["score"], "found nothing")
        print(f"Of HTTPS: {name}: {'; '.join(told) or state}")


def _mark(reports: list[Report], category: str) -> float:
    scores: list[float] = [report["categories"][category]["score"] for report in reports]
    return 100 * median(scores)


def _tell(page: str, reports: list[Report]) -> list[str]:
    """Print what was left out, and what fails on purpose; what else is wrong."""
    wrong = []
    if (mark := _mark(reports, "performance")) < MIN_PERFORMANCE:
        wrong.append(f"{page}: {mark:.0f} for performance, less than {MIN_PERFORMANCE}")
    for name, title in _failed(reports).items():
        if why := ON_PURPOSE.get((page, name)):
            print(f"{page}: fails {name} on purpose: {why}")
        else:
            wrong.append(f"{page}: fails {name}: {title}")
    return wrong


def _failed(reports: list[Report]) -> dict[str, str]:
    """Audits that count and that any of these did not pass, performance apart: their titles."""
    return {
        ref["id"]: report["audits"][ref["id"]]["title"]
        for report in reports
        for category in CATEGORIES[1:]
        for ref in report["categories"][category]["auditRefs"]
        if ref["weight"]
        and (report["audits"][ref["id"]]["score"] or 0) < 1
        and report["audits"][ref["id"]]["scoreDisplayMode"] not in ("notApplicable", "manual")
    }


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
