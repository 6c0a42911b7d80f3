-- That somebody holds the notice of a round to be wrong: another account corrects or withdraws it, or keeps it. outcome is '' while it
-- waits, else correct, withdraw or keep; release_id is the release that came of it, 0 for none. Rows are written once and settled
-- once.
CREATE TABLE subsidy_doubt (
  id         BIGINT        NOT NULL PRIMARY KEY,
  round_id   BIGINT        NOT NULL,
  asked_at   BIGINT        NOT NULL,
  asked_by   BIGINT        NOT NULL,
  reason     VARCHAR(2000) NOT NULL,
  settled_at BIGINT        NOT NULL,
  settled_by BIGINT        NOT NULL,
  outcome    VARCHAR(16)   NOT NULL,
  answer     VARCHAR(2000) NOT NULL,
  release_id BIGINT        NOT NULL
);
CREATE INDEX subsidy_doubt_round ON subsidy_doubt (round_id, id);
