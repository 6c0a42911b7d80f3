-- What was answered to a request with an Idempotency-Key, so that the same request again gets the same answer and does
-- nothing. key_hash is of the key, request of what was asked for. status is 0 while the request is under way.
CREATE TABLE api_answer (
  account_id BIGINT      NOT NULL,
  key_hash   VARCHAR(64) NOT NULL,
  request    VARCHAR(64) NOT NULL,
  status     INTEGER     NOT NULL,
  location   TEXT        NOT NULL,
  body       TEXT        NOT NULL,
  at         BIGINT      NOT NULL,
  PRIMARY KEY (account_id, key_hash)
);
CREATE INDEX api_answer_at ON api_answer (at);
