"""What encrypts, in a real browser: held to the vectors, and read by the Python client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from parley.client.encryption import Epoch, Opener, Person, Sealer
from parley.client.encryption.octets import from_base64url, to_base64url
from parley.pages.assets import Assets
from tests.browser.conftest import Arrive
from tests.encryption.fixed import VECTORS, vectors

pytestmark = pytest.mark.browser

CHECKING = Path(__file__).parent.parent / "encryption" / "checking.mjs"
FOLDER = f"/static/{Assets().version}/js/encryption/"
KEY = bytes(range(32))


def with_checking(page: Page) -> str:
    """The address of what checks, for this page."""
    address = "/static/checking.mjs"
    page.route(
        f"**{address}",
        lambda route: route.fulfill(body=CHECKING.read_text(), content_type="text/javascript"),
    )
    return address


def test_it_passes_the_vectors(arrive: Arrive) -> None:
    ada = arrive("Ada")
    ada.opens("/")
    checking = with_checking(ada.page)
    names = sorted(path.stem for path in VECTORS.glob("*.json"))
    assert len(names) == 6
    for name in names:
        found = ada.page.evaluate(
            """async ([checking, name, vectors, folder]) => {
              const { check } = await import(checking);
              return check(name, vectors, folder);
            }""",
            [checking, name, vectors(name), FOLDER],
        )
        assert found["wrong"] == [], name
        assert found["checked"] > 0, name


SEALS = """async ([folder, key, words]) => {
  const { Epoch } = await import(`${folder}keys.js`);
  const { Person } = await import(`${folder}people.js`);
  const { Opener, Sealer } = await import(`${folder}envelope.js`);
  const { toBase64url, utf8 } = await import(`${folder}octets.js`);
  const opened = await new Promise((done, failed) => {
    const asked = indexedDB.open("test-of-encryption", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("keys");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  const stored = (mode, act) => new Promise((done, failed) => {
    const asked = act(opened.transaction("keys", mode).objectStore("keys"));
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  let kept = await stored("readonly", (keys) => keys.get("ada"));
  if (!kept) {
    const { signing, exchange } = await Person.generate();
    await stored("readwrite", (keys) => keys.put({ signing, exchange }, "ada"));
    kept = { signing, exchange };
  }
  opened.close();
  const person = await Person.of(kept.signing, kept.exchange);
  const isSecret = await crypto.subtle
    .exportKey("pkcs8", kept.signing.privateKey)
    .then(() => false, () => true);
  const epoch = await Epoch.derive(Uint8Array.from(key));
  const room = await epoch.room();
  const sealer = new Sealer(epoch, room, person, "ada");
  const envelopes = [];
  for (const word of words) envelopes.push(await sealer.seal(utf8(word), { clientId: "c" }));
  return { envelopes, isSecret, signing: toBase64url(person.public.signing) };
}"""


def test_two_tabs_with_one_key_pair_never_share_a_nonce(arrive: Arrive) -> None:
    """The pair is kept in the browser, and can't be read out of it."""
    ada = arrive("Ada")
    ada.opens("/")
    tabs = [ada.page, ada.opens_another_tab()]
    words = [f"Number {number}" for number in range(50)]
    found: list[dict[str, Any]] = [tab.evaluate(SEALS, [FOLDER, list(KEY), words]) for tab in tabs]
    tabs[0].reload()  # and the first, loaded again
    found.append(tabs[0].evaluate(SEALS, [FOLDER, list(KEY), words]))
    assert [each["isSecret"] for each in found] == [True] * 3
    assert len({each["signing"] for each in found}) == 1
    epoch = Epoch.derive(KEY)
    opener, seen = Opener(epoch.room, epoch), set()
    for each in found:
        for word, envelope in zip(words, each["envelopes"], strict=True):
            opened = opener.open(envelope, user_id="ada", client_id="c")
            assert opened.body.decode() == word
            octets = from_base64url(envelope)
            seen.add((octets[70:86], octets[90:98]))
    assert len(seen) == 3 * len(words)
    assert len({stream for stream, _ in seen}) == 3


OPENS = """async ([folder, key, envelopes]) => {
  const { Epoch } = await import(`${folder}keys.js`);
  const { Opener } = await import(`${folder}envelope.js`);
  const epoch = await Epoch.derive(Uint8Array.from(key));
  const opener = new Opener(await epoch.room(), epoch);
  const opened = await Promise.all(
    envelopes.map((envelope) => opener.open(envelope, { userId: "ada", clientId: "c" })),
  );
  return opened.map(({ body }) => new TextDecoder().decode(body));
}"""


def test_it_reads_what_python_wrote(arrive: Arrive) -> None:
    ben = arrive("Ben")
    ben.opens("/")
    epoch = Epoch.derive(KEY)
    sealer = Sealer(epoch, epoch.room, Person.generate(), "ada")
    words = [f"你好 🙂 {number}" for number in range(200)]
    envelopes = [sealer.seal(word.encode(), client_id="c") for word in words]
    found = ben.page.evaluate(OPENS, [FOLDER, list(KEY), envelopes])
    assert found == words
    changed = bytearray(from_base64url(envelopes[0]))
    changed[-1] ^= 1
    refused = ben.page.evaluate(
        f'(args) => ({OPENS})(args).then(() => "read", ({{ reason }}) => reason)',
        [FOLDER, list(KEY), [to_base64url(bytes(changed))]],
    )
    assert refused == "not_authentic"
