-- The second factor of an account: what its codes are made from, sealed, so that who reads this table makes none. step is the last
-- stretch of thirty seconds whose code was used: none is good twice.
CREATE TABLE factor (
  account_id BIGINT NOT NULL PRIMARY KEY REFERENCES account (id),
  secret     TEXT   NOT NULL,
  made_at    BIGINT NOT NULL,
  step       BIGINT NOT NULL
);
-- Codes for who has lost it, each good once: hashes of the code and its account. used_at is 0 until then.
CREATE TABLE recovery (
  account_id BIGINT      NOT NULL REFERENCES account (id),
  code       VARCHAR(64) NOT NULL,
  used_at    BIGINT      NOT NULL,
  PRIMARY KEY (account_id, code)
);
-- Roles that must have a second factor because an administrator says so.
CREATE TABLE factor_role (
  role VARCHAR(32) NOT NULL PRIMARY KEY
);
-- Who has come halfway: given the password but no code yet, or been shown a secret that no code has confirmed yet (sealed, else '').
-- ticket is a hash.
CREATE TABLE halfway (
  ticket     VARCHAR(64) NOT NULL PRIMARY KEY,
  account_id BIGINT      NOT NULL REFERENCES account (id),
  epoch      BIGINT      NOT NULL,
  secret     TEXT        NOT NULL,
  expires_at BIGINT      NOT NULL
);
CREATE INDEX halfway_expires ON halfway (expires_at);
