-- year is that of the figure by which an enterprise is above scale, 0 for all. list is the name of the file that names
-- the enterprises, "" where they were chosen by area.
CREATE TABLE enrolment (
  id         BIGINT       NOT NULL PRIMARY KEY,
  area       VARCHAR(64)  NOT NULL,
  year       INTEGER      NOT NULL,
  list       TEXT         NOT NULL,
  made_by    BIGINT       NOT NULL,
  made_at    BIGINT       NOT NULL,
  changed_at BIGINT       NOT NULL,
  state      VARCHAR(16)  NOT NULL
);
CREATE INDEX enrolment_state ON enrolment (state);
-- party_id is 0 for a line of a list that names no enterprise of the area; words is then what stood there.
CREATE TABLE enrolment_firm (
  enrolment_id BIGINT      NOT NULL REFERENCES enrolment (id),
  n            BIGINT      NOT NULL,
  party_id     BIGINT      NOT NULL,
  words        TEXT        NOT NULL,
  place        TEXT        NOT NULL,
  outcome      VARCHAR(16) NOT NULL,
  account_id   BIGINT      NOT NULL,
  printed_at   BIGINT      NOT NULL,
  PRIMARY KEY (enrolment_id, n)
);
