-- What was noted on a visit, one row for each time that somebody noted something. id is 128 bits in hexadecimal, made on the device; topic
-- is what it is about; after_ids are the entries, with spaces between, that whoever wrote it had before them; body is JSON, empty where it
-- takes something away or was erased. noted is the device's clock, received ours, in ms UTC; late is 1 where the case had moved on. Rows
-- are never changed, but that their body goes when it is no longer to be kept.
CREATE TABLE visit_entry (
  id        VARCHAR(32)  NOT NULL PRIMARY KEY,
  case_id   BIGINT       NOT NULL,
  topic     VARCHAR(120) NOT NULL,
  after_ids TEXT         NOT NULL,
  body      TEXT         NOT NULL,
  device    VARCHAR(32)  NOT NULL,
  noted     BIGINT       NOT NULL,
  received  BIGINT       NOT NULL,
  account   BIGINT       NOT NULL,
  late      INTEGER      NOT NULL,
  erased_at BIGINT       NOT NULL
);
CREATE INDEX visit_entry_case ON visit_entry (case_id, received, id);
-- That a visit was handed in: by which event, how many entries there were, and the SHA-256 over them. case_n is the number of the event.
CREATE TABLE visit_handed (
  event_id BIGINT      NOT NULL PRIMARY KEY,
  case_id  BIGINT      NOT NULL,
  case_n   BIGINT      NOT NULL,
  entries  INTEGER     NOT NULL,
  digest   VARCHAR(64) NOT NULL,
  at       BIGINT      NOT NULL,
  account  BIGINT      NOT NULL
);
CREATE INDEX visit_handed_case ON visit_handed (case_id, case_n);
