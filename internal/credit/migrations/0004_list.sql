-- A list of a bank of its loans at the end of a month. The last revision counts; as_of is the month's last day, file the SHA-256 of the
-- bytes that are kept, on_word what an official has it from that brought it for the bank.
CREATE TABLE credit_list (
  id         BIGINT        NOT NULL PRIMARY KEY,
  bank       VARCHAR(64)   NOT NULL,
  as_of      BIGINT        NOT NULL,
  revision   INTEGER       NOT NULL,
  name       VARCHAR(1200) NOT NULL,
  file       VARCHAR(64)   NOT NULL,
  size       BIGINT        NOT NULL,
  lines      INTEGER       NOT NULL,
  on_word    VARCHAR(1200) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE UNIQUE INDEX credit_list_revision ON credit_list (bank, as_of, revision);
CREATE INDEX credit_list_day ON credit_list (as_of, id);
-- Its lines, as they stand in the file. −1 is what it does not say; firm is the enterprise of the credit code, 0 for none on file.
CREATE TABLE credit_list_line (
  list_id      BIGINT        NOT NULL REFERENCES credit_list (id),
  n            INTEGER       NOT NULL,
  place        VARCHAR(1200) NOT NULL,
  uscc         VARCHAR(64)   NOT NULL,
  name         VARCHAR(1200) NOT NULL,
  firm         BIGINT        NOT NULL,
  contract     VARCHAR(400)  NOT NULL,
  voucher      VARCHAR(400)  NOT NULL,
  line         BIGINT        NOT NULL,
  fen          BIGINT        NOT NULL,
  drawn_on     BIGINT        NOT NULL,
  ppm          BIGINT        NOT NULL,
  balance      BIGINT        NOT NULL,
  PRIMARY KEY (list_id, n)
);
-- What was settled of a difference, the last one counts as long as the difference is the same. n is the line, 0 for a loan that the
-- bank does not list; loan is ours, 0 for none. source is what an accepted line was stated under, made the loan that it made known.
CREATE TABLE credit_settlement (
  id         BIGINT        NOT NULL PRIMARY KEY,
  list_id    BIGINT        NOT NULL REFERENCES credit_list (id),
  bank       VARCHAR(64)   NOT NULL,
  n          INTEGER       NOT NULL,
  loan       BIGINT        NOT NULL,
  difference VARCHAR(4000) NOT NULL,
  how        VARCHAR(16)   NOT NULL,
  reason     VARCHAR(8000) NOT NULL,
  source     BIGINT        NOT NULL,
  made       BIGINT        NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX credit_settlement_bank ON credit_settlement (bank, id);
-- That a list is reconciled: how many of its rows agree and how many were kept as ours.
CREATE TABLE credit_reconciled (
  id         BIGINT  NOT NULL PRIMARY KEY,
  list_id    BIGINT  NOT NULL REFERENCES credit_list (id),
  agree      INTEGER NOT NULL,
  kept       INTEGER NOT NULL,
  at         BIGINT  NOT NULL,
  by_account BIGINT  NOT NULL
);
CREATE INDEX credit_reconciled_list ON credit_reconciled (list_id, id);
