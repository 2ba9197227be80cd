"""Build the wheel, install it without extras in an environment of its own, and use it.

Then the extra `all` is added, and what both take on the disk is measured. Run by `make smoke`; not
a pytest module, because it installs from the package index.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAX_SIZE_MB = 250

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
    """Fail with the failing command's own message, or where the extra `all` takes too much."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Without pip, which would count.
        venv.create(folder / "venv", with_pip=False)
        python, clearshot = (folder / "venv" / "bin" / name for name in ("python", "clearshot"))
        pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python]

        def run(*command: str | Path) -> None:
            subprocess.run([str(part) for part in command], cwd=folder, check=True)

        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        run(*pip, "install", "-q", wheel)
        run(python, "-c", SCRIPT)
        run(clearshot, "--help")
        run(clearshot, "demo", "demo")
        report_size("base install", folder)
        run(*pip, "install", "-q", f"{wheel}[all]")
        size_mb = report_size("with the extra `all`", folder)
        if size_mb >= MAX_SIZE_MB:
            raise SystemExit(f"the extra `all` takes {size_mb:.0f} MB, not under {MAX_SIZE_MB}")


def report_size(name: str, folder: Path) -> float:
    """Print and return what is installed [MB], without the bytecode that Python makes anew."""
    paths = (path for path in (folder / "venv" / "lib").rglob("*") if path.is_file())
    size_mb = sum(path.stat().st_size for path in paths if path.suffix != ".pyc") / 1e6
    sys.stdout.write(f"{name}: {size_mb:.0f} MB\n")
    return size_mb


if __name__ == "__main__":
    main()
