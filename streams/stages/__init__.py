"""The three stages on Kafka topics: thin around `streams.resolve`, `streams.match` and `streams.reconcile`."""
