"""The company's own systems, asked to carry out what a person granted."""
