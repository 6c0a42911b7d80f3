-- until_at is when a grant ends by itself, in milliseconds; 0 for never. An account whose password is empty waits for a
-- code.
ALTER TABLE grant_ ADD COLUMN until_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX grant_party ON grant_ (party_id, ended_at);
-- code is a hash of the code and its account. ended_at is 0 until it was used or replaced.
CREATE TABLE activation (
  id         BIGINT      NOT NULL PRIMARY KEY,
  account_id BIGINT      NOT NULL REFERENCES account (id),
  code       VARCHAR(64) NOT NULL,
  made_at    BIGINT      NOT NULL,
  expires_at BIGINT      NOT NULL,
  ended_at   BIGINT      NOT NULL
);
CREATE INDEX activation_account ON activation (account_id, ended_at);
-- What was done to accounts; only ever added to. party_id is the enterprise that the account acts for, else 0.
CREATE TABLE account_event (
  id         BIGINT      NOT NULL PRIMARY KEY,
  at         BIGINT      NOT NULL,
  actor      BIGINT      NOT NULL,
  account_id BIGINT      NOT NULL REFERENCES account (id),
  party_id   BIGINT      NOT NULL,
  deed       VARCHAR(32) NOT NULL,
  note       TEXT        NOT NULL
);
CREATE INDEX account_event_at ON account_event (at, id);
CREATE INDEX account_event_party ON account_event (party_id, id);
