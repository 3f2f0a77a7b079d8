"""Build a release of Flyball: wheel, source, bill of materials, their digests, and a signature under these.

`make dist KEY=release.pem` runs it. What is built is the commit, not the work tree, with the time of the
commit, so that anybody who builds the same commit gets the same bytes. The signature is Ed25519 over
`SHA256SUMS` and is checked with openssl alone; see docs/threats.md.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

ROOT = Path(__file__).parent.parent
SUMS, SIGNATURE, PUBLIC = "SHA256SUMS", "SHA256SUMS.sig", "release.pub.pem"


def built(commit: str, target: Path) -> list[Path]:
    """Build wheel and source of a commit; return the files."""
    seconds = _git("log", "-1", "--format=%ct", commit).decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        # tar itself: the safe filter of Python's is younger than Python 3.11.0.
        subprocess.run(["tar", "-x", "-C", folder], input=_git("archive", commit), check=True)
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(target)]
        subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "SOURCE_DATE_EPOCH": seconds},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        bill = next(target.glob("*.whl")).name.partition("-py3")[0] + ".cdx.json"
        subprocess.run(
            [sys.executable, str(Path(folder) / "tools" / "sbom.py"), str(target / bill)], check=True
        )
    return sorted(path for path in target.iterdir() if path.suffix in (".whl", ".gz", ".json"))


def release_key(path: Path) -> Ed25519PrivateKey:
    """Return the key that signs.

    Raises
    ------
    SystemExit
        There is none, it is no Ed25519 key, or others than its owner can read it.
    """
    if not path.is_file():
        raise SystemExit(f"There is no key {path}. Run: openssl genpkey -algorithm ed25519 -out {path}")
    if path.stat().st_mode & 0o077:
        raise SystemExit(f"Others can read {path}. Run: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as err:  # TypeError: it asks for a password
        raise SystemExit(f"{path} cannot be read as a key without a password: {err}.") from err
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{path} is no Ed25519 key. Run: openssl genpkey -algorithm ed25519 -out {path}")
    return key


def sign(target: Path, files: list[Path], key: Ed25519PrivateKey | None) -> None:
    """Write the digests, and with a key the signature under them and the public key beside it."""
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    sums = "".join(lines).encode()
    (target / SUMS).write_bytes(sums)
    if key is not None:
        (target / SIGNATURE).write_bytes(key.sign(sums))
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (target / PUBLIC).write_bytes(public)


def main() -> int:
    """Build into a folder that is empty or not there."""
    parser = argparse.ArgumentParser(description="Build and sign a release.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--commit", default="HEAD")
    parser.add_argument("--key", default="", help="Ed25519 private key in PEM, readable by its owner only")
    parser.add_argument("--unsigned", action="store_true", help="build without a signature, to compare bytes")
    given = parser.parse_args()
    if bool(given.key) == given.unsigned:
        print("Name a key with --key (make dist KEY=release.pem), or say --unsigned.", file=sys.stderr)
        return 2
    key = release_key(Path(given.key)) if given.key else None
    given.out.mkdir(parents=True, exist_ok=True)
    if any(given.out.iterdir()):
        print(f"{given.out} is not empty; nothing was built. Take away what is there first.", file=sys.stderr)
        return 2
    files = built(given.commit, given.out.resolve())
    sign(given.out, files, key)
    print("".join(f"{path.name}\n" for path in sorted(given.out.iterdir())), end="")
    return 0


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


if __name__ == "__main__":
    sys.exit(main())
