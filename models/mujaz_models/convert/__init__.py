"""The way in: any MarianMT model becomes a model of mujaz.

Readers turn what is found (a checkpoint of transformers, a release of OPUS-MT) into one form
(`form.py`); one builder turns the form into CTranslate2's (`specification.py`). A folder that
CTranslate2 reads already is copied. What comes out is verified and has translated.

Importing this package needs nothing but the standard library; `convert_folder` needs the extra
`convert`.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from mujaz_models.command import CommandError
from mujaz_models.convert.golden import Golden
from mujaz_models.manifest import Manifest

QUANTIZATIONS = ("int8", "int16", "float16", "float32")
SAFE_INT8_RANGE = 63
FULL_INT8_RANGE = 127


class ConvertError(CommandError):
    """What was given is no model that mujaz can use; the message is one line that says why."""


def convert_folder(  # noqa: PLR0913 (what a manifest must say)
    source: Path,
    destination: Path,
    *,
    name: str,
    source_language: str,
    target_language: str,
    license: str,  # noqa: A002 (the manifest's name for it)
    source_prefix: tuple[str, ...] = (),
    quantization: str = "int8",
    int8_range: int = SAFE_INT8_RANGE,
    trim: bool = True,
    provenance: Mapping[str, object],
    golden: Golden | None = None,
) -> Manifest:
    """Make a complete, verified model of a folder.

    Args:
        source: a checkpoint of transformers (`config.json`), an unpacked release of OPUS-MT
            (`decoder.yml`) or a model of CTranslate2 (`model.bin`).
        destination: the folder to make. It must not exist, and may be left half-made on an error.
        name: the model's name.
        source_language: BCP-47.
        target_language: BCP-47.
        license: of the weights, an SPDX expression.
        source_prefix: tokens that go before every source, such as `>>eng<<`.
        quantization: one of `QUANTIZATIONS`; a model of CTranslate2 is taken as it is.
        int8_range: the largest magnitude of an int8 weight. At 127, x86 processors without VNNI
            saturate their 16-bit sums, which costs 0.6 BLEU; at 63 they cannot.
        trim: whether pieces leave the vocabularies that no source can have, or that the target was
            never trained to have or cannot be written with (`trim.py`). A model of CTranslate2 is
            taken as it is.
        provenance: where the source came from; the hashes of its files and the versions of the
            tools are added.
        golden: sentences that the model must translate well enough.

    Returns:
        The manifest, as written.

    Raises:
        ConvertError: the source is no such model, or the model does not pass its proof; or the
            extra `convert` is not installed.
        OSError: a file cannot be read or written, or `destination` exists.
    """
    with _extra():
        from mujaz_models.convert.folder import Request, convert  # noqa: PLC0415 (needs the extra)
    request = Request(
        name=name,
        source_language=source_language,
        target_language=target_language,
        license=license,
        source_prefix=source_prefix,
        quantization=quantization,
        int8_range=int8_range,
        trim=trim,
        provenance=provenance,
        golden=golden,
    )
    return convert(source, destination, request)


def unpack_archive(archive: Path, destination: Path) -> None:
    """Unpack what is needed of an OPUS-MT release.

    Args:
        archive: a ZIP file, which is not trusted.
        destination: the folder to make; it must not exist.

    Raises:
        ConvertError: the archive is refused or damaged; or the extra `convert` is not installed.
        OSError: a file cannot be read or written.
    """
    with _extra():
        from mujaz_models.convert.release import unpack_release  # noqa: PLC0415 (needs the extra)
    destination.mkdir()
    unpack_release(archive, destination)


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConvertError(
            f"to convert a model, {error.name} is needed: pip install 'mujaz-models[convert]'"
        ) from error
