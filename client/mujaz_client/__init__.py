"""Client of mujaz: a library for asyncio and threads, and the command `mujaz`."""
