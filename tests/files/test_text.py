"""Text in UTF-8 and GB18030 is read, other bytes are told apart from it; rows of TOML keys are found."""

from __future__ import annotations

import contextlib
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.errors import InputError
from planner.files.text import decode, parse_toml, toml_row

CHINESE = st.text(st.sampled_from("北京济南合肥上海武汉量子密钥分发网络城域干线节点测站保密"), min_size=1)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(str.strip))
def test_utf8_is_always_read_as_such(text: str) -> None:
    content = text.encode()
    if content.startswith(b"PK\x03\x04"):
        return
    assert decode(content, file="x") == (text.removeprefix("\ufeff"), False) or text.strip() == "\ufeff"


@given(st.lists(CHINESE, min_size=1))
def test_chinese_text_in_gb18030_is_recognised(names: list[str]) -> None:
    text = "node_id,name\n" + "\n".join(names)
    assert decode(text.encode("gb18030"), file="x") == (text, True)


@given(st.lists(CHINESE, min_size=2), st.integers(0), st.integers(0x80, 0xFF))
def test_chinese_utf8_with_a_wrong_byte_is_not_taken_for_gb18030(names: list[str], place: int, byte: int) -> None:
    content = ("node_id,name\n" + "\n".join(names)).encode()
    place = 13 + place % (len(content) - 13)
    broken = content[:place] + bytes([byte]) + content[place:]
    with contextlib.suppress(InputError):
        _, is_gb18030 = decode(broken, file="x")
        assert not is_gb18030


@pytest.mark.parametrize("name", ["Zürich", "Genève", "Málaga", "Århus", "São Paulo", "Łódź", "Køge"])
def test_western_encodings_are_not_taken_for_gb18030(name: str) -> None:
    content = f"node_id,name\na,{name}\n".encode("cp1250" if name == "Łódź" else "cp1252")
    with pytest.raises(InputError) as caught:
        decode(content, file="nodes.csv")
    (problem,) = caught.value.problems
    assert (problem.file, problem.row) == ("nodes.csv", 2)
    assert "neither UTF-8 nor GB18030" in problem.message


@given(st.binary(min_size=1))
def test_any_bytes_are_text_or_wrong_input(content: bytes) -> None:
    with contextlib.suppress(InputError):
        text, _ = decode(content, file="x")
        assert text.strip()


@given(st.text())
def test_any_text_is_toml_or_wrong_input(text: str) -> None:
    with contextlib.suppress(InputError):
        assert parse_toml(text, file="x") == tomllib.loads(text)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "9" * 5000, "a = 1\na = 2", "[a]\n[a]", "a.b = 1\na = 2"]
)
def test_toml_that_breaks_readers(text: str) -> None:
    with pytest.raises(InputError, match="is not valid TOML"):
        parse_toml(text, file="x")


def test_rows_of_keys() -> None:
    text = '# title\ntitle = "x"\n"include" = []\n[defaults]\ntitle = 1\n[ sub . "er" ]\nkey.part = 1\n'
    assert toml_row(text, "title") == 2
    assert toml_row(text, "include") == 3
    assert toml_row(text, "defaults") == 4
    assert toml_row(text, "defaults.title") == 5
    assert toml_row(text, "nowhere") is None
