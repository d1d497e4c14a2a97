"""What other apps share into Parley, and what goes from a message to them."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Arrive
from tests.browser.making_files import payload
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.with_worker

SHARE = """([text, name]) => {
  const form = Object.assign(document.createElement("form"), {
    action: "/share", method: "POST", enctype: "multipart/form-data",
  });
  const words = Object.assign(document.createElement("input"), { name: "text", value: text });
  const link = Object.assign(document.createElement("input"), {
    name: "url", value: "https://example.org/",
  });
  form.append(words, link);
  if (name) {
    const files = Object.assign(document.createElement("input"), { type: "file", name: "files" });
    const given = new DataTransfer();
    given.items.add(new File(["Some notes"], name, { type: "text/plain" }));
    files.files = given.files;
    form.append(files);
  }
  document.body.append(form);
  form.submit();
}"""


def shares(visitor: Visitor, text: str, name: str = "") -> None:
    """As the system does for an app that has nothing but the manifest to go by."""
    visitor.opens("/notifications")
    visitor.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    visitor.page.evaluate(SHARE, [text, name])
    expect(visitor.page.get_by_role("heading", name="Share to a conversation")).to_be_visible()


def test_words_and_a_file_go_into_the_composer_and_are_sent_by_its_button(ada: Visitor) -> None:
    ada.starts("Lake")
    shares(ada, "Look at this", "notes.txt")
    assert ada.page.evaluate("location.pathname") == "/share"
    preview = ada.page.locator("#share-preview")
    expect(preview).to_contain_text("Look at this")
    expect(preview).to_contain_text("https://example.org/")
    expect(preview.get_by_role("listitem")).to_have_text(["notes.txt"])
    ada.page.get_by_role("link", name="Lake").click()
    ada.is_connected()
    expect(ada.composer).to_have_value("Look at this\nhttps://example.org/")
    expect(ada.page.locator("#composer")).to_contain_text("notes.txt")
    expect(ada.messages).to_have_count(0)
    ada.page.get_by_role("button", name="Send").click()
    expect(ada.messages).to_have_count(1)
    expect(ada.messages.first).to_contain_text("notes.txt")
    # It is there once.
    ada.opens("/share")
    expect(ada.page.get_by_text("Nothing is waiting to be shared.")).to_be_visible()
    expect(ada.page.get_by_role("heading", name="Which conversation?")).to_be_hidden()


def test_without_a_worker_words_are_shown_and_nothing_is_stored(
    arrive: Arrive, ada: Visitor
) -> None:
    link = ada.starts("Lake")
    ben = arrive("Ben", service_workers="block")
    ben.may_meet("registration blocked by Playwright")
    ben.comes(link)
    ben.opens("/notifications")
    held: list[Route] = []
    ben.page.route("**/js/share.js", lambda route: held.append(route))
    ben.page.evaluate(SHARE, ["Look <b>here</b>", ""])
    expect(ben.page.locator("#share-text")).to_have_text("Look <b>here</b>\nhttps://example.org/")
    # Whoever went on before the words are kept would find an empty composer.
    expect(ben.page.get_by_role("link", name="Lake")).to_be_hidden()
    held.pop().continue_()
    ben.page.get_by_role("link", name="Lake").click()
    ben.is_connected()
    expect(ben.composer).to_have_value("Look <b>here</b>\nhttps://example.org/")


def test_the_manifest_takes_words_links_and_any_file(ada: Visitor) -> None:
    ada.opens("/")
    said = json.loads(
        ada.page.evaluate("async () => (await fetch('/manifest.webmanifest')).text()")
    )["share_target"]
    assert (said["action"], said["method"]) == ("/share", "POST")
    assert said["params"]["files"] == [{"name": "files", "accept": ["*/*"]}]


def test_a_message_and_its_file_are_handed_to_another_app(arrive: Arrive) -> None:
    ada = arrive("Ada", viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    ada.page.add_init_script(
        """
        navigator.canShare = ({ files }) => files.length > 0;
        navigator.share = async ({ text, files = [] }) => {
          globalThis.handed = { text, files: files.map(({ name, size }) => [name, size]) };
        };
        """
    )
    ada.starts()
    ada.page.locator("#file").set_input_files([payload("notes.txt", b"Some notes")])
    expect(ada.page.locator("#composer")).to_contain_text("notes.txt")
    ada.says("Read this")
    ada.messages.first.focus()
    ada.page.keyboard.press("h")
    ada.page.wait_for_function("() => globalThis.handed")
    assert ada.page.evaluate("handed") == {"text": "Read this", "files": [["notes.txt", 10]]}
