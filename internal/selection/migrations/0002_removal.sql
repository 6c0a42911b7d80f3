-- That an expert was taken out of the pool, or is to be: who judges now is taken out by two accounts. settled_at is 0 while it
-- waits for the second; done says whether the expert left. Rows are written once and settled once.
CREATE TABLE selection_removal (
  id         BIGINT  NOT NULL PRIMARY KEY,
  expert_id  BIGINT  NOT NULL REFERENCES selection_expert (id),
  asked_at   BIGINT  NOT NULL,
  asked_by   BIGINT  NOT NULL,
  reason     TEXT    NOT NULL,
  settled_at BIGINT  NOT NULL,
  settled_by BIGINT  NOT NULL,
  done       INTEGER NOT NULL
);
CREATE INDEX selection_removal_expert ON selection_removal (expert_id, id);
