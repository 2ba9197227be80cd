"""Build the wheel, install it without extras in an environment of its own, and score a photo.

Run by `make smoke`; not a pytest module, because it installs from the package index.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

SCRIPT = """
from pathlib import Path
import numpy as np
from PIL import Image
from clearshot import Scorer, judge
rng = np.random.default_rng(0)
Image.fromarray(rng.integers(0, 256, (600, 800), dtype=np.uint8)).save("noise.png")
print(judge(Scorer().score(Path("noise.png"))))

from clearshot.errors import MissingReaderError
Path("photo.raf").write_bytes(b"FUJIFILMCCD-RAW".ljust(200, b"\\0"))
Path("photo.heic").write_bytes(b"\\0\\0\\0\\x18ftypheic".ljust(200, b"\\0"))
for name in ("photo.raf", "photo.heic"):
    try:
        Scorer().score(Path(name))
    except MissingReaderError as error:
        print(error)
    else:
        raise SystemExit(f"{name} was read without its extra")
"""


def main() -> None:
    """Fail with the failing command's own message."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"

        def run(*command: str | Path) -> None:
            subprocess.run([str(part) for part in command], cwd=folder, check=True)

        run(python, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT)
        run(python, "-m", "pip", "install", "-q", *folder.glob("*.whl"))
        run(python, "-c", SCRIPT)
        run(folder / "venv" / "bin" / "clearshot", "--help")
        lib = folder / "venv" / "lib"
        size = sum(path.stat().st_size for path in lib.rglob("*") if path.is_file())
        sys.stdout.write(f"installed size: {size / 1e6:.0f} MB\n")


if __name__ == "__main__":
    main()
