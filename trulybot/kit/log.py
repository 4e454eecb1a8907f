"""Structured logs: an event name and ids, never what people wrote."""

import logging
import sys
from typing import cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

SAID_CHARACTERS = 200  # of a library's message


def configure(*, json: bool, level: int = logging.INFO) -> None:
    """Write events to stderr: one JSON object a line, or coloured text for a terminal."""
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_the_exception,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)


def get_logger() -> FilteringBoundLogger:
    return cast("FilteringBoundLogger", structlog.get_logger())


def _name_the_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep an exception's class and place, and leave out its message, which may quote what people wrote."""
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else sys.exc_info()[1]
    trace = error.__traceback__ if error else None
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('trulybot/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    event["error"] = type(error).__name__
    event["at"] = places[-8:]
    return event


class _Libraries(logging.Handler):
    """What libraries log, as events of ours: the first line, since an exception's message may stand in the others."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        says = record.getMessage().partition("\n")[0][:SAID_CHARACTERS]
        get_logger().log(record.levelno, "library", logger=record.name, says=says, exc_info=error)
