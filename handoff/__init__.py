"""The hub: conversations, facts, handovers and cases behind every channel."""
