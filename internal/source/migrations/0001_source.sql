CREATE TABLE source (
  id BIGINT NOT NULL PRIMARY KEY,
  kind VARCHAR(16) NOT NULL,
  authority VARCHAR(32) NOT NULL,
  name TEXT NOT NULL,
  sha256 VARCHAR(64) NOT NULL,
  digest VARCHAR(64) NOT NULL,
  actor BIGINT NOT NULL,
  area VARCHAR(64) NOT NULL,
  party BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  note TEXT NOT NULL,
  state VARCHAR(16) NOT NULL,
  staged BIGINT NOT NULL,
  touched_at BIGINT NOT NULL
);
CREATE INDEX source_digest ON source (digest);
CREATE TABLE commit_log (
  seq BIGINT NOT NULL PRIMARY KEY,
  kind VARCHAR(16) NOT NULL,
  source_id BIGINT,
  from_subject BIGINT NOT NULL,
  into_subject BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor BIGINT NOT NULL,
  reason TEXT NOT NULL
);
CREATE UNIQUE INDEX commit_log_source ON commit_log (source_id, kind);
