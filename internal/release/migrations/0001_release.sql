-- Releases: what was published. fields is JSON, the ids of the fields in order; kind_hash is that of the kind's file. ref is the
-- thing that a series is about, case_id its case or 0. act: publish, correct, withdraw. published and until are days, until "" where
-- no objections are taken. sealed is 0 while rows are still being written. A sealed row never changes.
CREATE TABLE release_head (
  id         BIGINT        NOT NULL PRIMARY KEY,
  kind       VARCHAR(64)   NOT NULL,
  kind_hash  VARCHAR(64)   NOT NULL,
  fields     TEXT          NOT NULL,
  ref        BIGINT        NOT NULL,
  case_id    BIGINT        NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  act        VARCHAR(16)   NOT NULL,
  number     VARCHAR(32)   NOT NULL,
  title      VARCHAR(400)  NOT NULL,
  reason     VARCHAR(2000) NOT NULL,
  replaces   BIGINT        NOT NULL,
  published  VARCHAR(10)   NOT NULL,
  until      VARCHAR(10)   NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL,
  lines      INTEGER       NOT NULL,
  hash       VARCHAR(64)   NOT NULL,
  sealed     INTEGER       NOT NULL
);
CREATE INDEX release_head_series ON release_head (kind, ref, id);
CREATE INDEX release_head_area ON release_head (area, id);
-- Its rows. body is JSON, the text of each field in the order of fields. label is the first of them, by which a row is looked up, and
-- case_id the case that the row is about, 0 for none, which is never published. Rows never change.
CREATE TABLE release_row (
  release_id BIGINT       NOT NULL,
  n          INTEGER      NOT NULL,
  case_id    BIGINT       NOT NULL,
  label      VARCHAR(400) NOT NULL,
  body       TEXT         NOT NULL,
  PRIMARY KEY (release_id, n)
);
CREATE INDEX release_row_label ON release_row (release_id, label, n);
CREATE INDEX release_row_case ON release_row (case_id, release_id);
