-- Up to which commit an account had looked when it last came (since), and has looked now (seq).
CREATE TABLE visit (
  account_id BIGINT NOT NULL PRIMARY KEY REFERENCES account (id),
  since      BIGINT NOT NULL,
  seq        BIGINT NOT NULL,
  at         BIGINT NOT NULL
);
