"""ZIP archives of strangers: every member is judged before one byte is unpacked.

Refused are names that leave the folder or that two systems read differently, links and devices,
encryption, two members of one name, and archives that grow beyond measure.
"""

import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from mujaz_models.convert import ConvertError

_MOST_MEMBERS = 1000
_LARGEST = 8 << 30  # bytes of all members together, unpacked
_MOST_GROWTH = 200  # times; deflate reaches about 1,000, texts 5, weights 1.1
_GROWTH_FREE = 1 << 20  # bytes: below this a member may grow as it likes
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]|^[A-Za-z]:")
_FILE_NAME = re.compile(r"[\w.+-][\w.+ -]*")


def open_archive(path: Path) -> zipfile.ZipFile:
    """Open an archive after judging all its members; nothing is unpacked.

    Raises:
        ConvertError: the file is no ZIP archive, or a member is refused.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ConvertError(f"{path.name} is not a ZIP archive ({error})") from error
    try:
        _judge(archive.infolist())
    except ConvertError as error:
        archive.close()
        raise ConvertError(f"{path.name}: {error}: the archive is refused") from error
    return archive


def unpack(path: Path, destination: Path, wanted: Callable[[str], bool]) -> None:
    """Unpack the wanted members of an archive into a flat folder, by their file names.

    Args:
        path: the archive.
        destination: an empty folder.
        wanted: tells whether a file of this name is needed.

    Raises:
        ConvertError: the archive or a member is refused, or damaged; nothing was unpacked where
            it is refused.
    """
    with open_archive(path) as archive:
        members = [
            (PurePosixPath(member.filename).name, member)
            for member in archive.infolist()
            if not member.is_dir() and wanted(PurePosixPath(member.filename).name)
        ]
        _judge_names([name for name, _ in members])
        for name, _ in members:
            if not _FILE_NAME.fullmatch(name):
                raise ConvertError(f"{path.name}: {name!r} is no file name for every system")
        for name, member in members:
            _write(archive, member, destination / name)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member.

    Raises:
        ConvertError: it is damaged.
    """
    try:
        return archive.read(member)
    except (*_DAMAGED, OSError, ValueError) as error:
        raise ConvertError(f"{member.filename!r} is damaged ({error})") from error


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    with path.open("xb") as file:
        try:
            with archive.open(member) as content:
                while chunk := content.read(_CHUNK):
                    file.write(chunk)
        except _DAMAGED as error:
            raise ConvertError(f"{member.filename!r} is damaged ({error})") from error
    if path.stat().st_size != member.file_size:
        raise ConvertError(f"{member.filename!r} is damaged (it ends early)")


def _judge(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > _MOST_MEMBERS:
        raise ConvertError(f"{len(members)} members are more than {_MOST_MEMBERS}")
    for member in members:
        _judge_member(member)
    if (size := sum(member.file_size for member in members)) > _LARGEST:
        raise ConvertError(f"it unpacks to {size} bytes, more than {_LARGEST}")
    _judge_names([member.filename.rstrip("/") for member in members])


def _judge_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts or _FORBIDDEN.search(name):
        raise ConvertError(f"the name {name!r} does not stay in a folder of its own")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise ConvertError(f"{name!r} is a link or a device")
    if member.flag_bits & _ENCRYPTED:
        raise ConvertError(f"{name!r} is encrypted")
    if member.compress_type not in _METHODS:
        raise ConvertError(f"{name!r} is compressed by an unusual method")
    if member.file_size > max(_GROWTH_FREE, _MOST_GROWTH * member.compress_size):
        raise ConvertError(
            f"{name!r} grows from {member.compress_size} to {member.file_size} bytes"
        )


def _judge_names(names: list[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            raise ConvertError(f"{name!r} and {seen[key]!r} are one name on some systems")
        seen[key] = name
