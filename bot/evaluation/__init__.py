"""How well the assistant understands: the trained pipeline run over rows of real language, and over its own examples.

Everything goes through the graph Rasa loaded, so nothing here knows which components a pipeline has. `rows` reads what
to measure on, `parsing` runs a model, `figures` says what every figure means, `report`, `pictures` and `__main__` write
it down; `folds`, `floors` and `comparison` cross-validate. Run in Rasa's environment by tools/evaluation.py.
"""
