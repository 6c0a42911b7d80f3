-- What a lease says besides what a loan does: of_id is the offer, the delivery (credit_drawdown) or its correction, or the case for the
-- contract. What does not belong there is 0 or nothing; what is of a case is a lease when it has a row here.
CREATE TABLE credit_rental (
  of_id     BIGINT        NOT NULL PRIMARY KEY,
  case_id   BIGINT        NOT NULL REFERENCES credit_referral (case_id),
  asset     VARCHAR(1200) NOT NULL,
  price     BIGINT        NOT NULL,
  deposit   BIGINT        NOT NULL,
  fee       BIGINT        NOT NULL,
  rents     BIGINT        NOT NULL,
  every     BIGINT        NOT NULL,
  first_due BIGINT        NOT NULL,
  rent      BIGINT        NOT NULL,
  last_rent BIGINT        NOT NULL
);
CREATE INDEX credit_rental_case ON credit_rental (case_id, of_id);
