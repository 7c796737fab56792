import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_models.manifest import FileEntry, Manifest, ManifestError, Score, UnknownFormatError

DOCUMENT: dict[str, Any] = {
    "format": 1,
    "name": "opus-mt-ar-en",
    "source_language": "ar",
    "target_language": "en",
    "architecture": "marian",
    "quantization": "int8",
    "int8_range": 63,
    "license": "Apache-2.0",
    "source_prefix": [">>eng<<"],
    "max_source_tokens": 400,
    "max_target_tokens": 512,
    "scores": [{"set": "news", "metric": "BLEU", "value": 40.5, "signature": "beam 4|tok:13a"}],
    "files": {"model.bin": {"sha256": "0" * 64, "size": 12}},
    "provenance": {"revision": "abc", "golden": [{"source": "مرحبا", "chrf": 50}]},
}


def parse(**changes: Any) -> Manifest:
    return Manifest.parse(json.dumps(DOCUMENT | changes).encode())


def test_every_field_is_read() -> None:
    manifest = parse()
    assert manifest.name == "opus-mt-ar-en"
    assert (manifest.source_language, manifest.target_language) == ("ar", "en")
    assert manifest.source_prefix == (">>eng<<",)
    assert (manifest.max_source_tokens, manifest.max_target_tokens) == (400, 512)
    assert manifest.scores == (Score("news", "BLEU", 40.5, "beam 4|tok:13a"),)
    assert manifest.files == {"model.bin": FileEntry("0" * 64, 12)}
    assert manifest.provenance["golden"][0]["source"] == "مرحبا"


def test_the_digest_is_the_sha256_of_the_bytes_and_not_of_the_meaning() -> None:
    content = json.dumps(DOCUMENT).encode()
    assert Manifest.parse(content).digest == hashlib.sha256(content).hexdigest()
    assert Manifest.parse(content + b"\n").digest != Manifest.parse(content).digest


def test_a_model_that_is_not_int8_has_no_range() -> None:
    assert parse(quantization="float32", int8_range=None).int8_range is None


@pytest.mark.parametrize(
    "name",
    ["../model.bin", "a/b", "a\\b", "/etc/passwd", "..", ".", ".hidden", "", "a\x00b", "a\nb", "é"],
)
def test_a_file_name_that_could_leave_the_folder_is_refused(name: str) -> None:
    with pytest.raises(ManifestError):
        parse(files={name: {"sha256": "0" * 64, "size": 1}})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"name": "../starter"}, "name", id="name-with-a-path"),
        pytest.param({"name": "Starter"}, "name", id="name-in-capitals"),
        pytest.param({"license": ""}, "license", id="empty-licence"),
        pytest.param({"license": None}, "license", id="licence-null"),
        pytest.param({"max_source_tokens": 0}, "max_source_tokens", id="no-source-tokens"),
        pytest.param({"max_target_tokens": True}, "max_target_tokens", id="boolean-for-number"),
        pytest.param({"max_target_tokens": 1.5}, "max_target_tokens", id="fraction-for-number"),
        pytest.param({"int8_range": "63"}, "int8_range", id="text-for-number"),
        pytest.param({"source_prefix": ">>eng<<"}, "source_prefix", id="text-for-list"),
        pytest.param({"source_prefix": [1]}, "source_prefix", id="number-in-list-of-texts"),
        pytest.param({"scores": {}}, "scores", id="scores-not-a-list"),
        pytest.param({"scores": [{"set": "news"}]}, "scores[0]", id="score-without-value"),
        pytest.param(
            {"scores": [DOCUMENT["scores"][0] | {"value": float("nan")}]},
            "scores[0]",
            id="nan-score",
        ),
        pytest.param({"files": {}}, "files", id="no-files"),
        pytest.param({"files": []}, "files", id="files-not-an-object"),
        pytest.param({"files": {"a": {"sha256": "0" * 64}}}, "files[a]", id="file-without-size"),
        pytest.param(
            {"files": {"a": {"sha256": "0" * 64, "size": -1}}}, "files[a]", id="negative-size"
        ),
        pytest.param(
            {"files": {"a": {"sha256": "F" * 64, "size": 1}}}, "files[a]", id="hash-in-capitals"
        ),
        pytest.param({"provenance": []}, "provenance", id="provenance-not-an-object"),
        pytest.param({"licence": "MIT"}, "licence", id="field-of-no-meaning"),
    ],
)
def test_a_field_that_is_wrong_is_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(**changes)
    message = str(caught.value)
    assert said in message
    assert "\n" not in message
    assert "fetch or convert the model again" in message


@pytest.mark.parametrize("field", sorted(DOCUMENT.keys() - {"format"}))
def test_a_field_that_is_missing_is_named(field: str) -> None:
    document = {key: value for key, value in DOCUMENT.items() if key != field}
    with pytest.raises(ManifestError, match=f"lacks {field}"):
        Manifest.parse(json.dumps(document).encode())


@pytest.mark.parametrize("number", [0, 2, "1", None, True, 1.5])
def test_an_unknown_format_asks_for_a_newer_mujaz(number: object) -> None:
    with pytest.raises(UnknownFormatError, match="install a newer mujaz"):
        parse(format=number)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(ManifestError) as caught:
        Manifest.parse(content)
    assert "\n" not in str(caught.value)


@given(st.binary())
def test_any_bytes_give_a_manifest_error_and_nothing_else(content: bytes) -> None:
    with pytest.raises(ManifestError):
        Manifest.parse(content)


def test_a_folder_without_a_manifest_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="name a folder that holds a model"):
        Manifest.load(tmp_path)


def test_a_manifest_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.json").write_text(json.dumps(DOCUMENT))
    (tmp_path / "mujaz.json").symlink_to("elsewhere.json")
    with pytest.raises(ManifestError, match="symbolic link"):
        Manifest.load(tmp_path)
