-- What was done, in order: leaf n of a Merkle tree. ref is the numbers by which the thing is kept, with points between; digest is
-- the SHA-256, in hex, of the salt and of the thing in its canonical form. Rows are never changed.
CREATE TABLE audit_leaf (
  n      BIGINT       NOT NULL PRIMARY KEY,
  kind   VARCHAR(32)  NOT NULL,
  ref    VARCHAR(100) NOT NULL,
  salt   VARCHAR(64)  NOT NULL,
  digest VARCHAR(64)  NOT NULL
);
CREATE UNIQUE INDEX audit_leaf_ref ON audit_leaf (kind, ref);
-- Hashes of whole subtrees of 256 leaves and of twice as many, and so on, in base64. Those below follow from the leaves. Rows are
-- never changed.
CREATE TABLE audit_hash (
  level INTEGER     NOT NULL,
  n     BIGINT      NOT NULL,
  hash  VARCHAR(44) NOT NULL,
  PRIMARY KEY (level, n)
);
-- The tree as it stands: how many leaves it has, and the hashes of the whole subtrees at its right edge, the largest first. This
-- row is what a transaction locks, last of all. adopted is when what had been there before the log was logged, 0 until then.
CREATE TABLE audit_tree (
  id      BIGINT NOT NULL PRIMARY KEY,
  size    BIGINT NOT NULL,
  edge    TEXT   NOT NULL,
  adopted BIGINT NOT NULL
);
INSERT INTO audit_tree (id, size, edge, adopted) VALUES (1, 0, '', 0);
-- Signed heads of the tree, with the key that verifies them. Rows are never changed.
CREATE TABLE audit_checkpoint (
  size BIGINT NOT NULL,
  at   BIGINT NOT NULL,
  key  TEXT   NOT NULL,
  note TEXT   NOT NULL,
  PRIMARY KEY (size, key)
);
-- sqlite:
CREATE TRIGGER audit_leaf_kept BEFORE UPDATE ON audit_leaf BEGIN SELECT RAISE(ABORT, 'rows of audit_leaf are never changed'); END;
-- sqlite:
CREATE TRIGGER audit_leaf_stays BEFORE DELETE ON audit_leaf BEGIN SELECT RAISE(ABORT, 'rows of audit_leaf are never deleted'); END;
-- sqlite:
CREATE TRIGGER audit_hash_kept BEFORE UPDATE ON audit_hash BEGIN SELECT RAISE(ABORT, 'rows of audit_hash are never changed'); END;
-- sqlite:
CREATE TRIGGER audit_hash_stays BEFORE DELETE ON audit_hash BEGIN SELECT RAISE(ABORT, 'rows of audit_hash are never deleted'); END;
-- sqlite:
CREATE TRIGGER audit_checkpoint_kept BEFORE UPDATE ON audit_checkpoint BEGIN SELECT RAISE(ABORT, 'rows of audit_checkpoint are never changed'); END;
-- sqlite:
CREATE TRIGGER audit_checkpoint_stays BEFORE DELETE ON audit_checkpoint BEGIN SELECT RAISE(ABORT, 'rows of audit_checkpoint are never deleted'); END;
-- postgres:
CREATE FUNCTION audit_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''rows of % are never changed or deleted'', TG_TABLE_NAME; END;';
-- postgres:
CREATE TRIGGER audit_leaf_kept BEFORE UPDATE OR DELETE ON audit_leaf FOR EACH ROW EXECUTE PROCEDURE audit_kept();
-- postgres:
CREATE TRIGGER audit_hash_kept BEFORE UPDATE OR DELETE ON audit_hash FOR EACH ROW EXECUTE PROCEDURE audit_kept();
-- postgres:
CREATE TRIGGER audit_checkpoint_kept BEFORE UPDATE OR DELETE ON audit_checkpoint FOR EACH ROW EXECUTE PROCEDURE audit_kept();
