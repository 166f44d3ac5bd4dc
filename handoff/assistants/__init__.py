"""Edges to whatever answers customers: Rasa, and a scripted one for tests."""
