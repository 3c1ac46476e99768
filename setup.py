"""Which packages are installed; everything else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["threadly_lint*"]), "threadly_lint.rules"])
