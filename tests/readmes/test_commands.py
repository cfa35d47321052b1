"""Every command that a README tells is run by a test, or has a reason why not; what it names is there."""

import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from functools import lru_cache
from itertools import dropwhile
from typing import Any

import pytest
import typer.core
import typer.main

from service.__main__ import app
from tests.bench.__main__ import app as bench
from tests.readmes.readme import OF_A_USER, READMES, ROOT, Block, Readme, code_of

NOT_RUN = {
    "make run": "serves until it is stopped; tests/test_command_line.py serves",
    "make test": "is what runs this test",
    "make check": "runs this test",
    "make covered": "runs this test",
    "make fix": "changes the files of whoever runs the tests",
    "make viewer": "fetches 50 MB; tests/test_ohif.py installs a small package",
    "make bench": "takes minutes; tests/bench/test_commands.py runs it with small numbers",
    "make bench-archive N=1000000": "takes a day; tests/bench/test_commands.py stops at 100",
    "make bench-soak": "takes ten minutes; tests/bench/test_commands.py takes less than a second",
    "POSTGRES_PASSWORD=changeme docker compose --file deploy/compose.yaml up --build --detach": (
        "needs Docker, and fetches images"
    ),
    "POSTGRES_PASSWORD=changeme docker compose --file deploy/compose.yaml exec dicomweb "
    "dicomweb-service key add me --role admin": "needs Docker; tests/test_key_commands.py makes keys",
    "make quick": "runs this test",
    "POSTGRES_PASSWORD=changeme S3_SECRET=changeme docker compose --file deploy/compose.wide.yaml up --build "
    "--detach": "needs Docker, and fetches images",
    "POSTGRES_PASSWORD=changeme S3_SECRET=changeme docker compose --file deploy/compose.wide.yaml exec "
    "dicomweb dicomweb-service key add me --role admin": "needs Docker",
    "kubectl create secret generic dicomweb --from-env-file=secrets.env": "needs a cluster",
    "kubectl apply --kustomize deploy/kubernetes": "needs a cluster; tests/test_kubernetes.py checks it",
    "curl -N -H 'Accept: text/event-stream' http://127.0.0.1:8080/dicom-web/changefeed": (
        "does not end; tests/web/test_changefeed.py listens"
    ),
    'curl -fsS "http://127.0.0.1:8080/dicom-web/changefeed?includemetadata=false&limit=10"': (
        "tests/web/test_changefeed.py asks so"
    ),
    "mkdir --parents nnUNet_raw/Dataset001_Organs && cd nnUNet_raw/Dataset001_Organs": "makes a folder",
    "curl --fail-with-body --output study.zip "
    "'http://127.0.0.1:8080/dicom-web/studies/1.2.3/volume?labels=Liver,Spleen' || cat study.zip": (
        "tests/web/numbers/test_datasets.py asks so"
    ),
    "unzip study.zip": "tests/web/numbers/test_datasets.py opens it",
    ".venv/bin/python -m pytest tests/dicom": "runs tests that are run anyhow",
    'git commit --all --message "Release 0.2.0"': "changes the repository",
    'git tag --annotate v0.2.0 --message "0.2.0"': "changes the repository",
    "git push --follow-tags": "changes the repository of others",
    "rm -rf build": "removes what whoever runs the tests may want",
    ".venv/bin/python -m pip wheel --no-deps --wheel-dir dist .": "fetches what builds a wheel",
}
"""Line of a README → why no test runs it. What it names is looked up all the same."""

HELD_ELSEWHERE = {  # language → the READMEs whose blocks other tests of this folder run or compare
    "bash": ("README.md", "openapi/README.md", "deploy/README.md"),
    "javascript": ("deploy/README.md",),
    "json": ("README.md", "deploy/README.md"),
    "nginx": ("deploy/README.md",),
    "python": ("README.md", "openapi/README.md"),
    "text": ("service/README.md",),  # a drawing
    "toml": ("deploy/README.md",),
}

GROUPS = frozenset({"dimse", "key", "webhook"})
"""Commands that have commands."""

_PROGRAM = re.compile(r"(make|dicomweb-service|python|git|\.venv/bin/\w+) \S")
_OPTION = re.compile(r"--?[a-z]")
_MODULE = "-m"
_SETTING = re.compile(r"[A-Z_]+=")
_PATH = re.compile(r"(deploy|migrations|openapi|service|tests)/\S*")


