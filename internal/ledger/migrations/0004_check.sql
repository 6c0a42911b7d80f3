-- The last walk over the whole ledger, and that another one is asked for: one row. Times are 0 where there was none; result is
-- JSON, of the walk that ended last.
CREATE TABLE ledger_check (
  id       BIGINT NOT NULL PRIMARY KEY,
  asked_at BIGINT NOT NULL,
  began_at BIGINT NOT NULL,
  ended_at BIGINT NOT NULL,
  result   TEXT   NOT NULL
);
INSERT INTO ledger_check (id, asked_at, began_at, ended_at, result) VALUES (1, 0, 0, 0, '{}');
