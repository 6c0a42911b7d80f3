-- Files of policies under the hash of their bytes. Rows are never changed.
CREATE TABLE policy_package (
  hash       VARCHAR(64) NOT NULL PRIMARY KEY,
  policy     TEXT        NOT NULL,
  cases      TEXT        NOT NULL,
  provenance TEXT        NOT NULL
);
-- state is draft, proposed, live or dropped; hash and areas change in a draft only. revision goes up with each change.
CREATE TABLE policy_version (
  id       BIGINT      NOT NULL PRIMARY KEY,
  document VARCHAR(64) NOT NULL,
  areas    TEXT        NOT NULL,
  origin   VARCHAR(16) NOT NULL,
  state    VARCHAR(16) NOT NULL,
  hash     VARCHAR(64) NOT NULL REFERENCES policy_package (hash),
  revision BIGINT      NOT NULL
);
CREATE INDEX policy_version_document ON policy_version (document, id);
-- What happened to a version, in order. seq is the commit that made it known, 0 for what changes nothing that is in
-- force; day is the first day on which an ended policy no longer holds. Rows are never changed.
CREATE TABLE policy_event (
  version_id BIGINT      NOT NULL REFERENCES policy_version (id),
  n          BIGINT      NOT NULL,
  kind       VARCHAR(16) NOT NULL,
  at         BIGINT      NOT NULL,
  actor      BIGINT      NOT NULL,
  hash       VARCHAR(64) NOT NULL,
  reason     TEXT        NOT NULL,
  day        VARCHAR(10) NOT NULL,
  seq        BIGINT      NOT NULL,
  PRIMARY KEY (version_id, n)
);
CREATE INDEX policy_event_seq ON policy_event (seq);
