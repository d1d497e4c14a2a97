"""The page of one's account, with Chromium's own authenticator; without scripts, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from tests.browser.conftest import Arrive
from tests.browser.test_mail import is_for_everyone
from tests.browser.visitor import PHONE, Visitor
from tests.servers import Process, free_port, process

pytestmark = pytest.mark.not_in_firefox("its authenticator is not for Playwright")
SPEAKS_DEVTOOLS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """One that has a public URL: passkeys are for its host."""
    data, port = tmp_path_factory.mktemp("accounts") / "data", free_port()
    url = f"http://localhost:{port}"
    with process(data, "--port", str(port), "--public-url", url) as started:
        started.url = url
        yield started


class Authenticator:
    """What a visitor's browser asks."""

    def __init__(self, visitor: Visitor, **options: Any) -> None:
        self.devtools: CDPSession = visitor.page.context.new_cdp_session(visitor.page)
        self.devtools.send("WebAuthn.enable")
        made = self.devtools.send(
            "WebAuthn.addVirtualAuthenticator", {"options": {**SPEAKS_DEVTOOLS, **options}}
        )
        self.id = made["authenticatorId"]

    def passkeys(self) -> list[dict[str, Any]]:
        found = self.devtools.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        credentials: list[dict[str, Any]] = found["credentials"]
        return credentials

    def gets(self, passkey: dict[str, Any]) -> None:
        """As one that another device has, and syncs."""
        given = {"authenticatorId": self.id, "credential": passkey}
        self.devtools.send("WebAuthn.addCredential", given)

    def refuses(self) -> None:
        given = {"authenticatorId": self.id, "isUserVerified": False}
        self.devtools.send("WebAuthn.setUserVerified", given)


def button(visitor: Visitor, name: str | re.Pattern[str]) -> Any:
    return visitor.page.get_by_role("button", name=name)


def says(visitor: Visitor, words: str) -> None:
    expect(visitor.page.get_by_role("status").filter(has_text=words)).to_be_visible()


def test_a_guest_keeps_who_they_are_and_is_that_on_another_device(arrive: Arrive) -> None:
    phone, desk = arrive("Ana", **PHONE), arrive("Ana at the desk")
    on_phone, on_desk = Authenticator(phone), Authenticator(desk)
    phone.starts_by_hand("Tea")
    phone.opens("/account")
    expect(phone.page.get_by_text("In this browser you have one conversation")).to_be_visible()
    button(phone, "Create a passkey").click()
    says(phone, "You have an account now.")
    [passkey] = on_phone.passkeys()
    assert passkey["rpId"] == "localhost"
    assert passkey["isResidentCredential"] is True

    on_desk.gets(passkey)
    desk.opens("/account")
    button(desk, "Sign in with a passkey").click()
    says(desk, "You are signed in.")
    devices = desk.page.get_by_role("region", name="Your devices")
    expect(devices.get_by_text("Chrome on Linux")).to_have_count(2)
    desk.opens("/")
    expect(desk.page.locator("#own-rows").get_by_text("Tea")).to_be_visible()


def test_each_state_of_the_page_is_for_everyone(arrive: Arrive) -> None:
    phone, desk = arrive("Ana", **PHONE), arrive("Ana at the desk")
    on_phone, on_desk = Authenticator(phone), Authenticator(desk)
    phone.starts_by_hand("Tea")
    phone.opens("/account")
    is_for_everyone(phone)
    button(phone, "Create a passkey").click()
    says(phone, "You have an account now.")
    is_for_everyone(phone)
    on_desk.gets(on_phone.passkeys()[0])
    desk.opens("/account")
    button(desk, "Sign in with a passkey").click()
    says(desk, "You are signed in.")
    expect(desk.page.get_by_role("region", name="Your devices")).to_be_visible()
    is_for_everyone(desk)


def test_a_guest_brings_along_a_conversation(arrive: Arrive) -> None:
    phone, desk = arrive("Ana", **PHONE), arrive("Ana at the desk")
    on_phone, on_desk = Authenticator(phone), Authenticator(desk)
    phone.opens("/account")
    button(phone, "Create a passkey").click()
    says(phone, "You have an account now.")
    desk.starts_by_hand("Coffee")
    on_desk.gets(on_phone.passkeys()[0])
    desk.opens("/account")
    expect(desk.page.get_by_label("Bring along what I have")).to_be_checked()
    button(desk, "Sign in with a passkey").click()
    says(desk, "You are signed in.")
    for visitor in (phone, desk):
        visitor.opens("/")
        expect(visitor.page.locator("#own-rows").get_by_text("Coffee")).to_be_visible()


