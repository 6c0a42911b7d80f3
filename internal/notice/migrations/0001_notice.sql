-- What somebody is told, written in the transaction of what it tells of. told_key is told once. It is for one account, or
-- for a role in an area, or for those who act for an enterprise; the others are 0 or ''. title and body are messages of the
-- catalogue with their arguments, as JSON. handed_at is 0 until it was made into deliveries.
CREATE TABLE notice (
  id         BIGINT       NOT NULL PRIMARY KEY,
  told_key   VARCHAR(200) NOT NULL UNIQUE,
  kind       VARCHAR(32)  NOT NULL,
  to_account BIGINT       NOT NULL,
  to_role    VARCHAR(32)  NOT NULL,
  to_area    VARCHAR(64)  NOT NULL,
  to_party   BIGINT       NOT NULL,
  title      TEXT         NOT NULL,
  body       TEXT         NOT NULL,
  link       VARCHAR(500) NOT NULL,
  at         BIGINT       NOT NULL,
  handed_at  BIGINT       NOT NULL
);
CREATE INDEX notice_account ON notice (to_account, id);
CREATE INDEX notice_role ON notice (to_role, to_area, id);
CREATE INDEX notice_party ON notice (to_party, id);
CREATE INDEX notice_handed ON notice (handed_at, id);
-- What an account has read.
CREATE TABLE notice_read (
  account_id BIGINT NOT NULL,
  notice_id  BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  PRIMARY KEY (account_id, notice_id)
);
-- Where an account is reached. asked is an address that nobody has confirmed yet, code a hash of what was sent there.
CREATE TABLE notice_address (
  account_id BIGINT       NOT NULL,
  channel    VARCHAR(16)  NOT NULL,
  address    VARCHAR(254) NOT NULL,
  asked      VARCHAR(254) NOT NULL,
  code       VARCHAR(64)  NOT NULL,
  code_until BIGINT       NOT NULL,
  tries      INTEGER      NOT NULL,
  PRIMARY KEY (account_id, channel)
);
-- In which language an account is written to.
CREATE TABLE notice_reader (
  account_id BIGINT     NOT NULL PRIMARY KEY,
  lang       VARCHAR(8) NOT NULL
);
-- How messages of a kind come to an account: now, in the digest, not at all.
CREATE TABLE notice_choice (
  account_id BIGINT      NOT NULL,
  kind       VARCHAR(32) NOT NULL,
  channel    VARCHAR(16) NOT NULL,
  way        VARCHAR(16) NOT NULL,
  PRIMARY KEY (account_id, kind, channel)
);
-- What waits for an account's next digest.
CREATE TABLE notice_digest (
  account_id BIGINT NOT NULL,
  notice_id  BIGINT NOT NULL,
  PRIMARY KEY (account_id, notice_id)
);
-- What is sent by a channel, and what became of it; never deleted. mark is the same however often it is sent. Instants of
-- the machine's clock: next_at, leased_until, first_at, sent_at. account_id is 0 for what goes to no person.
CREATE TABLE delivery (
  id           BIGINT       NOT NULL PRIMARY KEY,
  mark         VARCHAR(100) NOT NULL UNIQUE,
  channel      VARCHAR(16)  NOT NULL,
  kind         VARCHAR(32)  NOT NULL,
  account_id   BIGINT       NOT NULL,
  address      VARCHAR(254) NOT NULL,
  lang         VARCHAR(8)   NOT NULL,
  subject      TEXT         NOT NULL,
  text         TEXT         NOT NULL,
  at           BIGINT       NOT NULL,
  state        VARCHAR(16)  NOT NULL,
  attempts     INTEGER      NOT NULL,
  next_at      BIGINT       NOT NULL,
  leased_until BIGINT       NOT NULL,
  first_at     BIGINT       NOT NULL,
  sent_at      BIGINT       NOT NULL,
  result       TEXT         NOT NULL
);
CREATE INDEX delivery_state ON delivery (state, next_at, id);
CREATE INDEX delivery_account ON delivery (account_id, id);
CREATE TABLE delivery_notice (
  delivery_id BIGINT NOT NULL,
  notice_id   BIGINT NOT NULL,
  PRIMARY KEY (delivery_id, notice_id)
);
CREATE INDEX delivery_notice_notice ON delivery_notice (notice_id);
