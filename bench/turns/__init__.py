"""What a turn costs, ours against stock Rasa: real servers, real HTTP, the same model data, dialogues and actions.

`dialogues` is what customers write, `servers` starts what answers them, `driving` speaks and takes the time, `desk`
stands in for the hub that actions call, `figures` sums up. `make bench-turns` (tools/turns_bench.py) trains both first.

Stock is what `rasa init` gives: its pipeline and policies (bench/stock/config.yml) trained on our data, `rasa run` with
the REST channel and trackers in memory. Both call one action server and one demo company, with the same metadata.
"""
