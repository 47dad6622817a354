"""An installed wheel works from any folder: forms, words, masters and migrations travel with it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, unpacked as an installer does; its dependencies are those of the test environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir"]
    subprocess.run([sys.executable, *build, str(folder), str(ROOT)], check=True, cwd=folder)
    (wheel,) = folder.glob("meibod-*.whl")
    target = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def run(installed: Path, folder: Path, *words: str) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), "LANG": "C.UTF-8", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    return done.stdout.decode()


def test_the_program_is_the_one_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "-c", "import daemon; print(daemon.__file__)")
    assert where.startswith(str(installed))


def test_it_hands_out_the_list_and_checks_a_configuration(installed: Path, tmp_path: Path) -> None:
    run(installed, tmp_path, "-m", "daemon", "roster", "template", "--course", "beginner", "--out", "list.xlsx")
    assert (tmp_path / "list.xlsx").stat().st_size > 5_000
    shipped = installed / "daemon" / "_data" / "config"
    config = (shipped / "meibod.example.toml").read_text("utf-8")
    config = config.replace('"/var/lib/meibod"', '"state"').replace(
        'folder = "masters"', f'folder = "{shipped}/masters"'
    )
    (tmp_path / "meibod.toml").write_text(config, "utf-8")
    said = run(installed, tmp_path, "-m", "daemon", "check", "--offline", "--config", "meibod.toml")
    assert "○ データベース" in said
    assert "○ 書体と様式" in said
    assert "○ 文面" in said
