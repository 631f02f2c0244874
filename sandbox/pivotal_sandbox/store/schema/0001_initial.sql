-- Ids sort by time, so the newest come first by `ORDER BY id DESC`, and a window of time is a range of ids.

CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    mode TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    event_types TEXT NOT NULL,
    field_filter TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    previous_secret TEXT,
    previous_secret_expires_at INTEGER
) WITHOUT ROWID;

CREATE TABLE events (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    mode TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    changed TEXT NOT NULL
);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    url TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    attempt_count INTEGER NOT NULL,
    next_attempt_at INTEGER,
    first_failed_at INTEGER,
    completed_at INTEGER,
    replay_of TEXT,
    fault TEXT,
    last_status_code INTEGER,
    last_duration_ms REAL
) WITHOUT ROWID;

CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_by_event_type ON deliveries (event_type, id);
CREATE INDEX deliveries_by_status ON deliveries (status, id);
-- Few rows are in these two, so that a common delivery pays nothing for them.
CREATE INDEX deliveries_of_replays ON deliveries (event_id) WHERE replay_of IS NOT NULL;
CREATE INDEX deliveries_late ON deliveries (completed_at) WHERE completed_at > created_at + 60000;

CREATE TABLE attempts (
    delivery_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    request_headers BLOB NOT NULL,
    status_code INTEGER,
    response_headers BLOB,
    response_body BLOB,
    truncated INTEGER NOT NULL,
    error TEXT,
    detail TEXT,
    total_ms REAL NOT NULL,
    connect_ms REAL,
    tls_ms REAL,
    first_byte_ms REAL,
    PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;

CREATE TABLE bins (
    name TEXT PRIMARY KEY,
    behaviour BLOB NOT NULL,
    forward_to TEXT,
    secret TEXT
) WITHOUT ROWID;

CREATE TABLE captures (
    id TEXT PRIMARY KEY,
    bin TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    headers BLOB NOT NULL,
    body BLOB NOT NULL,
    received_at INTEGER NOT NULL,
    peer TEXT,
    signed INTEGER NOT NULL,
    verified INTEGER,
    reason TEXT,
    verdict TEXT NOT NULL,
    status INTEGER,
    duration_ms REAL,
    forwarded BLOB
);

CREATE INDEX captures_by_bin ON captures (bin, id);

CREATE TABLE records (
    mode TEXT NOT NULL,
    object TEXT NOT NULL,
    id TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (mode, object, id)
) WITHOUT ROWID;
