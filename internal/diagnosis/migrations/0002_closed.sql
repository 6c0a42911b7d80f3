-- Lots that are over: nothing is opened in them any more, and what was left of their budget is free.
CREATE TABLE diagnosis_closed (
  lot        BIGINT NOT NULL PRIMARY KEY REFERENCES diagnosis_lot (id),
  freed      BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  by_account BIGINT NOT NULL
);
