"""Changes of any bytes, and of lines and cells of a text table."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.tokens import cell, label

Rows = list[list[str]]


def spoil_file(random: Random, path: Path) -> None:
    """Change a file by its cells where it is a text table, packed or not, and any by its bytes."""
    content = path.read_bytes()
    packed = content[:2] == b"\x1f\x8b"
    if packed and random.random() < 0.75:
        try:
            path.write_bytes(gzip.compress(_spoilt(random, gzip.decompress(content)), 1, mtime=0))
        except (OSError, EOFError, zlib.error):  # it was spoilt already
            path.write_bytes(flipped(random, content))
    else:
        path.write_bytes(_spoilt(random, content))


def _spoilt(random: Random, content: bytes) -> bytes:
    if random.random() < 0.75 and _is_text(content):
        return spoil_text(random, content.decode("utf-8")).encode("utf-8", "surrogatepass")
    return random.choice(BYTES)(random, content)


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8")
    except UnicodeDecodeError:
        return False


def spoil_text(random: Random, text: str) -> str:
    """Change a table by its rows, columns or cells, or a text by its lines."""
    if random.random() < 0.2:
        return random.choice(LINES)(random, text)
    first = next((line for line in text.split("\n") if not line.startswith("#")), "")
    separator = max("\t,;|", key=first.count)
    rows = [line.split(separator) for line in text.split("\n")]
    head = next((place for place, row in enumerate(rows) if not row[0].startswith("#")), 0)
    random.choice(TABLE)(random, rows, head)
    return "\n".join(separator.join(row) for row in rows)


# Bytes


def flipped(random: Random, content: bytes) -> bytes:
    """A few bits turned round."""
    out = bytearray(content)
    for _ in range(random.choice((1, 2, 8, 64)) if out else 0):
        out[random.randrange(len(out))] ^= 1 << random.randrange(8)
    return bytes(out)


def truncated(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def inserted(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    return content[:place] + random.randbytes(random.choice((1, 4, 100))) + content[place:]


def cut_out(random: Random, content: bytes) -> bytes:
    start = random.randrange(len(content) + 1)
    return content[:start] + content[start + random.choice((1, 8, 100, 1000)) :]


def doubled(random: Random, content: bytes) -> bytes:
    start = random.randrange(len(content) + 1)
    part = content[start : start + random.choice((1, 8, 100, 1000))]
    return content[:start] + part * random.choice((2, 3)) + content[start + len(part) :]


def filled(random: Random, content: bytes) -> bytes:
    start, size = random.randrange(len(content) + 1), random.choice((1, 8, 100, 1000))
    part = content[start : start + size]
    return content[:start] + random.choice((b"\0", b"\xff", b" ")) * len(part) + content[start + len(part) :]


def appended(random: Random, content: bytes) -> bytes:
    return content + random.choice((random.randbytes(50), content, b"\0" * 1000, b"\n" * 1000))


BYTES: tuple[Callable[[Random, bytes], bytes], ...] = (
    flipped, flipped, truncated, inserted, cut_out, doubled, filled, appended
)  # fmt: skip


# Lines


def _other_ends(random: Random, text: str) -> str:
    return text.replace("\n", random.choice(("\r\n", "\r", "\n\r", "\n\n", "\u2028", "\x0b")))


def _blank_lines(random: Random, text: str) -> str:
    return text.replace("\n", "\n" * random.choice((2, 500)), random.choice((1, 3)))


def _comments(random: Random, text: str) -> str:
    return random.choice(("#version 2.4\n", "# x\n" * 50, "sep=,\n", "\ufeff", "##fileformat=VCFv4.2\n")) + text


def _stray_quote(random: Random, text: str) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(('"', "'", '"""')) + text[place:]


def _spliced(random: Random, text: str) -> str:
    lines = text.split("\n")
    place = random.randrange(len(lines))
    return "\n".join([*lines[:place], "".join(lines[place : place + 2]), *lines[place + 2 :]])


def _cut_line(random: Random, text: str) -> str:
    lines = text.split("\n")
    place = random.randrange(len(lines))
    lines[place] = lines[place][: random.randrange(len(lines[place]) + 1)]
    return "\n".join(lines)


def _moved_line(random: Random, text: str) -> str:
    lines = text.split("\n")
    line = lines.pop(random.randrange(len(lines)))
    lines.insert(random.randrange(len(lines) + 1), line)
    return "\n".join(lines)


