-- That a flag was opened as a case: which kind, what its rows have in common (anchor), where it lies, and the mark that amounts were held
-- against. Amounts are fen, instants milliseconds UTC; by_account is who did it. Rows are never changed, here and below.
CREATE TABLE flag_review (
  case_id     BIGINT       NOT NULL PRIMARY KEY,
  kind        VARCHAR(64)  NOT NULL,
  anchor      TEXT         NOT NULL,
  shared      TEXT         NOT NULL,
  area        VARCHAR(64)  NOT NULL,
  mark_fen    BIGINT       NOT NULL,
  mark_policy VARCHAR(64)  NOT NULL,
  mark_number VARCHAR(200) NOT NULL,
  mark_cite   VARCHAR(200) NOT NULL,
  mark_fact   VARCHAR(100) NOT NULL,
  sum_fen     BIGINT       NOT NULL,
  at          BIGINT       NOT NULL,
  by_account  BIGINT       NOT NULL
);
CREATE INDEX flag_review_kind ON flag_review (kind, case_id);
-- The rows behind it, as they were then. member is what the row stands for when flags are told apart; office is the subject of the county.
CREATE TABLE flag_row (
  case_id BIGINT       NOT NULL REFERENCES flag_review (case_id),
  n       INTEGER      NOT NULL,
  member  VARCHAR(200) NOT NULL,
  firm    BIGINT       NOT NULL,
  office  BIGINT       NOT NULL,
  of_case BIGINT       NOT NULL,
  subject BIGINT       NOT NULL,
  name    TEXT         NOT NULL,
  year    INTEGER      NOT NULL,
  fen     BIGINT       NOT NULL,
  PRIMARY KEY (case_id, n)
);
-- A case in which a firm, or the office of its county, was asked about a row.
CREATE TABLE flag_question (
  case_id    BIGINT      NOT NULL PRIMARY KEY,
  review     BIGINT      NOT NULL REFERENCES flag_review (case_id),
  n          INTEGER     NOT NULL,
  to_whom    VARCHAR(16) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX flag_question_review ON flag_question (review, case_id);
-- What came of it, once a second account has confirmed it.
CREATE TABLE flag_outcome (
  case_id    BIGINT      NOT NULL PRIMARY KEY REFERENCES flag_review (case_id),
  outcome    VARCHAR(16) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
-- What was done about it: of_case is the application concerned, 0 for none.
CREATE TABLE flag_measure (
  id         BIGINT      NOT NULL PRIMARY KEY,
  case_id    BIGINT      NOT NULL REFERENCES flag_review (case_id),
  what       VARCHAR(16) NOT NULL,
  of_case    BIGINT      NOT NULL,
  note       TEXT        NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX flag_measure_case ON flag_measure (case_id, id);
