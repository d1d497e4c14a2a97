"""Stores for tests, each begun once and only where it is asked for; a prefix for each test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.files import stores
from tests.files.stores import S3


@pytest.fixture(scope="session")
def moto() -> Iterator[S3]:
    with stores.moto() as store:
        yield store


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with stores.seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as store:
        yield store


SEAWEEDFS = pytest.param("seaweedfs", marks=pytest.mark.long("moto tells most of it"))


@pytest.fixture(params=["moto", SEAWEEDFS])
def s3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> S3:
    """Each store, with what the environment says of it."""
    return used(request.getfixturevalue(request.param), monkeypatch)


@pytest.fixture
def one_s3(moto: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """Where it is not the store that is tested."""
    return used(moto, monkeypatch)


def used(store: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    for name, value in store.environ.items():
        monkeypatch.setenv(name, value)
    return replace(store, prefix=stores.prefix())
