-- A budget line: money of a fund for a purpose and a year, in an area. Rows are never changed.
CREATE TABLE ledger_line (
  id   BIGINT       NOT NULL PRIMARY KEY,
  fund VARCHAR(64)  NOT NULL,
  code VARCHAR(64)  NOT NULL,
  year INTEGER      NOT NULL,
  area VARCHAR(64)  NOT NULL,
  name TEXT         NOT NULL
);
CREATE UNIQUE INDEX ledger_line_by_key ON ledger_line (fund, code, year, area);
-- Where the money of a line lies, in fen; n is how many transfers have touched the line. A budget is owed by the treasury
-- to the line and therefore below zero: all columns add up to nothing. This row is what a transaction locks.
CREATE TABLE ledger_balance (
  line_id   BIGINT NOT NULL PRIMARY KEY REFERENCES ledger_line (id),
  n         BIGINT NOT NULL,
  budget    BIGINT NOT NULL CHECK (budget <= 0),
  free      BIGINT NOT NULL CHECK (free >= 0),
  held      BIGINT NOT NULL CHECK (held >= 0),
  committed BIGINT NOT NULL CHECK (committed >= 0),
  payable   BIGINT NOT NULL CHECK (payable >= 0),
  ordered   BIGINT NOT NULL CHECK (ordered >= 0),
  paid      BIGINT NOT NULL CHECK (paid >= 0),
  returned  BIGINT NOT NULL CHECK (returned >= 0),
  CHECK (budget + free + held + committed + payable + ordered + paid + returned = 0)
);
-- What ledger_balance said after the n-th transfer. Rows are never changed.
CREATE TABLE ledger_state (
  line_id     BIGINT NOT NULL REFERENCES ledger_line (id),
  n           BIGINT NOT NULL,
  transfer_id BIGINT NOT NULL,
  budget      BIGINT NOT NULL,
  free        BIGINT NOT NULL,
  held        BIGINT NOT NULL,
  committed   BIGINT NOT NULL,
  payable     BIGINT NOT NULL,
  ordered     BIGINT NOT NULL,
  paid        BIGINT NOT NULL,
  returned    BIGINT NOT NULL,
  PRIMARY KEY (line_id, n)
);
-- What is set aside of a line for a call for applications.
CREATE TABLE ledger_hold (
  id      BIGINT       NOT NULL PRIMARY KEY,
  line_id BIGINT       NOT NULL REFERENCES ledger_line (id),
  call_id VARCHAR(200) NOT NULL
);
CREATE UNIQUE INDEX ledger_hold_by_key ON ledger_hold (line_id, call_id);
CREATE TABLE ledger_hold_balance (
  hold_id BIGINT NOT NULL PRIMARY KEY REFERENCES ledger_hold (id),
  held    BIGINT NOT NULL CHECK (held >= 0)
);
-- What was promised to somebody; hold_id is 0 where it was drawn on no call's share. Rows are never changed.
CREATE TABLE ledger_commitment (
  id       BIGINT       NOT NULL PRIMARY KEY,
  line_id  BIGINT       NOT NULL REFERENCES ledger_line (id),
  hold_id  BIGINT       NOT NULL,
  case_id  VARCHAR(200) NOT NULL,
  party_id BIGINT       NOT NULL,
  area     VARCHAR(64)  NOT NULL,
  clause   VARCHAR(200) NOT NULL
);
CREATE INDEX ledger_commitment_case ON ledger_commitment (case_id);
CREATE INDEX ledger_commitment_line ON ledger_commitment (line_id, id);
-- standing is what a commitment keeps: neither released nor returned. Its claims stand as long as that is above zero.
CREATE TABLE ledger_commitment_balance (
  commitment_id BIGINT NOT NULL PRIMARY KEY REFERENCES ledger_commitment (id),
  standing      BIGINT NOT NULL CHECK (standing >= 0)
);
-- The part of an instalment that lies in one line; carrying over to the next year makes another part. Rows are never
-- changed.
CREATE TABLE ledger_part (
  id            BIGINT  NOT NULL PRIMARY KEY,
  commitment_id BIGINT  NOT NULL REFERENCES ledger_commitment (id),
  n             INTEGER NOT NULL,
  line_id       BIGINT  NOT NULL REFERENCES ledger_line (id)
);
CREATE UNIQUE INDEX ledger_part_by_key ON ledger_part (commitment_id, n, line_id);
CREATE INDEX ledger_part_line ON ledger_part (line_id, id);
CREATE TABLE ledger_part_balance (
  part_id   BIGINT NOT NULL PRIMARY KEY REFERENCES ledger_part (id),
  committed BIGINT NOT NULL CHECK (committed >= 0),
  payable   BIGINT NOT NULL CHECK (payable >= 0),
  ordered   BIGINT NOT NULL CHECK (ordered >= 0),
  paid      BIGINT NOT NULL CHECK (paid >= 0),
  returned  BIGINT NOT NULL CHECK (returned >= 0)
);
-- A movement of money, and who caused it and why. Rows are never changed.
CREATE TABLE ledger_transfer (
  id          BIGINT       NOT NULL PRIMARY KEY,
  kind        VARCHAR(16)  NOT NULL,
  at          BIGINT       NOT NULL,
  day         VARCHAR(10)  NOT NULL,
  by_account  BIGINT       NOT NULL,
  case_id     VARCHAR(200) NOT NULL,
  reason      TEXT         NOT NULL,
  document    TEXT         NOT NULL,
  request_key VARCHAR(200) NOT NULL
);
CREATE UNIQUE INDEX ledger_transfer_request ON ledger_transfer (request_key, kind);
-- The entries of a transfer, which add up to nothing in each line. part_id and hold_id are 0 where there is none. Rows are
-- never changed.
CREATE TABLE ledger_posting (
  transfer_id BIGINT      NOT NULL REFERENCES ledger_transfer (id),
  n           INTEGER     NOT NULL,
  line_id     BIGINT      NOT NULL REFERENCES ledger_line (id),
  stage       VARCHAR(16) NOT NULL,
  part_id     BIGINT      NOT NULL,
  hold_id     BIGINT      NOT NULL,
  fen         BIGINT      NOT NULL CHECK (fen <> 0),
  PRIMARY KEY (transfer_id, n)
);
CREATE INDEX ledger_posting_line ON ledger_posting (line_id, transfer_id);
CREATE INDEX ledger_posting_part ON ledger_posting (part_id);
-- The entries added up as pages ask for them, in the transaction that makes them. clause is '' for what concerns a line.
CREATE TABLE ledger_sum (
  line_id   BIGINT       NOT NULL REFERENCES ledger_line (id),
  area      VARCHAR(64)  NOT NULL,
  clause    VARCHAR(200) NOT NULL,
  month     VARCHAR(7)   NOT NULL,
  budget    BIGINT       NOT NULL,
  free      BIGINT       NOT NULL,
  held      BIGINT       NOT NULL,
  committed BIGINT       NOT NULL,
  payable   BIGINT       NOT NULL,
  ordered   BIGINT       NOT NULL,
  paid      BIGINT       NOT NULL,
  returned  BIGINT       NOT NULL,
  PRIMARY KEY (line_id, area, clause, month)
);
-- Who claims what: a cost item of a project, or with item '' the project as a whole, under a family of clauses that
-- exclude each other. commitment_id is 0 for what was granted elsewhere or before, which has a source and a place in it.
-- Rows are never changed.
CREATE TABLE ledger_claim (
  id            BIGINT       NOT NULL PRIMARY KEY,
  project       VARCHAR(200) NOT NULL,
  item          VARCHAR(200) NOT NULL,
  family        VARCHAR(200) NOT NULL,
  commitment_id BIGINT       NOT NULL,
  case_id       VARCHAR(200) NOT NULL,
  party_id      BIGINT       NOT NULL,
  area          VARCHAR(64)  NOT NULL,
  fen           BIGINT       NOT NULL CHECK (fen >= 0),
  year          INTEGER      NOT NULL,
  bureau        TEXT         NOT NULL,
  document      TEXT         NOT NULL,
  source_id     BIGINT       NOT NULL,
  place         TEXT         NOT NULL,
  request_key   VARCHAR(200) NOT NULL
);
CREATE INDEX ledger_claim_by_key ON ledger_claim (project, family, item);
CREATE INDEX ledger_claim_commitment ON ledger_claim (commitment_id);
CREATE INDEX ledger_claim_source ON ledger_claim (source_id);
CREATE INDEX ledger_claim_party ON ledger_claim (party_id);
-- Claims that stand no more. Rows are never changed.
CREATE TABLE ledger_lift (
  claim_id    BIGINT       NOT NULL PRIMARY KEY REFERENCES ledger_claim (id),
  at          BIGINT       NOT NULL,
  by_account  BIGINT       NOT NULL,
  reason      TEXT         NOT NULL,
  request_key VARCHAR(200) NOT NULL
);
-- How many claims stand on a key, n, and below a project as a whole, below. A commitment needs its keys free: this row is
-- what a transaction locks, and the primary key is what two that come first cannot both make.
CREATE TABLE ledger_stand (
  project VARCHAR(200) NOT NULL,
  family  VARCHAR(200) NOT NULL,
  item    VARCHAR(200) NOT NULL,
  n       BIGINT       NOT NULL CHECK (n >= 0),
  below   BIGINT       NOT NULL CHECK (below >= 0),
  PRIMARY KEY (project, family, item)
);
-- What was asked under a key, as a hash, and what was answered. Rows are never changed.
CREATE TABLE ledger_request (
  request_key VARCHAR(200) NOT NULL PRIMARY KEY,
  body        VARCHAR(64)  NOT NULL,
  answer      TEXT         NOT NULL,
  at          BIGINT       NOT NULL
);
-- sqlite:
CREATE TRIGGER ledger_line_kept BEFORE UPDATE ON ledger_line BEGIN SELECT RAISE(ABORT, 'rows of ledger_line are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_line_stays BEFORE DELETE ON ledger_line BEGIN SELECT RAISE(ABORT, 'rows of ledger_line are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_state_kept BEFORE UPDATE ON ledger_state BEGIN SELECT RAISE(ABORT, 'rows of ledger_state are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_state_stays BEFORE DELETE ON ledger_state BEGIN SELECT RAISE(ABORT, 'rows of ledger_state are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_commitment_kept BEFORE UPDATE ON ledger_commitment BEGIN SELECT RAISE(ABORT, 'rows of ledger_commitment are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_commitment_stays BEFORE DELETE ON ledger_commitment BEGIN SELECT RAISE(ABORT, 'rows of ledger_commitment are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_part_kept BEFORE UPDATE ON ledger_part BEGIN SELECT RAISE(ABORT, 'rows of ledger_part are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_part_stays BEFORE DELETE ON ledger_part BEGIN SELECT RAISE(ABORT, 'rows of ledger_part are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_transfer_kept BEFORE UPDATE ON ledger_transfer BEGIN SELECT RAISE(ABORT, 'rows of ledger_transfer are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_transfer_stays BEFORE DELETE ON ledger_transfer BEGIN SELECT RAISE(ABORT, 'rows of ledger_transfer are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_posting_kept BEFORE UPDATE ON ledger_posting BEGIN SELECT RAISE(ABORT, 'rows of ledger_posting are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_posting_stays BEFORE DELETE ON ledger_posting BEGIN SELECT RAISE(ABORT, 'rows of ledger_posting are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_claim_kept BEFORE UPDATE ON ledger_claim BEGIN SELECT RAISE(ABORT, 'rows of ledger_claim are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_claim_stays BEFORE DELETE ON ledger_claim BEGIN SELECT RAISE(ABORT, 'rows of ledger_claim are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_lift_kept BEFORE UPDATE ON ledger_lift BEGIN SELECT RAISE(ABORT, 'rows of ledger_lift are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_lift_stays BEFORE DELETE ON ledger_lift BEGIN SELECT RAISE(ABORT, 'rows of ledger_lift are never deleted'); END;
-- sqlite:
CREATE TRIGGER ledger_request_kept BEFORE UPDATE ON ledger_request BEGIN SELECT RAISE(ABORT, 'rows of ledger_request are never changed'); END;
-- sqlite:
CREATE TRIGGER ledger_request_stays BEFORE DELETE ON ledger_request BEGIN SELECT RAISE(ABORT, 'rows of ledger_request are never deleted'); END;
-- postgres:
CREATE FUNCTION ledger_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''rows of % are never changed or deleted'', TG_TABLE_NAME; END;';
-- postgres:
CREATE TRIGGER ledger_line_kept BEFORE UPDATE OR DELETE ON ledger_line FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_state_kept BEFORE UPDATE OR DELETE ON ledger_state FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_commitment_kept BEFORE UPDATE OR DELETE ON ledger_commitment FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_part_kept BEFORE UPDATE OR DELETE ON ledger_part FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_transfer_kept BEFORE UPDATE OR DELETE ON ledger_transfer FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_posting_kept BEFORE UPDATE OR DELETE ON ledger_posting FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_claim_kept BEFORE UPDATE OR DELETE ON ledger_claim FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_lift_kept BEFORE UPDATE OR DELETE ON ledger_lift FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
-- postgres:
CREATE TRIGGER ledger_request_kept BEFORE UPDATE OR DELETE ON ledger_request FOR EACH ROW EXECUTE PROCEDURE ledger_kept();
