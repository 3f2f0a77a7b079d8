"""The vendors that other gateways know by a short name: where they are, and where their key is kept."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flyball.core.hosts import is_this_machine
from flyball.loop.importing import Answers

__all__ = ["VENDORS", "Vendor", "azure_address", "place_of", "plain_address", "whose"]


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor.

    Parameters
    ----------
    base_url : str
        "" where each customer has an address of their own.
    key : str
        Environment variable that usually holds the key; "" where none is needed.
    provider : str
        The wire form, as in the settings of the expert language_model.
    """

    base_url: str
    key: str
    provider: str = "openai-compatible"


VENDORS = {
    "openai": Vendor("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "anthropic": Vendor("https://api.anthropic.com", "ANTHROPIC_API_KEY", "anthropic"),
    "azure": Vendor("", "AZURE_API_KEY"),
    "mistral": Vendor("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "groq": Vendor("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "together": Vendor("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "deepseek": Vendor("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "openrouter": Vendor("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    "xai": Vendor("https://api.x.ai/v1", "XAI_API_KEY"),
    "fireworks": Vendor("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "gemini": Vendor("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "ollama": Vendor("http://localhost:11434/v1", ""),
    "vllm": Vendor("", ""),
    "sglang": Vendor("", ""),
    "tgi": Vendor("", ""),
}


_AZURE = ("openai.azure.com", "openai.azure.us", "cognitiveservices.azure.com", "services.ai.azure.com")


def plain_address(text: str) -> str:
    """Return what speaks against an address; "" for nothing. A login in it is never repeated."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return "it is no address"
    if parts.scheme not in ("http", "https") or not host:
        return "it is no http or https address"
    return "it holds a login or parameters" if parts.username or parts.password or parts.query else ""


def azure_address(text: str) -> str:
    """Return the address of the v1 interface of a resource of Azure."""
    parts = urlsplit(text)
    before = (
        "" if f"{parts.path}/".startswith("/openai/") else parts.path.partition("/openai/")[0].rstrip("/")
    )
    return f"{parts.scheme}://{parts.netloc}{before}/openai/v1"


def whose(base_url: str, vendor: str) -> str:
    """Return whose a model is: this machine's, the vendor's at its own host, or "" for nobody known.

    What speaks the form of a vendor elsewhere is not the vendor: it gets neither its name nor its key.
    """
    host = urlsplit(base_url).hostname or ""
    if is_this_machine(host):
        return "this machine"
    own = _AZURE if vendor == "azure" else (urlsplit(VENDORS[vendor].base_url).hostname or "",)
    return vendor if any(one and (host == one or host.endswith(f".{one}")) for one in own) else ""


def place_of(base_url: str, answers: Answers) -> str:
    """Return where a host stands, where somebody said so."""
    return answers.places.get(urlsplit(base_url).hostname or "", "")
