"""Write what Flyball is made of as a CycloneDX 1.6 bill of materials, from the locked, hashed requirements.

`make sbom` runs it. Needs no network: packages, versions, files and their SHA-256 come from `uv.lock`, those
that an installation brings from `requirements/default.txt`, licences from the metadata of what is installed
here. The same lock and the same installation give the same bytes: no time and no random number is in it.
"""

import hashlib
import json
import re
import sys
import tomllib
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$", re.M)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*\Z")


def pinned() -> dict[tuple[str, str], str]:
    """Return each package and version of a default installation, with the marker under which it is there."""
    text = (ROOT / "requirements" / "default.txt").read_text()
    return {(name, version): (marker or "").strip() for name, version, marker in _PINNED.findall(text)}


def locked() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what the lock says of each package and version."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    return {(one["name"], one["version"]): one for one in packages if "version" in one}


def licence_of(name: str, version: str) -> list[dict[str, Any]]:
    """Return the licence as the installed package states it; [] where that is not known."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    if found["Version"] != version:
        return []
    expression = found["License-Expression"] or ""
    if _SPDX.match(expression):
        return [{"expression": expression}]
    stated = [
        line.rpartition(" :: ")[2]
        for line in found.get_all("Classifier", [])
        if line.startswith("License ::")
    ]
    stated = stated or [line for line in (found["License"] or "").splitlines()[:1] if 0 < len(line) < 100]
    return [{"license": {"name": one}} for one in stated]


def reference(name: str, version: str) -> str:
    """Return the package URL, by which everything else names it."""
    return f"pkg:pypi/{name}@{version}"


def component(name: str, version: str, package: dict[str, Any], marker: str) -> dict[str, Any]:
    """Return one package."""
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference(name, version),
        "name": name,
        "version": version,
        "purl": reference(name, version),
        "scope": "required",
    }
    licences = licence_of(name, version)
    if licences:
        made["licenses"] = licences
    made["externalReferences"] = [
        {
            "type": "distribution",
            "url": one["url"],
            "hashes": [{"alg": "SHA-256", "content": one["hash"].removeprefix("sha256:")}],
        }
        for one in files
    ]
    if marker:
        made["properties"] = [{"name": "flyball:installed-where", "value": marker}]
    return made


def needed(package: dict[str, Any], extras: dict[str, set[str]]) -> set[str]:
    """Return the names that a package stands on, with those of its extras that are asked for."""
    optional = package.get("optional-dependencies", {})
    asked = [one for extra in extras.get(package["name"], ()) for one in optional.get(extra, ())]
    return {one["name"] for one in (*package.get("dependencies", ()), *asked)}


def bill() -> dict[str, Any]:
    """Return the bill of materials.

    Raises
    ------
    SystemExit
        A requirement is not in the lock, or is there without a hash.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted, lock = pinned(), locked()
    missing = [f"{name}=={version}" for name, version in wanted if (name, version) not in lock]
    if missing or not wanted:
        raise SystemExit(f"Not in uv.lock: {', '.join(missing) or 'anything'}. Run: make lock")
    components = [component(*one, lock[one], wanted[one]) for one in sorted(wanted)]
    bare = [one["name"] for one in components if not one["externalReferences"]]
    if bare:
        raise SystemExit(f"Without any hashed file in uv.lock: {', '.join(bare)}. Run: make lock")
    by_name: dict[str, list[str]] = {}
    for name, version in wanted:
        by_name.setdefault(name, []).append(reference(name, version))
    root = reference(project["name"], project["version"])
    own = next(one for (name, _), one in lock.items() if name == project["name"])
    needs = {root: own, **{reference(*one): lock[one] for one in sorted(wanted)}}
    extras: dict[str, set[str]] = {}
    for package in needs.values():
        for one in package.get("dependencies", ()):
            extras.setdefault(one["name"], set()).update(one.get("extra", ()))
    made = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": project["name"],
                "version": project["version"],
                "purl": root,
                "licenses": [{"expression": project["license"]}],
            },
        },
        "components": components,
        "dependencies": [
            {
                "ref": ref,
                "dependsOn": sorted(
                    {one for name in needed(package, extras) for one in by_name.get(name, ())}
                ),
            }
            for ref, package in needs.items()
        ],
    }
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    return {**made, "serialNumber": f"urn:uuid:{uuid.UUID(digest[:32], version=5)}"}


def main() -> int:
    """Write it to the file that is named, or to stdout."""
    text = json.dumps(bill(), indent=1, sort_keys=True) + "\n"
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
