"""Runs the project's code abstractly: values that carry proofs, effects in order, guards by what they do."""
