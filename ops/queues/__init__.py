"""What did not get on, seen and acted on by people: dead letters, and writes that wait. Each act leaves a line on the audit trail."""
