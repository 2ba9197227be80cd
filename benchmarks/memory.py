"""Measure the peak memory of one photo of 50 and of 100 MP, by format and by what is asked of it.

    python benchmarks/memory.py [--megapixels 50 100] [--kinds jpeg png ...]

Each photo is read in a process of its own; what Python and the libraries take before is subtracted.
Needs Linux.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from raw_files import write_dng

KINDS = ("jpeg", "progressive", "png", "tiff", "webp", "heic", "dng", "dng-preview")


def main() -> None:
    """Print a table, then one line of JSON."""
    if sys.argv[1:2] == ["--read"]:
        read(sys.argv[2], Path(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=int, nargs="+", default=[50, 100])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    arguments = parser.parse_args()
    rows = []
    print(f"{'photo':24} {'file MB':>8} {'judged MB':>10} {'s':>6} {'100 % MB':>9} {'s':>6}")
    for megapixels in arguments.megapixels:
        for kind in arguments.kinds:
            with tempfile.TemporaryDirectory() as name:
                path = Path(name) / "photo"
                write_photo(path, kind, megapixels)
                judged, native = (run(task, path) for task in ("decode", "crops"))
                size_mb = path.stat().st_size / 1e6
            title = f"{kind}, {megapixels} MP"
            print(
                f"{title:24} {size_mb:8.1f} {judged[0]:10.0f} {judged[1]:6.2f} "
                f"{native[0]:9.0f} {native[1]:6.2f}",
                flush=True,
            )
            rows.append({"kind": kind, "mp": megapixels, "judged": judged, "native": native})
    print(json.dumps(rows))


def write_photo(path: Path, kind: str, megapixels: int) -> None:
    """Write a photo with detail, 4 : 3."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5) // 16 * 16
    width = height * 4 // 3 // 16 * 16
    rng = np.random.default_rng(0)
    tile = rng.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    picture = Image.fromarray(tile).resize((width, height), Image.Resampling.BICUBIC)
    match kind:
        case "jpeg":
            picture.save(path, "JPEG", quality=90)
        case "progressive":
            picture.save(path, "JPEG", quality=90, progressive=True)
        case "png":
            picture.save(path, "PNG", compress_level=1)
        case "tiff":
            picture.save(path, "TIFF", compression="tiff_adobe_deflate")
        case "webp":
            picture.save(path, "WEBP", quality=80, method=0)
        case "heic":
            import pillow_heif

            heif = pillow_heif.from_pillow(picture)
            heif.save(path, quality=30, enc_params={"preset": "ultrafast"})
        case "dng" | "dng-preview":
            preview = None
            if kind == "dng-preview":
                stream = io.BytesIO()
                picture.save(stream, "JPEG", quality=90)
                preview = stream.getvalue()
            write_dng(path, np.asarray(picture), preview=preview)


def run(task: str, path: Path) -> tuple[float, float]:
    """Read a photo in a process of its own; gives its memory [MB] and time [s]."""
    command = [sys.executable, __file__, "--read", task, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peak_mb, seconds = json.loads(done.stdout)
    return peak_mb, seconds


def read(task: str, path: Path) -> None:
    """Print what reading a photo takes."""
    from clearshot.decode.image import decode, read_crops
    from clearshot.photo import Region

    small = Path(tempfile.mkdtemp()) / "small.jpg"
    Image.new("RGB", (256, 256)).save(small)
    decode(small)
    before = measure_peak_mb()
    started = time.perf_counter()
    if task == "decode":
        decode(path)
    else:
        read_crops(path, [Region(1000, 1000, 512, 512)] * 3)
    seconds = time.perf_counter() - started
    print(json.dumps([round(measure_peak_mb() - before, 1), round(seconds, 2)]))


def measure_peak_mb() -> float:
    """Tell the most memory that this process had at once [MB of 10^6 bytes]."""
    # Not `getrusage`, which begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    main()
