"""Blocks: every array is in one of them, as many as fit."""

from hypothesis import given, strategies as st
from inference_energy.common import blocks as of_blocks
from inference_energy.common.blocks import CELLS, blocks


def test_as_many_arrays_as_fit_are_one_block():
    assert list(blocks(5, CELLS // 2)) == [slice(0, 2), slice(2, 4), slice(4, 5)]
    assert list(blocks(3, CELLS + 1)) == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert list(blocks(24, 1)) == [slice(0, 24)]


def test_nothing_has_no_block():
    assert list(blocks(0, 10)) == [] and list(blocks(2, 0)) == [slice(0, 2)]


@given(st.integers(0, 50), st.integers(0, 3 * of_blocks.CELLS))
def test_every_array_is_in_one_block(count, cells):
    assert [place for block in blocks(count, cells) for place in range(count)[block]] == list(range(count))
