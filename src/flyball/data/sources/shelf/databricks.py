"""Databricks: tables and views of one schema, from a SQL warehouse or over Spark Connect."""

from collections.abc import Mapping

from flyball.data.sources.warehouses.databricks import DatabricksSettings, open_session
from flyball.data.sources.warehouses.settings import read_settings
from flyball.data.sources.warehouses.source import WarehouseSource

__all__ = ["databricks"]


def databricks(name: str, settings: Mapping[str, object]) -> WarehouseSource:
    """Open a Databricks source from its settings; nothing is connected to.

    Settings: `host` and `http_path`, or `connect` ("sc://host:port"); `token`, or `client_id` and
    `client_secret`, by reference; `catalog`, `schema` ("default"), `tables`, `streams`, `batch_rows`.

    Raises
    ------
    BadSource
        An unknown setting, one of the wrong type, or a secret that is no reference.
    """
    read = read_settings(DatabricksSettings, name, settings)
    return WarehouseSource(name, read, lambda: open_session(read, source=name))
