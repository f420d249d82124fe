"""How many latents does a model really use, and how many dimensions do its codes span?"""
