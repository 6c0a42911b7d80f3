-- Fees for services to enterprises, such as diagnoses: paid to who did it, not to the enterprise. Rows are never changed; fen.
CREATE TABLE subsidy_fee (
  case_id    BIGINT        NOT NULL PRIMARY KEY,
  enterprise BIGINT        NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  name       VARCHAR(1200) NOT NULL,
  payee      VARCHAR(1200) NOT NULL,
  commitment BIGINT        NOT NULL,
  fen        BIGINT        NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
