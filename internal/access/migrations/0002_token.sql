-- secret is a hash: who reads this table cannot use a token. hint is its beginning, by which its owner knows it again.
-- actions are separated by spaces. ended_at is 0 while the token is in use, used_at while it never was.
CREATE TABLE token (
  id         BIGINT      NOT NULL PRIMARY KEY,
  account_id BIGINT      NOT NULL REFERENCES account (id),
  secret     VARCHAR(64) NOT NULL UNIQUE,
  hint       VARCHAR(16) NOT NULL,
  name       TEXT        NOT NULL,
  actions    TEXT        NOT NULL,
  area       VARCHAR(64) NOT NULL,
  created_at BIGINT      NOT NULL,
  expires_at BIGINT      NOT NULL,
  used_at    BIGINT      NOT NULL,
  ended_at   BIGINT      NOT NULL
);
CREATE INDEX token_account ON token (account_id, id);
