"""Web chat: one WebSocket per open page, the ledger as its memory."""