def is_held(readme: Readme, block: Block) -> bool:
    """Tell whether a block is run or compared by a test, or each of its lines has a reason why not."""
    return set(block.commands) <= NOT_RUN.keys() or readme.name in HELD_ELSEWHERE.get(block.language, ())


def commands_within(readme: Readme) -> list[str]:
    """Return the commands of a README that no test runs: lines of blocks, and code within the text."""
    lines = [line for block in readme.blocks for line in block.commands if line in NOT_RUN]
    return [*lines, *(code for code in readme.code if _PROGRAM.match(code))]


COMMANDS = sorted({command for readme in READMES.values() for command in commands_within(readme)})


@pytest.mark.parametrize("name", READMES)
def test_every_block_is_run_or_has_a_reason_why_not(name: str) -> None:
    readme = READMES[name]

    assert [block.text for block in readme.blocks if not is_held(readme, block)] == []


def test_every_reason_belongs_to_a_line_of_a_readme() -> None:
    assert NOT_RUN.keys() <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_names_what_is_there(command: str) -> None:
    assert_known([*dropwhile(_SETTING.match, shlex.split(command))])


def assert_known(words: list[str]) -> None:
    """Assert that files, targets, commands and options of a command line exist."""
    files = {word for word in words if _PATH.fullmatch(word)} - OF_A_USER
    assert [file for file in sorted(files) if not (ROOT / file).exists()] == []
    if words[0] == "make":
        for line in recipe(words):
            assert_known(shlex.split(line))
    options = {word.partition("=")[0] for word in words if _OPTION.match(word)} - {_MODULE}
    known = options_known(words)
    assert known is None or options <= known


def recipe(words: list[str]) -> list[str]:
    """Return the commands that `make` would run."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    dry = subprocess.run(
        ["make", "--dry-run", *words[1:]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert dry.returncode == 0, dry.stderr
    return [line for line in dry.stdout.splitlines() if line.startswith(".venv/bin/")]


def options_known(words: list[str]) -> set[str] | None:
    """Return the options that a command has; None for programs of others."""
    match words:
        case ["dicomweb-service", *rest] | [_, "-m", "service", *rest]:
            return options_of(app)[command_in(rest)]
        case [_, "-m", "tests.bench", *rest]:
            return options_of(bench)[command_in(rest)]
        case [_, "-m", "pip", *rest]:
            command = next(word for word in rest if not _OPTION.match(word))
            return options_in((sys.executable, "-m", "pip", command, "--help"))
        case ["git", command, *_]:
            return options_in(("git", command, "-h"))
    return None


def command_in(words: list[str]) -> str:
    """Return the command among the words of our command line; empty for the program itself."""
    if not words or _OPTION.match(words[0]):
        return ""
    has_second = words[0] in GROUPS and not any(map(_OPTION.match, words[1:2]))
    return " ".join(words[:2]) if has_second else words[0]


def options_of(application: typer.Typer) -> dict[str, set[str]]:
    """Return the options of each command of an application, and those of the program itself."""
    group = typer.main.get_command(application)
    assert isinstance(group, typer.core.TyperGroup)
    return {
        name: {option for parameter in command.params for option in parameter.opts if _OPTION.match(option)}
        for name, command in commands_of(group).items()
    }


def commands_of(group: typer.core.TyperGroup) -> dict[str, Any]:
    """Return the commands of a group by their names, those of groups within it too, and the group itself."""
    commands: dict[str, Any] = {"": group}
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            commands |= {f"{name} {inner}": member for inner, member in command.commands.items()}
        if not isinstance(command, typer.core.TyperGroup) or command.invoke_without_command:
            commands[name] = command
    return commands


@lru_cache
def options_in(help_command: tuple[str, ...]) -> set[str]:
    """Return the options that a help text names."""
    shown = subprocess.run(
        help_command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", shown.stdout.replace("[no-]", "")))


def test_every_command_is_told_with_all_its_options() -> None:
    table: dict[str, set[str]] = defaultdict(set)
    for command, purpose in READMES["deploy/README.md"].rows("command"):
        words = " ".join((*code_of(command), *code_of(purpose))).split()
        table[command_in(words)].update(word for word in words if _OPTION.match(word))

    assert table == options_of(app)


def test_the_options_of_the_benchmark_are_told_as_they_are() -> None:
    codes = [
        code for option, _ in READMES["tests/bench/README.md"].rows("option") for code in code_of(option)
    ]

    assert set(re.findall(r"--[a-z-]+", " ".join(codes))) == options_of(bench)["run"]
