"""What a case costs the customer, what they were promised, and whether it is really solved."""
