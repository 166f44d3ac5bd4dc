"""Starts the action server on loopback: `python -m actions`.

Rasa 3.6 calls it and rasa-sdk 3.21 answers. The SDK warns at every call that the two versions differ; the protocol
between them is the same, which `tests/bot/` drives end to end, so the warning is silenced here and only that one.
"""

import importlib
import logging
import pkgutil
import warnings

import actions
from handoff.settings import settings

warnings.filterwarnings("ignore", message="Your versions of rasa and rasa_sdk might not be compatible")

from rasa_sdk import endpoint  # noqa: E402

from actions.asked import HearsAnswers  # noqa: E402
from actions.own_domain import KnowsDomain  # noqa: E402
from actions.watch import WatchfulExecutor  # noqa: E402


class Executor(KnowsDomain, HearsAnswers, WatchfulExecutor):
    """All that our action server does more than the SDK's."""


def main() -> None:
    logging.basicConfig(level=settings().log_level, format="%(asctime)s %(levelname)-7s %(name)s  %(message)s")
    # The SDK logs whole requests at these levels, and a request holds the customer's words.
    for name in ("rasa_sdk.executor", "rasa_sdk.interfaces", "sanic.access", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    executor = Executor()
    for topic in topics():
        importlib.import_module(topic)
    executor.register_package("actions.turn")  # registers every action imported by now
    app = endpoint.create_app(executor, cors_origins=[])
    app.run(host="127.0.0.1", port=settings().actions_port, single_process=True, access_log=False, motd=False)


def topics() -> list[str]:
    """One module per topic lies directly in `actions/`; backends and the demo company are packages and no topics."""
    modules = pkgutil.iter_modules(actions.__path__, "actions.")
    return [module.name for module in modules if not module.ispkg and module.name != "actions.__main__"]


if __name__ == "__main__":
    main()
