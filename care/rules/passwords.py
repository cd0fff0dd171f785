"""What a password must not be: short, guessable from the account, or among the first that everybody tries.

NIST SP 800-63B §5.1.1.2: length and a list of what is commonly used, no rules about kinds of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SHORTEST, LONGEST = 10, 200
_FEWEST_SIGNS = 5
_SHORTEST_PART = 3  # shorter parts of a login or a name are in every second word
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_NOT_SIGNS = re.compile(r"[\W_]+")
#: Leet spelling does not make a common word uncommon.
_PLAIN = str.maketrans("013457@$", "oieastas")
#: The letters of what lists of leaked passwords begin with, and of what people here choose.
_COMMON = frozenset(
    [
        "password",
        "passwd",
        "passwort",
        "admin",
        "administrator",
        "root",
        "welcome",
        "letmein",
        "iloveyou",
        "woaini",
        "woaiwojia",
        "qwerty",
        "qwertyuiop",
        "qwertyuiopasdfghjkl",
        "asdfghjkl",
        "zxcvbnm",
        "qazwsx",
        "qazwsxedc",
        "qweasd",
        "qweasdzxc",
        "abc",
        "abcd",
        "abcde",
        "abcdef",
        "abcdefg",
        "abcdefgh",
        "abcdefghij",
        "abcabc",
        "aabbcc",
        "test",
        "testtest",
        "default",
        "changeme",
        "secret",
        "master",
        "monkey",
        "dragon",
        "football",
        "baseball",
        "sunshine",
        "princess",
        "shadow",
        "superman",
        "batman",
        "trustno",
        "trustnoi",
        "login",
        "user",
        "guest",
        "kefu",
        "kehu",
        "mima",
        "wodemima",
        "zhike",
        "zhikezhike",
        "taobao",
        "alibaba",
        "tencent",
        "huawei",
        "xiaomi",
        "zhongguo",
        "beijing",
        "shanghai",
        "woaizhongguo",
        "passwordpassword",
        "adminadmin",
        "rootroot",
    ]
)
_RUNS = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
)


def password_problem(password: str, *, login: str = "", names: Iterable[str] = ()) -> str | None:
    """What is wrong with the password, in Chinese; None when it may be used.

    Args:
        names: further words about the person that must not stand in it: the name, its pinyin.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        return f"密码为 {SHORTEST} 到 {LONGEST} 个字符。"
    lowered = password.lower()
    if len(set(lowered)) < _FEWEST_SIGNS:
        return "密码里不同的字符太少。"
    about = [login, *re.split(r"[._\-\d]+", login), *names]
    plain = _NOT_SIGNS.sub("", lowered)
    for word in about:
        word = _NOT_SIGNS.sub("", word.lower())
        if len(word) >= _SHORTEST_PART and word in plain and len(plain) - len(word) < SHORTEST:
            return "密码不能包含登录名或姓名。"
        if len(word) == 2 and not word.isascii() and word in plain:
            return "密码不能包含登录名或姓名。"
    if _is_common(lowered):
        return "这个密码太常见，容易被猜到。"
    return None


def _is_common(lowered: str) -> bool:
    signs = _NOT_SIGNS.sub("", lowered)
    if any(signs in run for run in _RUNS) or _is_repeated(signs):
        return True
    letters = _NOT_LETTERS.sub("", lowered)
    leet = _NOT_LETTERS.sub("", re.sub(r"\d+$", "", lowered).translate(_PLAIN))
    return not letters or letters in _COMMON or leet in _COMMON


def _is_repeated(signs: str) -> bool:
    """One short piece over and over: abc123abc123."""
    return any(
        len(signs) % size == 0 and signs == signs[:size] * (len(signs) // size)
        for size in range(1, len(signs) // 2 + 1)
    )
