"""Third parties who help with a case (a courier, an installer) and addresses that are told of events.

`shares` opens one case to one partner; `webhooks` tells addresses what happened; `listening` takes in what partners'
own systems tell us. A partner sees what was shared by name and nothing else, and only while the share lasts.
"""
