"""Arabic text: where its sentences end, and the spelling a model wants."""
