-- What was looked at on the spot, a row for each question of a rating that was handed in. event_id is the event of the case by which it was,
-- state is confirmed, changed or left. was is what was known before, as facts are kept (a number or the text), "" for nothing or what
-- is personal or confidential. was_by is the authority that had said so, was_at since when it was known (milliseconds UTC), found
-- what was found. counts is 1 where that goes before what was known, by the order of authorities. Rows are never changed.
CREATE TABLE assess_look (
  event_id BIGINT        NOT NULL,
  n        INTEGER       NOT NULL,
  case_id  BIGINT        NOT NULL,
  party    BIGINT        NOT NULL,
  def      VARCHAR(64)   NOT NULL,
  year     INTEGER       NOT NULL,
  state    VARCHAR(16)   NOT NULL,
  was      VARCHAR(4000) NOT NULL,
  was_by   VARCHAR(64)   NOT NULL,
  was_at   BIGINT        NOT NULL,
  found    VARCHAR(4000) NOT NULL,
  counts   INTEGER       NOT NULL,
  PRIMARY KEY (event_id, n)
);
CREATE INDEX assess_look_case ON assess_look (case_id, event_id);
