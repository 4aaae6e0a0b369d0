"""Benchmark files with random faults, and what a reader may make of them."""

import contextlib
import json

from hypothesis import settings, strategies as st
from inference_energy.common.errors import InputError
from inference_energy.corpus.formats.reading import Reading

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FUZZ = settings(max_examples=100)


@st.composite
def mutated_text(draw, text):
    """The text with one slice cut, replaced or inserted."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 40)) | st.just(start) | st.just(len(text)))
    return text[:start] + draw(st.just("") | st.text(max_size=6) | st.sampled_from('[]{}",:\n\\')) + text[end:]


@st.composite
def mutated_value(draw, document):
    """The document with one value, at any depth, replaced by a random one."""
    document = json.loads(json.dumps(document))
    holder, key, value = None, None, document
    while isinstance(value, dict | list) and value and (holder is None or draw(st.booleans())):
        holder, key = value, draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        value = holder[key]
    holder[key] = draw(JSON_VALUES)
    return json.dumps(document)


def assert_read_or_refused(read, path, text):
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(InputError):
        assert isinstance(read(path), Reading)
