"""One run a document: planned, translated in order, checked, summarized, reported."""
