"""What a name in the project is bound to: modules, classes, functions, and where they are mentioned."""
