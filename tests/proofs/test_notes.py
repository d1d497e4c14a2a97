"""Signed notes are those of C2SP: others can read ours, and we read theirs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.proofs.notes import BadNote, Checkpoint, Key, Signer, is_name, text_signed

# The example of the package golang.org/x/mod/sumdb/note.
THEIR_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
THEIR_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
THEIR_NOTE = (
    THEIR_TEXT + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SIGNER = Signer("chat.example.org", bytes(range(32)))


def test_a_note_of_others_is_read() -> None:
    key = Key.read(THEIR_KEY)
    assert str(key) == THEIR_KEY
    assert text_signed(THEIR_NOTE, key) == THEIR_TEXT


def test_a_note_of_ours_is_read() -> None:
    checkpoint = Checkpoint("chat.example.org/export", 7, bytes(32))
    note = SIGNER.sign(str(checkpoint))
    assert note.startswith("chat.example.org/export\n7\nAAAA")
    key = Key.read(str(SIGNER.key))
    assert Checkpoint.read(text_signed(note, key)) == checkpoint


@given(st.data())
def test_no_byte_of_a_note_can_be_changed(data: st.DataObject) -> None:
    note = SIGNER.sign(str(Checkpoint("chat.example.org/export", 7, bytes(32)))).encode()
    at = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != note[at]))
    changed = note[:at] + bytes([other]) + note[at + 1 :]
    with pytest.raises((BadNote, UnicodeDecodeError)):
        text_signed(changed.decode(), SIGNER.key)


def test_another_key_of_the_same_name_did_not_sign_it() -> None:
    note = SIGNER.sign("a text\n")
    with pytest.raises(BadNote, match="not signed by this key"):
        text_signed(note, Signer("chat.example.org", bytes(32)).key)


@pytest.mark.parametrize(
    "line", ["", "name", "a+b", "name+c74f20a3+", "na me" + THEIR_KEY, THEIR_KEY[:-2], "x" * 999]
)
def test_what_is_no_key_is_refused(line: str) -> None:
    with pytest.raises(BadNote, match="no public key"):
        Key.read(line)


def test_a_mistake_in_a_key_is_noticed() -> None:
    with pytest.raises(BadNote, match="a mistake"):
        Key.read(THEIR_KEY.replace("ARpc", "ARpd"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n07\n" + "A" * 43 + "=\n",
        "origin\n-1\n" + "A" * 43 + "=\n",
        "origin\n1\nAAAA\n",
        "origin\n1\n" + "A" * 43 + "=\nmore\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote, match="no checkpoint"):
        Checkpoint.read(text)


def test_names_of_keys_have_neither_spaces_nor_plus_signs() -> None:
    assert is_name("chat.example.org:8081/parley")
    assert not any(map(is_name, ("", "a b", "a+b", "a\u2003b")))
    with pytest.raises(ValueError, match="name"):
        Signer("a b", bytes(32))
