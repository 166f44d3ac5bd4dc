"""What happens by rule: conditions over the fields of a case, and what is built on them."""
