-- What somebody has entered for the next act of a case: the cost items of an application, rulings on them, whom to assign, a
-- score sheet, an order to give back. account is 0 where all who act for the applicant share it. body is JSON.
CREATE TABLE subsidy_input (
  case_id BIGINT      NOT NULL,
  kind    VARCHAR(32) NOT NULL,
  account BIGINT      NOT NULL,
  body    TEXT        NOT NULL,
  at      BIGINT      NOT NULL,
  PRIMARY KEY (case_id, kind, account)
);
-- Score sheets as they were handed in, and conflicts of interest that were declared (conflict 1; sheet is then empty).
CREATE TABLE subsidy_score (
  case_id  BIGINT       NOT NULL,
  account  BIGINT       NOT NULL,
  rubric   VARCHAR(64)  NOT NULL,
  sheet    TEXT         NOT NULL,
  remark   VARCHAR(2000) NOT NULL,
  conflict INTEGER      NOT NULL,
  at       BIGINT       NOT NULL,
  PRIMARY KEY (case_id, account)
);
-- Batches: the call whose applications they gather, and the day of their notice, "" before.
CREATE TABLE subsidy_batch (
  case_id BIGINT      NOT NULL PRIMARY KEY,
  call_id BIGINT      NOT NULL,
  area    VARCHAR(64) NOT NULL,
  notice  VARCHAR(10) NOT NULL
);
CREATE INDEX subsidy_batch_call ON subsidy_batch (call_id, case_id);
-- The public notice of a batch or round: firm, clause and amount, and nothing else. Lines are never changed; struck says that
-- an objection was right.
CREATE TABLE subsidy_release (
  notice_id BIGINT       NOT NULL,
  n         INTEGER      NOT NULL,
  case_id   BIGINT       NOT NULL,
  firm      VARCHAR(400) NOT NULL,
  clause    VARCHAR(400) NOT NULL,
  fen       BIGINT       NOT NULL,
  PRIMARY KEY (notice_id, n)
);
CREATE TABLE subsidy_objection (
  id        BIGINT        NOT NULL PRIMARY KEY,
  notice_id BIGINT        NOT NULL,
  case_id   BIGINT        NOT NULL,
  text      VARCHAR(2000) NOT NULL,
  name      VARCHAR(200)  NOT NULL,
  at        BIGINT        NOT NULL,
  answered  BIGINT        NOT NULL,
  by_account BIGINT       NOT NULL,
  upheld    INTEGER       NOT NULL,
  answer    VARCHAR(2000) NOT NULL
);
CREATE INDEX subsidy_objection_notice ON subsidy_objection (notice_id, id);
-- Rounds without applications (免申即享), and what they found.
CREATE TABLE subsidy_round (
  id      BIGINT       NOT NULL PRIMARY KEY,
  area    VARCHAR(64)  NOT NULL,
  policy  VARCHAR(64)  NOT NULL,
  known   BIGINT       NOT NULL,
  seq     BIGINT       NOT NULL,
  as_of   VARCHAR(10)  NOT NULL,
  clauses TEXT         NOT NULL,
  title   VARCHAR(400) NOT NULL,
  line_id BIGINT       NOT NULL,
  state   VARCHAR(16)  NOT NULL,
  by_account BIGINT    NOT NULL,
  at      BIGINT       NOT NULL,
  notice  VARCHAR(10)  NOT NULL
);
CREATE TABLE subsidy_round_line (
  round_id   BIGINT       NOT NULL,
  n          INTEGER      NOT NULL,
  enterprise BIGINT       NOT NULL,
  area       VARCHAR(64)  NOT NULL,
  firm       VARCHAR(400) NOT NULL,
  clause     VARCHAR(64)  NOT NULL,
  subject    BIGINT       NOT NULL,
  name       VARCHAR(400) NOT NULL,
  year       INTEGER      NOT NULL,
  fen        BIGINT       NOT NULL,
  state      VARCHAR(16)  NOT NULL,
  reason     VARCHAR(2000) NOT NULL,
  case_id    BIGINT       NOT NULL,
  PRIMARY KEY (round_id, n)
);
CREATE INDEX subsidy_round_firm ON subsidy_round_line (enterprise, round_id);
-- The round that an application came of, 0 for one that was handed in.
ALTER TABLE subsidy_application ADD COLUMN round_id BIGINT NOT NULL DEFAULT 0;
