-- Scenarios as they were saved. body is the scenario as JSON, law the package that was in force for its document then,
-- areas those of the document. revision goes up with each change. dropped is when it was thrown away, 0 while it is not.
CREATE TABLE policy_scenario (
  id       BIGINT       NOT NULL PRIMARY KEY,
  document VARCHAR(64)  NOT NULL,
  areas    TEXT         NOT NULL,
  owner    BIGINT       NOT NULL,
  name     VARCHAR(400) NOT NULL,
  law      VARCHAR(64)  NOT NULL,
  body     TEXT         NOT NULL,
  saved    BIGINT       NOT NULL,
  dropped  BIGINT       NOT NULL,
  revision BIGINT       NOT NULL
);
CREATE INDEX policy_scenario_owner ON policy_scenario (owner, id);
