from hypothesis import settings

settings.register_profile("text", deadline=None)  # other work shares the cores
settings.load_profile("text")
