"""The demo: both sandboxes, a broker, a registry and Accord on one machine, and a story that checks each step on the other side."""
