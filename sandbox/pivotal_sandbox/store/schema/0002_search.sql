-- A filter that asks one thing has an index. What it may ask otherwise is one word, a delivery's kind, and there are few
-- kinds. The ids of one kind, or of one kind to one endpoint, are a run in an index; a list merges those that it wants.

DROP INDEX deliveries_by_endpoint;
DROP INDEX deliveries_of_replays;

CREATE INDEX deliveries_by_mode ON deliveries (mode, id);
CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint_id, id);
CREATE INDEX deliveries_by_status_code ON deliveries (last_status_code, id);

ALTER TABLE deliveries ADD COLUMN kind TEXT
    AS (mode || ' ' || status || ' ' || ifnull(last_status_code, '') || ' ' || event_type);

CREATE INDEX deliveries_by_kind ON deliveries (kind, id);
CREATE INDEX deliveries_by_endpoint_and_kind ON deliveries (endpoint_id, kind, id);
CREATE INDEX deliveries_by_event ON deliveries (event_id);

CREATE TABLE kinds (
    endpoint_id TEXT NOT NULL, -- '' for those of all endpoints together
    kind TEXT NOT NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    last_status_code INTEGER,
    event_type TEXT NOT NULL,
    PRIMARY KEY (endpoint_id, kind)
) WITHOUT ROWID;

CREATE TRIGGER kinds_of_new AFTER INSERT ON deliveries BEGIN
    INSERT INTO kinds VALUES
        ('', new.kind, new.mode, new.status, new.last_status_code, new.event_type),
        (new.endpoint_id, new.kind, new.mode, new.status, new.last_status_code, new.event_type)
        ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER kinds_of_changed AFTER UPDATE ON deliveries WHEN new.kind != old.kind BEGIN
    INSERT INTO kinds VALUES
        ('', new.kind, new.mode, new.status, new.last_status_code, new.event_type),
        (new.endpoint_id, new.kind, new.mode, new.status, new.last_status_code, new.event_type)
        ON CONFLICT DO NOTHING;
END;

INSERT INTO kinds
    SELECT DISTINCT '', kind, mode, status, last_status_code, event_type FROM deliveries
    UNION SELECT endpoint_id, kind, mode, status, last_status_code, event_type FROM deliveries;

-- An event has a number that is never used again, so that the index of the payloads can refer to it.

ALTER TABLE events RENAME TO events_before;

CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    mode TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    body BLOB NOT NULL,
    changed TEXT NOT NULL
);

INSERT INTO events (id, type, mode, created_at, body, changed)
    SELECT id, type, mode, created_at, body, changed FROM events_before ORDER BY id;

DROP TABLE events_before;

-- Three letters in a row find the payloads that hold them. It is filled when there is little else to do: what is
-- numbered above `number` is not in it yet.

CREATE VIRTUAL TABLE payloads USING fts5(body, content='', detail=none, columnsize=0, tokenize='trigram');
CREATE TABLE payloads_filled (number INTEGER NOT NULL);
INSERT INTO payloads_filled VALUES (0);

-- How far the sandbox's clock was moved: a row at most.

CREATE TABLE moved (id INTEGER PRIMARY KEY CHECK (id = 1), moment INTEGER NOT NULL);