def test_a_device_that_is_signed_out_elsewhere_is_out_at_once(arrive: Arrive) -> None:
    phone, desk = arrive("Ana", **PHONE), arrive("Ana at the desk")
    on_phone, on_desk = Authenticator(phone), Authenticator(desk)
    link = phone.starts("Tea")
    ben = arrive("Ben")
    ben.comes(link, "Ben")
    phone.opens("/account")
    button(phone, "Create a passkey").click()
    says(phone, "You have an account now.")
    on_desk.gets(on_phone.passkeys()[0])
    desk.opens("/account")
    button(desk, "Sign in with a passkey").click()
    says(desk, "You are signed in.")
    desk.opens(link)
    desk.says("From the desk")
    ben.reads("From the desk")
    phone.opens("/account")
    button(phone, "Sign out all others").click()
    says(phone, "All other devices are signed out.")
    # At once, and without a reload; nor does its page come back by itself under the name.
    expect(desk.page.get_by_text("This device was signed out.")).to_be_visible()
    expect(ben.notices.filter(has_text="Ana left")).to_be_visible()
    desk.opens(link)
    expect(desk.name_field).to_be_visible()
    desk.opens("/account")
    expect(button(desk, "Sign in with a passkey")).to_be_visible()
    desk.opens("/")
    expect(desk.page.locator("#own-rows")).to_have_count(0)


def test_what_is_called_off_changes_nothing(arrive: Arrive) -> None:
    ana = arrive("Ana")
    Authenticator(ana).refuses()
    ana.opens("/account")
    button(ana, "Create a passkey").click()
    expect(button(ana, "Create a passkey")).to_be_enabled()
    ana.opens("/account")
    expect(ana.page.get_by_role("heading", name="Keep who you are")).to_be_visible()


def test_a_second_passkey_on_the_same_device_is_refused_with_words(arrive: Arrive) -> None:
    ana = arrive("Ana")
    Authenticator(ana)
    ana.opens("/account")
    button(ana, "Create a passkey").click()
    says(ana, "You have an account now.")
    button(ana, "Add a passkey").click()
    expect(ana.page.get_by_role("alert")).to_contain_text("already")


def codes_on(visitor: Visitor) -> list[str]:
    expect(visitor.page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    return visitor.page.locator(".codes code").all_inner_texts()


@pytest.mark.parametrize("scripts", [True, False])
def test_by_codes_alone_on_a_phone(arrive: Arrive, scripts: bool) -> None:
    ana = arrive("Ana", java_script_enabled=scripts, **PHONE)
    desk = arrive("Ana at the desk", java_script_enabled=scripts)

    def looks(visitor: Visitor) -> None:
        if scripts:
            is_for_everyone(visitor)

    ana.starts_by_hand("Tea")
    ana.opens("/account")
    button(ana, "Use recovery codes").click()
    codes = codes_on(ana)
    assert len(codes) == 10
    looks(ana)
    ana.page.get_by_role("link", name="I've saved them").click()
    expect(ana.page.get_by_text("10 are left")).to_be_visible()

    desk.opens("/account")
    desk.may_meet("403")
    desk.page.get_by_label("Recovery code").fill("0000-0000-0000-0000")
    button(desk, "Sign in with a code").click()
    expect(desk.page.get_by_role("alert").filter(has_text="isn't valid")).to_be_visible()
    looks(desk)
    desk.page.get_by_label("Recovery code").fill(codes[0].upper())
    button(desk, "Sign in with a code").click()
    says(desk, "You are signed in.")
    expect(desk.page.get_by_text("9 are left")).to_be_visible()
    looks(desk)

    button(desk, "Create new codes").click()
    assert not set(codes_on(desk)) & set(codes)
    desk.opens("/account")
    button(desk, "Delete account").click()
    expect(desk.page.get_by_role("heading", name="Delete this account?")).to_be_visible()
    expect(desk.page.get_by_text("the conversation you started")).to_be_visible()
    looks(desk)
    desk.page.get_by_label("Delete it for everyone").check()
    button(desk, "Delete account").click()
    says(desk, "Your account is deleted.")
    ana.opens("/account")
    expect(ana.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_pages_of_everything_else_may_ask_no_authenticator(arrive: Arrive) -> None:
    ana = arrive("Ana")
    policy = ana.page.request.get(f"{ana.url}/").headers["permissions-policy"]
    assert "publickey-credentials-get=()" in policy
    assert "publickey-credentials-create=()" in policy
    policy = ana.page.request.get(f"{ana.url}/account").headers["permissions-policy"]
    assert "publickey-credentials-get=(self)" in policy
    assert "publickey-credentials-create=(self)" in policy


def test_other_tabs_go_on_as_who_they_are(arrive: Arrive) -> None:
    phone, desk, ben = arrive("Ana", **PHONE), arrive("Ana at the desk"), arrive("Ben")
    on_phone, on_desk = Authenticator(phone), Authenticator(desk)
    link = ben.starts("Tea")
    phone.opens("/account")
    button(phone, "Create a passkey").click()
    says(phone, "You have an account now.")
    on_desk.gets(on_phone.passkeys()[0])
    # The guest's conversation stays open beside.
    desk.comes(link, "Ana")
    beside = desk.opens_another_tab()
    desk.opens("/account")
    button(desk, "Sign in with a passkey").click()
    says(desk, "You are signed in.")
    desk.page = beside
    desk.says("Still me")
    ben.reads("Still me")
    ben.does_not_see("Ana left")
    expect(ben.people.get_by_text("Ana")).to_have_count(1)
    phone.opens(link)
    phone.says("And on the phone")
    expect(ben.people.get_by_text("Ana")).to_have_count(1)
