-- Whose session it is, since when, from where and by which browser, so that its owner can see and end it. Those from before this change are
-- nobody's: they end with the next sign-in or by themselves.
ALTER TABLE session ADD COLUMN account_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN begun_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN address VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';
CREATE INDEX session_account ON session (account_id, seen_at);
