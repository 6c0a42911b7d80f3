-- The review that a flag was opened in before, 0 where there was none.
ALTER TABLE flag_review ADD COLUMN former BIGINT NOT NULL DEFAULT 0;
-- The key under which what firms share is hashed, so that reviews tell one shared telephone from another and keep neither. One row; it is
-- drawn when flags are first looked for.
CREATE TABLE flag_key (
  id      INTEGER     NOT NULL PRIMARY KEY,
  hex_key VARCHAR(64) NOT NULL
);
