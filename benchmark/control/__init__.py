"""Control: what is heard when a latent space is played, read back as factors.

``readers`` learn from the true sounds of a dataset to read its factors from any sound; ``playing``
moves the latents of a model and reads what its decoder plays; ``references`` are a generator that
obeys and a decoder that does not, between which every number stands.
"""
