"""Signing in with a provider of somebody else's making, in a browser; without scripts, too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from parley.oidc.providers import Provider
from tests.browser.conftest import Arrive
from tests.browser.test_accounts import button, says
from tests.browser.test_mail import is_for_everyone
from tests.browser.visitor import PHONE, Visitor
from tests.oidc import others
from tests.oidc.provider import table
from tests.servers import Process, free_port, process


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with others.provider() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Iterator[Process]:
    """One whose people sign in with the provider. To a browser that is another site: 127.0.0.1."""
    folder, port = tmp_path_factory.mktemp("providers"), free_port()
    file = folder / "providers.toml"
    file.write_text(table(Provider("staff", "Our staff", issuer, "parley", "a secret")))
    url = f"http://localhost:{port}"
    flags = ("--port", str(port), "--public-url", url, "--oidc-providers", str(file))
    with process(folder / "data", *flags) as started:
        started.url = url
        yield started


def leaves_for(issuer: str, *visitors: Visitor) -> None:
    """The provider's pages may have what ours must not: a style sheet from elsewhere, which isn't
    asked for here.
    """
    for visitor in visitors:
        visitor.context.route(re.compile("^https:"), lambda route: route.abort())
        visitor.may_meet(f"another host: ({re.escape(issuer)}|https:)", "failed: GET https:")
        visitor.may_meet(r"ERR_FAILED", f"{re.escape(issuer)}/favicon")


def approves(visitor: Visitor, sub: str, *, has_scripts: bool) -> None:
    if not has_scripts:
        visitor.page.get_by_role("link", name="Continue to Our staff").click()
    visitor.page.get_by_placeholder("sub").fill(sub)
    button(visitor, "Authorize").click()
    if not has_scripts:
        expect(visitor.page.get_by_role("heading", name="Back from Our staff")).to_be_visible()
        button(visitor, "Continue").click()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_guest_starts_an_account_and_is_that_elsewhere(
    arrive: Arrive, issuer: str, has_scripts: bool
) -> None:
    sub = f"ana-{has_scripts}"
    plain = {} if has_scripts else {"java_script_enabled": False}
    phone, desk = arrive("Ana", **plain, **PHONE), arrive("Ana at the desk", **plain)
    leaves_for(issuer, phone, desk)

    def looks(visitor: Visitor) -> None:
        if has_scripts:
            is_for_everyone(visitor)

    phone.starts_by_hand("Tea")
    phone.opens("/account")
    looks(phone)
    button(phone, "Continue with Our staff").click()
    approves(phone, sub, has_scripts=has_scripts)
    expect(phone.page.get_by_role("heading", name="Start an account?")).to_be_visible()
    looks(phone)
    phone.page.get_by_label("Name").fill("Ana")
    button(phone, "Start an account").click()
    says(phone, "You have an account now.")
    looks(phone)

    desk.opens("/account")
    button(desk, "Sign in with Our staff").click()
    approves(desk, sub, has_scripts=has_scripts)
    says(desk, "You are signed in.")
    expect(desk.page.get_by_role("region", name="Other ways to sign in")).to_contain_text(
        "Our staff"
    )
    desk.opens("/")
    expect(desk.page.locator("#own-rows").get_by_text("Tea")).to_be_visible()


@pytest.mark.with_worker
def test_it_works_beside_a_service_worker_and_can_be_called_off(
    arrive: Arrive, issuer: str
) -> None:
    ana = arrive("Ana")
    leaves_for(issuer, ana)
    ana.may_meet("403")
    ana.opens("/")
    ana.page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    ana.opens("/account")
    button(ana, "Sign in with Our staff").click()
    button(ana, "Deny").click()
    expect(ana.page.get_by_role("alert").filter(has_text="You cancelled")).to_be_visible()
    button(ana, "Sign in with Our staff").click()
    approves(ana, "ana-worker", has_scripts=True)
    expect(ana.page.get_by_role("heading", name="Start an account?")).to_be_visible()
    ana.opens("/account")
    expect(ana.page.get_by_role("heading", name="Keep who you are")).to_be_visible()
