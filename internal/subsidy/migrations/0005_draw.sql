-- Drawings by lot of those whom a case is assigned to. The seed is drawn and its commitment known before it is settled among
-- whom is drawn; drawn_at is 0 until then. pool, left_out and drawn are JSON.
CREATE TABLE subsidy_draw (
  case_id    BIGINT        NOT NULL,
  n          INTEGER       NOT NULL,
  seed       VARCHAR(64)   NOT NULL,
  commitment VARCHAR(64)   NOT NULL,
  at         BIGINT        NOT NULL,
  drawn_at   BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL,
  reason     VARCHAR(2000) NOT NULL,
  pool       TEXT          NOT NULL,
  left_out   TEXT          NOT NULL,
  roll       VARCHAR(64)   NOT NULL,
  drawn      TEXT          NOT NULL,
  PRIMARY KEY (case_id, n)
);
-- A panel is known by the event that called it: sheets of one that was sent home do not count for the next.
CREATE TABLE subsidy_panel_score (
  case_id  BIGINT        NOT NULL,
  panel    BIGINT        NOT NULL,
  account  BIGINT        NOT NULL,
  rubric   VARCHAR(64)   NOT NULL,
  sheet    TEXT          NOT NULL,
  remark   VARCHAR(2000) NOT NULL,
  conflict INTEGER       NOT NULL,
  at       BIGINT        NOT NULL,
  PRIMARY KEY (case_id, panel, account)
);
INSERT INTO subsidy_panel_score (case_id, panel, account, rubric, sheet, remark, conflict, at)
  SELECT s.case_id, COALESCE((SELECT MAX(e.n) FROM case_event e WHERE e.case_id = s.case_id AND e.to_state = 'panel' AND e.from_state <> 'panel'), 0),
    s.account, s.rubric, s.sheet, s.remark, s.conflict, s.at FROM subsidy_score s;
DROP TABLE subsidy_score;
ALTER TABLE subsidy_panel_score RENAME TO subsidy_score;
