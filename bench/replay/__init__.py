"""`make replay`: recorded dialogues, pushed through a running Tellonce over its real chat socket, then checked.

`dialogues` reads the recordings, `chat` is the customer, `desk` the agent, `playing` one conversation from first word
to the case, `scoring` compares the case with the gold data, `leaks` looks for card numbers, `table` prints.
"""
