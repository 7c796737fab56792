"""The peers that bench/peers.py compares mujaz with, each a server of its own.

`python -m peer_services.NAME PORT …` starts one, with this folder's parent on the path. Those that
need other packages than mujaz run in an environment of their own, and import none of mujaz.
"""
