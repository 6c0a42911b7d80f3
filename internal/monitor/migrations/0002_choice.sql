-- Answers to the choices that indicators leave to a region, from a day on. Rows are never changed; seq is the commit by which one became known,
-- from_day a day of Beijing since 1970, at milliseconds UTC, by_account who answered, document the number of the document that says so.
CREATE TABLE monitor_choice (
  id         BIGINT        NOT NULL PRIMARY KEY,
  seq        BIGINT        NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  choice     VARCHAR(64)   NOT NULL,
  answer     VARCHAR(64)   NOT NULL,
  from_day   BIGINT        NOT NULL,
  document   VARCHAR(1200) NOT NULL,
  note       VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
