"""Where pictures lie: encrypted files with random names, under a folder that no web server serves."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from care.records.encryption import KeyRing, sealed_under
from care.services.context import data_keys
from care.settings import Settings

_PREVIEW = ".preview"
_PLACE = "evidence.file"


class EvidenceFiles:
    """The store of one installation. Everything here blocks: call it in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._root = settings.var_dir / "evidence"
        self._keys: KeyRing = data_keys(settings)

    def write(self, picture: bytes, preview: bytes) -> str:
        """Stores both under a new random name; the path for the records. On disk before it returns."""
        name = secrets.token_hex(16)
        path = f"{name[:2]}/{name[2:4]}/{name}"
        self._file(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            for place, data in ((path, picture), (f"{path}{_PREVIEW}", preview)):
                self._put(place, self._keys.seal(data, _place(place)))
        except BaseException:
            self.remove(path)
            raise
        return path

    def read(self, path: str, *, preview: bool = False) -> bytes:
        """
        Raises:
            FileNotFoundError: it is not there (any more).
            CannotDecrypt: its key is not among the present ones, or it was changed.
        """
        place = f"{path}{_PREVIEW}" if preview else path
        return self._keys.unseal(self._file(place).read_bytes(), _place(place))

    def remove(self, path: str) -> None:
        """Both files; that they are gone already is fine."""
        for place in (path, f"{path}{_PREVIEW}"):
            self._file(place).unlink(missing_ok=True)

    def older_than(self, seconds: float) -> Iterator[str]:
        """Paths of pictures whose files are older than this, half-written ones too."""
        before = time.time() - seconds
        seen: set[str] = set()
        for file in self._root.glob("??/??/*"):
            path = str(file.relative_to(self._root)).split(".", 1)[0]
            try:
                is_old = file.stat().st_mtime < before
            except FileNotFoundError:
                continue
            if is_old and path not in seen:
                seen.add(path)
                yield path

    def rotate(self) -> int:
        """Encrypts anew what is under an older key; how many files. Safe to repeat and to break off.

        Raises:
            CannotDecrypt: a file's key is not among the given ones; what was done before stays done.
        """
        done = 0
        for file in sorted(self._root.glob("??/??/*")):
            if file.name.endswith(".new"):
                continue
            sealed = file.read_bytes()
            if sealed_under(sealed) != self._keys.present_id:
                place = str(file.relative_to(self._root))
                data = self._keys.unseal(sealed, _place(place))
                self._put(place, self._keys.seal(data, _place(place)))
                done += 1
        return done

    def _put(self, place: str, data: bytes) -> None:
        """Whole or not at all, also after a power cut."""
        file = self._file(place)
        new = file.with_name(f"{file.name}.new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        new.replace(file)

    def _file(self, place: str) -> Path:
        return self._root / place


def _place(place: str) -> str:
    # The name is bound in: a file that is laid in another one's place does not open.
    return f"{_PLACE}:{place}"
