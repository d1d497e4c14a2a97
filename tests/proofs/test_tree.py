"""The tree is that of RFC 9162: as Certificate Transparency's own examples have it, and as the RFC
defines it, written down once more without regard to cost.
"""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.proofs.tree import EMPTY, Tree, inclusion, leaf_hash, root_by, root_of
from tests.effort import examples

# Of the reference implementation, certificate-transparency-go.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
several_leaves = st.integers(1, 70).map(lambda count: [b"%d" % at for at in range(count)])


def by_the_book(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1.1."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = largest_power_below(len(leaves))
    return hashlib.sha256(b"\x01" + by_the_book(leaves[:k]) + by_the_book(leaves[k:])).digest()


def path_by_the_book(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = largest_power_below(len(leaves))
    if index < k:
        return [*path_by_the_book(index, leaves[:k]), by_the_book(leaves[k:])]
    return [*path_by_the_book(index - k, leaves[k:]), by_the_book(leaves[:k])]


def largest_power_below(number: int) -> int:
    k = 1
    while k * 2 < number:
        k *= 2
    return k


def hashes(leaves: list[bytes]) -> bytes:
    return b"".join(map(leaf_hash, leaves))


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_of_the_reference_implementation(count: int) -> None:
    assert root_of(hashes(LEAVES[:count])).hex() == ROOTS[count - 1]


def test_a_tree_without_leaves_has_a_root() -> None:
    assert Tree().root() == EMPTY == by_the_book([])


@pytest.mark.longer
@examples()
@given(several_leaves)
def test_a_tree_that_grows_has_at_each_size_the_root_that_is_defined(leaves: list[bytes]) -> None:
    tree = Tree()
    for at, leaf in enumerate(leaves):
        tree.add(leaf_hash(leaf))
        assert tree.root() == by_the_book(leaves[: at + 1])
    assert tree.size == len(leaves)


@pytest.mark.longer
@examples()
@given(several_leaves, st.data())
def test_each_leaf_is_proven_by_the_path_that_is_defined(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = inclusion(hashes(leaves), index)
    assert path == path_by_the_book(index, leaves)
    root = by_the_book(leaves)
    assert root_by(leaf_hash(leaves[index]), index, len(leaves), path) == root


@pytest.mark.longer
@examples()
@given(several_leaves, st.data())
def test_no_other_place_leaf_or_path_proves_it(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path, size = inclusion(hashes(leaves), index), len(leaves)
    leaf, root = leaf_hash(leaves[index]), by_the_book(leaves)
    assert root_by(leaf_hash(b"another"), index, size, path) != root
    for other in range(size):
        assert (root_by(leaf, other, size, path) == root) == (other == index)
    for at in range(len(path)):
        changed = [*path[:at], bytes(32), *path[at + 1 :]]
        assert root_by(leaf, index, size, changed) != root
        assert root_by(leaf, index, size, path[:at] + path[at + 1 :]) != root
    assert root_by(leaf, index, size, [*path, bytes(32)]) != root
    assert root_by(leaf, size, size, path) is None
    assert root_by(leaf, -1, size, path) is None


def test_what_is_no_leaf_has_no_path() -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion(hashes([b"one"]), 1)
