-- What officials answered to a statement of an enterprise about itself; only ever added to. n counts the answers to one
-- source from 1. held is the value that was in effect then.
CREATE TABLE report_answer (
  source_id BIGINT NOT NULL,
  n INTEGER NOT NULL,
  kind VARCHAR(16) NOT NULL,
  actor BIGINT NOT NULL,
  at BIGINT NOT NULL,
  note TEXT NOT NULL,
  held_num BIGINT NOT NULL,
  held_text TEXT NOT NULL,
  PRIMARY KEY (source_id, n)
);
