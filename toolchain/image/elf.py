"""Which shared libraries a program needs, read from its ELF headers (nothing is executed)."""

import struct

_DT_NEEDED, _DT_STRTAB = 1, 5
_PT_LOAD, _PT_DYNAMIC = 1, 2


def needed_libraries(content: bytes) -> list[str]:
    """The DT_NEEDED names of a 64-bit little-endian ELF file; [] for any other file."""
    if content[:6] != b"\x7fELF\x02\x01":
        return []
    (header_offset,) = struct.unpack_from("<Q", content, 0x20)
    size, count = struct.unpack_from("<HH", content, 0x36)
    segments: list[tuple[int, int, int]] = []
    dynamic: tuple[int, int] | None = None
    for index in range(count):
        place = header_offset + index * size
        (kind,) = struct.unpack_from("<I", content, place)
        offset, address, _, length = struct.unpack_from("<QQQQ", content, place + 8)
        if kind == _PT_LOAD:
            segments.append((offset, address, length))
        elif kind == _PT_DYNAMIC:
            dynamic = offset, length
    if dynamic is None:
        return []
    entries = [
        struct.unpack_from("<QQ", content, place)
        for place in range(dynamic[0], dynamic[0] + dynamic[1], 16)
    ]
    strings = next((value for tag, value in entries if tag == _DT_STRTAB), None)
    if strings is None:
        return []
    table = next(
        offset + strings - address
        for offset, address, length in segments
        if address <= strings < address + length
    )
    return [_text(content, table + value) for tag, value in entries if tag == _DT_NEEDED]


def _text(content: bytes, start: int) -> str:
    return content[start : content.index(b"\0", start)].decode("ascii")
