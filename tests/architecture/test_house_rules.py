"""House rules that no linter knows; each is a test, so a breach is a red build."""

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ondol
from ondol.core import errors
from ondol.core.errors import OndolError
from ondol.serve.settings import Settings

SRC = Path(ondol.__file__).parent
REPO = SRC.parents[1]
MODULES = sorted(path for path in SRC.rglob("*.py"))
READS = ("load_", "find_", "list_", "search_")
PLUMBING = {
    "SearchIndex.load_manifest",
    "LexicalWriter.load_terms",
    "index_reader.load_groups",
    "highlight.find_highlights",
}
"""Names that sound like reads and give nobody a passage; this list only shrinks."""


def _import_all(package: str) -> list:
    root = importlib.import_module(package)
    names = [info.name for info in pkgutil.walk_packages(root.__path__, package + ".")]
    return [importlib.import_module(name) for name in names if ".migrations" not in name]


def test_every_module_says_what_it_is():
    silent = [path.name for path in MODULES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent


def _asks(function) -> bool:
    """Whether the function takes ``principal`` by keyword, or a ``Selection`` that was made for one."""
    parameters = inspect.signature(function).parameters
    if "selection" in parameters:
        return True
    principal = parameters.get("principal")
    return (
        principal is not None
        and principal.kind is principal.KEYWORD_ONLY
        and principal.default is principal.empty
    )


def test_reads_of_the_store_and_search_ask_for_a_principal():
    open_doors = []
    for module in [*_import_all("ondol.store"), *_import_all("ondol.search")]:
        owners = [module] + [
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if member.__module__ == module.__name__
        ]
        for owner in owners:
            for name, function in inspect.getmembers(owner, inspect.isfunction):
                if function.__module__ != module.__name__ or not name.startswith(READS):
                    continue
                read = f"{owner.__name__.rsplit('.')[-1]}.{name}"
                if read not in PLUMBING and not _asks(function):
                    open_doors.append(f"{module.__name__}: {read}")
    assert not open_doors, f"these reads ask no one's permission: {sorted(set(open_doors))}"


def _subclasses(kind: type) -> list[type]:
    return [kind] + [found for child in kind.__subclasses__() for found in _subclasses(child)]


def test_error_codes_are_unique_and_drawn():
    for package in ("ondol.store", "ondol.engines", "ondol.sources", "ondol.serve"):
        _import_all(package)
    kinds = [kind for kind in _subclasses(OndolError) if kind.__module__.startswith("ondol.")]
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes)), "two errors share a code"
    drawing = errors.__doc__ or ""
    missing = [kind.__name__ for kind in kinds if not re.search(rf"{kind.__name__}\s+{kind.code}\b", drawing)]
    assert not missing, f"draw these in core/errors.py: {missing}"


def test_every_setting_is_explained():
    silent = [name for name, field in Settings.model_fields.items() if not field.description]
    assert not silent


def test_every_command_shows_an_example():
    from typer.main import get_command

    from ondol.serve.cli import app

    def walk(command, path):
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(child, f"{path} {name}")
        if not getattr(command, "commands", None):
            yield path, command.help or ""

    silent = [path for path, text in walk(get_command(app), "ondol") if "Example: ondol" not in text]
    assert not silent


@pytest.mark.parametrize(
    "package", ["core", "text", "policy", "store", "engines", "sources", "search", "evidence"]
)
def test_importing_does_no_work(package):
    """Importing a lower package opens nothing and loads no heavy library."""
    heavy = {"torch", "transformers", "kiwipiepy", "xllamacpp", "docx", "pptx", "openpyxl", "pypdfium2"}
    code = (
        "import sys; seen=[];"
        "sys.addaudithook(lambda e, a: seen.append(a[0]) if e in ('socket.connect',) else None);"
        f"import ondol.{package};"
        f"assert not seen, seen; bad = {heavy!r} & set(sys.modules); assert not bad, bad"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
