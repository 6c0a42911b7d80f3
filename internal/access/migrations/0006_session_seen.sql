-- seen_at is when the session was last used, to the minute: one that nobody uses ends. Those from before end with this change.
ALTER TABLE session ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
