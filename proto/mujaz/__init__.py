"""The protocol of mujaz."""
