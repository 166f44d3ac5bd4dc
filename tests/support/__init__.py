"""People of a journey: a customer in front of the real chat, an agent behind the real API."""
