"""Who imports whom: the graph of all imports, its cycles, and how it looks from further away."""
