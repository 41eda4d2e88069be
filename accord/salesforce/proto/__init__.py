"""The Pub/Sub API's wire format: Salesforce's own CC0 proto file, unchanged, and the stubs that grpcio-tools makes of it."""
