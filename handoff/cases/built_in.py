"""The teams there are before anybody has written down others; those of today are in `routing.teams`."""

from handoff.routing.teams import BUILT_IN as TEAMS
from handoff.routing.teams import DEFAULT as DEFAULT_TEAM

__all__ = ["DEFAULT_TEAM", "TEAMS"]
