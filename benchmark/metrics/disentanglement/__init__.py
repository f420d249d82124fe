"""Does each latent know one factor, and each factor live in one latent?"""
