-- The account that an application or a fee is paid to, each time that somebody named it: the last row counts. Rows are never changed, and go
-- into the audit log where logged is 1. Those of before keep the day on which they were named last. by_account is 0 where nobody kept it.
CREATE TABLE subsidy_payee_named (
  id         BIGINT       NOT NULL PRIMARY KEY,
  case_id    BIGINT       NOT NULL,
  holder     VARCHAR(200) NOT NULL,
  bank       VARCHAR(200) NOT NULL,
  number     VARCHAR(64)  NOT NULL,
  at         BIGINT       NOT NULL,
  by_account BIGINT       NOT NULL,
  logged     INTEGER      NOT NULL
);
INSERT INTO subsidy_payee_named (id, case_id, holder, bank, number, at, by_account, logged) SELECT case_id, case_id, holder, bank, number, at, 0, 0 FROM subsidy_payee;
DROP TABLE subsidy_payee;
CREATE INDEX subsidy_payee_case ON subsidy_payee_named (case_id, id);
