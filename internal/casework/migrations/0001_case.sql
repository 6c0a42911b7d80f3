-- Definitions under the hash of their bytes. Rows are never changed.
CREATE TABLE case_definition (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  name VARCHAR(64) NOT NULL,
  body TEXT        NOT NULL
);
-- A case. state, since, moved, events and data follow from its events. moved is the number of the event that brought it
-- into its state, since the instant of that event in milliseconds. data is JSON.
CREATE TABLE case_head (
  id         BIGINT      NOT NULL PRIMARY KEY,
  workflow   VARCHAR(48) NOT NULL,
  hash       VARCHAR(64) NOT NULL REFERENCES case_definition (hash),
  title      TEXT        NOT NULL,
  subject    BIGINT      NOT NULL,
  enterprise BIGINT      NOT NULL,
  area       VARCHAR(64) NOT NULL,
  batch      BIGINT      NOT NULL,
  opened_at  BIGINT      NOT NULL,
  state      VARCHAR(48) NOT NULL,
  since      BIGINT      NOT NULL,
  moved      BIGINT      NOT NULL,
  events     BIGINT      NOT NULL,
  ended      VARCHAR(16) NOT NULL,
  data       TEXT        NOT NULL
);
CREATE INDEX case_head_state ON case_head (workflow, state, id);
CREATE INDEX case_head_area ON case_head (area, workflow, state, id);
CREATE INDEX case_head_enterprise ON case_head (enterprise, id);
CREATE INDEX case_head_subject ON case_head (subject, id);
CREATE INDEX case_head_batch ON case_head (batch, id);
-- What a case runs under besides its workflow: forms, policies, rubrics.
CREATE TABLE case_pin (
  case_id BIGINT      NOT NULL REFERENCES case_head (id),
  kind    VARCHAR(16) NOT NULL,
  name    VARCHAR(64) NOT NULL,
  hash    VARCHAR(64) NOT NULL,
  PRIMARY KEY (case_id, kind, name)
);
-- What happened, only ever added to. known is the commit up to which facts were known to it, source the source of what it
-- stated, 0 for nothing. slot is the parallel task that it answered. data is what it set, opened the tasks that it opened,
-- answers what was filled in, all as JSON.
CREATE TABLE case_event (
  id         BIGINT      NOT NULL PRIMARY KEY,
  case_id    BIGINT      NOT NULL REFERENCES case_head (id),
  n          BIGINT      NOT NULL,
  kind       VARCHAR(16) NOT NULL,
  action     VARCHAR(48) NOT NULL,
  actor      BIGINT      NOT NULL,
  who        VARCHAR(32) NOT NULL,
  cause      BIGINT      NOT NULL,
  at         BIGINT      NOT NULL,
  from_state VARCHAR(48) NOT NULL,
  to_state   VARCHAR(48) NOT NULL,
  reason     TEXT        NOT NULL,
  answers    TEXT        NOT NULL,
  data       TEXT        NOT NULL,
  known      BIGINT      NOT NULL,
  source     BIGINT      NOT NULL,
  passes     VARCHAR(48) NOT NULL,
  slot       VARCHAR(48) NOT NULL,
  opened     TEXT        NOT NULL
);
CREATE UNIQUE INDEX case_event_n ON case_event (case_id, n);
-- What somebody must do. since_day counts days from 1970, days is how many working days there are, 0 for no clock; the due
-- day is computed. account is 0 while any account of the role may do it. closed_n is the event that closed it, 0 while open.
CREATE TABLE case_task (
  id         BIGINT      NOT NULL PRIMARY KEY,
  case_id    BIGINT      NOT NULL REFERENCES case_head (id),
  kind       VARCHAR(16) NOT NULL,
  slot       VARCHAR(48) NOT NULL,
  state      VARCHAR(48) NOT NULL,
  workflow   VARCHAR(48) NOT NULL,
  role       VARCHAR(32) NOT NULL,
  account    BIGINT      NOT NULL,
  area       VARCHAR(64) NOT NULL,
  enterprise BIGINT      NOT NULL,
  opened_n   BIGINT      NOT NULL,
  opened_at  BIGINT      NOT NULL,
  since_day  INTEGER     NOT NULL,
  days       INTEGER     NOT NULL,
  closed_n   BIGINT      NOT NULL,
  closed_at  BIGINT      NOT NULL,
  outcome    VARCHAR(48) NOT NULL,
  rung       INTEGER     NOT NULL
);
CREATE INDEX case_task_case ON case_task (case_id, id);
CREATE INDEX case_task_role ON case_task (closed_n, role, days, since_day, area, account, enterprise);
CREATE INDEX case_task_enterprise ON case_task (enterprise, closed_n, role);
CREATE INDEX case_task_due ON case_task (closed_n, days, since_day, rung, id);
-- Accounts that a case was assigned to, and roles that it was handed to.
CREATE TABLE case_assignment (
  case_id BIGINT      NOT NULL REFERENCES case_head (id),
  account BIGINT      NOT NULL,
  role    VARCHAR(32) NOT NULL,
  at      BIGINT      NOT NULL,
  ended   BIGINT      NOT NULL,
  PRIMARY KEY (case_id, account, role)
);
CREATE INDEX case_assignment_account ON case_assignment (account, case_id);
CREATE TABLE case_handed (
  case_id BIGINT      NOT NULL REFERENCES case_head (id),
  role    VARCHAR(32) NOT NULL,
  at      BIGINT      NOT NULL,
  PRIMARY KEY (case_id, role)
);
-- Acts by the key that their sender gave: body is the hash of what was asked.
CREATE TABLE case_key (
  actor    BIGINT       NOT NULL,
  name     VARCHAR(128) NOT NULL,
  body     VARCHAR(64)  NOT NULL,
  event_id BIGINT       NOT NULL,
  PRIMARY KEY (actor, name)
);
-- What an approval stands on: facts as they were read, and files by their hash. Rows are never changed.
CREATE TABLE case_frozen_fact (
  event_id BIGINT      NOT NULL,
  n        INTEGER     NOT NULL,
  case_id  BIGINT      NOT NULL REFERENCES case_head (id),
  subject  BIGINT      NOT NULL,
  def      VARCHAR(64) NOT NULL,
  period   VARCHAR(16) NOT NULL,
  state    INTEGER     NOT NULL,
  num      BIGINT      NOT NULL,
  text     TEXT        NOT NULL,
  source   BIGINT      NOT NULL,
  PRIMARY KEY (event_id, n)
);
CREATE INDEX case_frozen_fact_source ON case_frozen_fact (source, case_id);
CREATE INDEX case_frozen_fact_case ON case_frozen_fact (case_id);
CREATE TABLE case_frozen_file (
  event_id BIGINT      NOT NULL,
  file_id  BIGINT      NOT NULL,
  sha256   VARCHAR(64) NOT NULL,
  PRIMARY KEY (event_id, file_id)
);
-- What is written on a case for others to find: the number of an invoice, the serial number of a machine.
CREATE TABLE case_mark (
  case_id  BIGINT       NOT NULL REFERENCES case_head (id),
  kind     VARCHAR(32)  NOT NULL,
  value    VARCHAR(128) NOT NULL,
  event_id BIGINT       NOT NULL,
  PRIMARY KEY (case_id, kind, value)
);
CREATE INDEX case_mark_value ON case_mark (kind, value, case_id);
CREATE TABLE case_comment (
  id       BIGINT  NOT NULL PRIMARY KEY,
  case_id  BIGINT  NOT NULL REFERENCES case_head (id),
  actor    BIGINT  NOT NULL,
  at       BIGINT  NOT NULL,
  inside   INTEGER NOT NULL,
  text     TEXT    NOT NULL
);
CREATE INDEX case_comment_case ON case_comment (case_id, id);
-- Files of a case: removed_at is 0 while it holds the file. The bytes are in the blob store.
CREATE TABLE case_evidence (
  id         BIGINT      NOT NULL PRIMARY KEY,
  case_id    BIGINT      NOT NULL REFERENCES case_head (id),
  field      VARCHAR(64) NOT NULL,
  name       TEXT        NOT NULL,
  sha256     VARCHAR(64) NOT NULL,
  size       BIGINT      NOT NULL,
  type       VARCHAR(16) NOT NULL,
  actor      BIGINT      NOT NULL,
  at         BIGINT      NOT NULL,
  removed_at BIGINT      NOT NULL
);
CREATE INDEX case_evidence_case ON case_evidence (case_id, id);
CREATE INDEX case_evidence_hash ON case_evidence (sha256, case_id);
