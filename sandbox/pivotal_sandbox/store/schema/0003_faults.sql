-- The body that an attempt put on the wire, where that was not the event's.

ALTER TABLE attempts ADD COLUMN request_body BLOB;
