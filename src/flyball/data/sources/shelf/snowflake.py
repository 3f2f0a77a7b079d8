"""Snowflake: tables and views of one schema."""

from collections.abc import Mapping

from flyball.data.sources.warehouses.settings import read_settings
from flyball.data.sources.warehouses.snowflake import SnowflakeSession, SnowflakeSettings
from flyball.data.sources.warehouses.source import WarehouseSource

__all__ = ["snowflake"]


def snowflake(name: str, settings: Mapping[str, object]) -> WarehouseSource:
    """Open a Snowflake source from its settings; nothing is connected to.

    Settings: `account`, `database`, `schema` ("PUBLIC"), `user`, one of `password`, `private_key`
    (with `passphrase`) and `token` by reference, `warehouse`, `role`, `host`, `tables`, `streams`,
    `batch_rows`, `finer_times` ("text" or "cut"), `statement_timeout_seconds`.

    Raises
    ------
    BadSource
        An unknown setting, one of the wrong type, or a secret that is no reference.
    """
    read = read_settings(SnowflakeSettings, name, settings)
    return WarehouseSource(name, read, lambda: SnowflakeSession(read, source=name))
