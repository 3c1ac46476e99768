"""Carries out fixes: which edits a fix consists of is data from a rule; how they change a file is decided here.

A fix changes nothing but what it says: everything outside the edit stays byte-identical, because edits become splices
of the text at places that LibCST has measured. A fix that cannot keep this promise refuses, with the reason.
LibCST is imported here and nowhere else; import this package only when a fix is wanted.
"""

from threadly_lint.fixing.apply import Applied, apply_fixes
from threadly_lint.fixing.rounds import Mended, file_of, mend
from threadly_lint.fixing.source import Refusal, Source, read_source, replace_file

__all__ = [
    "Applied",
    "Mended",
    "Refusal",
    "Source",
    "apply_fixes",
    "file_of",
    "mend",
    "read_source",
    "replace_file",
]
