"""The docs say what the code does: settings, metrics, errors, links, examples."""

import ast
import re
import subprocess
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from google.rpc import code_pb2

from mujaz_server.batching.admission import QueueFullError
from mujaz_server.pipeline.events import TextTooLargeError
from mujaz_server.rpc import errors
from mujaz_server.rpc.errors import (
    InvalidRequestError,
    TooManyTokensError,
    Violation,
    blank,
    fault,
    no_arabic,
)
from mujaz_server.summary.selection import ReasonKind
from mujaz_server.translation.checks import Flag
from processes import SERVER, ServerProcess, running

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
API = (DOCS / "api.md").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")

PAGES = sorted(
    path
    for folder, pattern in ((ROOT, "*.md"), (DOCS, "**/*.md"), (ROOT / "models", "**/*.md"))
    for path in folder.glob(pattern)
)

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
UNFENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def name(path: object) -> str:
    return str(path.relative_to(ROOT)) if isinstance(path, Path) else str(path)


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with running() as process:
        yield process


def first_cells(page: str, header: str) -> list[list[str]]:
    """Returns the cells of the table whose header row begins so; `code` alone is taken bare."""
    [table] = re.findall(rf"^\| {re.escape(header)}.*\n\|[ -|]*\n((?:\|.*\n)+)", page, re.MULTILINE)
    rows = (line.strip("|").split("|") for line in table.splitlines())
    return [[re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in row] for row in rows]


def test_the_table_of_settings_is_the_one_the_server_prints() -> None:
    printed = subprocess.run(
        [SERVER, "settings", "--markdown"], capture_output=True, text=True, check=True
    )
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == printed.stdout


def broken_links(page: Path, text: str) -> list[str]:
    return [link for link in LINK.findall(UNFENCED.sub("", text)) if not resolves(page, link)]


def resolves(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return True
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


def anchors(text: str) -> set[str]:
    """Returns the anchors that a forge makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", UNFENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    text = "[a](nowhere.md) [b](api.md#nothing) [c](api.md#errors) ![d](demo) [e](https://x.org/y)"
    assert broken_links(DOCS / "api.md", text) == ["nowhere.md", "api.md#nothing", "demo"]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_python_of_a_page_compiles(page: Path) -> None:
    for code in BLOCK.findall(page.read_text(encoding="utf-8")):
        compile(code, name(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_python_of_the_api_page_runs(
    server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = BLOCK.findall(API)
    assert len(blocks) == 4
    printed = []
    for code in blocks:
        exec(code.replace("localhost:50051", server.address), {"__name__": "__main__"})  # noqa: S102
        printed.append(capsys.readouterr().out)
    assert printed[0].count("\n") == 2
    assert " | " in printed[1]
    assert printed[1].endswith("1000000\n")
    assert printed[2].endswith("complete: 2\n")
    # What both documents say is told once.
    assert printed[3].count("قتل اربعة جنود") == 1
    assert " | 1 طالب" in printed[3]


def documented_metrics(page: str = OPERATIONS) -> dict[str, str]:
    return {cells[0]: cells[1] for cells in first_cells(page, "metric | type")}


def exposed_metrics(server: ServerProcess) -> dict[str, str]:
    with urllib.request.urlopen(server.metrics) as answer:  # noqa: S310  our own server
        text = answer.read().decode()
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    return {metric: kind for metric, kind in types.items() if not metric.endswith("_created")}


def test_the_metrics_of_the_docs_are_those_of_a_server(server: ServerProcess) -> None:
    exposed = exposed_metrics(server)
    assert documented_metrics() == exposed
    stale = OPERATIONS.replace("| `mujaz_dropped_total` |", "| `mujaz_lost_total` |")
    assert documented_metrics(stale) != exposed


def test_the_docs_speak_of_no_other_metric() -> None:
    mentioned = set(re.findall(r"\bmujaz_[a-z_]+", OPERATIONS)) - {"mujaz_client"}
    assert mentioned - documented_metrics().keys() == set()


def reasons_in(source: str) -> set[str]:
    """Returns the string constants of a module that have the form of a reason."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[A-Z]+(?:_[A-Z]+)*", node.value)
    }


def raised() -> Iterable[BaseException]:
    """Yields one error for each row of the table."""
    yield from (kind() for kind in errors._FAULTS)
    yield InvalidRequestError([Violation("text", "must not be blank")])
    yield blank("text")
    yield no_arabic(["text"])
    yield TextTooLargeError("sentences", 2, 1)
    yield QueueFullError(1.0)
    yield TooManyTokensError(1.0)
    yield RuntimeError()


def test_the_errors_of_the_docs_are_those_of_the_server() -> None:
    documented = [(code, reason) for code, reason, *_ in first_cells(API, "code | reason")]
    faults = [fault(error, "id") for error in raised()]
    assert sorted(documented) == sorted(
        (code_pb2.Code.Name(each.code), each.reason) for each in faults
    )
    source = Path(errors.__file__).read_text(encoding="utf-8")
    assert {reason for _, reason in documented} == reasons_in(source)


def test_a_new_reason_is_found() -> None:
    assert reasons_in('x = Fault(code, "TOO_RUDE", f"no {thing} of THAT")') == {"TOO_RUDE"}


def test_the_details_of_an_error_are_those_of_the_docs() -> None:
    details = {reason: text for _, reason, _, text, _ in first_cells(API, "code | reason")}
    for error in raised():
        told = fault(error, "id")
        text = details[told.reason]
        assert ("BadRequest" in text) == bool(told.violations)
        assert [key for key in told.metadata if f"`{key}`" not in text] == []
        assert ("RetryInfo" in text) == (told.retry_after is not None and told.retry_after >= 0)
        assert ("-1" in text) == (told.retry_after is not None and told.retry_after < 0)


def test_every_flag_and_every_kind_of_reason_is_explained() -> None:
    flags = [cells[0] for cells in first_cells(API, "`QUALITY_FLAG_…`")]
    assert sorted(flags) == sorted(flag.name for flag in Flag)
    kinds = [cells[0] for cells in first_cells(API, "`REASON_KIND_…`")]
    assert sorted(kinds) == sorted(kind.name for kind in ReasonKind)
