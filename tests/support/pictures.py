"""Small files of real kinds, and some that pretend."""

import struct
import zlib


def png(width: int = 8, height: int = 6, color: tuple[int, int, int] = (40, 120, 90)) -> bytes:
    """A picture of one colour."""
    row = b"\0" + bytes(color) * width
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def wav(samples: int = 800) -> bytes:
    """A tenth of a second of silence."""
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000, 1, 8)
    return (
        b"RIFF"
        + struct.pack("<I", 36 + samples)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + (struct.pack("<I", samples) + b"\x80" * samples)
    )


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "run"</script></svg>'
HTML = b"<!doctype html><html><body><script>document.title = 'run'</script></body></html>"
PROGRAM = b"MZ\x90\0" + b"\0" * 60
