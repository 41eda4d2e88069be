"""Errors reach people: rejected and long-parked work, each once, by routes that the configuration names."""
