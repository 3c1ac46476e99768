"""The rules: one file each. Installed as ``threadly_lint.rules``; this folder is no package of its own."""

if __name__ != "threadly_lint.rules":
    raise ImportError("these modules are installed as threadly_lint.rules; import them from there")
