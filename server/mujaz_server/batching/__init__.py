"""Which sentence is translated when, and with which others."""
