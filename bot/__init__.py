"""What runs inside the Rasa server (Python 3.10). Nothing here knows the hub; nothing elsewhere imports `rasa`."""
