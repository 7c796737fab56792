"""Single words and their translation, inflected: a corpus from the Buckwalter lexicon."""
