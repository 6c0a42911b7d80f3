CREATE TABLE fact_column (
  id BIGINT NOT NULL PRIMARY KEY,
  def VARCHAR(64) NOT NULL,
  period VARCHAR(16) NOT NULL
);
CREATE UNIQUE INDEX fact_column_key ON fact_column (def, period);
CREATE TABLE fact (
  source_id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  column_id BIGINT NOT NULL,
  state INTEGER NOT NULL,
  status INTEGER NOT NULL,
  precise INTEGER NOT NULL,
  num BIGINT NOT NULL,
  text TEXT NOT NULL,
  place TEXT NOT NULL,
  shown TEXT NOT NULL,
  PRIMARY KEY (source_id, n)
);
CREATE INDEX fact_subject ON fact (subject_id);
CREATE TABLE dispute (
  id BIGINT NOT NULL PRIMARY KEY,
  subject_id BIGINT NOT NULL,
  source_id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  actor BIGINT NOT NULL,
  at BIGINT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX dispute_subject ON dispute (subject_id);
CREATE TABLE dispute_closing (
  dispute_id BIGINT NOT NULL PRIMARY KEY,
  actor BIGINT NOT NULL,
  at BIGINT NOT NULL,
  note TEXT NOT NULL
);
