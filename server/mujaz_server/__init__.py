"""The mujaz server: Arabic in, English and its summary streamed out."""
