"""A stand-in for Telegram on loopback: the Bot API as its documentation describes it, and the customers' side of it.

The hub reaches it with `TELLONCE_TELEGRAM_API_URL`; a customer is the page at `/`, or a test that speaks `client.py`.
It knows nothing of Tellonce. What it holds lies in memory and ends with the process.
"""
