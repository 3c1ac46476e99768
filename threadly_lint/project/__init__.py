"""The project: its files, source roots and module names. Nothing is imported, installed or run to learn them."""

from threadly_lint.project.declared import SourceRoot
from threadly_lint.project.loading import load_project
from threadly_lint.project.model import Project, SourceFile
from threadly_lint.project.patterns import path_matcher

__all__ = ["Project", "SourceFile", "SourceRoot", "load_project", "path_matcher"]
