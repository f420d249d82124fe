"""Does a latent steer what it should? Pure functions of what was read from sounds."""
