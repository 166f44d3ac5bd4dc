# Every target is a short Python program in tools/ that needs nothing installed.
PYTHON ?= python3
ARGS ?=
DIALOGUES ?=
HUB ?=
# What the targets that measure understanding read from the environment.
export DATA PIPELINE BASE FRESH
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help run telegram-demo test check train eval-intents eval-compare test-bot seed replay bench bench-telegram bench-nlu bench-clinc bench-ablation bench-turns bench-cases bench-timers bench-churn lock python

help: ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

run: python ## Set up if needed, then start everything and open http://127.0.0.1:8000
	@$(PYTHON) -m tools.run

telegram-demo: python ## The same with Telegram: a stand-in with a page of its own, or yours if TELLONCE_TELEGRAM_TOKEN is set
	@$(PYTHON) -m tools.telegram_demo $(ARGS)

test: python ## Set up if needed, then run all tests (ARGS="tests/tools -k ports" for some)
	@$(PYTHON) -m tools.suite $(ARGS)

check: python ## Format, lint, types, templates, YAML and training data (ARGS="lint types" for some)
	@$(PYTHON) -m tools.check $(ARGS)

train: python ## Train the assistant if its data changed (ARGS=--force to train anyway)
	@$(PYTHON) -m tools.training $(ARGS)

eval-intents: python ## DATA=rows.jsonl: how well the assistant understands, in build/eval/ (PIPELINE=stock or both)
	@$(PYTHON) -m tools.evaluation

eval-compare: python ## BASE=git-revision: what a change of the data made better and worse (DATA=rows.jsonl to measure on)
	@$(PYTHON) -m tools.comparison

test-bot: python ## Cross-validation against the floors and the stories (ARGS=--record to renew the floors)
	@$(PYTHON) -m tools.bot_tests $(ARGS)

seed: python ## Fill the desk with a believable busy day
	@$(PYTHON) -m tools.seed

replay: python ## DIALOGUES=path.jsonl: play recorded dialogues through the whole system and measure (HUB=url for a running one)
	@HUB="$(HUB)" $(PYTHON) -m tools.replay "$(DIALOGUES)" $(ARGS)

bench: python ## Measure how fast messages are accepted (ARGS="--rate 100 --seconds 20")
	@$(PYTHON) -c 'from tools import environments; environments.ensure(environments.HUB, "dev")'
	@.venv/bin/python -m bench.accept $(ARGS)

bench-telegram: python ## Telegram on its worst days: what is lost, doubled or late (ARGS="--chats 50 --kills 20")
	@$(PYTHON) -c 'from tools import environments; environments.ensure(environments.HUB, "dev")'
	@.venv/bin/python -m bench.telegram $(ARGS)

bench-nlu: python ## Understanding against stock Rasa: training, parse times, memory (DATA=rows.jsonl, FRESH=1, ARGS="--rounds 5")
	@$(PYTHON) -m tools.nlu_bench $(ARGS)

bench-clinc: python ## Our intent model on CLINC150, 20 examples an intent (DATA=path.json, PIPELINE=stock or both)
	@$(PYTHON) -m tools.clinc_bench $(ARGS)

bench-ablation: python ## What each part of the intent model is worth, on CLINC150, on our data and on DATA=rows.jsonl
	@$(PYTHON) -m tools.ablation $(ARGS)

bench-turns: python ## What a turn costs against stock Rasa, over HTTP (FRESH=1 trains both again, ARGS="--rounds 5")
	@$(PYTHON) -m tools.turns_bench $(ARGS)

bench-cases: python ## Cases at a thousand and at a million, beside django-helpdesk (ARGS="--sizes 1000,20000 --rounds 30")
	@$(PYTHON) -m tools.cases_bench $(ARGS)

bench-timers: python ## Ten thousand timers due in a minute, how late (ARGS="--database postgresql --kill")
	@$(PYTHON) -c 'from tools import environments; environments.ensure(environments.HUB, "dev")'
	@.venv/bin/python -m bench.timers $(ARGS)

bench-churn: python ## Whether the hub grows while customers come and go (ARGS="--minutes 60")
	@$(PYTHON) -c 'from tools import environments; environments.ensure(environments.HUB, "dev")'
	@.venv/bin/python -m bench.churn $(ARGS)

lock: python ## Lock requirements/*.in again after changing them (ARGS="hub dev" for some)
	@$(PYTHON) -m tools.lock $(ARGS)

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
	  echo "A working python3 (3.10 or newer) is needed to begin; install one, or name it: make PYTHON=/path/to/python3"; \
	  exit 1; }
