"""How messages are understood: Rasa graph components and the pure code under them."""
