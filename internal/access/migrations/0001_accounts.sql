-- Instants are milliseconds since 1970 UTC. disabled_at is 0 while the account is in use.
-- epoch goes up whenever every session of the account must end.
CREATE TABLE account (
  id          BIGINT       NOT NULL PRIMARY KEY,
  login       VARCHAR(64)  NOT NULL UNIQUE,
  name        TEXT         NOT NULL,
  password    TEXT         NOT NULL,
  epoch       BIGINT       NOT NULL,
  created_at  BIGINT       NOT NULL,
  disabled_at BIGINT       NOT NULL
);
-- A grant is never changed: it ends (ended_at > 0), so that it can be told who could see what, and when.
CREATE TABLE grant_ (
  id         BIGINT      NOT NULL PRIMARY KEY,
  account_id BIGINT      NOT NULL REFERENCES account (id),
  role       VARCHAR(32) NOT NULL,
  area       VARCHAR(64) NOT NULL,
  party_id   BIGINT      NOT NULL,
  given_at   BIGINT      NOT NULL,
  given_by   BIGINT      NOT NULL,
  ended_at   BIGINT      NOT NULL,
  ended_by   BIGINT      NOT NULL
);
CREATE INDEX grant_account ON grant_ (account_id, ended_at);
-- token is a hash: who reads this table cannot sign in with it. data is base64.
CREATE TABLE session (
  token      VARCHAR(64) NOT NULL PRIMARY KEY,
  data       TEXT        NOT NULL,
  expires_at BIGINT      NOT NULL
);
CREATE INDEX session_expires ON session (expires_at);
-- subject is a hash of a login or an address: people type passwords where the login belongs.
CREATE TABLE login_attempt (
  subject  VARCHAR(64) NOT NULL PRIMARY KEY,
  failures INTEGER     NOT NULL,
  since    BIGINT      NOT NULL
);
CREATE INDEX login_attempt_since ON login_attempt (since);
