-- Calls (申报通知). clauses and materials are JSON. line_id is the ledger's. state: draft, published, closed. case_id is the
-- case that the call is.
CREATE TABLE subsidy_call (
  case_id    BIGINT       NOT NULL PRIMARY KEY,
  area       VARCHAR(64)  NOT NULL,
  policy     VARCHAR(64)  NOT NULL,
  known      BIGINT       NOT NULL,
  clauses    TEXT         NOT NULL,
  title      VARCHAR(400) NOT NULL,
  text       TEXT         NOT NULL,
  materials  TEXT         NOT NULL,
  opens      VARCHAR(10)  NOT NULL,
  closes     VARCHAR(10)  NOT NULL,
  line_id    BIGINT       NOT NULL,
  reserve    BIGINT       NOT NULL,
  quota      INTEGER      NOT NULL,
  taken      INTEGER      NOT NULL,
  state      VARCHAR(16)  NOT NULL,
  drafted_by BIGINT       NOT NULL,
  at         BIGINT       NOT NULL
);
CREATE INDEX subsidy_call_state ON subsidy_call (state, closes, case_id);
-- Who was told of a call.
CREATE TABLE subsidy_told (
  call_id    BIGINT NOT NULL,
  enterprise BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  PRIMARY KEY (call_id, enterprise)
);
-- Applications: one clause for one thing and year. project, item and family are the claim that it takes. standing: open,
-- granted, closed. amount is what it comes to as last decided; granted what the ledger holds under commitment.
CREATE TABLE subsidy_application (
  case_id    BIGINT       NOT NULL PRIMARY KEY,
  call_id    BIGINT       NOT NULL,
  enterprise BIGINT       NOT NULL,
  area       VARCHAR(64)  NOT NULL,
  policy     VARCHAR(64)  NOT NULL,
  known      BIGINT       NOT NULL,
  package    VARCHAR(64)  NOT NULL,
  clause     VARCHAR(64)  NOT NULL,
  kind       VARCHAR(32)  NOT NULL,
  subject    BIGINT       NOT NULL,
  name       VARCHAR(400) NOT NULL,
  year       INTEGER      NOT NULL,
  as_of      VARCHAR(10)  NOT NULL,
  project    VARCHAR(200) NOT NULL,
  item       VARCHAR(200) NOT NULL,
  family     VARCHAR(64)  NOT NULL,
  standing   VARCHAR(16)  NOT NULL,
  amount     BIGINT       NOT NULL,
  granted    BIGINT       NOT NULL,
  commitment BIGINT       NOT NULL,
  batch_id   BIGINT       NOT NULL,
  at         BIGINT       NOT NULL
);
CREATE INDEX subsidy_application_call ON subsidy_application (call_id, case_id);
CREATE INDEX subsidy_application_firm ON subsidy_application (enterprise, case_id);
CREATE INDEX subsidy_application_batch ON subsidy_application (batch_id, case_id);
CREATE INDEX subsidy_application_claim ON subsidy_application (project, family, item);
-- What an application came to, each time that it was decided, with the receipt of the decision. bounds is JSON.
CREATE TABLE subsidy_assessment (
  case_id    BIGINT       NOT NULL,
  n          INTEGER      NOT NULL,
  stage      VARCHAR(16)  NOT NULL,
  at         BIGINT       NOT NULL,
  by_account BIGINT       NOT NULL,
  seq        BIGINT       NOT NULL,
  sure       BIGINT       NOT NULL,
  possible   BIGINT       NOT NULL,
  open       INTEGER      NOT NULL,
  reason     TEXT         NOT NULL,
  bounds     TEXT         NOT NULL,
  receipt    TEXT         NOT NULL,
  PRIMARY KEY (case_id, n)
);
-- Cost items as they were claimed. invoice_key and serial_key tell them apart from all others, "" for none; invoice_no and
-- serial_no are what a reviewer is shown others by.
CREATE TABLE subsidy_cost (
  id          BIGINT       NOT NULL PRIMARY KEY,
  case_id     BIGINT       NOT NULL,
  n           INTEGER      NOT NULL,
  kind        VARCHAR(32)  NOT NULL,
  label       VARCHAR(400) NOT NULL,
  invoice     VARCHAR(100) NOT NULL,
  invoiced_on VARCHAR(10)  NOT NULL,
  seller      VARCHAR(400) NOT NULL,
  serial      VARCHAR(100) NOT NULL,
  fen         BIGINT       NOT NULL,
  invoice_key VARCHAR(200) NOT NULL,
  serial_key  VARCHAR(200) NOT NULL,
  invoice_no  VARCHAR(100) NOT NULL,
  serial_no   VARCHAR(100) NOT NULL,
  dropped     INTEGER      NOT NULL
);
CREATE INDEX subsidy_cost_case ON subsidy_cost (case_id, n);
CREATE INDEX subsidy_cost_invoice ON subsidy_cost (invoice_no, case_id);
CREATE INDEX subsidy_cost_serial ON subsidy_cost (serial_no, case_id);
-- What was recognised of a cost item, by whom and why; the newest counts. report is the hash of a file of the case.
CREATE TABLE subsidy_ruling (
  id         BIGINT        NOT NULL PRIMARY KEY,
  cost_id    BIGINT        NOT NULL,
  case_id    BIGINT        NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL,
  role       VARCHAR(32)   NOT NULL,
  fen        BIGINT        NOT NULL,
  reason     VARCHAR(2000) NOT NULL,
  report     VARCHAR(64)   NOT NULL
);
CREATE INDEX subsidy_ruling_case ON subsidy_ruling (case_id, cost_id, id);
-- The account that an application is paid to. Read in the clear by its owner and by who pays.
CREATE TABLE subsidy_payee (
  case_id BIGINT       NOT NULL PRIMARY KEY,
  holder  VARCHAR(200) NOT NULL,
  bank    VARCHAR(200) NOT NULL,
  number  VARCHAR(64)  NOT NULL,
  at      BIGINT       NOT NULL
);
