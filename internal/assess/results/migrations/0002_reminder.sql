-- That an enterprise was asked for what a model misses of a year. week is the Monday of the week, in which it is asked once. Rows are
-- never changed.
CREATE TABLE assess_reminder (
  party      BIGINT      NOT NULL,
  model      VARCHAR(64) NOT NULL,
  year       INTEGER     NOT NULL,
  week       INTEGER     NOT NULL,
  edition    VARCHAR(32) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  PRIMARY KEY (model, year, party, week)
);
