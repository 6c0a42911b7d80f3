-- Payments that go to the bank or the treasury together; hash is of all that they say. Rows are never changed.
CREATE TABLE ledger_batch (
  id          BIGINT       NOT NULL PRIMARY KEY,
  hash        VARCHAR(64)  NOT NULL,
  fund        VARCHAR(64)  NOT NULL,
  area        VARCHAR(64)  NOT NULL,
  fen         BIGINT       NOT NULL,
  orders      INTEGER      NOT NULL,
  made_at     BIGINT       NOT NULL,
  made_by     BIGINT       NOT NULL,
  request_key VARCHAR(200) NOT NULL
);
CREATE UNIQUE INDEX ledger_batch_hash ON ledger_batch (hash);
-- One payment of a batch. try counts those of the same part of an instalment. Rows are never changed.
CREATE TABLE ledger_order (
  batch_id BIGINT       NOT NULL REFERENCES ledger_batch (id),
  n        INTEGER      NOT NULL,
  part_id  BIGINT       NOT NULL REFERENCES ledger_part (id),
  try      INTEGER      NOT NULL,
  fen      BIGINT       NOT NULL CHECK (fen > 0),
  payee    TEXT         NOT NULL,
  account  VARCHAR(64)  NOT NULL,
  bank     TEXT         NOT NULL,
  PRIMARY KEY (batch_id, n)
);
CREATE UNIQUE INDEX ledger_order_part ON ledger_order (part_id, try);
-- How a batch (n 0) and each of its payments stand. This row is what a transaction locks.
CREATE TABLE ledger_order_now (
  batch_id BIGINT      NOT NULL REFERENCES ledger_batch (id),
  n        INTEGER     NOT NULL,
  step     INTEGER     NOT NULL,
  state    VARCHAR(16) NOT NULL,
  PRIMARY KEY (batch_id, n)
);
-- What became of a batch and of each of its payments, in order. Rows are never changed.
CREATE TABLE ledger_order_step (
  batch_id    BIGINT       NOT NULL REFERENCES ledger_batch (id),
  n           INTEGER      NOT NULL,
  step        INTEGER      NOT NULL,
  state       VARCHAR(16)  NOT NULL,
  at          BIGINT       NOT NULL,
  by_account  BIGINT       NOT NULL,
  reason      TEXT         NOT NULL,
  document    TEXT         NOT NULL,
  place       TEXT         NOT NULL,
  request_key VARCHAR(200) NOT NULL,
  PRIMARY KEY (batch_id, n, step)
);
-- Who took the file of a batch, which has the account numbers in full. Rows are never changed.
CREATE TABLE ledger_batch_file (
  id         BIGINT NOT NULL PRIMARY KEY,
  batch_id   BIGINT NOT NULL REFERENCES ledger_batch (id),
  at         BIGINT NOT NULL,
  by_account BIGINT NOT NULL
);
CREATE INDEX ledger_batch_file_batch ON ledger_batch_file (batch_id, id);
-- sqlite:
CREATE TRIGGER ledger_batch_kept BEFORE UPDATE ON ledger_batch BEGIN SELECT RAISE(ABORT, 'rows of ledger_batch are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_batch_stays BEFORE DELETE ON ledger_batch BEGIN SELECT RAISE(ABORT, 'rows of ledger_batch are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_order_kept BEFORE UPDATE ON ledger_order BEGIN SELECT RAISE(ABORT, 'rows of ledger_order are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_order_stays BEFORE DELETE ON ledger_order BEGIN SELECT RAISE(ABORT, 'rows of ledger_order are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_order_step_kept BEFORE UPDATE ON ledger_order_step BEGIN SELECT RAISE(ABORT, 'rows of ledger_order_step are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_order_step_stays BEFORE DELETE ON ledger_order_step BEGIN SELECT RAISE(ABORT, 'rows of ledger_order_step are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_batch_file_kept BEFORE UPDATE ON ledger_batch_file BEGIN SELECT RAISE(ABORT, 'rows of ledger_batch_file are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_batch_file_stays BEFORE DELETE ON ledger_batch_file BEGIN SELECT RAISE(ABORT, 'rows of ledger_batch_file are never deleted'); END;
-- postgres:
CREATE TRIGGER ledger_batch_kept BEFORE UPDATE OR DELETE ON ledger_batch FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_order_kept BEFORE UPDATE OR DELETE ON ledger_order FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_order_step_kept BEFORE UPDATE OR DELETE ON ledger_order_step FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_batch_file_kept BEFORE UPDATE OR DELETE ON ledger_batch_file FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
