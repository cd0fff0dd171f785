"""Columns that a stolen database file does not tell: AES-256-GCM, with the key's id beside each value.

The key is derived from a secret that lies outside the database. A value that was stored before encryption
is read as it is; `care.services.data_keys.rotate` brings every value under the present key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, String
from sqlalchemy import Text as LongText
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import literal
from sqlalchemy.types import TypeDecorator

PREFIX = "enc:1:"
_NONCE = 12


class CannotDecrypt(Exception):
    """The value was encrypted under a key that is not among the given ones, or was changed."""


class _Key:
    def __init__(self, secret: str) -> None:
        master = hashlib.sha256(b"zhike-data-key:" + secret.encode()).digest()
        self.id = hmac.new(master, b"id", hashlib.sha256).hexdigest()[:8]
        self.cipher = AESGCM(hmac.new(master, b"cipher", hashlib.sha256).digest())
        self.index = hmac.new(master, b"index", hashlib.sha256).digest()


class KeyRing:
    """The present key, which encrypts, and older ones, which only decrypt."""

    def __init__(self, present: str, older: Sequence[str] = ()) -> None:
        """
        Raises:
            ValueError: a secret is empty.
        """
        if not present or not all(older):
            raise ValueError("a data key is empty")
        self._keys = [_Key(secret) for secret in dict.fromkeys((present, *older))]
        self._by_id = {key.id: key for key in self._keys}

    @property
    def present_id(self) -> str:
        return self._keys[0].id

    def encrypt(self, text: str, place: str) -> str:
        """``enc:1:<key id>:<base64>``. `place` (table.column) is bound in: a value moved elsewhere does not open."""
        key, nonce = self._keys[0], os.urandom(_NONCE)
        sealed = nonce + key.cipher.encrypt(nonce, text.encode(), place.encode())
        return f"{PREFIX}{key.id}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, stored: str, place: str) -> str:
        """
        Raises:
            CannotDecrypt: no such key, another place, or the value was changed.
        """
        if not stored.startswith(PREFIX):
            return stored
        key_id, _, sealed = stored[len(PREFIX) :].partition(":")
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._by_id[key_id].cipher.decrypt(raw[:_NONCE], raw[_NONCE:], place.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as error:
            raise CannotDecrypt(f"{place}: key {key_id} does not open it") from error

    def seal(self, data: bytes, place: str) -> bytes:
        """A whole file: ``enc:1:<key id>:``, then nonce and ciphertext as they are. `place` is bound in."""
        key, nonce = self._keys[0], os.urandom(_NONCE)
        return f"{PREFIX}{key.id}:".encode() + nonce + key.cipher.encrypt(nonce, data, place.encode())

    def unseal(self, sealed: bytes, place: str) -> bytes:
        """
        Raises:
            CannotDecrypt: no such key, another place, or the file was changed.
        """
        key_id = sealed_under(sealed)
        raw = sealed[len(PREFIX) + len(key_id) + 1 :]
        try:
            return self._by_id[key_id].cipher.decrypt(raw[:_NONCE], raw[_NONCE:], place.encode())
        except (KeyError, ValueError, InvalidTag) as error:
            raise CannotDecrypt(f"{place}: key {key_id or '?'} does not open it") from error

    def indexes(self, text: str) -> list[str]:
        """The value's blind index under each key, the present one first: equal values have equal ones."""
        return [hmac.new(key.index, text.encode(), hashlib.sha256).hexdigest() for key in self._keys]


def sealed_under(sealed: bytes) -> str:
    """The id of the key that a sealed file was closed with; empty when it is no such file."""
    head = sealed[: len(PREFIX) + 9]
    if not head.startswith(PREFIX.encode()) or head[-1:] != b":":
        return ""
    return head[len(PREFIX) : -1].decode("ascii", "replace")


def keys_of(dialect: Dialect) -> KeyRing:
    """The keys of the engine that this dialect belongs to.

    Raises:
        RuntimeError: the engine was made without keys; nothing must be stored in the clear by oversight.
    """
    keys: KeyRing | None = getattr(dialect, "zhike_keys", None)
    if keys is None:
        raise RuntimeError("this engine was made without data keys; use care.services.context.engine_of")
    return keys


class Encrypted(TypeDecorator[str]):
    """Text that is encrypted in the database. It can be neither compared nor searched there."""

    impl = LongText
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keys_of(dialect).encrypt(value, self.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _opened(value, dialect, self.place)


class EncryptedJson(TypeDecorator[Any]):
    """JSON that is encrypted in the database as one text."""

    impl = LongText
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return keys_of(dialect).encrypt(text, self.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(_opened(value, dialect, self.place))


class BlindIndex(TypeDecorator[str]):
    """A keyed hash of another column's value, for finding equal ones. Give it the value; it reads as the hash."""

    impl = String(64)
    cache_ok = True

    def __init__(self, of: str) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keys_of(dialect).indexes(value)[0]

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value


def _opened(stored: str, dialect: Dialect, place: str) -> str:
    return keys_of(dialect).decrypt(stored, place) if stored.startswith(PREFIX) else stored


def is_value(session: AsyncSession, column: Any, value: str) -> ColumnElement[bool]:
    """The condition that a `BlindIndex` column stands for `value`, stored under the present or an older key."""
    wanted = keys_of(session.get_bind().dialect).indexes(value)
    found: ColumnElement[bool] = column.in_([literal(one, String(64)) for one in wanted])
    return found
