"""The teams there are before anybody has written down others."""

TEAMS = {
    "care": "Customer care",
    "returns": "Returns",
    "network": "Network",
    "billing": "Billing",
    "retention": "Retention",
}
DEFAULT_TEAM = "care"
