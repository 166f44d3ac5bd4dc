"""Thin edges: bytes become `Inbound`, `Outbound` becomes bytes."""
