"""What axe, which knows the rules of accessibility, finds on a page."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Looks through everything in the page: what axe tells of its work is long, and slow to hand over.
_GRAVE = """async () => {
  const {violations} = await axe.run({resultTypes: ["violations"]});
  return violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .flatMap(({id, nodes}) => nodes.map(node =>
      `${id}: ${node.html.slice(0, 120)} ${node.failureSummary}`));
}"""


def grave_faults(page: Page) -> list[str]:
    """What is serious or critical, a line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_GRAVE)
    return found
