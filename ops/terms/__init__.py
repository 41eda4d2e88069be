"""Terms of stores, running: the role that writes `terms.<store>`, and the API that shops read."""
