"""Check that uv.lock and the hashed requirement files say the same as pyproject.toml.

`make check` runs it; `make lock` runs it with --write. Needs no network unless --write is given.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV = str(Path(sys.executable).parent / "uv")
FILES = {
    "default.txt": ["--no-default-groups"],
    "build.txt": ["--only-group", "build"],
    # Left out: hana and db2 bring proprietary client libraries, peers serves benchmarks only, and
    # graph-network brings PyTorch with two gigabytes of drivers for one challenger.
    "develop.txt": [
        "--all-extras",
        "--all-groups",
        *("--no-extra=hana", "--no-extra=db2", "--no-extra=graph-network", "--no-group=peers"),
    ],
    "peers.txt": ["--only-group", "peers"],
}


def export(options: list[str], target: Path) -> None:
    """Write one requirement file from uv.lock."""
    command = [UV, "export", "--quiet", "--frozen", "--no-emit-project", "--no-header", *options]
    subprocess.run([*command, "--output-file", str(target)], cwd=ROOT, check=True)


def forbidden_path_files() -> list[str]:
    """Return `.pth` files of installed packages that run code, other than those known to be ours."""
    site = next((Path(sys.prefix) / "lib").glob("python3*/site-packages"))
    known = {"distutils-precedence.pth"}  # setuptools' own, on Python 3.11
    return [
        file.name
        for file in site.glob("*.pth")
        if file.name not in known
        and any(line.lstrip().startswith("import") for line in file.read_text().splitlines())
    ]


def main() -> int:
    """Return 0 where everything agrees."""
    if "--write" in sys.argv:
        subprocess.run([UV, "lock", "--quiet"], cwd=ROOT, check=True)
        for name, options in FILES.items():
            export(options, ROOT / "requirements" / name)
        return 0
    problems = []
    if os.environ.get("CI"):  # needs the index
        fresh = subprocess.run([UV, "lock", "--check", "--quiet"], cwd=ROOT, check=False)
        if fresh.returncode:
            problems.append("uv.lock does not match pyproject.toml; run: make lock")
    with tempfile.TemporaryDirectory() as folder:
        for name, options in FILES.items():
            export(options, Path(folder) / name)
            if (Path(folder) / name).read_text() != (ROOT / "requirements" / name).read_text():
                problems.append(f"requirements/{name} does not match uv.lock; run: make lock")
    problems += [f"{name} runs code at start-up; find out why" for name in forbidden_path_files()]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
