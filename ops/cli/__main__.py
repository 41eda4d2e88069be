"""`python -m ops.cli`, which is how the supervisor starts a role."""

from ops.cli.main import main

main()
