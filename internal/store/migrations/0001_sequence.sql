CREATE TABLE commit_seq (
  id  INTEGER NOT NULL PRIMARY KEY,
  seq BIGINT  NOT NULL
);
INSERT INTO commit_seq (id, seq) VALUES (1, 0);
CREATE TABLE id_block (
  id      INTEGER NOT NULL PRIMARY KEY,
  next_id BIGINT  NOT NULL
);
INSERT INTO id_block (id, next_id) VALUES (1, 1);
