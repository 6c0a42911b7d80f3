-- The party that a bank of content/credit/banks.yaml is. Rows are never changed, here and below.
CREATE TABLE credit_bank (
  code  VARCHAR(64) NOT NULL PRIMARY KEY,
  party BIGINT      NOT NULL
);
CREATE UNIQUE INDEX credit_bank_party ON credit_bank (party);
