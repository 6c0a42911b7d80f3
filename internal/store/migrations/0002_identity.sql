CREATE TABLE database_identity (
  id   INTEGER     NOT NULL PRIMARY KEY,
  name VARCHAR(32) NOT NULL
);
