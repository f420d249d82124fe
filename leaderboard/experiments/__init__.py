"""Experiments whose tables and figures stand in the documentation: each a command of its own."""
