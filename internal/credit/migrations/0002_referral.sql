-- Products under the hash of their bytes.
CREATE TABLE credit_definition (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  code VARCHAR(64) NOT NULL,
  body TEXT        NOT NULL
);
-- That a firm asks for a product: one case each. Amounts are fen, rates parts per million, days count from 1970, instants are
-- milliseconds UTC; by_account is who did it.
CREATE TABLE credit_referral (
  case_id    BIGINT      NOT NULL PRIMARY KEY,
  firm       BIGINT      NOT NULL,
  bank       VARCHAR(64) NOT NULL,
  product    VARCHAR(64) NOT NULL,
  hash       VARCHAR(64) NOT NULL REFERENCES credit_definition (hash),
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX credit_referral_firm ON credit_referral (firm, product, case_id);
CREATE INDEX credit_referral_bank ON credit_referral (bank, case_id);
-- What a bank offered in a case, the last one counts.
CREATE TABLE credit_offer (
  id          BIGINT NOT NULL PRIMARY KEY,
  case_id     BIGINT NOT NULL REFERENCES credit_referral (case_id),
  fen         BIGINT NOT NULL,
  ppm         BIGINT NOT NULL,
  months      BIGINT NOT NULL,
  valid_until BIGINT NOT NULL,
  conditions  TEXT   NOT NULL,
  at          BIGINT NOT NULL,
  by_account  BIGINT NOT NULL
);
CREATE INDEX credit_offer_case ON credit_offer (case_id, id);
-- The contract of a case. number_key is its number as it is compared, once for each bank.
CREATE TABLE credit_contract (
  case_id    BIGINT       NOT NULL PRIMARY KEY REFERENCES credit_referral (case_id),
  bank       VARCHAR(64)  NOT NULL,
  number     VARCHAR(100) NOT NULL,
  number_key VARCHAR(400) NOT NULL,
  fen        BIGINT       NOT NULL,
  ppm        BIGINT       NOT NULL,
  signed_on  BIGINT       NOT NULL,
  ends_on    BIGINT       NOT NULL,
  at         BIGINT       NOT NULL,
  by_account BIGINT       NOT NULL
);
CREATE UNIQUE INDEX credit_contract_number ON credit_contract (bank, number_key);
-- Drawdowns. subject is the loan that facts are stated of.
CREATE TABLE credit_drawdown (
  id          BIGINT       NOT NULL PRIMARY KEY,
  case_id     BIGINT       NOT NULL REFERENCES credit_referral (case_id),
  bank        VARCHAR(64)  NOT NULL,
  subject     BIGINT       NOT NULL,
  voucher     VARCHAR(100) NOT NULL,
  voucher_key VARCHAR(400) NOT NULL,
  fen         BIGINT       NOT NULL,
  ppm         BIGINT       NOT NULL,
  drawn_on    BIGINT       NOT NULL,
  due_on      BIGINT       NOT NULL,
  at          BIGINT       NOT NULL,
  by_account  BIGINT       NOT NULL
);
CREATE UNIQUE INDEX credit_drawdown_voucher ON credit_drawdown (bank, voucher_key);
CREATE INDEX credit_drawdown_case ON credit_drawdown (case_id, id);
CREATE TABLE credit_repayment (
  id          BIGINT NOT NULL PRIMARY KEY,
  drawdown_id BIGINT NOT NULL REFERENCES credit_drawdown (id),
  paid_on     BIGINT NOT NULL,
  fen         BIGINT NOT NULL,
  interest    BIGINT NOT NULL,
  at          BIGINT NOT NULL,
  by_account  BIGINT NOT NULL
);
CREATE INDEX credit_repayment_drawdown ON credit_repayment (drawdown_id, paid_on, id);
