"""Training a MarianMT model by a recipe: from parallel text to a checkpoint that converts."""