def _other_separator(random: Random, text: str) -> str:
    return text.replace("\t", random.choice((",", ";", "|", " ", "\t\t")), random.choice((1, 5, -1)))


def _odd_character(random: Random, text: str) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + label(random) + text[place:]


def _lone_surrogate(random: Random, text: str) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + "\udcff" + text[place:]


def _long_line(random: Random, text: str) -> str:
    return text + random.choice(("x", "\t", '"', " ", ",")) * random.choice((70_000, 300_000))


LINES: tuple[Callable[[Random, str], str], ...] = (
    _other_ends, _blank_lines, _comments, _stray_quote, _spliced, _cut_line, _moved_line, _other_separator,
    _odd_character, _lone_surrogate, _long_line,
)  # fmt: skip


# Rows, columns and cells; `head` is the row that names the columns


def _hostile_cell(random: Random, rows: Rows, head: int) -> None:
    row = rows[random.randrange(min(head, len(rows) - 1), len(rows))]
    row[random.randrange(len(row))] = cell(random)


def _hostile_column(random: Random, rows: Rows, head: int) -> None:
    place, same = random.randrange(len(rows[head])), random.random() < 0.5
    found = cell(random)
    for row in rows[head + 1 :]:
        if len(row) > place:
            row[place] = found if same else cell(random)


def _hostile_header(random: Random, rows: Rows, head: int) -> None:
    rows[head][random.randrange(len(rows[head]))] = label(random)


def _header_twice(random: Random, rows: Rows, head: int) -> None:
    names = rows[head]
    names[random.randrange(len(names))] = names[random.randrange(len(names))]


def _column_twice(random: Random, rows: Rows, head: int) -> None:
    place = random.randrange(len(rows[head]))
    for row in rows[head:]:
        if len(row) > place:
            row.insert(random.choice((place, len(row))), row[place])


def _column_gone(random: Random, rows: Rows, head: int) -> None:
    place = random.randrange(len(rows[head]))
    for row in rows[head:]:
        if len(row) > max(place, 1):
            del row[place]


def _columns_swapped(random: Random, rows: Rows, head: int) -> None:
    one, other = (random.randrange(len(rows[head])) for _ in range(2))
    for row in rows[head + random.choice((0, 0, 1)) :]:
        if len(row) > max(one, other):
            row[one], row[other] = row[other], row[one]


def _row_twice(random: Random, rows: Rows, head: int) -> None:
    rows.insert(random.randrange(len(rows)), list(random.choice(rows)))


def _header_again(random: Random, rows: Rows, head: int) -> None:
    rows.insert(random.randrange(head, len(rows)), list(rows[head]))


def _row_gone(random: Random, rows: Rows, head: int) -> None:
    if len(rows) > 1:
        del rows[random.choice((head, random.randrange(len(rows))))]


def _ragged(random: Random, rows: Rows, head: int) -> None:
    row = random.choice(rows)
    place = random.randrange(len(row) + 1)
    row[place:] = [] if place and random.random() < 0.5 else [*row[place:], *(cell(random) for _ in range(3))]


def _turned(random: Random, rows: Rows, head: int) -> None:
    body = [row for row in rows[head:] if len(row) > 1]
    width = min(map(len, body), default=0)
    rows[head:] = [[row[place] for row in body] for place in range(width)] or [[""]]


def _many_rows(random: Random, rows: Rows, head: int) -> None:
    row = random.choice(rows)
    rows += [[*row[:-1], f"{row[-1]}{place}"] for place in range(random.choice((50, 500)))]


def _many_columns(random: Random, rows: Rows, head: int) -> None:
    more = random.choice((30, 1500))
    for row in rows[head:]:
        if len(row) > 1:
            row += [row[-1]] * more


def _quoted(random: Random, rows: Rows, head: int) -> None:
    for row in rows[head:]:
        row[:] = [f'"{text}"' for text in row]


TABLE: tuple[Callable[[Random, Rows, int], None], ...] = (
    _hostile_cell, _hostile_cell, _hostile_cell, _hostile_column, _hostile_header, _header_twice, _column_twice,
    _column_gone, _columns_swapped, _row_twice, _header_again, _row_gone, _ragged, _turned, _many_rows, _many_columns,
    _quoted,
)  # fmt: skip
