"""What is on all devices of an account, as people see it; with keys of encrypted conversations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import FilePayload, Response, expect

from tests.browser.conftest import Arrive
from tests.browser.test_accounts import Authenticator, button, says
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.test_mail import is_for_everyone
from tests.browser.visitor import PHONE, Visitor
from tests.media.drawn import flag, saved
from tests.servers import Process, free_port, process

pytestmark = pytest.mark.not_in_firefox("its authenticator is not for Playwright")

FORGETS = """async () => {
  localStorage.clear();
  for (const { name } of await indexedDB.databases()) {
    await new Promise((done) => (indexedDB.deleteDatabase(name).onsuccess = done));
  }
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One that has a public URL: passkeys are for its host."""
    data, port = tmp_path_factory.mktemp("belongings") / "data", free_port()
    url = f"http://localhost:{port}"
    with process(data, "--port", str(port), "--public-url", url) as started:
        started.url = url
        yield started


def has_account(*devices: Visitor) -> None:
    """One on all of them, without a look at its page."""
    first, *others = devices
    token, url = first.session(), first.url
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    made = requests.post(f"{url}/api/account", json={"name": "Ana"}, headers=headers, timeout=30)
    first.has_session(made.json()["token"])
    for code, device in zip(made.json()["codes"], others, strict=False):
        signed_in = requests.post(f"{url}/api/account/sign-in", json={"code": code}, timeout=30)
        device.has_session(signed_in.json()["token"])


def test_what_is_pinned_stays_on_top_on_both_devices(arrive: Arrive) -> None:
    phone, desk = arrive("Ana", **PHONE), arrive("Ana at the desk")
    for title in ("Tea", "Hut", "Lake"):
        phone.owns(title)
    has_account(phone, desk)
    phone.opens("/conversations")
    desk.opens("/conversations")
    for each in (phone, desk):
        rows = each.page.locator("#own-rows > li")
        expect(rows).to_contain_text(["Lake", "Hut", "Tea"])
    phone.taps(button(phone, "Pin Tea"))
    for each in (phone, desk):
        rows = each.page.locator("#own-rows > li")
        expect(rows).to_contain_text(["Tea", "Lake", "Hut"])
        expect(rows.first.get_by_text("pinned", exact=True)).to_be_visible()
        is_for_everyone(each)
    button(desk, "Unpin Tea").click()
    expect(phone.page.locator("#own-rows > li")).to_contain_text(["Lake", "Hut", "Tea"])


def test_what_is_half_written_goes_along(arrive: Arrive) -> None:
    phone, desk = arrive("Ana", **PHONE), arrive("Ana at the desk")
    link = phone.owns("Tea")
    has_account(phone, desk)
    phone.comes(link, "Ana")
    with phone.page.expect_response(_keeps("Who brings the")):
        phone.types("Who brings the")
    desk.opens(link)
    expect(desk.composer).to_have_value("Who brings the")
    desk.composer.press("End")
    with desk.page.expect_response(_keeps("Who brings the cake?")):
        desk.types(" cake?")
    phone.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(phone.composer).to_have_value("Who brings the cake?")
    # What is sent on one is not there to be sent on the other once more.
    desk.says("Who brings the cake?")
    phone.reads("Who brings the cake?")
    expect(phone.composer).to_have_value("")
    phone.page.reload()
    phone.is_connected()
    expect(phone.composer).to_have_value("")


def test_of_two_drafts_neither_takes_the_others_place(arrive: Arrive) -> None:
    phone, desk = arrive("Ana", **PHONE), arrive("Ana at the desk")
    link = phone.owns("Tea")
    has_account(phone, desk)
    phone.comes(link, "Ana")
    desk.opens(link)
    desk.is_connected()
    desk.may_meet("409")
    with phone.page.expect_response(_keeps("From the phone")):
        phone.types("From the phone")
    with desk.page.expect_response(lambda answer: answer.status == 409):
        desk.types("Quite another thought")
    expect(desk.composer).to_have_value("Quite another thought")
    phone.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(phone.composer).to_have_value("From the phone")
    # Once this one is sent, the other is there.
    desk.says("Quite another thought")
    expect(desk.composer).to_have_value("From the phone")


def test_a_colour_is_chosen_and_seen_at_once(arrive: Arrive) -> None:
    ana, ben = arrive("Ana"), arrive("Ben")
    link = ana.owns("Tea")
    has_account(ana)
    ana.comes(link, "Ana")
    ana.says("Hello")
    ben.comes(link)
    ben.reads("Hello")
    face = ben.message("Hello").locator(".face")
    ana.opens("/account")
    is_for_everyone(ana)
    expect(ana.page.get_by_label("Name")).to_have_value("Ana")
    ana.page.get_by_role("radio", name="Strong teal").check(force=True)
    is_for_everyone(ana)
    ana.page.get_by_role("region", name="You", exact=True).get_by_role(
        "button", name="Save"
    ).click()
    says(ana, "Your name and colour are saved.")
    expect(ana.page.get_by_role("radio", name="Strong teal")).to_be_checked()
    expect(face).to_have_attribute("data-hue", "8")
    ben.reloads()
    expect(face).to_have_attribute("data-hue", "8")
    ana.page.get_by_role("radio", name="Blue", exact=True).check(force=True)
    ana.page.get_by_role("region", name="You", exact=True).get_by_role(
        "button", name="Save"
    ).click()
    expect(face).to_have_attribute("data-hue", "3")


def test_a_picture_is_chosen_and_seen_at_once(arrive: Arrive) -> None:
    ana, ben = arrive("Ana"), arrive("Ben")
    link = ana.owns("Tea")
    has_account(ana)
    ana.comes(link, "Ana")
    ana.says("Hello")
    ben.comes(link)
    ben.reads("Hello")
    face = ben.message("Hello").locator(".face")
    ana.opens("/account")
    drawn = FilePayload(name="me.png", mimeType="image/png", buffer=saved(flag((900, 600)), "PNG"))
    ana.page.get_by_label("Choose a picture").set_input_files(drawn)
    says(ana, "Your picture is shown now.")
    is_for_everyone(ana)
    expect(face.locator("img")).to_be_visible()
    assert (
        face.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)")
        == 144
    )
    # What is said from then on shows it, too, and so does a page that is opened later.
    ana.opens(link)
    ana.says("Another")
    expect(ben.message("Another").locator("img")).to_be_attached()
    ben.reloads()
    expect(face.locator("img")).to_be_visible()
    ana.opens("/account")
    button(ana, "Remove it").click()
    says(ana, "Your picture is removed.")
    expect(face.locator("img")).to_have_count(0)
    ana.page.get_by_label("Choose a picture").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(ana.page.get_by_text("This picture can't be opened.")).to_be_visible()


# --- keys ---


def shows_chest(visitor: Visitor, words: str | re.Pattern[str]) -> None:
    expect(visitor.page.locator("#chest-section").get_by_text(words).first).to_be_visible()


def is_another_computer(visitor: Visitor) -> None:
    """The browser forgets all it has; only the security key is as before."""
    visitor.opens("/account")
    visitor.page.evaluate(FORGETS)
    visitor.context.clear_cookies()


def test_a_passkey_brings_the_keys_along(arrive: Arrive) -> None:
    ana = arrive("Ana")
    Authenticator(ana, hasPrf=True, ctap2Version="ctap2_1", transport="usb")
    sent: list[str] = []
    ana.context.on("request", lambda request: sent.append(request.post_data or ""))
    ana.opens("/account")
    button(ana, "Create a passkey").click()
    says(ana, "You have an account now.")
    link = starts_encrypted(ana, "Surprise party")
    ana.says("Nobody tells Ben")
    ana.opens("/account")
    button(ana, "Keep them, with a passkey").click()
    shows_chest(ana, "The key of one conversation is kept.")
    is_for_everyone(ana)
    # What starts later goes in by itself.
    with ana.page.expect_response("**/api/account/chest"):
        later = starts_encrypted(ana, "Cake")
    ana.says("With cherries")
    ana.page.reload()
    ana.is_connected()

    is_another_computer(ana)
    ana.opens("/account")
    button(ana, "Sign in with a passkey").click()
    says(ana, "You are signed in.")
    shows_chest(ana, "The keys of 2 conversations are kept.")
    ana.opens("/")
    for room, words in ((link, "Nobody tells Ben"), (later, "With cherries")):
        path = room.partition("#")[0].rpartition("/")[2]
        ana.page.locator(f'#own-rows a[href$="{path}"]').click()
        ana.reads(words)
        ana.opens("/")
    # Neither a key nor what the passkey says of itself ever went to the server.
    keys = [each.partition("#k=")[2][:43] for each in (link, later)]
    assert sent
    assert not any(key in body for body in sent for key in keys)
    assert not any('"prf"' in body for body in sent)


def test_without_prf_a_phrase_does_it(arrive: Arrive) -> None:
    phone, desk = arrive("Ana"), arrive("Ana at the desk")
    on_phone, on_desk = Authenticator(phone), Authenticator(desk)
    phone.opens("/account")
    button(phone, "Create a passkey").click()
    says(phone, "You have an account now.")
    link = starts_encrypted(phone, "Surprise party")
    phone.says("Nobody tells Ben")
    phone.opens("/account")
    button(phone, "Keep them, with a passkey").click()
    shows_chest(phone, "This passkey can't do that")
    button(phone, "Keep them, with a recovery phrase").click()
    phrase = phone.page.locator("#chest-phrase-shown").inner_text()
    assert len(phrase.split()) == 8
    is_for_everyone(phone)
    button(phone, "I've written it down").click()
    shows_chest(phone, "The key of one conversation is kept.")

    on_desk.gets(on_phone.passkeys()[0])
    desk.opens("/account")
    button(desk, "Sign in with a passkey").click()
    says(desk, "You are signed in.")
    shows_chest(desk, "This device can't open them yet.")
    field = desk.page.get_by_label("Recovery phrase")
    field.fill(f"{phrase} more")
    field.press("Enter")
    shows_chest(desk, "That isn't the phrase")
    field.fill(f"  {phrase.upper()} ".replace(" ", "  "))
    field.press("Enter")
    shows_chest(desk, "This device opens them now.")
    is_for_everyone(desk)
    desk.opens(link.partition("#")[0])
    desk.reads("Nobody tells Ben")
    # Whoever leaves takes the key out, for all devices.
    desk.opens("/account")
    shows_chest(desk, "The key of one conversation is kept.")
    desk.page.on("dialog", lambda dialog: dialog.accept())
    button(desk, "Stop keeping them").click()
    shows_chest(desk, "They are no longer kept with your account.")
    phone.opens("/account")
    shows_chest(phone, "On each new device you need their links")


def test_a_chest_that_was_changed_or_set_back_is_told(arrive: Arrive) -> None:
    ana = arrive("Ana")
    has_account(ana)
    headers, path = {"Authorization": f"Bearer {ana.session()}"}, f"{ana.url}/api/account/chest"

    def puts(chest: str) -> None:
        """As whoever has the server's disk could."""
        version = requests.get(path, headers=headers, timeout=30).json()["version"]
        body = {"chest": chest, "version": version}
        assert requests.put(path, json=body, headers=headers, timeout=30).ok

    starts_encrypted(ana, "Surprise party")
    ana.opens("/account")
    button(ana, "Keep them, with a recovery phrase").click()
    button(ana, "I've written it down").click()
    shows_chest(ana, "The key of one conversation is kept.")
    old = requests.get(path, headers=headers, timeout=30).json()["chest"]
    starts_encrypted(ana, "Cake")
    ana.page.reload()
    ana.is_connected()
    ana.opens("/account")
    shows_chest(ana, "The keys of 2 conversations are kept.")
    good = requests.get(path, headers=headers, timeout=30).json()["chest"]

    puts(good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB"))
    ana.opens("/account")
    shows_chest(ana, "What the server has isn't what this device kept.")
    is_for_everyone(ana)
    puts(old)
    ana.opens("/account")
    shows_chest(ana, "The server has an earlier state than this device saw before")
    # This device's keys are put in again, and so all is well.
    expect(ana.page.locator("#chest-parts")).to_be_visible()
    ana.page.wait_for_load_state("networkidle")
    ana.opens("/account")
    shows_chest(ana, "The keys of 2 conversations are kept. They open on each of your devices")
    ana.does_not_see("The server has an earlier state")
    puts("")
    ana.opens("/account")
    shows_chest(ana, "On each new device you need their links")


def test_a_device_that_is_signed_out_opens_nothing_more(arrive: Arrive) -> None:
    ana = arrive("Ana")
    has_account(ana)
    link = starts_encrypted(ana, "Surprise party")
    ana.opens("/account")
    button(ana, "Keep them, with a recovery phrase").click()
    button(ana, "I've written it down").click()
    shows_chest(ana, "The key of one conversation is kept.")
    button(ana, re.compile("^Sign out$")).click()
    says(ana, "You are signed out on this device.")
    ana.page.wait_for_function(
        """async () => {
          const request = indexedDB.open("parley-chest", 1);
          request.onupgradeneeded = () => request.transaction.abort();
          const database = await new Promise((done) => {
            request.onsuccess = () => done(request.result);
            request.onerror = () => done();
          });
          if (!database) return true;
          const count = database.transaction("own").objectStore("own").count();
          const found = await new Promise((done) => (count.onsuccess = () => done(count.result)));
          database.close();
          return found === 0;
        }"""
    )
    assert link


def _keeps(words: str) -> Callable[[Response], bool]:
    """The answer to a page that keeps just these words."""

    def is_it(answer: Response) -> bool:
        asked = answer.request
        is_draft = asked.method == "PUT" and asked.url.endswith("/draft")
        return is_draft and (asked.post_data_json or {}).get("text") == words

    return is_it
