-- Definitions that something is pinned to, under the hash of their bytes. Rows are never changed.
CREATE TABLE form_definition (
  hash   VARCHAR(64) NOT NULL PRIMARY KEY,
  code   VARCHAR(64) NOT NULL,
  source TEXT        NOT NULL
);
-- What an account has typed and not sent. place is what it is typed for, such as an action of a case; revision goes up
-- with each change; page is the one that saved last.
CREATE TABLE form_draft (
  place      VARCHAR(128) NOT NULL,
  account_id BIGINT       NOT NULL,
  hash       VARCHAR(64)  NOT NULL,
  revision   BIGINT       NOT NULL,
  page       VARCHAR(32)  NOT NULL,
  entry      TEXT         NOT NULL,
  saved_at   BIGINT       NOT NULL,
  PRIMARY KEY (place, account_id)
);
