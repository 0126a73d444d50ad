"""Bytes of a CSV do not depend on how they were cut into chunks (spec: api.md, Exports)."""

import gzip
import hashlib

from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.exports.csv_bytes import CsvBytes

_CELLS = st.lists(st.text(alphabet='a"\n\r,é', max_size=6), min_size=1, max_size=4)


def _copied(rows: list[list[str]]) -> bytes:
    """Write rows as COPY does: LF after each, cells with special characters in quotes."""
    lines = []
    for row in rows:
        cells = ['"' + cell.replace('"', '""') + '"' if set(cell) & set('"\n\r,') else cell for cell in row]
        lines.append(",".join(cells) + "\n")
    return "".join(lines).encode()


@given(st.lists(_CELLS, max_size=6), st.lists(st.integers(1, 9), max_size=40), st.booleans())
@example([['a"\nb', "c"], ['"']], [1], False)
def test_only_the_ends_of_lines_change(rows: list[list[str]], cuts: list[int], compressed: bool) -> None:
    copied = _copied(rows)
    csv = CsvBytes(compressed)
    written, first = b"", 0
    for length in [*cuts, len(copied)]:
        written += csv.feed(copied[first : first + length])
        first += length
    written += csv.finish()
    assert (csv.size_bytes, csv.sha256) == (len(written), hashlib.sha256(written).hexdigest())
    assert csv.lines == len(rows)
    plain = gzip.decompress(written) if compressed else written
    expected = b"".join(_copied([row])[:-1] + b"\r\n" for row in rows)
    assert plain == expected
