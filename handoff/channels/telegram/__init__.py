"""Telegram: what a bot receives becomes rows before Telegram is told, what is said goes out paced and in parts.

bots        the bots we speak as, and what their library's errors mean
polling     asking for updates, in development
webhook     being told of updates, in production
reading     what an update says, as plain values
commands    /start, /help, /human, /cancel, /web and pasted codes
applying    updates become messages, edits and presses
sending     words become messages there
"""
