"""Routing: which team and which agent a case goes to, and why."""
