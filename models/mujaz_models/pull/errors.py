"""What can go wrong while a model is pulled."""

from mujaz_models.command import CommandError


class PullError(CommandError):
    """A model could not be pulled; the message is one line that ends with the remedy."""


class TransientError(PullError):
    """The connection or the hub has failed; another attempt may well succeed."""


class RegistryError(PullError):
    """A registry is not one of format 1, or does not know the model."""
