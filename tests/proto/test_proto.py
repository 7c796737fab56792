"""The API is commented, does not break what was released, and everything made of it is fresh."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "proto"
FILE = Path("mujaz/v1/mujaz.proto")
BIN = Path(sys.executable).parent
STUBS = ("mujaz_pb2.py", "mujaz_pb2.pyi", "mujaz_pb2_grpc.py", "mujaz_pb2_grpc.pyi")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of proto/ that a test may spoil."""
    (tmp_path / FILE).parent.mkdir(parents=True)
    for name in ("buf.yaml", "released.binpb", FILE):
        shutil.copy(PROTO / name, tmp_path / name)
    return tmp_path


def spoil(folder: Path, old: str, new: str) -> None:
    """Puts one defect into the .proto."""
    path = folder / FILE
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def buf(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [BIN / "buf", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def breaking(folder: Path) -> tuple[int, str]:
    return buf(folder, "breaking", "--against", "released.binpb")


def test_the_api_breaks_nothing_that_was_released() -> None:
    assert breaking(PROTO) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        pytest.param(
            "  bool is_default = 11;", "", 'Previously present field "11"', id="a field removed"
        ),
        pytest.param(
            "  bool require_arabic = 4;",
            "  string require_arabic = 4;",
            "changed type",
            id="the type of a field changed",
        ),
        pytest.param(
            "QUALITY_BEST = 3;",
            "QUALITY_FINEST = 3;",
            "changed name",
            id="the number of an enum used again",
        ),
        pytest.param(
            "  repeated string alternatives = 9;",
            "  repeated string alternatives = 99;",
            'Previously present field "9"',
            id="a field with another number",
        ),
        pytest.param(
            "returns (stream SummarizeDocumentResponse)",
            "returns (SummarizeDocumentResponse)",
            "server streaming",
            id="a stream made one answer",
        ),
    ],
)
def test_a_break_is_found(old: str, new: str, complaint: str, copy: Path) -> None:
    spoil(copy, old, new)
    status, said = breaking(copy)
    assert status == 100
    assert complaint in said


def test_what_only_adds_is_no_break(copy: Path) -> None:
    spoil(copy, "  bool is_default = 11;", "  bool is_default = 11;\n\n  // New.\n  bool new = 12;")
    assert breaking(copy) == (0, "")


def test_the_api_is_in_the_shape_of_buf_with_a_comment_on_everything() -> None:
    assert buf(PROTO, "lint") == (0, "")


@pytest.mark.parametrize(
    ("declaration", "kind"),
    [
        pytest.param("message NumberDifference {", "Message", id="a message"),
        pytest.param("  bool is_default = 11;", "Field", id="a field"),
        pytest.param("    double ratio = 3;", "Field", id="a field of a oneof"),
        pytest.param("  oneof budget {", "Oneof", id="a oneof"),
        pytest.param("enum Quality {", "Enum", id="an enum"),
        pytest.param("  QUALITY_BEST = 3;", "Enum value", id="a value"),
        pytest.param("service MujazService {", "Service", id="a service"),
        pytest.param("  rpc ListModels(", "RPC", id="a method"),
    ],
)
def test_a_missing_comment_is_found(declaration: str, kind: str, copy: Path) -> None:
    text = (copy / FILE).read_text(encoding="utf-8")
    comment = re.search(r"(?:^ *//.*\n)+(?=" + re.escape(declaration) + ")", text, re.MULTILINE)
    assert comment, f"{declaration} has no comment"
    (copy / FILE).write_text(text.replace(comment[0], "", 1), encoding="utf-8")
    status, said = buf(copy, "lint")
    assert status == 100
    assert said.count("\n") == 1
    assert f'{kind} "' in said


def generated(source: Path, target: Path) -> dict[str, str]:
    """Returns the stubs made from a .proto, as `make proto` makes them, by file name."""
    target.mkdir()
    subprocess.run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc", f"-I{source}"),
            f"--plugin=protoc-gen-mypy={BIN / 'protoc-gen-mypy'}",
            f"--plugin=protoc-gen-mypy_grpc={BIN / 'protoc-gen-mypy_grpc'}",
            *(f"--python_out={target}", f"--grpc_python_out={target}"),
            *(f"--mypy_out=quiet:{target}", f"--mypy_grpc_out=quiet:{target}"),
            str(source / FILE),
        ],
        check=True,
    )
    return read(target / FILE.parent)


def read(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text(encoding="utf-8") for name in STUBS}


def test_the_stubs_are_those_of_the_proto(tmp_path: Path) -> None:
    assert generated(PROTO, tmp_path / "out") == read(PROTO / FILE.parent)


def test_a_changed_proto_has_other_stubs(copy: Path) -> None:
    spoil(copy, "  bool is_default = 11;", "  bool is_preferred = 11;")
    made, committed = generated(copy, copy / "out"), read(PROTO / FILE.parent)
    changed = {name for name in STUBS if made[name] != committed[name]}
    assert changed == {"mujaz_pb2.py", "mujaz_pb2.pyi"}


@pytest.mark.parametrize(
    ("member", "contents"),
    [
        (
            "proto",
            {"mujaz/py.typed", str(FILE), *(f"mujaz/v1/{name}" for name in STUBS)},
        ),
        (
            "models",
            {
                "mujaz_models/py.typed",
                *(f"mujaz_models/starter/{name}" for name in ("model.bin", "mujaz.json")),
                *(f"mujaz_models/starter/{side}.spm" for side in ("source", "target")),
            },
        ),
        ("client", {"mujaz_client/py.typed", "mujaz_client/page.css"}),
        ("server", {"mujaz_server/py.typed"}),
    ],
)
def test_a_wheel_carries_what_is_not_python(
    member: str, contents: set[str], tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT / member,
        capture_output=True,
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert contents - names == set()
    assert [name for name in names if "__pycache__" in name] == []
