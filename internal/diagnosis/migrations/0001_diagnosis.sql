-- Free diagnoses. Rows are never changed; amounts are fen, instants milliseconds UTC, days those of Beijing since 1970, by_account is who did
-- it. id of an institute is its party.
CREATE TABLE diagnosis_institute (
  id         BIGINT        NOT NULL PRIMARY KEY,
  code       VARCHAR(64)   NOT NULL UNIQUE,
  name       VARCHAR(1200) NOT NULL,
  uscc       VARCHAR(64)   NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  invented   INTEGER       NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
-- What an institute may do and how much of it, the last row counts. Lists are JSON; an empty one means all. left_why is empty while it takes
-- part.
CREATE TABLE diagnosis_terms (
  id         BIGINT        NOT NULL PRIMARY KEY,
  institute  BIGINT        NOT NULL REFERENCES diagnosis_institute (id),
  kinds      TEXT          NOT NULL,
  counties   TEXT          NOT NULL,
  divisions  TEXT          NOT NULL,
  qualified  VARCHAR(8000) NOT NULL,
  until      BIGINT        NOT NULL,
  capacity   INTEGER       NOT NULL,
  left_why   VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX diagnosis_terms_of ON diagnosis_terms (institute, id);
-- Firms in which an institute has an interest.
CREATE TABLE diagnosis_conflict (
  institute  BIGINT        NOT NULL REFERENCES diagnosis_institute (id),
  firm       BIGINT        NOT NULL,
  reason     VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL,
  PRIMARY KEY (institute, firm)
);
CREATE TABLE diagnosis_lot (
  id         BIGINT        NOT NULL PRIMARY KEY,
  name       VARCHAR(1200) NOT NULL,
  kind       VARCHAR(64)   NOT NULL,
  year       INTEGER       NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  divisions  TEXT          NOT NULL,
  sizes      TEXT          NOT NULL,
  ceiling    BIGINT        NOT NULL,
  line       BIGINT        NOT NULL,
  document   VARCHAR(1200) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
-- Who won how many firms of a lot, and at which price.
CREATE TABLE diagnosis_share (
  lot       BIGINT  NOT NULL REFERENCES diagnosis_lot (id),
  institute BIGINT  NOT NULL REFERENCES diagnosis_institute (id),
  firms     INTEGER NOT NULL,
  fee       BIGINT  NOT NULL,
  PRIMARY KEY (lot, institute)
);
CREATE TABLE diagnosis_case (
  case_id BIGINT NOT NULL PRIMARY KEY,
  lot     BIGINT NOT NULL REFERENCES diagnosis_lot (id),
  firm    BIGINT NOT NULL,
  at      BIGINT NOT NULL
);
CREATE INDEX diagnosis_case_lot ON diagnosis_case (lot, case_id);
CREATE INDEX diagnosis_case_firm ON diagnosis_case (firm, case_id);
-- The institutes of a case, the last row counts; institute is 0 where one gave it back or was replaced. why is a message.
CREATE TABLE diagnosis_assignment (
  id         BIGINT        NOT NULL PRIMARY KEY,
  case_id    BIGINT        NOT NULL REFERENCES diagnosis_case (case_id),
  institute  BIGINT        NOT NULL,
  how        VARCHAR(64)   NOT NULL,
  why        TEXT          NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX diagnosis_assignment_of ON diagnosis_assignment (case_id, id);
-- Reports as they were saved, n from 1, each by the institute that had the case then. body is JSON, hash its SHA-256.
CREATE TABLE diagnosis_report (
  case_id    BIGINT      NOT NULL REFERENCES diagnosis_case (case_id),
  n          INTEGER     NOT NULL,
  institute  BIGINT      NOT NULL,
  body       TEXT        NOT NULL,
  hash       VARCHAR(64) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  PRIMARY KEY (case_id, n)
);
-- Reports that were handed in. lint and risks are messages in JSON; sampled is 1 for one that a third party evaluates; advice is how many
-- pieces of it there are.
CREATE TABLE diagnosis_handed (
  id         BIGINT      NOT NULL PRIMARY KEY,
  case_id    BIGINT      NOT NULL REFERENCES diagnosis_case (case_id),
  n          INTEGER     NOT NULL,
  hash       VARCHAR(64) NOT NULL,
  institute  BIGINT      NOT NULL,
  lint       TEXT        NOT NULL,
  risks      TEXT        NOT NULL,
  sampled    INTEGER     NOT NULL,
  advice     INTEGER     NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX diagnosis_handed_of ON diagnosis_handed (case_id, id);
CREATE INDEX diagnosis_handed_by ON diagnosis_handed (institute, id);
-- What the firm answers to advice of a report that was handed in, the last row counts.
CREATE TABLE diagnosis_answer (
  id         BIGINT        NOT NULL PRIMARY KEY,
  case_id    BIGINT        NOT NULL REFERENCES diagnosis_case (case_id),
  handed     BIGINT        NOT NULL REFERENCES diagnosis_handed (id),
  advice     VARCHAR(64)   NOT NULL,
  answer     VARCHAR(64)   NOT NULL,
  reason     VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX diagnosis_answer_of ON diagnosis_answer (case_id, id);
-- The project filing that adopted advice became.
CREATE TABLE diagnosis_filing (
  id         BIGINT      NOT NULL PRIMARY KEY,
  case_id    BIGINT      NOT NULL REFERENCES diagnosis_case (case_id),
  advice     VARCHAR(64) NOT NULL,
  filing     BIGINT      NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  UNIQUE (case_id, advice)
);
-- What institutes and advisers did for a firm beside a diagnosis (顾问工作日志). barrier is a code of barriers, "" for none.
CREATE TABLE diagnosis_log (
  id         BIGINT        NOT NULL PRIMARY KEY,
  firm       BIGINT        NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  day        BIGINT        NOT NULL,
  who        VARCHAR(1200) NOT NULL,
  what       VARCHAR(8000) NOT NULL,
  barrier    VARCHAR(64)   NOT NULL,
  next       VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX diagnosis_log_firm ON diagnosis_log (firm, id);
-- Where an institute is paid, the last row counts.
CREATE TABLE diagnosis_account (
  id         BIGINT       NOT NULL PRIMARY KEY,
  institute  BIGINT       NOT NULL REFERENCES diagnosis_institute (id),
  holder     VARCHAR(200) NOT NULL,
  bank       VARCHAR(200) NOT NULL,
  number     VARCHAR(64)  NOT NULL,
  at         BIGINT       NOT NULL,
  by_account BIGINT       NOT NULL
);
CREATE INDEX diagnosis_account_of ON diagnosis_account (institute, id);
-- What a third party gave a report, in hundredths of a point; enough is 1 where it is good enough.
CREATE TABLE diagnosis_mark (
  handed    BIGINT  NOT NULL PRIMARY KEY REFERENCES diagnosis_handed (id),
  case_id   BIGINT  NOT NULL,
  institute BIGINT  NOT NULL,
  score     BIGINT  NOT NULL,
  enough    INTEGER NOT NULL,
  at        BIGINT  NOT NULL
);
CREATE INDEX diagnosis_mark_of ON diagnosis_mark (institute, handed);
