"""Routing: which team and which agent a case goes to, and why.

`route` decides the team when a case is opened, `choosing.choose` the agent whenever it is offered. Modules in here
import each other and other nouns as modules, so that nouns may call each other both ways.
"""

from handoff.routing.deciding import Decision, Routed, decide, route

__all__ = ["Decision", "Routed", "decide", "route"]
