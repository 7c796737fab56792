"""Measuring the summarizer: ROUGE against people's summaries, beside LEAD, sumy and an oracle.

Importing this package needs nothing but the standard library; measuring needs the extra
`summaries`.
"""
