-- What a drawdown is in the place of what was entered, the last one counts; gone is 1 where it is taken back.
CREATE TABLE credit_drawdown_restated (
  id          BIGINT        NOT NULL PRIMARY KEY,
  drawdown_id BIGINT        NOT NULL REFERENCES credit_drawdown (id),
  fen         BIGINT        NOT NULL,
  ppm         BIGINT        NOT NULL,
  drawn_on    BIGINT        NOT NULL,
  due_on      BIGINT        NOT NULL,
  gone        INTEGER       NOT NULL,
  reason      VARCHAR(8000) NOT NULL,
  at          BIGINT        NOT NULL,
  by_account  BIGINT        NOT NULL
);
CREATE INDEX credit_drawdown_restated_of ON credit_drawdown_restated (drawdown_id, id);
-- Likewise of a repayment.
CREATE TABLE credit_repayment_restated (
  id           BIGINT        NOT NULL PRIMARY KEY,
  repayment_id BIGINT        NOT NULL REFERENCES credit_repayment (id),
  paid_on      BIGINT        NOT NULL,
  fen          BIGINT        NOT NULL,
  interest     BIGINT        NOT NULL,
  gone         INTEGER       NOT NULL,
  reason       VARCHAR(8000) NOT NULL,
  at           BIGINT        NOT NULL,
  by_account   BIGINT        NOT NULL
);
CREATE INDEX credit_repayment_restated_of ON credit_repayment_restated (repayment_id, id);
