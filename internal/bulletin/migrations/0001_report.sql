-- A definition of reports as it was when one was prepared under it, in JSON, by the SHA-256 of that.
CREATE TABLE bulletin_definition (
  hash       VARCHAR(64) NOT NULL PRIMARY KEY,
  definition VARCHAR(64) NOT NULL,
  body       TEXT        NOT NULL
);
-- What an area reports of a period. Instants are milliseconds UTC, here and below; by_account is who did it. Rows are never changed.
CREATE TABLE bulletin_report (
  id         BIGINT      NOT NULL PRIMARY KEY,
  definition VARCHAR(64) NOT NULL,
  area       VARCHAR(64) NOT NULL,
  period     VARCHAR(16) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL,
  UNIQUE (definition, area, period)
);
-- The report itself (n = 1), or a correction of it with its reason.
CREATE TABLE bulletin_edition (
  id         BIGINT  NOT NULL PRIMARY KEY,
  report     BIGINT  NOT NULL REFERENCES bulletin_report (id),
  n          INTEGER NOT NULL,
  reason     TEXT    NOT NULL,
  at         BIGINT  NOT NULL,
  by_account BIGINT  NOT NULL,
  UNIQUE (report, n)
);
-- What was answered to a question; the last one counts.
CREATE TABLE bulletin_word (
  id         BIGINT      NOT NULL PRIMARY KEY,
  edition    BIGINT      NOT NULL REFERENCES bulletin_edition (id),
  question   VARCHAR(64) NOT NULL,
  body       TEXT        NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX bulletin_word_edition ON bulletin_word (edition, id);
-- That an edition was prepared as of a commit (submit), given back (return) or signed (sign); the last one counts.
CREATE TABLE bulletin_step (
  id         BIGINT      NOT NULL PRIMARY KEY,
  edition    BIGINT      NOT NULL REFERENCES bulletin_edition (id),
  step       VARCHAR(16) NOT NULL,
  note       TEXT        NOT NULL,
  seq        BIGINT      NOT NULL,
  definition VARCHAR(64) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX bulletin_step_edition ON bulletin_step (edition, id);
-- A figure of a signed edition. Values are exact fractions as text, "" where there is none: fen of an amount, shares of 1. area is "" for
-- the whole of the report's area; hash and method are those of the indicator then. verified is the figure of what was verified alone.
CREATE TABLE bulletin_figure (
  edition          BIGINT      NOT NULL REFERENCES bulletin_edition (id),
  n                INTEGER     NOT NULL,
  part             VARCHAR(64) NOT NULL,
  col              INTEGER     NOT NULL,
  area             VARCHAR(64) NOT NULL,
  indicator        VARCHAR(64) NOT NULL,
  method           VARCHAR(64) NOT NULL,
  hash             VARCHAR(64) NOT NULL,
  period           VARCHAR(16) NOT NULL,
  value            TEXT        NOT NULL,
  counted          BIGINT      NOT NULL,
  within           BIGINT      NOT NULL,
  open             BIGINT      NOT NULL,
  carried          BIGINT      NOT NULL,
  cells            BIGINT      NOT NULL,
  verified         TEXT        NOT NULL,
  verified_counted BIGINT      NOT NULL,
  value_before     TEXT        NOT NULL,
  value_year       TEXT        NOT NULL,
  points           TEXT        NOT NULL,
  PRIMARY KEY (edition, n)
);
-- A report of a county that a signed edition was made of, and how far it was then; of_edition is 0 where none was signed.
CREATE TABLE bulletin_source (
  edition    BIGINT      NOT NULL REFERENCES bulletin_edition (id),
  n          INTEGER     NOT NULL,
  area       VARCHAR(64) NOT NULL,
  period     VARCHAR(16) NOT NULL,
  of_edition BIGINT      NOT NULL,
  state      VARCHAR(16) NOT NULL,
  PRIMARY KEY (edition, n)
);
-- A meeting on site; duty is "" where no calendar asked for it.
CREATE TABLE bulletin_meeting (
  id         BIGINT       NOT NULL PRIMARY KEY,
  duty       VARCHAR(130) NOT NULL,
  area       VARCHAR(64)  NOT NULL,
  period     VARCHAR(16)  NOT NULL,
  day        VARCHAR(10)  NOT NULL,
  title      VARCHAR(200) NOT NULL,
  place      VARCHAR(200) NOT NULL,
  offices    TEXT         NOT NULL,
  at         BIGINT       NOT NULL,
  by_account BIGINT       NOT NULL
);
CREATE INDEX bulletin_meeting_area ON bulletin_meeting (area, id);
-- Its minutes; the last ones count.
CREATE TABLE bulletin_minutes (
  id         BIGINT NOT NULL PRIMARY KEY,
  meeting    BIGINT NOT NULL REFERENCES bulletin_meeting (id),
  body       TEXT   NOT NULL,
  at         BIGINT NOT NULL,
  by_account BIGINT NOT NULL
);
CREATE INDEX bulletin_minutes_meeting ON bulletin_minutes (meeting, id);
-- What follows from a meeting: what an office of an area has to do until a day.
CREATE TABLE bulletin_task (
  id         BIGINT      NOT NULL PRIMARY KEY,
  meeting    BIGINT      NOT NULL REFERENCES bulletin_meeting (id),
  what       TEXT        NOT NULL,
  area       VARCHAR(64) NOT NULL,
  office     VARCHAR(16) NOT NULL,
  due        VARCHAR(10) NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX bulletin_task_area ON bulletin_task (area, id);
-- That it was done, or has to be done again; the last one counts.
CREATE TABLE bulletin_task_step (
  id         BIGINT      NOT NULL PRIMARY KEY,
  task       BIGINT      NOT NULL REFERENCES bulletin_task (id),
  step       VARCHAR(16) NOT NULL,
  note       TEXT        NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX bulletin_task_step_task ON bulletin_task_step (task, id);
-- An early warning: the figure as it was at a commit when its rule first held, and what it was compared with.
CREATE TABLE bulletin_warning (
  id        BIGINT      NOT NULL PRIMARY KEY,
  rule      VARCHAR(64) NOT NULL,
  area      VARCHAR(64) NOT NULL,
  indicator VARCHAR(64) NOT NULL,
  period    VARCHAR(16) NOT NULL,
  seq       BIGINT      NOT NULL,
  value     TEXT        NOT NULL,
  compared  TEXT        NOT NULL,
  looked    TEXT        NOT NULL,
  bound     VARCHAR(64) NOT NULL,
  within    BIGINT      NOT NULL,
  open      BIGINT      NOT NULL,
  at        BIGINT      NOT NULL
);
CREATE INDEX bulletin_warning_cause ON bulletin_warning (rule, area, id);
-- That somebody closed it with a reason (close), or that its cause was gone (gone).
CREATE TABLE bulletin_warning_step (
  id         BIGINT      NOT NULL PRIMARY KEY,
  warning    BIGINT      NOT NULL REFERENCES bulletin_warning (id),
  step       VARCHAR(16) NOT NULL,
  note       TEXT        NOT NULL,
  at         BIGINT      NOT NULL,
  by_account BIGINT      NOT NULL
);
CREATE INDEX bulletin_warning_step_warning ON bulletin_warning_step (warning, id);
