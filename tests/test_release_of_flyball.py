"""A release of Flyball itself: what it is made of, and that its signature is checked without Flyball."""

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "tests" / "governance" / "evidence" / "official_schemas.py"


def tool(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sbom, dist = tool(ROOT / "tools" / "sbom.py"), tool(ROOT / "tools" / "dist.py")


@pytest.fixture(scope="module")
def bill():
    return sbom.bill()


def pem(folder, key):
    path = folder / "release.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path


def openssl(folder):
    """Check the signature as the docs say."""
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "release.pub.pem"]
    command += ["-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_bill_names_every_pinned_requirement_and_nothing_else(bill):
    text = (ROOT / "requirements" / "default.txt").read_text()
    wanted = re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.M)
    assert len(wanted) > 50
    assert sorted((one["name"], one["version"]) for one in bill["components"]) == sorted(wanted)


@pytest.mark.parametrize("name", ["default.txt", "build.txt", "develop.txt"])
def test_every_requirement_is_pinned_with_a_hash(name):
    text = (ROOT / "requirements" / name).read_text()
    wanted = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]
    assert len(wanted) > 5
    assert [
        one for one in wanted if not re.match(r"[\w.-]+==[^\s;]+.*\\\n    --hash=sha256:[0-9a-f]{64}", one)
    ] == []


def test_every_file_of_the_bill_has_the_hash_that_an_installation_checks(bill):
    pinned = set(re.findall(r"sha256:([0-9a-f]{64})", (ROOT / "requirements" / "default.txt").read_text()))
    listed = {
        one["hashes"][0]["content"] for each in bill["components"] for one in each["externalReferences"]
    }
    assert pinned <= listed


def test_dependencies_name_parts_of_the_bill_and_flyball_stands_on_what_it_declares(bill):
    known = {one["bom-ref"] for one in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
    by_ref = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert set(by_ref) == known
    assert {one for each in by_ref.values() for one in each} <= known
    own = by_ref[bill["metadata"]["component"]["bom-ref"]]
    assert any(one.startswith("pkg:pypi/cryptography@") for one in own)
    reached, new = set(), set(own)
    while new:
        reached |= new
        new = {one for ref in new for one in by_ref[ref]} - reached
    extra = {one["bom-ref"] for one in bill["components"]} - reached
    assert {one.partition("@")[0] for one in extra} == set()


def test_the_bill_keeps_the_published_schema(bill):
    if not SCHEMAS.is_file():
        pytest.skip("the published schema is not there")
    schemas = tool(SCHEMAS)
    assert schemas.problem(schemas.cyclonedx(), bill) == ""


def test_the_same_lock_gives_the_same_bill(bill):
    assert json.dumps(sbom.bill()) == json.dumps(bill)


def test_a_requirement_that_is_not_in_the_lock_is_named(monkeypatch):
    monkeypatch.setattr(sbom, "pinned", lambda: {("left-pad", "1.0"): ""})
    with pytest.raises(SystemExit, match=r"Not in uv\.lock: left-pad==1\.0"):
        sbom.bill()


def test_openssl_and_sha256sum_check_a_release_and_find_what_was_altered(tmp_path):
    wheel = tmp_path / "flyball-1-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    dist.sign(tmp_path, [wheel], Ed25519PrivateKey.generate())
    assert (tmp_path / "SHA256SUMS").read_text() == f"{hashlib.sha256(b'wheel').hexdigest()}  {wheel.name}\n"
    assert openssl(tmp_path).returncode == 0
    check = ["sha256sum", "-c", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    wheel.write_bytes(b"Wheel")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    dist.sign(tmp_path, [wheel], None)  # whoever alters the digests too has no signature under them
    assert openssl(tmp_path).returncode != 0


def test_a_key_that_others_can_read_or_of_another_kind_signs_nothing(tmp_path):
    path = pem(tmp_path, Ed25519PrivateKey.generate())
    path.chmod(0o644)
    with pytest.raises(SystemExit, match="Others can read"):
        dist.release_key(path)
    with pytest.raises(SystemExit, match="is no Ed25519 key"):
        dist.release_key(pem(tmp_path, generate_private_key(SECP256R1())))
    with pytest.raises(SystemExit, match=r"There is no key .*nowhere.pem. Run: openssl genpkey"):
        dist.release_key(tmp_path / "nowhere.pem")
    path.write_text("no key")
    with pytest.raises(SystemExit, match="cannot be read as a key without a password"):
        dist.release_key(path)


def test_git_keeps_no_private_key_that_was_made_as_the_page_says():
    if not (ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    command = ["git", "check-ignore", "release.pem"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("given", [[], ["--unsigned", "--key", "release.pem"]])
def test_without_a_key_nothing_is_built_unless_that_is_asked_for(tmp_path, given):
    command = [sys.executable, str(ROOT / "tools" / "dist.py"), "--out", str(tmp_path / "out"), *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
    assert "Name a key with --key" in done.stderr


@pytest.mark.slow
def test_the_same_commit_gives_the_same_bytes_and_the_signature_holds(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("a release is built from a commit, and this is no checkout")
    key = pem(tmp_path, Ed25519PrivateKey.generate())
    asked = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    for name in ("one", "two"):
        command = [sys.executable, str(ROOT / "tools" / "dist.py"), "--out", str(tmp_path / name)]
        subprocess.run([*command, "--commit", commit, "--key", str(key)], check=True, capture_output=True)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")
    )
    assert one == two
    assert {name.rpartition(".")[2] for name in one} == {"whl", "gz", "json", "SHA256SUMS", "sig", "pem"}
    assert openssl(tmp_path / "one").returncode == 0
