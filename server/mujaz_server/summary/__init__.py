"""Which sentences say most of a document, and why."""
