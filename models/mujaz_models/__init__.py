"""The models of mujaz: manifests, verification, the embedded starter."""
