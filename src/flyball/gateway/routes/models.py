"""`/v1/models`: the deployments that the caller may use, as models."""

from litestar import get
from litestar.params import FromPath

from flyball.gateway.replies import json_reply
from flyball.gateway.route import Caller, Reply, TheHouse

__all__ = ["models"]


@get("/v1/models", opt={"scope": "chat"})
async def list_models(house: TheHouse, principal: Caller) -> Reply:
    """List the deployments."""
    return json_reply({"object": "list", "data": [_model(name) for name in house.names(principal)]})


@get("/v1/models/{name:str}", opt={"scope": "chat"})
async def show_model(name: FromPath[str], house: TheHouse, principal: Caller) -> Reply:
    """Show one deployment."""
    return json_reply(_model(house.of(name, principal).name))


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "flyball"}


models = (list_models, show_model)
