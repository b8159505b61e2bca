"""A year of charts: NDJSON exports in, findings out; on one machine or a Spark cluster."""
