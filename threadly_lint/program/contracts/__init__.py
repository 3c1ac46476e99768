"""Contracts between packages: what settings declare, and what the import graph says to it.

``settings`` reads our own table and ``import_linter`` the settings of that tool, both into the values of ``model``;
``view`` shows the import graph as grimp wants it, and ``verdicts`` judges.
"""
