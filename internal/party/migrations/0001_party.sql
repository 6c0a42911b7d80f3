CREATE TABLE subject (
  id BIGINT NOT NULL PRIMARY KEY,
  kind VARCHAR(16) NOT NULL,
  parent BIGINT NOT NULL,
  subject_key VARCHAR(512) NOT NULL
);
CREATE UNIQUE INDEX subject_by_key ON subject (parent, kind, subject_key);
CREATE TABLE party_mention (
  source_id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  PRIMARY KEY (source_id, n)
);
CREATE TABLE party_name (
  source_id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  former INTEGER NOT NULL,
  from_day INTEGER,
  to_day INTEGER,
  place TEXT NOT NULL,
  PRIMARY KEY (source_id, n)
);
CREATE TABLE party_identifier (
  source_id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  scheme VARCHAR(32) NOT NULL,
  value VARCHAR(512) NOT NULL,
  sound INTEGER NOT NULL,
  place TEXT NOT NULL,
  PRIMARY KEY (source_id, n)
);
CREATE TABLE party_membership (
  source_id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  subject_id BIGINT NOT NULL,
  tree VARCHAR(16) NOT NULL,
  node VARCHAR(64) NOT NULL,
  from_day INTEGER,
  to_day INTEGER,
  place TEXT NOT NULL,
  PRIMARY KEY (source_id, n)
);
CREATE TABLE party_merged (
  subject_id BIGINT NOT NULL PRIMARY KEY,
  into_id BIGINT NOT NULL
);
