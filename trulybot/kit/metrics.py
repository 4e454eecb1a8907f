"""What Prometheus may ask. Labels name routes and states; never a workspace, a person or a text."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)

REQUEST_SECONDS = Histogram(
    "trulybot_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=SECONDS
)
TRANSACTION_SECONDS = Histogram(
    "trulybot_transaction_seconds", "Time a database transaction was open", ["role"], buckets=SECONDS
)
RETRIEVAL_SECONDS = Histogram("trulybot_retrieval_seconds", "Time to find passages, by step", ["step"], buckets=SECONDS)
ANSWER_SECONDS = Histogram("trulybot_answer_seconds", "Time to a whole answer", ["source"], buckets=SECONDS)
QUEUE_JOBS = Gauge("trulybot_queue_jobs", "Jobs of a queue that is not empty", ["queue", "state"])
QUEUE_OLDEST_SECONDS = Gauge("trulybot_queue_oldest_seconds", "Since the oldest job of a queue was queued", ["queue"])
MAILS = Gauge("trulybot_mails", "Mails of the last seven days, by what became of them", ["kind", "state"])
ISOLATION_LEAKS = Gauge("trulybot_isolation_leaks", "Places where the last isolation check saw another workspace")
ISOLATION_CHECKED = Gauge("trulybot_isolation_checked_timestamp_seconds", "When isolation was last checked; 0: never")
SOURCE_PAGES = Counter("trulybot_source_pages_total", "Web pages visited, by what came of it", ["state"])
SOURCE_RUNS = Counter("trulybot_source_runs_total", "Visits to whole web sources, by how they ended", ["state"])
MODELS_RESTING = Gauge("trulybot_models_resting", "Model servers that failed and are left alone for a while")
EVENTS = Counter("trulybot_events_total", "Things worth counting", ["event"])
SECURITY_EVENTS = Counter("trulybot_security_events_total", "Attacks and mishaps, by kind", ["event"])
