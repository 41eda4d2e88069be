"""The command `accord`: one file for each group of commands."""
