"""What telemetry refuses."""


class TracingError(Exception):
    """Calls cannot be traced as asked; the message is one line with the remedy."""
