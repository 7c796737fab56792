"""`mujaz-models pull`: a model of the registry, from the hub into the store.

The folder of a download is `.pulling/NAME` in the store, so that the last step is one rename. What
has arrived stays there until the model is in the store: the same command run again goes on where
the last one stopped.
"""
