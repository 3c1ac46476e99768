"""One module per command: ``command`` is what click runs. Heavy rooms are imported inside, so that ``--help`` is quick."""
