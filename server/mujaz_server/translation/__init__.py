"""One model: pieces in, English out, and what to doubt about it."""
