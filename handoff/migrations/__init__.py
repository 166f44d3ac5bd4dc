"""Schema changes, applied by `tellonce migrate`."""
