"""One module for each command: ``command`` is what click runs. Heavy rooms are imported inside: ``--help`` is quick."""
