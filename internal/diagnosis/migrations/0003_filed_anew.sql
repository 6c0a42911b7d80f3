-- The project filings that adopted advice became: one that was refused or withdrawn may be followed by another.
CREATE TABLE diagnosis_filing_of (
  id         BIGINT      NOT NULL PRIMARY KEY,
  case_id    BIGINT      NOT NULL REFERENCES diagnosis_case (case_id),
  advice     VARCHAR(64) NOT NULL,
  filing     BIGINT      NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  UNIQUE (case_id, advice, filing)
);
INSERT INTO diagnosis_filing_of (id, case_id, advice, filing, at, by_account) SELECT id, case_id, advice, filing, at, by_account FROM diagnosis_filing;
DROP TABLE diagnosis_filing;
ALTER TABLE diagnosis_filing_of RENAME TO diagnosis_filing;
