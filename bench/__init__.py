"""Measurements. Each prints what it measured; ratios are against a peer in the same run."""
