"""Names, dates and figures of a pair swapped for others of their kind, on both sides at once."""
