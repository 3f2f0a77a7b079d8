"""Warehouses: read tables of Snowflake and Databricks into Arrow, each load in one statement.

In:       where the warehouse is, a reference to the secret, which tables and how rows are named
Out:      `Stream`s as the warehouse describes them, and `Batch`es whose state is the key of their last row
Imports:  core, the contract of sources, and the positions and tables of `sql`
Add one:  a warehouse is one module here with a `WarehouseSession`, and one file on the shelf that opens it
"""
