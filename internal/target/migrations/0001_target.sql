-- What a region decides about the targets of a plan. Rows are never changed; instants are milliseconds UTC, days those of Beijing since 1970,
-- by_account is who did it, document is the number of the document that says so.
-- An act is one entry of quotas: parts says what area is divided into; base, base_on and base_seq are what a proposal goes by, and of_act the
-- proposal that is confirmed or dropped.
CREATE TABLE target_act (
  id         BIGINT        NOT NULL PRIMARY KEY,
  plan       VARCHAR(64)   NOT NULL,
  target     VARCHAR(64)   NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  parts      VARCHAR(16)   NOT NULL,
  kind       VARCHAR(16)   NOT NULL,
  of_act     BIGINT        NOT NULL,
  base       VARCHAR(64)   NOT NULL,
  base_on    BIGINT        NOT NULL,
  base_seq   BIGINT        NOT NULL,
  document   VARCHAR(1200) NOT NULL,
  note       VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX target_act_of ON target_act (plan, target, id);
-- The quotas of an act: year is 0 for the target as a whole. Values are exact fractions in the unit of the indicator's figures, empty for a
-- quota that is taken back; weight is what the base came to.
CREATE TABLE target_quota (
  act    BIGINT       NOT NULL REFERENCES target_act (id),
  n      INTEGER      NOT NULL,
  area   VARCHAR(64)  NOT NULL,
  chain  VARCHAR(240) NOT NULL,
  year   INTEGER      NOT NULL,
  value  VARCHAR(200) NOT NULL,
  weight VARCHAR(200) NOT NULL,
  PRIMARY KEY (act, n)
);
-- Who answers for what by when. keeper is the area whose office set it, owner the one whose office answers for it; joint and departments are
-- JSON: areas whose offices take part, and other departments by their names.
CREATE TABLE target_task (
  id          BIGINT        NOT NULL PRIMARY KEY,
  plan        VARCHAR(64)   NOT NULL,
  target      VARCHAR(64)   NOT NULL,
  kind        VARCHAR(16)   NOT NULL,
  keeper      VARCHAR(64)   NOT NULL,
  title       VARCHAR(1200) NOT NULL,
  what        VARCHAR(8000) NOT NULL,
  owner       VARCHAR(64)   NOT NULL,
  joint       TEXT          NOT NULL,
  departments TEXT          NOT NULL,
  work_group  VARCHAR(1200) NOT NULL,
  due         BIGINT        NOT NULL,
  document    VARCHAR(1200) NOT NULL,
  at          BIGINT        NOT NULL,
  by_account  BIGINT        NOT NULL
);
CREATE INDEX target_task_owner ON target_task (owner, id);
-- What became of a task. due is the new deadline of one that was moved, else 0.
CREATE TABLE target_step (
  id         BIGINT        NOT NULL PRIMARY KEY,
  task       BIGINT        NOT NULL REFERENCES target_task (id),
  kind       VARCHAR(16)   NOT NULL,
  note       VARCHAR(8000) NOT NULL,
  due        BIGINT        NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
CREATE INDEX target_step_task ON target_step (task, id);
-- Answers to the choices that indicators leave to a region, from a day on.
CREATE TABLE target_choice (
  id         BIGINT        NOT NULL PRIMARY KEY,
  area       VARCHAR(64)   NOT NULL,
  choice     VARCHAR(64)   NOT NULL,
  answer     VARCHAR(64)   NOT NULL,
  from_day   BIGINT        NOT NULL,
  document   VARCHAR(1200) NOT NULL,
  note       VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
-- Whether the areas of a plan are shown by rank; the last row counts, and without one they are not.
CREATE TABLE target_ranking (
  id         BIGINT        NOT NULL PRIMARY KEY,
  plan       VARCHAR(64)   NOT NULL,
  area       VARCHAR(64)   NOT NULL,
  ranked     INTEGER       NOT NULL,
  document   VARCHAR(1200) NOT NULL,
  note       VARCHAR(8000) NOT NULL,
  at         BIGINT        NOT NULL,
  by_account BIGINT        NOT NULL
);
