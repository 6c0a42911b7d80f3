-- A list of what is to be deleted, proposed by one and approved by another. state is proposed, done or refused; again is the hash of the run of
-- another database, restored since, that this one repeats, '' for none. Once settled a row never changes, but for finished, the instant at
-- which the bytes were gone.
CREATE TABLE retention_run (
  id          BIGINT      NOT NULL PRIMARY KEY,
  request_id  BIGINT      NOT NULL,
  again       VARCHAR(64) NOT NULL,
  proposed_at BIGINT      NOT NULL,
  proposed_by BIGINT      NOT NULL,
  settled_at  BIGINT      NOT NULL,
  settled_by  BIGINT      NOT NULL,
  state       VARCHAR(16) NOT NULL,
  note        TEXT        NOT NULL,
  seq         BIGINT      NOT NULL,
  finished    BIGINT      NOT NULL
);
CREATE INDEX retention_run_state ON retention_run (state, id);
-- What a run is about. ref is the numbers by which its owner keeps it, with points between; what is the code of a definition, '' for others, and
-- since is from when its term counts; count is how many things it stands for. outcome is '' while proposed, then erased, absent or kept, with the
-- reason as JSON.
CREATE TABLE retention_item (
  run_id    BIGINT       NOT NULL REFERENCES retention_run (id),
  n         INTEGER      NOT NULL,
  kind      VARCHAR(32)  NOT NULL,
  ref       VARCHAR(100) NOT NULL,
  what      VARCHAR(64)  NOT NULL,
  area      VARCHAR(64)  NOT NULL,
  party     BIGINT       NOT NULL,
  subject   BIGINT       NOT NULL,
  source_id BIGINT       NOT NULL,
  case_id   BIGINT       NOT NULL,
  since     BIGINT       NOT NULL,
  sha256    VARCHAR(64)  NOT NULL,
  count     BIGINT       NOT NULL,
  outcome   VARCHAR(16)  NOT NULL,
  reason    TEXT         NOT NULL,
  PRIMARY KEY (run_id, n)
);
CREATE INDEX retention_item_case ON retention_item (case_id, run_id);
-- Data of an enterprise that is kept whatever its term, until somebody ends that.
CREATE TABLE retention_hold (
  id         BIGINT      NOT NULL PRIMARY KEY,
  party      BIGINT      NOT NULL,
  area       VARCHAR(64) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  reason     TEXT        NOT NULL
);
CREATE INDEX retention_hold_party ON retention_hold (party, id);
CREATE TABLE retention_hold_end (
  hold_id    BIGINT NOT NULL PRIMARY KEY REFERENCES retention_hold (id),
  at         BIGINT NOT NULL,
  by_account BIGINT NOT NULL,
  reason     TEXT   NOT NULL
);
-- What an enterprise asks to have deleted: facts is codes of definitions with a space between. answered_at is 0 until it is answered; outcome is
-- granted or refused, run_id the run that came of it.
CREATE TABLE retention_request (
  id          BIGINT      NOT NULL PRIMARY KEY,
  party       BIGINT      NOT NULL,
  area        VARCHAR(64) NOT NULL,
  facts       TEXT        NOT NULL,
  reason      TEXT        NOT NULL,
  at          BIGINT      NOT NULL,
  by_account  BIGINT      NOT NULL,
  answered_at BIGINT      NOT NULL,
  answered_by BIGINT      NOT NULL,
  outcome     VARCHAR(16) NOT NULL,
  answer      TEXT        NOT NULL,
  run_id      BIGINT      NOT NULL
);
CREATE INDEX retention_request_party ON retention_request (party, id);
CREATE INDEX retention_request_open ON retention_request (answered_at, id);
