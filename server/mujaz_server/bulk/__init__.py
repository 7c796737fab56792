"""Many documents at once: read, translated in chunks, committed piece by piece, put together."""
