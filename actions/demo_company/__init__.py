"""Fernway Broadband, a company to try Tellonce with: its four systems as one HTTP service over SQL.

It answers what `actions/backends/openapi.yml` promises, by rules kept in `data/demo/policy.yml`. A real company puts
its own systems in this place by setting their addresses; nothing else in Tellonce knows this package.
"""
