-- Rounds of assessment. Rows are never changed. hash is of the model's bytes (assess_definition); concerned is the condition that was asked of
-- the facts of the year asked_year to tell whom the round concerns, and unclear of how many it could not be told; remind is working days
-- before the last day; before_id is the round of the model that was closed last for the same area, 0 for none; seq is the commit up to which
-- facts were known. Days are numbers of days, instants milliseconds UTC; by_account is who did it. So it is below.
CREATE TABLE round_head (
  id         BIGINT        NOT NULL PRIMARY KEY,
  title      VARCHAR(400)  NOT NULL,
  model      VARCHAR(64)   NOT NULL,
  edition    VARCHAR(32)   NOT NULL,
  hash       VARCHAR(64)   NOT NULL,
  workflow   VARCHAR(48)   NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  year       INTEGER       NOT NULL,
  opens      INTEGER       NOT NULL,
  closes     INTEGER       NOT NULL,
  concerned  VARCHAR(4000) NOT NULL,
  asked_year INTEGER       NOT NULL,
  unclear    INTEGER       NOT NULL,
  remind     VARCHAR(100)  NOT NULL,
  before_id  BIGINT        NOT NULL,
  seq        BIGINT        NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
-- The enterprises that a round concerns, and when each came to it. Rows are never changed.
CREATE TABLE round_firm (
  round_id BIGINT NOT NULL REFERENCES round_head (id),
  party    BIGINT NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (round_id, party)
);
CREATE INDEX round_firm_party ON round_firm (party, round_id);
-- What was sent to an enterprise about a round, once each: call, a reminder, that something is to be corrected. Rows are never changed.
CREATE TABLE round_sent (
  round_id   BIGINT      NOT NULL REFERENCES round_head (id),
  party      BIGINT      NOT NULL,
  what       VARCHAR(64) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  PRIMARY KEY (round_id, party, what)
);
-- What the product has done for a round as a whole, once each: a reminder, the checks of a day.
CREATE TABLE round_done (
  round_id BIGINT      NOT NULL REFERENCES round_head (id),
  what     VARCHAR(64) NOT NULL,
  at       BIGINT      NOT NULL,
  PRIMARY KEY (round_id, what)
);
-- What the checks of a round found about an enterprise. mark tells the finding from every other of the round: the same answers have the same
-- mark. detail is what else is behind it, as JSON; seq the commit at which it was found; gone_at when it was found no more, 0 while it is.
-- state follows from the words about it.
CREATE TABLE round_finding (
  id       BIGINT      NOT NULL PRIMARY KEY,
  round_id BIGINT      NOT NULL REFERENCES round_head (id),
  mark     VARCHAR(64) NOT NULL,
  kind     VARCHAR(16) NOT NULL,
  code     VARCHAR(64) NOT NULL,
  party    BIGINT      NOT NULL,
  detail   TEXT        NOT NULL,
  seq      BIGINT      NOT NULL,
  state    VARCHAR(16) NOT NULL,
  at       BIGINT      NOT NULL,
  gone_at  BIGINT      NOT NULL
);
CREATE UNIQUE INDEX round_finding_mark ON round_finding (round_id, mark);
CREATE INDEX round_finding_party ON round_finding (party, round_id);
-- What was said about a finding. Rows are never changed.
CREATE TABLE round_word (
  id         BIGINT        NOT NULL PRIMARY KEY,
  finding_id BIGINT        NOT NULL REFERENCES round_finding (id),
  what       VARCHAR(16)   NOT NULL,
  text       VARCHAR(4000) NOT NULL,
  case_id    BIGINT        NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX round_word_finding ON round_word (finding_id, id);
-- The end of a round: as of which commit and day it stands, and what it came to, as JSON. Rows are never changed, here and below.
CREATE TABLE round_closing (
  round_id   BIGINT  NOT NULL PRIMARY KEY REFERENCES round_head (id),
  seq        BIGINT  NOT NULL,
  on_day     INTEGER NOT NULL,
  figures    TEXT    NOT NULL,
  at         BIGINT  NOT NULL,
  by_account BIGINT  NOT NULL
);
-- How each enterprise stood then: which result counts for it (assess_result), 0 for none, and how many findings it had and how many of them
-- were not accepted.
CREATE TABLE round_line (
  round_id BIGINT      NOT NULL REFERENCES round_head (id),
  party    BIGINT      NOT NULL,
  standing VARCHAR(16) NOT NULL,
  result   BIGINT      NOT NULL,
  found    INTEGER     NOT NULL,
  open     INTEGER     NOT NULL,
  PRIMARY KEY (round_id, party)
);
