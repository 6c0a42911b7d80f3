-- Editions of models under the hash of their bytes. Rows are never changed.
CREATE TABLE assess_definition (
  hash VARCHAR(64) NOT NULL PRIMARY KEY,
  code VARCHAR(64) NOT NULL,
  body TEXT        NOT NULL
);
-- Sealed results. Rows are never changed. how is self or site; score and possible are exact fractions of points, "" where the model gave
-- none; level and may are ids of levels, "" for none; missing is how many facts were missing; known is the commit up to which facts were
-- known, on_day the day of asking, at milliseconds UTC.
CREATE TABLE assess_result (
  id         BIGINT        NOT NULL PRIMARY KEY,
  party      BIGINT        NOT NULL,
  model      VARCHAR(64)   NOT NULL,
  edition    VARCHAR(32)   NOT NULL,
  hash       VARCHAR(64)   NOT NULL REFERENCES assess_definition (hash),
  year       INTEGER       NOT NULL,
  on_day     INTEGER       NOT NULL,
  how        VARCHAR(16)   NOT NULL,
  path       VARCHAR(64)   NOT NULL,
  score      VARCHAR(1000) NOT NULL,
  possible   VARCHAR(1000) NOT NULL,
  level      VARCHAR(64)   NOT NULL,
  may        VARCHAR(64)   NOT NULL,
  missing    INTEGER       NOT NULL,
  case_id    BIGINT        NOT NULL,
  known      BIGINT        NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX assess_result_party ON assess_result (party, model, id);
CREATE INDEX assess_result_case ON assess_result (case_id);
