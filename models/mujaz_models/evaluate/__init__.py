"""Measuring a model: BLEU, chrF2 and tokens per second on parallel text, as the server translates.

Importing this package needs nothing but the standard library; measuring needs the extra `evaluate`.
"""
