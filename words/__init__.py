"""What a customer's words hold: identifiers, addresses, days, times, amounts. Text in, findings out.

The hub reads facts with it, the assistant entities, the actions answers, so that one text means one thing everywhere.
Runs on Python 3.10 and later and imports nothing of ours.
"""
