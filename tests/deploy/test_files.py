"""The other files in `deploy/`: they name what there is, and those who read them take them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from parley.config import SETTINGS
from tests.deploy.configurations import DEPLOY
from tests.servers import process

ROOT = DEPLOY.parent
UNIT = DEPLOY / "systemd" / "parley.service"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
MOST_EXPOSED = 20
"""In tenths of what `systemd-analyze security` counts: 100 is a service that may do everything."""
FILES = [path for path in DEPLOY.rglob("*") if path.is_file() and path.name != "README.md"]
KUBERNETES = DEPLOY / "kubernetes" / "parley.yaml"


def test_every_setting_that_is_named_is_one() -> None:
    known = {setting.variable for setting in SETTINGS} | {"PARLEY_PLACE"}  # a cookie of Apache's
    flags = {setting.flag for setting in SETTINGS}
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"\bPARLEY_[A-Z_]+", text)) <= known, path
        for command in re.findall(r"parley serve((?:.|\\\n#)*)$", text, re.MULTILINE):
            assert set(re.findall(r"--[a-z-]+", command)) <= flags, path


def test_every_file_is_described() -> None:
    described = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for path in FILES:
        place = path.relative_to(DEPLOY)
        assert str(place) in described or f"`{place.parts[0]}/`" in described, place


# --- the image ---


def test_the_image_is_made_of_what_there_is() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
        ignored = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8")
        assert f"!{name}\n" in ignored
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [extras] = re.findall(r'pip install "\.\[([^]]+)\]"', CONTAINERFILE)
    # What others than a server need is left out.
    for_others = {"chat", "client"}
    assert set(extras.split(",")) == set(project["project"]["optional-dependencies"]) - for_others


def test_its_health_is_that_of_the_server(tmp_path: Path) -> None:
    [found] = re.findall(r"HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)
    command = [sys.executable, *json.loads(found)[1:]]

    def is_well(port: int) -> bool:
        ran = subprocess.run(command, env={"PARLEY_PORT": str(port)}, stderr=subprocess.DEVNULL)
        return ran.returncode == 0

    with process(tmp_path / "data", "--port", "0", "--public-url", "https://example.org") as server:
        assert is_well(server.port)
        server.stop()
        assert not is_well(server.port)


def test_nobody_in_it_is_root() -> None:
    [user] = re.findall(r"^USER (\d+):\1$", CONTAINERFILE, re.MULTILINE)
    [pod] = [each["spec"]["template"]["spec"] for each in kubernetes() if "Deploy" in each["kind"]]
    assert pod["securityContext"]["runAsUser"] == int(user)
    assert pod["securityContext"]["runAsNonRoot"]
    assert all(each["securityContext"]["readOnlyRootFilesystem"] for each in pod["containers"])
    composed = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    for name in ("parley-1", "parley-2", "caddy", "valkey"):
        assert composed["services"][name]["read_only"], name
        assert composed["services"][name]["cap_drop"] == ["ALL"], name


# --- systemd ---


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program and a file in it that this machine has."""
    text = UNIT.read_text(encoding="utf-8")
    text = text.replace("/opt/parley/bin/parley", shutil.which("true") or "/bin/true")
    path = tmp_path / UNIT.name
    path.write_text(text.replace("/etc/parley.env", "/dev/null"), encoding="utf-8")
    return path


def analyzed(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze was not found")
    command = [program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_systemd_understands_the_unit(unit: Path) -> None:
    ran = analyzed("verify", "--man=no", str(unit))
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_unit_leaves_a_service_little(unit: Path) -> None:
    ran = analyzed("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit))
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr


# --- Kubernetes ---


def kubernetes() -> list[Any]:
    return list(yaml.safe_load_all(KUBERNETES.read_text(encoding="utf-8")))


def test_kubernetes_takes_its_file() -> None:
    program = shutil.which("kubernetes-validate")
    if program is None:
        pytest.skip("kubernetes-validate was not found: pip install kubernetes-validate")
    command = [program, "--kubernetes-version", "1.27", "--strict", str(KUBERNETES)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_its_parts_name_is_there() -> None:
    parts = {each["kind"]: each for each in kubernetes()}
    pod = parts["Deployment"]["spec"]["template"]
    [container] = pod["spec"]["containers"]
    labels = pod["metadata"]["labels"]
    for selector in (
        parts["Deployment"]["spec"]["selector"]["matchLabels"],
        parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        parts["Service"]["spec"]["selector"],
    ):
        assert selector.items() <= labels.items()
    assert {each["name"] for each in container["volumeMounts"]} == {
        each["name"] for each in pod["spec"]["volumes"]
    }
    told = KUBERNETES.read_text(encoding="utf-8").partition("---")[0]
    for each in container["env"]:
        if "valueFrom" in each:
            assert f"--from-literal={each['valueFrom']['secretKeyRef']['key']}=" in told
