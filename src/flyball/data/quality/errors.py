"""What can go wrong with data contracts."""

from flyball.core.errors import FlyballError

__all__ = ["BadContract", "ContractBroken"]


class BadContract(FlyballError):
    """The contract itself cannot be used: an unknown type, a column twice, a limit that makes no sense."""

    code = "quality.bad_contract"


class ContractBroken(FlyballError):
    """Rows do not keep the contract, so they do not become a snapshot."""

    code = "quality.contract_broken"
    exit_code = 1
